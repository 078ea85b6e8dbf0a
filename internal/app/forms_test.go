package app_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/schoolgate/schoolgate/internal/app/apptest"
	"github.com/schoolgate/schoolgate/internal/roster"
)

func TestAFormSentTwiceIsOneRequest(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		b := a.Browser(t).Get("/parent/register")
		path, form := b.Form("Create Account")
		for name, v := range registrations(a)[0].form("wei") {
			form[name] = v
		}
		first := reference.FindString(b.Post(path, form).Main())
		again := reference.FindString(b.Post(path, form).Main())
		if first == "" || first != again {
			t.Errorf("references %q and %q, want the same", first, again)
		}
		a.Drain()
		third := reference.FindString(b.Post(path, form).Main())
		if third != first {
			t.Errorf("after the decision the reference is %q, want %q", third, first)
		}
		if n := a.Count("select count(*) from registration_request"); n != 1 {
			t.Errorf("%d requests", n)
		}
		if n := a.Mailed(apptest.WeiEmail); n != 1 {
			t.Errorf("%d mails", n)
		}
		path, form = b.Get("/parent/register").Form("Create Account")
		for name, v := range registrations(a)[0].form("wei") {
			form[name] = v
		}
		if fresh := reference.FindString(b.Post(path, form).Main()); fresh == first {
			t.Error("a new form has the old reference")
		}
	})
}

func TestAStaleStudentOrContactPageShowsWhatSomebodyElseSaved(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		one, two := a.Staff(t), a.Staff(t)
		student := fmt.Sprintf("/admin/students/%d", a.Ana.ID)
		one.Get(student)
		two.Get(student)
		one.Fill("Grade", "5").Choose("Status", "withdrawn").Press("Save").Want(http.StatusOK).See("Saved.")
		two.Fill("Homeroom", "4C").Press("Save").Want(http.StatusConflict)
		two.See("Someone else saved first", "Now on record: 5", "Now on record: withdrawn")
		if two.Value("Homeroom") != "4C" || two.Value("Grade") != "4" {
			t.Errorf("what was typed is lost: %q, %q", two.Value("Homeroom"), two.Value("Grade"))
		}
		two.Fill("Grade", "5").Choose("Status", "enrolled").Press("Save").Want(http.StatusOK).See("Saved.")
		if s := a.Student(a.Ana.ID); s.Grade != "5" || s.Homeroom != "4C" || s.Status != roster.Enrolled {
			t.Errorf("on record: grade %q, homeroom %q, %s", s.Grade, s.Homeroom, s.Status)
		}

		one.Get(student + "/adult")
		two.Get(student+"/adult").Choose("Decision", "Dependent student: the parents keep access").Fill("Why", "tax form seen").Press("Save").See("Saved.")
		one.Choose("Decision", "The parents' access ends on the birthday, or at once if that is over").Fill("Why", "asked in writing").Press("Save").
			Want(http.StatusConflict).See("Someone else saved first", "Now on record: dependent: parents keep access", "Now on record: tax form seen")
		if one.Value("Why") != "asked in writing" {
			t.Errorf("the reason is lost: %q", one.Value("Why"))
		}

		contact := fmt.Sprintf("%s/contacts/%d", student, a.MariaAna)
		one.Get(contact)
		two.Get(contact)
		one.Fill("Mobile phone", "555-9999").Choose("Restricted", "yes").Press("Save").Want(http.StatusOK)
		two.Fill("First name", "Mary").Choose("Relationship", "Aunt").Press("Save").Want(http.StatusConflict)
		two.See("Someone else saved first", "Now on record: 555-9999", "Now on record: Maria", "Now on record: Mother", "Now on record: yes")
		if two.Value("First name") != "Mary" || two.Value("Relationship") != "aunt" {
			t.Errorf("what was typed is lost: %q, %q", two.Value("First name"), two.Value("Relationship"))
		}
		if c := a.Contact(a.Maria.ID); c.First != "Maria" || c.MobilePhone != "555-9999" {
			t.Errorf("on record: %q, %q", c.First, c.MobilePhone)
		}
		two.Press("Save").Want(http.StatusOK)

		one.Get(contact + "/remove")
		two.Get(contact).Choose("May pick up", "no").Press("Save").Want(http.StatusOK)
		one.Press("Remove").Want(http.StatusOK).See("Somebody else changed this meanwhile. Nothing was changed", "Mary Lopez")
		one.Get(contact + "/remove").Press("Remove").Want(http.StatusOK).See("The contact was removed.")
		two.Get(contact).Want(http.StatusNotFound)
	})
}

func TestTheContactsPageChangesWhatParentsSeeAtOnce(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		mother := a.MariaAtHome(t)
		student := a.StudentAtHome(t, mother, childPath(a.Ana.ID), "ana.lopez")
		staff := a.Staff(t)
		contacts := fmt.Sprintf("/admin/students/%d/contacts", a.Ana.ID)
		staff.Get(contacts).See("Maria Lopez", "RESTRICTED", "order 12-345").Follow("Edit Maria Lopez")
		staff.Choose("Restricted", "yes").Fill("About the restriction", "order 9").Press("Save").See("Saved.")
		mother.Get("/parent/").NotSee("204117")
		mother.Get(childPath(a.Ana.ID)).Want(http.StatusNotFound)
		if student.Get("/student/"); student.Path() != "/student/login" {
			t.Errorf("the student is still at %s", student.Path())
		}
		before := len(a.Inbox.To(apptest.MariaEmail))
		staff.Get(contacts).Follow("Edit Maria Lopez").Fill("E-mail address", "new.maria@example.org").Press("Save").Want(http.StatusUnprocessableEntity)
		staff.See("Please say how identity was checked")
		staff.Choose("How was identity checked? (needed to change the address)", "Photo ID seen").Press("Save").Want(http.StatusOK)
		if text := a.LastMail(apptest.MariaEmail); len(a.Inbox.To(apptest.MariaEmail)) == before {
			t.Errorf("the old address was not told; last mail:\n%s", text)
		}
		staff.Get(contacts).Follow("Add contact").Fill("First name", "Zoë").Fill("Last name", "Müller-Ðặng").Choose("Relationship", "Aunt").Press("Save")
		staff.Want(http.StatusOK).See("Zoë Müller-Ðặng", "Aunt").Press("Move Zoë Müller-Ðặng up").Want(http.StatusOK)
		if names := staff.Find("section.card h2"); len(names) != 4 || !strings.Contains(names[2], "Zoë") {
			t.Errorf("the order is %q", names)
		}
	})
}

func TestEmptyAndOverlongFieldsAreToldBesideThemAndNothingIsLost(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		mother, staff := a.MariaAtHome(t), a.Staff(t)
		long := strings.Repeat("長", 2000)
		student := fmt.Sprintf("/admin/students/%d", a.Ben.ID)
		for _, c := range []struct {
			b             *apptest.Browser
			page, button  string
			fill          map[string]string
			kept, problem string
		}{
			{a.Browser(t), "/parent/register", "Create Account", map[string]string{"Last Name": "Lopez"}, "Last Name", "Please fill this in."},
			{a.Browser(t), "/parent/register", "Create Account", map[string]string{"First Name": long, "Last Name": "Lopez"}, "Last Name", "This is too long."},
			{a.Browser(t), "/parent/register", "Create Account", map[string]string{"Username": "a b", "Last Name": "Lopez"}, "Username", "Please use letters"},
			{a.Browser(t), "/parent/register", "Create Account", map[string]string{"Username": long}, "Username", "This is too long."},
			{a.Browser(t), "/parent/forgot", "Send a temporary password", nil, "", "Please fill this in."},
			{a.Browser(t), "/parent/forgot", "Send my username", map[string]string{"E-mail address": long}, "E-mail address", "This is too long."},
			{mother, "/parent/add-student", "Add Student", map[string]string{"Child's ID Number": long}, "Child's ID Number", "This is too long."},
			{mother, "/parent/account/password", "Change Password", map[string]string{"New Password": "x"}, "", "Please"},
			{mother, "/parent/account/username", "Change Username", map[string]string{"New username": "!!"}, "New username", "Please"},
			{mother, childPath(a.Ben.ID) + "/login", "Create Student Login", map[string]string{"Username": "ben.lopez"}, "Username", ""},
			{mother, childPath(a.Ben.ID) + "/login", "Create Student Login",
				map[string]string{"Username": "ben.lopez", "New Password": "short", "Confirm New Password": "short"}, "Username", "Please use at least 8 characters."},
			{mother, childPath(a.Ben.ID) + "/login", "Create Student Login",
				map[string]string{"Username": "ben.lopez", "New Password": "green-kite-9", "Confirm New Password": "green-kite-8"}, "Username", "are not the same"},
			{staff, "/admin/students/new", "Save", map[string]string{"Grade": "3"}, "Grade", "Please fill this in."},
			{staff, student, "Save", map[string]string{"First name": long, "Homeroom": "2A"}, "Homeroom", "This is too long."},
			{staff, student, "Save", map[string]string{"Birth date": "yesterday", "Homeroom": "2A"}, "Homeroom", "Please type the birth date"},
			{staff, student, "Save", map[string]string{"E-mail address": "no address", "Homeroom": "2A"}, "Homeroom", "This is not an e-mail address."},
			{staff, student + "/contacts/new", "Save", map[string]string{"Mobile phone": "555"}, "Mobile phone", "Please fill this in."},
			{staff, student + "/contacts/new", "Save", map[string]string{"Last name": "X", "Contact from": "soon"}, "Contact from", "Please type the date"},
			{staff, "/admin/site/settings", "Save", map[string]string{"Name of the school or district": "", "Office hours": "8 to 4"}, "Office hours", "Please fill this in."},
			{staff, "/admin/site/settings", "Save", map[string]string{"Time zone": "Moon/Crater", "Office hours": "8 to 4"}, "Office hours", "There is no such time zone."},
		} {
			name := fmt.Sprintf("%s %.40q", c.page, fmt.Sprint(c.fill))
			c.b.Get(c.page).Want(http.StatusOK)
			for label, text := range c.fill {
				c.b.Fill(label, text)
			}
			c.b.Press(c.button)
			if c.b.Status != http.StatusUnprocessableEntity || !strings.Contains(c.b.Text(), c.problem) {
				t.Errorf("%s: %d, want 422 and %q:\n%s", name, c.b.Status, c.problem, c.b.Main())
				continue
			}
			if c.kept != "" && c.b.Value(c.kept) != c.fill[c.kept] {
				t.Errorf("%s: %q now holds %.40q", name, c.kept, c.b.Value(c.kept))
			}
			if len(c.b.Find("p.problem")) == 0 {
				t.Errorf("%s: no problem stands beside its field:\n%s", name, c.b.Main())
			}
		}
	})
}

func TestTheLanguageSwitchComesBackToThePageInTheOtherLanguage(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		mother, staff := a.MariaAtHome(t), a.Staff(t)
		for _, c := range []struct {
			b    *apptest.Browser
			path string
		}{
			{a.Browser(t), "/"}, {a.Browser(t), "/parent/login"}, {a.Browser(t), "/parent/register"}, {a.Browser(t), "/student/login"},
			{mother, "/parent/"}, {mother, "/parent/account"}, {mother, childPath(a.Ben.ID)}, {staff, gridPath + "?letter=L"},
			{staff, fmt.Sprintf("/admin/students/%d/contacts", a.Ana.ID)}, {staff, "/admin/students/?q=Lopez"},
		} {
			c.b.Get(c.path).Want(http.StatusOK).Press("Español").Want(http.StatusOK)
			if c.b.Path() != c.path || !strings.Contains(c.b.HTML, `<html lang="es"`) {
				t.Errorf("from %s the switch leads to %s", c.path, c.b.Path())
			}
			c.b.Press("English").Want(http.StatusOK)
			if c.b.Path() != c.path || !strings.Contains(c.b.HTML, `<html lang="en"`) {
				t.Errorf("back from %s the switch leads to %s", c.path, c.b.Path())
			}
		}
		b := a.Browser(t)
		b.Send.Set("Accept-Language", "es-MX,es;q=0.9,en;q=0.1")
		b.Get("/parent/login").See("Nombre de usuario")
		b.Send.Set("Accept-Language", "tlh")
		b.Get("/parent/login").See("Username")
		for _, back := range []string{"https://evil.example/", "//evil.example", `/\evil.example`, "/\t/evil.example", "evil", ""} {
			r, _ := post(t, a, b, "/language", url.Values{"lang": {"es"}, "back": {back}})
			if to := r.Header.Get("Location"); to != "/" {
				t.Errorf("back to %q leads to %q", back, to)
			}
		}
	})
}

func TestUnknownPagesAreNotFound(t *testing.T) {
	apptest.RunSQLite(t, func(t *testing.T, a *apptest.App) {
		mother, staff, visitor := a.MariaAtHome(t), a.Staff(t), a.Browser(t)
		for _, path := range []string{"/nowhere", "/parent/nowhere", "/admin/nowhere", "/student/x", "/parent/login/", "/demo/mailbox", "/metrics", "/api/v1/", "/.git/config",
			"/static/nothing.css", "/parent/children/0", "/parent/children/-1", "/parent/children/abc", "/parent/children/99999999999999999999",
			fmt.Sprintf("/parent/children/%d", a.David.ID)} {
			if visitor.Get(path); visitor.Status != http.StatusNotFound && !strings.HasSuffix(visitor.Path(), "/parent/login") {
				t.Errorf("%s answers a visitor %d at %s", path, visitor.Status, visitor.Path())
			}
			mother.Get(path).Want(http.StatusNotFound)
		}
		for _, path := range []string{"/admin/students/999999", "/admin/students/999999/contacts", "/admin/students/x/contacts/y",
			fmt.Sprintf("/admin/students/%d/contacts/%d", a.Ana.ID, a.WeiLin), fmt.Sprintf("/admin/students/%d/contacts/999999/remove", a.Ana.ID)} {
			staff.Get(path).Want(http.StatusNotFound)
		}
		for _, path := range []string{gridPath + "?after=broken", gridPath + "?letter=%00", "/admin/site/requests?at=x&id=y", "/admin/site/mail?state=nonsense",
			"/admin/students/?q=%00%ff", gridPath + "?last=%ff%00", "/admin/students/?q=" + strings.Repeat("a+", 3000), "/admin/site/requests?reference=%00"} {
			if staff.Get(path); staff.Status >= http.StatusInternalServerError {
				t.Errorf("%s answers %d", path, staff.Status)
			}
		}
	})
}

func TestNamesInAnyScriptAreShownAsTheyAre(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		hostile := `O'Néil <script>alert(1)</script> "&"`
		s := a.AddStudent(roster.Student{SchoolID: a.Oak.ID, IDNumber: "0-7 7", First: "美玲", Last: hostile, Grade: "<b>1</b>"})
		a.AddContact(s, roster.Contact{First: "محمد", Last: "الأحمد", Email: "m@example.org"}, roster.Line{Relationship: "father"})
		father := a.AtHome(t, "محمد", "077", "محمد", "الأحمد", "m@example.org")
		father.See("美玲", hostile, "محمد")
		a.AtHome(t, "Ольга", a.Pyotr.IDNumber, "ольга", "ИВАНОВА", apptest.OlgaEmail).See("Пётр Иванов")
		staff := a.Staff(t)
		staff.Get(gridPath).Press("Reset محمد الأحمد for 美玲 "+hostile).See("محمد", hostile).Press("Ok").See("1 row was reset.")
		for _, page := range []string{father.HTML, staff.HTML, staff.Get("/admin/students/").HTML, staff.Get(gridPath).HTML} {
			if strings.Contains(page, "<script>alert") || strings.Contains(page, "<b>1</b>") {
				t.Errorf("a name became part of the page:\n%s", page)
			}
		}
		staff.Get("/admin/students/?q=美玲").See("美玲", "0-7 7")
		staff.Get("/admin/students/?q=077").See("美玲")
		staff.Get("/admin/site/requests/all").See("الأحمد", "ИВАНОВА")
	})
}
