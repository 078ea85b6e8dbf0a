package app_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/app/apptest"
	"github.com/schoolgate/schoolgate/internal/intake"
)

const closeAndHold = "/admin/site/hold"

// TestALeakPortalClosedPasswordsEndedLettersOut walks the steps of docs/operations.md.
func TestALeakPortalClosedPasswordsEndedLettersOut(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		mother := a.MariaAtHome(t)
		staff := a.Staff(t)
		staff.Get(closeAndHold).Fill("Why (all schools)", "a list was mailed to the wrong school").
			Fill("Message to all parents", "Closed until Monday.\nCall 555-0100.").Press("Close everything")
		staff.See("Everything is closed", "The Parent Portal is closed for everybody.")

		for _, path := range []string{"/parent/", "/parent/login", "/parent/register", "/parent/forgot", "/parent/account", "/student/login", "/student/"} {
			mother.Get(path).Want(http.StatusServiceUnavailable).See("Closed until Monday.", "Your login stays as it is.").NotSee("Ana", "Username")
		}
		before := a.Dump("session", "throttle", "registration_request")
		mother.Post("/parent/login", url.Values{"username": {"maria"}, "password": {"wrong"}}).Want(http.StatusServiceUnavailable)
		mother.Post("/parent/register", url.Values{"username": {"m"}, "id_number": {a.Ana.IDNumber}, "first_name": {"Maria"}, "last_name": {"Lopez"}}).
			Want(http.StatusServiceUnavailable)
		if a.Dump("session", "throttle", "registration_request") != before {
			t.Error("a closed portal took a form")
		}
		a.Browser(t).Get("/").Want(http.StatusOK)
		mother.Get("/help/").Want(http.StatusOK)

		if _, err := a.Family.RequireNewPassword(t.Context(), access.Actor{Kind: access.System}, []int64{a.Maria.ID}, false); err != nil {
			t.Fatal(err)
		}
		temporary := a.TemporaryPassword(apptest.MariaEmail)
		if n := a.Count(`select count(*) from session s join account a on a.id = s.account_id where a.kind = 'parent'`); n != 0 {
			t.Errorf("%d sessions of parents outlived the end of the passwords", n)
		}
		staff.Get("/admin/site/letters").Want(http.StatusOK)

		staff.Get(closeAndHold).See("on hold", "a list was mailed to the wrong school").Press("Open everything").See("Everything is open again.")
		a.Browser(t).SignIn("parent", "maria", temporary).See("Choose")
	})
}

func TestREG1ASchoolOnHoldAnswersByteForByteAsEver(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		register := func() (string, string) {
			b := a.Browser(t).Register("maria", a.Ana.IDNumber, "Maria", "Lopez").Want(http.StatusOK)
			ref := b.Cookie("sg-parent-reference")
			return strings.ReplaceAll(b.HTML, ref, "REF"), ref
		}
		open, _ := register()
		staff := a.Staff(t)
		staff.Post(closeAndHold, url.Values{"act": {"hold"}, "school": {fmt.Sprint(a.Oak.ID)}, "why": {"papers first"}}).See("Registration is on hold.")
		held, ref := register()
		if open != held || ref == "" {
			t.Error("the answer of a school on hold differs")
		}
		a.Drain()
		staff.Get("/admin/site/requests/all").See("The request waits, and nothing was sent.")
		staff.Get(closeAndHold).See("papers first", "1").Tick("Oak Hill Elementary").Press("Open registration").See("The requests that waited are being decided.")
	})
}

func TestParentsOfAClosedSchoolReadItsMessageAndSeeTheirOtherChildren(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		mother := a.MariaAtHome(t)
		child := a.StudentAtHome(t, mother, fmt.Sprintf("/parent/children/%d", a.Ana.ID), "ana.l")
		staff := clerk(t, a, "head", access.Administrator, a.Oak.ID)
		staff.Get(closeAndHold).See("Oak Hill Elementary").NotSee("Cedar", "All schools")
		staff.Tick("Oak Hill Elementary").Fill("Message to parents", "Back on Monday.").Press("Close the Parent Portal").Want(http.StatusUnprocessableEntity)
		staff.Tick("Oak Hill Elementary").Fill("Why", "a leak").Fill("Message to parents", "Back on Monday.").Press("Close the Parent Portal").
			See("closed for these schools", "a leak", "Back on Monday.")
		mother.Get("/parent/").Want(200).See("Oak Hill Elementary: the portal is closed for now", "Back on Monday.", "Carla").NotSee("Ana Lopez", "Ben")
		for _, path := range []string{"", "/login", "/views"} {
			if mother.Get(fmt.Sprintf("/parent/children/%d", a.Ana.ID) + path); mother.Status == 200 {
				t.Errorf("a child of a closed school is shown at %q", path)
			}
		}
		child.Get("/student/").Want(200).See("Back on Monday.").NotSee(a.Ana.IDNumber)
		for _, act := range []string{"close", "open", "hold", "release", "custody_hold", "custody_done"} {
			staff.Post(closeAndHold, url.Values{"act": {act}, "school": {fmt.Sprint(a.Cedar.ID)}, "why": {"x"}, "message": {"y"}}).Want(http.StatusNotFound)
		}
		staff.Post(closeAndHold, url.Values{"act": {"all_everything"}, "all_why": {"x"}, "all_message": {"y"}}).Want(http.StatusForbidden)
		staff.Get(closeAndHold).Tick("Oak Hill Elementary").Press("Open the Parent Portal")
		mother.Get("/parent/").See("Ana")
	})
}

func TestAfterAFirstRosterStaffAreAskedForCustodyPapersOnEveryPage(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		v := *a.Settings.Values()
		v.HoldNewSchools = true
		system := access.Actor{Kind: access.System}
		if err := a.Settings.Change(t.Context(), system, v); err != nil {
			t.Fatal(err)
		}
		if _, err := a.Intake.Import(t.Context(), system, "../intake/testdata/nicelion", intake.Options{School: "Morgan High"}); err != nil {
			t.Fatal(err)
		}
		staff := a.Staff(t)
		staff.Get("/admin/site/mail").See("One school’s roster carried no restrictions").Follow("Close and hold")
		staff.See("Morgan High:", "adults may register now", "Registration is on hold.", "the first roster carried no restrictions")
		staff.Press("We have entered them, or there are none: done: Morgan High").See("It is noted").NotSee("carried no restrictions: are its")
		a.Browser(t).SignIn("admin", "office", apptest.StaffPassword).Get("/admin/site/mail").NotSee("roster carried")
	})
}
