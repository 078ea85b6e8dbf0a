package web_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/schoolgate/schoolgate/internal/app/apptest"
	"github.com/schoolgate/schoolgate/internal/web"
)

func TestLGN11AParentWithAnAuthenticatorGivesItsCodeAfterThePasswordAndEachCodeOnce(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		b := a.MariaAtHome(t).Get("/parent/account").See("Second factors")
		other := a.Browser(t).SignIn("parent", "maria", apptest.ParentPassword)
		k := b.TurnOnAuthenticator()
		b.See("My Account", "On since", "10 codes are left.")
		if len(k.Recovery) != 10 {
			t.Errorf("recovery codes: %q", k.Recovery)
		}
		other.Get("/parent/").See("Username") // signed out: it knew only the password

		in := a.Browser(t).SignIn("parent", "maria", apptest.ParentPassword)
		code := k.Code()
		in.Fill("Code", "000000").Press("Continue").Want(http.StatusUnprocessableEntity).See("This code is not right")
		in.Fill("Code", code).Press("Continue").Want(http.StatusOK).See("My children")
		again := a.Browser(t).SignIn("parent", "maria", apptest.ParentPassword)
		again.Fill("Code", code).Press("Continue").Want(http.StatusUnprocessableEntity)
		again.Fill("Code", k.Recovery[3]).Press("Continue").See("My children")
		again.Get("/parent/account").See("9 codes are left.")
		a.Browser(t).SignIn("parent", "maria", apptest.ParentPassword).Fill("Code", k.Recovery[3]).Press("Continue").Want(http.StatusUnprocessableEntity)

		start := a.Browser(t).SignIn("parent", "maria", apptest.ParentPassword).See("Your second factor")
		start.Press("Start again").See("You are signed out.", "Username").Get("/parent/second-step").See("Username")
	})
}

func TestRecoveryCodesAreShownOnceAndNotKeptByTheBrowser(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		b := a.MariaAtHome(t).Get("/parent/account")
		k := b.TurnOnAuthenticator()
		first := k.Recovery
		b.Get("/parent/account").Press("Make new recovery codes").See("Your recovery codes")
		if got := b.Header.Get("Cache-Control"); got != "no-store" {
			t.Errorf("Cache-Control: %q", got)
		}
		if now := b.Find("ul.codes li"); len(now) != 10 || slices.Contains(now, first[0]) {
			t.Errorf("new codes: %q", now)
		}
		b.Follow("I have kept these codes").NotSee(first[0]).Get("/parent/account/recovery-codes")
		b.Want(http.StatusNotFound)
	})
}

func TestKeepMeSignedInHoldsBeyondTheSecondStepAndForParentsAlone(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		k := a.MariaAtHome(t).Get("/parent/account").TurnOnAuthenticator()
		b := a.Browser(t).Get("/parent/login").Fill("Username", "maria").Fill("Password", apptest.ParentPassword)
		b.Tick("Keep me signed in on this device").Press("Log in").SecondStep(k).See("My children")
		b.Get("/parent/account").See("stays signed in", "this device")
		a.Clock.Advance(48 * time.Hour)
		b.Get("/parent/").See("My children")
		staff, _ := a.StaffWithFactor(t)
		staff.Get("/admin/account").NotSee("stays signed in")
	})
}

func TestADM1StaffWithoutASecondFactorSetOneUpBeforeAnythingElse(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		b := a.Browser(t).Get("/admin/site/reset-parent-login") // where the way leads in the end
		b.Fill("Username", apptest.StaffUsername).Fill("Password", apptest.StaffPassword).Press("Log in")
		b.See("Set up your second factor").NotSee("Site Admin", `href="/admin/account"`)
		b.Get("/admin/site/settings").See("Set up your second factor")
		b.Press("Español").See("Configure su segundo factor").Press("English")
		k := b.TurnOnAuthenticator()
		b.See("Last name", "Site Admin")
		if b.Path() != "/admin/site/reset-parent-login" {
			t.Errorf("the codes lead to %s", b.Path())
		}
		b.Get("/admin/account").See("The last one cannot be removed").NotSee("Turn off the authenticator app")
		b.Post("/admin/account/authenticator/remove", nil).Want(http.StatusConflict)
		a.Browser(t).SignIn("admin", apptest.StaffUsername, apptest.StaffPassword).SecondStep(k).See("Site Admin")
	}, apptest.SecondFactor)
}

// stageMayReach is all that a session reaches that is not full; the sign-in pages know nothing of it.
var stageMayReach = map[string][]string{
	"second": {"GET /parent/second-step", "POST /parent/second-step", "POST /parent/second-step/passkey", "POST /parent/proof/options", "POST /parent/logout"},
	"enrol": {"GET /admin/second-factor", "POST /admin/account/authenticator", "POST /admin/account/authenticator/confirm", "POST /admin/account/passkeys",
		"POST /admin/account/passkeys/add", "POST /admin/logout"},
}

func TestTMP5ASessionWhoseSignInIsNotCompleteReachesNothingButWhatCompletesIt(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		s := newSite(t, a)
		k := a.Browser(t).SignIn("parent", "maria", apptest.ParentPassword).Get("/parent/account").TurnOnAuthenticator()
		for _, c := range []struct{ stage, portal, page, username, password string }{
			{"second", "parent", "/parent/second-step", "maria", apptest.ParentPassword},
			{"enrol", "admin", "/admin/second-factor", apptest.StaffUsername, apptest.StaffPassword},
		} {
			enter := func() *apptest.Browser {
				b := a.Browser(t).SignIn(c.portal, c.username, c.password)
				if b.Path() != c.page {
					t.Fatalf("%s leads to %s", c.stage, b.Path())
				}
				token := b.Cookie(c.portal + "-session")
				for _, portal := range []string{"parent", "student", "admin"} {
					b.SetCookie("sg-"+portal+"-session", token)
				}
				return b
			}
			b := enter()
			before := a.Dump("account", "student", "contact", "student_contact", "closed_line", "setting", "authenticator", "passkey", "recovery_code")
			for _, r := range web.Routes() {
				if slices.Contains(stageMayReach[c.stage], r.Pattern) || r.Portal == "front" || r.Portal == "help" || r.Portal != c.portal && r.Open ||
					strings.HasSuffix(r.Pattern, "/login") || strings.HasSuffix(r.Pattern, "/passkey") || strings.HasSuffix(r.Pattern, "/passkey/options") {
					continue
				}
				answer, _ := s.visit(b, r.Pattern)
				if got := s.said(r.Portal, answer); got != "to "+c.page && got != "login" {
					t.Errorf("%s: %s: %s", c.stage, r.Pattern, got)
				}
			}
			if d := cmp.Diff(before, a.Dump("account", "student", "contact", "student_contact", "closed_line", "setting", "authenticator", "passkey", "recovery_code")); d != "" {
				t.Errorf("%s changed something:\n%s", c.stage, d)
			}
			b.Get("/"+c.portal+"/").NotSee("Site Admin", `href="/`+c.portal+`/account"`).Press("Español")
			if b.Path() != c.page {
				t.Errorf("%s: the language leads to %s", c.stage, b.Path())
			}
			b.Press("English").Press("Log out").See("You are signed out.")
			b.Get(c.page).See("Password")
		}
		a.Browser(t).SignIn("parent", "maria", apptest.ParentPassword).SecondStep(k).See("My children")
	}, apptest.SecondFactor, apptest.Demo)
}

func TestADM5WhatIsInterruptedIsDoneOnceAfterPasswordAndCode(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		b, k := a.StaffWithFactor(t)
		b.Get("/admin/account")
		a.Clock.Advance(6 * time.Minute)
		before := a.Dump("recovery_code")
		b.Press("Make new recovery codes").See("Please show that it is you", "Then what you sent is done, once.")
		b.Fill("Current Password", "not my password").Fill("Code", k.Code()).Press("Continue").Want(http.StatusUnprocessableEntity)
		b.Fill("Current Password", apptest.StaffPassword).Fill("Code", "123456").Press("Continue").Want(http.StatusUnprocessableEntity)
		if a.Dump("recovery_code") != before {
			t.Error("it was done without proof")
		}
		path, form := b.Form("Continue")
		b.Prove(apptest.StaffPassword, k).See("Your recovery codes")
		done := a.Dump("recovery_code")
		if done == before {
			t.Error("it was not done")
		}
		// The back button, and once more.
		form.Set("current_password", apptest.StaffPassword)
		form.Set("code", k.Code())
		b.Post(path, form).See("Nothing was done")
		if a.Dump("recovery_code") != done {
			t.Error("it was done twice")
		}
	})
}

func TestADM5EachOfTwoWindowsResumesItsOwnForm(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		b := a.MariaAtHome(t)
		k := b.Get("/parent/account").TurnOnAuthenticator()
		a.Clock.Advance(6 * time.Minute)
		before := a.Dump("recovery_code")
		confirm := func(action string) url.Values {
			path, form := b.Get("/parent/account").Press(action).Form("Continue")
			if path != "/parent/confirm" {
				t.Fatalf("the form goes to %s", path)
			}
			return form
		}
		one := confirm("Make new recovery codes")
		two := confirm("Make new recovery codes") // takes the place of the first
		if one.Get("form") == two.Get("form") {
			t.Fatal("both forms have one number")
		}
		for _, form := range []url.Values{one, two} {
			form.Set("current_password", apptest.ParentPassword)
		}
		one.Set("code", k.Code())
		b.Post("/parent/confirm", one).See("Nothing was done")
		if a.Dump("recovery_code") != before {
			t.Error("the first window sent the form of the second")
		}
		two.Set("code", k.Code())
		b.Post("/parent/confirm", two).See("Your recovery codes")
	})
}

func TestADM5AnInterruptedFormIsForgottenAfterAQuarterOfAnHourAndByCancel(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		b := a.MariaAtHome(t)
		a.Clock.Advance(6 * time.Minute)
		b.Get("/parent/account").Press("Set up an authenticator app").See("Please show that it is you")
		a.Clock.Advance(16 * time.Minute)
		b.Prove(apptest.ParentPassword, nil).See("Nothing was done", "My children")
		b.Get("/parent/account").Press("Set up an authenticator app").See("Turn on") // fresh by now
		a.Clock.Advance(6 * time.Minute)
		b.Get("/parent/account").Press("Set up an authenticator app").Follow("Cancel").See("My children")
	})
}

func TestADM5AnInterruptedFormPassesTheSameChecksAndBelongsToItsSession(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		b := a.MariaAtHome(t)
		a.Clock.Advance(6 * time.Minute)
		_, form := b.Get("/parent/account").Press("Set up an authenticator app").Form("Continue")
		form.Set("current_password", apptest.ParentPassword)
		other := a.Browser(t).SignIn("parent", "maria", apptest.ParentPassword)
		other.Post("/parent/confirm", form).See("Nothing was done")
		b.Post("/parent/confirm", form).See("Turn on")

		// Where it leads is the server's word, not the form's.
		form.Set("form", "")
		for _, next := range []string{"https://evil.example/", "//evil.example/", "/admin/", `/parent/\evil.example`} {
			form.Set("next", next)
			b.Post("/parent/confirm", form)
			if b.At.Host != strings.TrimPrefix(a.URL, "http://") || b.Path() != "/parent/" {
				t.Errorf("%s leads to %s", next, b.At)
			}
		}
	})
}

func TestNoPasswordAndNoCodeIsKeptWithAnInterruptedForm(t *testing.T) {
	got := web.Kept(url.Values{"name": {"Ada"}, "new_password": {"x"}, "Password": {"x"}, "code": {"1"}, "recoveryCode": {"1"}, "line": {"1", "2"}})
	if d := cmp.Diff(url.Values{"name": {"Ada"}, "line": {"1", "2"}}, got); d != "" {
		t.Error(d)
	}
}

func TestSES4TheListOfSessionsSaysWhichBrowserAndSinceWhen(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		b := a.MariaAtHome(t)
		k := b.Get("/parent/account").TurnOnAuthenticator()
		other := a.Browser(t)
		other.Send.Set("User-Agent", "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:130.0) Gecko/20100101 Firefox/130.0")
		other.SignIn("parent", "maria", apptest.ParentPassword).See("Your second factor")
		b.Get("/parent/account").NotSee("Firefox") // nobody is signed in there yet
		other.SecondStep(k)
		b.Get("/parent/account").See("Firefox, Windows", "this device", "Signed in today").Press("Sign out there")
		other.Get("/parent/").See("Password")
		b.Press("Sign out everywhere").See("You are signed out on all devices.")
	})
}
