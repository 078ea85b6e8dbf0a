package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/app/apptest"
)

const cleoEmail = "cleo@example.org"

// addStaff makes somebody with StaffPassword and returns where the page about them is.
func addStaff(t *testing.T, a *apptest.App, username string, role access.Role, at access.Schools) string {
	t.Helper()
	id, err := a.Accounts.CreateStaff(t.Context(), access.Actor{Kind: access.System}, account.NewStaff{
		Username: username, Name: "Name " + username, Email: username + "@example.org", Password: apptest.StaffPassword, Role: role, Schools: at,
	})
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("/admin/site/staff/%d", id)
}

func TestAnAdministratorAddsAMemberOfStaffWhoChoosesThePassword(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		admin := a.Staff(t).Get("/admin/site/staff").Follow("Add a member of staff")
		admin.Press("Add a member of staff").Want(http.StatusUnprocessableEntity).See("Please fill this in.", "Please choose one of the list.")
		admin.Fill("Name", "Cleo Clerk").Fill("Username", "cleo").Fill("E-mail", cleoEmail).Choose("Role", "Help desk").Choose("Schools", "These schools:")
		admin.Fill("Last day", "2026-11-01").Press("Add a member of staff").Want(http.StatusUnprocessableEntity)
		admin.See("This day is past", "Please choose all schools, or at least one.")
		if got := admin.Value("Name"); got != "Cleo Clerk" {
			t.Errorf("the form forgot the name: %q", got)
		}
		admin.Tick("Oak Hill Elementary").Fill("Last day", "2026-12-01").Press("Add a member of staff").Want(http.StatusOK)
		admin.See("Added. A mail with a temporary password is on its way.", "Cleo Clerk", "Waits for the first sign-in", "Not set up yet", "unused", "ends soon")

		mail := a.LastMail(cleoEmail)
		if !strings.Contains(mail, a.URL+"/admin/login") || strings.Contains(mail, "token") || strings.Count(mail, a.URL) > 2 {
			t.Errorf("the mail:\n%s", mail)
		}
		cleo := a.Browser(t).SignIn("admin", "cleo", a.TemporaryPassword(cleoEmail))
		cleo.See("Choose your permanent password").SetPassword(apptest.StaffPassword).Want(http.StatusOK).See("Reset Parent Login")
		cleo.NotSee("/admin/site/staff", "/admin/site/settings", "Find student")
		cleo.Get("/admin/site/staff").Want(http.StatusForbidden)
		admin.Get("/admin/site/staff").See("Help desk", "Oak Hill Elementary")
		admin.Get("/admin/site/staff?q=cleo+cl").See("Cleo Clerk").NotSee("Ada Office")
		admin.Get("/admin/site/staff?q=xyz").See("No member of staff fits.")
	})
}

func TestSES3AChangeOfRoleMeetsThePersonAtTheNextRequest(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		page := addStaff(t, a, "cleo", access.Office, access.Everywhere())
		cleo := a.Browser(t).SignIn("admin", "cleo", apptest.StaffPassword).See("Reset Parent Login")
		admin := a.Staff(t).Get(page).Choose("Role", "Registrar").Press("Save").See("Saved.")
		if got := cleo.Get("/admin/site/mail").Path(); got != "/admin/login" {
			t.Errorf("the next request comes to %s", got)
		}
		if mail := a.LastMail("cleo@example.org"); !strings.Contains(mail, "Registrar") {
			t.Errorf("the mail:\n%s", mail)
		}
		cleo.SignIn("admin", "cleo", apptest.StaffPassword)
		if got := cleo.Path(); got != "/admin/site/mail" { // where the person was going before
			t.Errorf("the sign-in comes to %s", got)
		}
		cleo.Want(http.StatusForbidden).Get("/admin/")
		if got := cleo.Path(); got != "/admin/students/" {
			t.Errorf("a registrar begins at %s", got)
		}
		admin.Get(page).Fill("E-mail", "new@example.org").Press("Save").See("Saved.")
		for _, to := range []string{"cleo@example.org", "new@example.org"} {
			if mail := a.LastMail(to); !strings.Contains(mail, "Your e-mail address was changed.") {
				t.Errorf("the mail to %s:\n%s", to, mail)
			}
		}
	})
}

func TestEveryPressOnAMemberOfStaffAsksFirstAndIsTold(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		page := addStaff(t, a, "cleo", access.Office, access.Everywhere())
		email := "cleo@example.org"
		in := func() *apptest.Browser { return a.Browser(t).SignIn("admin", "cleo", apptest.StaffPassword) }
		cleo := in()
		admin := a.Staff(t).Get(page).Follow("Sign out everywhere").See("Sign Name cleo out everywhere?").Press("Sign out everywhere").See("Signed out everywhere.")
		if got := cleo.Get("/admin/account").Path(); got != "/admin/login" {
			t.Errorf("signed out and at %s", got)
		}
		admin.Follow("Disable").Press("Disable").Want(http.StatusUnprocessableEntity).See("Please fill this in.")
		admin.Fill("Reason", "left the school").Press("Disable").See("The login is disabled.", "Reason: left the school")
		in().See("do not match")
		admin.Follow("Enable").Press("Enable").See("The login is enabled.")
		in().See("Reset Parent Login")
		admin.Follow("Send a temporary password").See(email).Press("Send a temporary password").See("on its way", "a temporary password works until")
		in().See("do not match")
		a.Browser(t).SignIn("admin", "cleo", a.TemporaryPassword(email)).See("Choose your permanent password")
		before := a.Mailed(email)
		admin.Follow("Remove").See("Remove Name cleo?").Press("Remove").See("The login is removed.").NotSee("Name cleo")
		if mail := a.LastMail(email); a.Mailed(email) != before+1 || !strings.Contains(mail, "Your login was removed.") || !strings.Contains(mail, "Name cleo") {
			t.Errorf("the mail:\n%s", mail)
		}
		admin.Get(page).Want(http.StatusNotFound)
		admin.Get("/admin/site/staff/1/dance").Want(http.StatusNotFound)
	})
}

func TestADM4TheLastAdministratorStaysAndThePageSaysWhy(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		ends := a.Clock.Now().Add(40 * 24 * time.Hour)
		_, err := a.Accounts.CreateStaff(t.Context(), access.Actor{Kind: access.System}, account.NewStaff{
			Username: "second", Name: "Second", Email: "second@example.org", Password: apptest.StaffPassword, Role: access.Administrator,
			Schools: access.Everywhere(), EndsAt: ends})
		if err != nil {
			t.Fatal(err)
		}
		last := fmt.Sprintf("/admin/site/staff/%d", a.District.Staff)
		second := a.Browser(t).SignIn("admin", "second", apptest.StaffPassword).Get(last)
		second.Choose("Role", "Office").Press("Save").Want(http.StatusUnprocessableEntity).See("This is the last administrator")
		second.Get(last + "/remove").Press("Remove").Want(http.StatusUnprocessableEntity).See("This is the last administrator")
		a.Staff(t).Get(last).See("This is your own login.").NotSee("Remove second", `name="role"`)
	})
}

func TestADM3FurtherFieldsOfTheStaffFormsChangeNothing(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		page := addStaff(t, a, "cleo", access.Office, access.Everywhere())
		more := url.Values{
			"id": {"1"}, "state": {"disabled"}, "username": {"evil"}, "password": {"x"}, "password_hash": {"x"}, "credential_version": {"99"}, "kind": {"parent"},
			"last_sign_in_at": {"1"}, "language": {"es"}, "all": {"1"}, "ends_at": {"1"}, "has_factor": {"1"}, "actor": {"1"}, "fresh": {"1"},
		}
		admin := a.Staff(t).Get(page)
		path, form := admin.Form("Save")
		before := a.Dump("account", "temporary_password")
		for k, v := range more {
			form[k] = v
		}
		admin.Post(path, form).See("Saved.")
		if after := a.Dump("account", "temporary_password"); after != before {
			t.Errorf("changed:\n%s\n%s", before, after)
		}
		before = a.Dump("account")
		own := fmt.Sprintf("/admin/site/staff/%d", a.District.Staff)
		path, form = admin.Get(own).Form("Save")
		for k, v := range map[string]string{"role": "auditor", "everywhere": "no", "school": "1", "last_day": "2026-12-24"} {
			form.Set(k, v)
		}
		admin.Post(path, form).See("Saved.")
		if after := a.Dump("account"); after != before {
			t.Errorf("the own rights changed:\n%s", after)
		}
	})
}

func TestTwoAdministratorsWhoEditTheSamePersonAreToldOfEachOther(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		page := addStaff(t, a, "cleo", access.Office, access.Everywhere())
		one, other := a.Staff(t).Get(page), a.Staff(t).Get(page)
		one.Fill("Name", "Cleo One").Press("Save").See("Saved.")
		other.Fill("Name", "Cleo Two").Press("Save").Want(http.StatusConflict).See("Someone else saved first", "Cleo One")
		if got := other.Value("Name"); got != "Cleo Two" {
			t.Errorf("what was typed: %q", got)
		}
		other.Press("Save").See("Saved.", "Cleo Two")
	})
}

func TestADM5AStaleSessionChangesNoStaff(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		page := addStaff(t, a, "cleo", access.Office, access.Everywhere())
		admin := a.Staff(t).Get(page)
		before := a.Dump("account")
		a.Clock.Advance(6 * time.Minute)
		admin.Choose("Role", "Auditor").Press("Save")
		if after := a.Dump("account"); after != before {
			t.Errorf("changed without proof:\n%s", after)
		}
		admin.NotSee("Saved.")
	})
}

func TestPRV5AnAdministratorOfSomeSchoolsSeesTheirStaffAlone(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		oak, cedar := access.Schools{IDs: []int64{a.Oak.ID}}, access.Schools{IDs: []int64{a.Cedar.ID}}
		addStaff(t, a, "local", access.Administrator, oak)
		mine, other := addStaff(t, a, "mine", access.HelpDesk, oak), addStaff(t, a, "other", access.HelpDesk, cedar)
		local := a.Browser(t).SignIn("admin", "local", apptest.StaffPassword).Get("/admin/site/staff")
		local.See("Name mine").NotSee("Name other", "Ada Office")
		local.Get(other).Want(http.StatusNotFound)
		local.Get(other + "/remove").Want(http.StatusNotFound)
		local.Get(mine).NotSee("Cedar Middle School", "All schools")
		path, form := local.Form("Save")
		form["everywhere"], form["school"] = []string{"yes"}, []string{fmt.Sprint(a.Cedar.ID)}
		local.Post(path, form).Want(http.StatusForbidden)
		local.Get(mine).See("Oak Hill Elementary")
	})
}

// TestADM1TheMenuLeadsEveryRoleOnlyWhereItMayGo follows every line of the menu, as every role.
func TestADM1TheMenuLeadsEveryRoleOnlyWhereItMayGo(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		begin := map[access.Role]string{
			access.Administrator: "/admin/site/reset-parent-login", access.Registrar: "/admin/students/", access.Office: "/admin/site/reset-parent-login",
			access.HelpDesk: "/admin/site/reset-parent-login", access.Auditor: "/admin/site/log",
		}
		for _, role := range access.Roles() {
			for _, at := range []access.Schools{access.Everywhere(), {IDs: []int64{a.Oak.ID}}} {
				username := fmt.Sprintf("%s.%v", role, at.All)
				addStaff(t, a, username, role, at)
				b := a.Browser(t).SignIn("admin", username, apptest.StaffPassword).Want(http.StatusOK)
				if got := b.Path(); got != begin[role] && at.All {
					t.Errorf("%s begins at %s", username, got)
				}
				for _, words := range b.Find("nav.menu a") {
					to := b.Follow(words).Path()
					if b.Status != http.StatusOK {
						t.Errorf("%s follows %s: %d", username, to, b.Status)
					}
				}
				links := b.Get("/admin/account").Links()
				if slices.Contains(links, "/admin/site/staff") != (role == access.Administrator || role == access.Auditor) {
					t.Errorf("%s: the menu has %v", username, links)
				}
			}
		}
	})
}

func TestTheListOfStaffPagesByNumberAndNamesNobodyInItsAddress(t *testing.T) {
	apptest.RunSQLite(t, func(t *testing.T, a *apptest.App) {
		for i := range 60 {
			addStaff(t, a, fmt.Sprintf("clerk%02d", i), access.Office, access.Everywhere())
		}
		admin := a.Staff(t).Get("/admin/site/staff").See("Name clerk49").NotSee("Name clerk50")
		admin.Follow("Next").See("Name clerk50", "Ada Office").NotSee("Name clerk49")
		if strings.Contains(admin.Path(), "clerk") {
			t.Errorf("the address is %s", admin.Path())
		}
		admin.Follow("First page").See("Name clerk00")
	})
}

func TestADM1TheGridOffersEveryRoleOnlyWhatItMayDo(t *testing.T) {
	apptest.RunSQLite(t, func(t *testing.T, a *apptest.App) {
		for _, role := range []access.Role{access.Administrator, access.Registrar, access.Office, access.HelpDesk} {
			addStaff(t, a, string(role)+".grid", role, access.Everywhere())
			b := a.Browser(t).SignIn("admin", string(role)+".grid", apptest.StaffPassword).Get("/admin/site/reset-parent-login?letter=L").See("Lopez")
			actor := access.Actor{Kind: access.Staff, Role: role, Schools: access.Everywhere()}
			if got := len(b.Find("td button")) > 0; got != access.Can(actor, access.ResetLogins) {
				t.Errorf("%s may press Reset: %v", role, got)
			}
			opens := func(to string) bool { return strings.HasSuffix(to, "/contacts") }
			if got := slices.ContainsFunc(b.Links(), opens); got != access.Can(actor, access.SeeRecords) {
				t.Errorf("%s may open records: %v", role, got)
			}
		}
	})
}
