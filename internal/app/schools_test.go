package app_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/app/apptest"
)

// clerk signs in somebody new of a role at one school.
func clerk(t *testing.T, a *apptest.App, username string, role access.Role, school int64) *apptest.Browser {
	t.Helper()
	n := account.NewStaff{
		Username: username, Name: "Nora " + username, Email: username + "@example.org", Password: apptest.StaffPassword, Role: role,
		Schools: access.Schools{IDs: []int64{school}},
	}
	if _, err := a.Accounts.CreateStaff(t.Context(), access.Actor{Kind: access.System}, n); err != nil {
		t.Fatal(err)
	}
	return a.Browser(t).SignIn("admin", username, apptest.StaffPassword).Want(http.StatusOK)
}

// TestPRV5StaffReachNothingOfAnotherSchool has clerks of Oak send every request with what belongs to Cedar: Lin with her father, and Maria's line for
// Carla, while Maria has a child at Oak too.
func TestPRV5StaffReachNothingOfAnotherSchool(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		a.AtHome(t, "wei", a.Lin.IDNumber, "Wei", "Chen", apptest.WeiEmail)
		a.MariaAtHome(t)
		records, office := clerk(t, a, "records", access.Registrar, a.Oak.ID), clerk(t, a, "desk", access.Office, a.Oak.ID)
		leaks := []string{"Lin", "Chen", apptest.WeiEmail, a.Lin.IDNumber, "555-0199", "Carla", "David", "Cedar"}
		tables := []string{"student", "contact", "student_contact", "line_name", "student_word", "closed_line", "account", "account_contact", "school", "school_notice"}
		before := a.Dump(tables...)
		student, contacts := studentForm(a.Lin.ID), contactForm("Wei", "Chen")
		moved := studentForm(a.Ana.ID)
		moved.Set("school_id", fmt.Sprint(a.Cedar.ID))
		path := func(id int64) string { return fmt.Sprintf("/admin/students/%d", id) }
		line := func(student, line int64) string { return fmt.Sprintf("%s/contacts/%d", path(student), line) }
		rows := url.Values{"line": {fmt.Sprint(a.WeiLin), fmt.Sprint(a.MariaCarla)}, "elsewhere": {fmt.Sprint(a.Wei.ID), fmt.Sprint(a.Maria.ID)}}
		for _, c := range []struct {
			name   string
			who    *apptest.Browser
			path   string
			form   url.Values // nil for a GET
			status int
		}{
			{"the student", records, path(a.Lin.ID), nil, 404},
			{"the student, for the office", office, path(a.Lin.ID), nil, 404},
			{"saving the student", records, path(a.Lin.ID), student, 404},
			{"moving a student there", records, path(a.Ana.ID), moved, 422},
			{"a new student there", records, "/admin/students/new", moved, 422},
			{"the contacts", records, path(a.Lin.ID) + "/contacts", nil, 404},
			{"a new contact", records, path(a.Lin.ID) + "/contacts/new", nil, 404},
			{"adding a contact", records, path(a.Lin.ID) + "/contacts/new", contacts, 404},
			{"the contact", records, line(a.Lin.ID, a.WeiLin), nil, 404},
			{"the contact of another student", records, line(a.Ana.ID, a.WeiLin), nil, 404},
			{"saving the contact", records, line(a.Lin.ID, a.WeiLin), contacts, 404},
			{"saving the contact as another student's", records, line(a.Ana.ID, a.WeiLin), contacts, 404},
			{"a known parent's line there", records, line(a.Carla.ID, a.MariaCarla), contacts, 404},
			{"moving the contact", records, line(a.Lin.ID, a.WeiLin) + "/move", url.Values{"by": {"up"}}, 404},
			{"asking to remove the contact", records, line(a.Lin.ID, a.WeiLin) + "/remove", nil, 404},
			{"removing the contact", records, line(a.Lin.ID, a.WeiLin) + "/remove", url.Values{"line_version": {"1"}}, 404},
			{"restoring the contact", records, line(a.Lin.ID, a.WeiLin) + "/restore", url.Values{}, 404},
			{"the grid", office, gridPath, nil, 200},
			{"the grid by name", office, gridPath + "?last=chen", nil, 200},
			{"the grid by letter and child", office, gridPath + "?letter=L&sort=child", nil, 200},
			{"finding the student", records, "/admin/students/?q=lin", nil, 200},
			{"finding the ID Number", records, "/admin/students/", url.Values{"q": {a.Lin.IDNumber}}, 200},
			{"the question", office, gridPath + "/question", rows, 200},
			{"the reset", office, gridPath, rows, 200},
			{"the requests", office, "/admin/site/requests", nil, 200},
			{"the schools", records, "/admin/site/settings/schools", url.Values{"phone." + fmt.Sprint(a.Cedar.ID): {"1"}}, 403},
			{"the mail", office, "/admin/site/mail", nil, 403},
			{"a student of one's own", records, path(a.Ana.ID), nil, 200},
			{"a parent of one's own with a child there", records, line(a.Ana.ID, a.MariaAna), nil, 200},
			{"new student", records, "/admin/students/new", nil, 200},
		} {
			var r *http.Response
			var body string
			if c.form == nil {
				r, body = get(t, a, c.who, c.path)
			} else {
				r, body = post(t, a, c.who, c.path, c.form)
			}
			if r.StatusCode != c.status {
				t.Errorf("%s: %d, want %d", c.name, r.StatusCode, c.status)
			}
			for _, leak := range leaks {
				if strings.Contains(strings.ReplaceAll(body, "en línea", ""), leak) && !strings.Contains(fmt.Sprint(c.form)+c.path, leak) {
					t.Errorf("%s names %q", c.name, leak)
				}
			}
		}
		if d := cmp.Diff(before, a.Dump(tables...)); d != "" {
			t.Errorf("something was changed: %s", d)
		}
		records.Get(line(a.Ana.ID, a.MariaAna)).See("other child", "other schools")
		office.Get(gridPath).See("Maria").NotSee("Wei")
	})
}

func studentForm(id int64) url.Values {
	return url.Values{"version": {"1"}, "first_name": {"Taken"}, "last_name": {"Over"}, "status": {"enrolled"}, "school_id": {"1"}, "id": {fmt.Sprint(id)}}
}

func contactForm(first, last string) url.Values {
	return url.Values{
		"contact_version": {"1"}, "line_version": {"1"}, "first_name": {first}, "last_name": {last}, "email": {"taken@example.org"}, "checked": {"photo_id"},
		"relationship": {"father"}, "portal_access": {"yes"}, "legal_guardian": {"yes"}, "lives_with": {"yes"}, "emergency": {"yes"}, "pickup": {"yes"},
		"mailing": {"yes"}, "restricted": {"no"},
	}
}

func TestASchoolIsToldWhatAnotherDidToItsParent(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		mother := a.MariaAtHome(t)
		oak, cedar := clerk(t, a, "oak", access.Office, a.Oak.ID), clerk(t, a, "cedar", access.Office, a.Cedar.ID)
		cedar.Get("/admin/site/requests").NotSee("Told by other schools")
		oak.Get(gridPath + "?last=lopez").Press("Reset Maria Lopez for Ana Lopez").See("children at other schools").NotSee("Carla")
		oak.Tick("Take the children at other schools along").Tick("Take the row of Ben Lopez along").Press("Ok")
		oak.See("The whole login ended", "Those schools are told").NotSee("Carla")
		if mother.Get("/parent/"); mother.Path() != "/parent/login" {
			t.Error("the parent is still signed in")
		}
		cedar.Get(gridPath).See("1 parent of a child at your school was reset by another school").Follow("Read what other schools did")
		cedar.See("Maria Lopez, a parent of a child at your school, was reset by Nora oak of Oak Hill Elementary").Press("Seen: Maria Lopez")
		cedar.See("The notice is put away.").NotSee("Nora oak")
		cedar.Get(gridPath).NotSee("was reset by another school")
	})
}

func TestAUD1WhoIsRefusedIsInTheLog(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		office := clerk(t, a, "desk", access.Office, a.Oak.ID)
		for range 3 {
			office.Get("/admin/site/settings").Want(http.StatusForbidden)
			office.Get(fmt.Sprintf("/admin/students/%d", a.Lin.ID)).Want(http.StatusNotFound)
		}
		if err := a.Family.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := a.Count("select count(*) from audit_event where action = 'access.refused' and actor_kind = 'staff'"); n != 2 {
			t.Errorf("%d refusals in the log, want one for each action", n)
		}
	})
}
