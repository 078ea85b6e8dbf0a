package app_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/app/apptest"
	"github.com/schoolgate/schoolgate/internal/audit"
)

func TestTMP11AnExpiredTemporaryPasswordLooksLikeAnyWrongOneAndTheWayToANewOneIsThere(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		b := a.Browser(t).Register("maria", a.Ana.IDNumber, "Maria", "Lopez")
		temporary := a.TemporaryPassword(apptest.MariaEmail)
		a.Clock.Advance(25 * time.Hour)
		expired := b.SignIn("parent", "maria", temporary).Want(http.StatusUnprocessableEntity).Text()
		wrong := a.Browser(t).SignIn("parent", "maria", "some wrong password").Want(http.StatusUnprocessableEntity).Text()
		if expired != wrong {
			t.Errorf("an expired one:\n%s\na wrong one:\n%s", expired, wrong)
		}
		b.Follow("Forgot password? Forgot username?").Fill("Username", "maria").Press("Send a temporary password").See("Thank you")
		b.SignIn("parent", "maria", a.TemporaryPassword(apptest.MariaEmail)).See("Choose your permanent password")
	})
}

func TestRST6WhatIsResetIsWhatWasShownInTheQuestion(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		a.MariaAtHome(t)
		staff := a.Staff(t).Get(gridPath + "?last=lopez").Tick("Select Maria Lopez for Ana Lopez").Press("Reset Selected")
		// Another parent of the same name registers while the question is on the screen.
		a.AtHome(t, "jorge", a.David.IDNumber, "Jorge", "Lopez", apptest.JorgeEmail)
		staff.Press("Ok").See("1 row was reset.")
		a.Browser(t).SignIn("parent", "jorge", apptest.ParentPassword).Want(http.StatusOK).See("David", "Ana")

		// Numbers of accounts, the clerk's own among them, are no rows: nothing but lines can be named.
		before := a.Dump("account")
		staff.Post(gridPath, url.Values{"line": {"999999"}, "account": {fmt.Sprint(a.District.Staff)}, "username": {apptest.StaffUsername}}).
			See("This row no longer exists.")
		if after := a.Dump("account"); after != before {
			t.Errorf("accounts changed:\n%s\n%s", before, after)
		}
	})
}

func TestADM6ParallelSetUpsMakeOneAdministratorAndNoneIsThereBefore(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		before := a.Count("select count(*) from account where kind = 'staff'")
		var wg sync.WaitGroup
		made := make(chan error, 20)
		for range 20 {
			wg.Go(func() {
				_, err := a.Accounts.CreateStaff(context.Background(), access.Actor{Kind: access.System}, account.NewStaff{
					Username: "first", Name: "First", Email: "first@example.org", Password: "a password for the first one", Role: access.Administrator, Schools: access.Everywhere(),
				})
				made <- err
			})
		}
		wg.Wait()
		close(made)
		ok := 0
		for err := range made {
			if err == nil {
				ok++
			}
		}
		if n := a.Count("select count(*) from account where kind = 'staff'") - before; ok != 1 || n != 1 {
			t.Errorf("%d calls succeeded and made %d accounts, want one", ok, n)
		}
		for _, guess := range []string{"admin", "password", "", "schoolgate"} {
			a.Browser(t).SignIn("admin", "admin", guess).Want(http.StatusUnprocessableEntity)
		}
	})
}

func TestAUD1EveryEventIsInTheLogWithWhoWhatWhomAndFromWhere(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		maria := a.MariaAtHome(t)
		a.StudentAtHome(t, maria, childPath(a.Ana.ID), "ana.lopez")
		a.Browser(t).SignIn("parent", "maria", "wrong password")
		a.Browser(t).Get("/parent/forgot").Fill("Username", "maria").Press("Send a temporary password")
		a.Drain()
		staff := a.Staff(t).Get(gridPath + "?last=lopez").Tick("Select Maria Lopez for Ben Lopez").Press("Reset Selected").Press("Ok")
		staff.Press("Log out")
		seen := map[string]audit.Event{}
		err := a.ExportAudit(t.Context(), access.Actor{Kind: access.System}, time.Time{}, func(e audit.Event) error {
			seen[e.Action+" "+e.Outcome] = e
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		var actions []string
		for key := range seen {
			actions = append(actions, key)
		}
		slices.Sort(actions)
		all := strings.Join(actions, "\n")
		for _, want := range []string{
			"parent.sign_in ok", "parent.sign_in failed", "staff.sign_in ok", "student.sign_in ok", "parent.reset part", "password.set ok", "request.register ok", "session.signed_out ok", "student_login.created ok",
			"staff.created ok",
		} {
			e, ok := seen[want]
			if !ok {
				t.Errorf("%s is not in the log:\n%s", want, all)
				continue
			}
			// What a worker decided later is bound to its request by the reference.
			bound := e.Actor.RequestID != "" || e.Detail["reference"] != nil
			if e.At.IsZero() || e.Actor.Kind == "" || (e.Actor.Kind != access.System && (e.Actor.Address == "" || !bound)) {
				t.Errorf("%s says too little: %+v", want, e)
			}
		}
	})
}

func TestAUD4HostileNamesForgeNoLineOfTheLog(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		hostile := "x\r\n{\"action\":\"parent.reset\"}\x1b[31m<script>"
		a.Browser(t).SignIn("parent", hostile, "some password")
		a.Browser(t).Post("/parent/register", url.Values{"username": {hostile}, "id_number": {hostile}, "first_name": {hostile}, "last_name": {hostile}})
		a.Drain()
		if logged := a.Logged(); strings.Contains(logged, "\x1b") || strings.Contains(logged, "\n{\"action\"") {
			t.Errorf("the program's log holds a forged line: %q", logged)
		}
		if n := a.Count("select count(*) from audit_event where action = 'parent.reset'"); n != 0 {
			t.Errorf("%d forged events", n)
		}
		if n := a.Count("select count(*) from audit_detail where detail like '%' || $1 || '%'", "\n"); n != 0 {
			t.Errorf("%d details hold a line break", n)
		}
	})
}
