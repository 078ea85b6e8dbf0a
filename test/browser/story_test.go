package browser

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/intake"
	"github.com/schoolgate/schoolgate/internal/mail"
	"github.com/schoolgate/schoolgate/internal/mail/mailtest"
	"github.com/schoolgate/schoolgate/internal/sqldb/sqldbtest"
)

// bundle is a small OneRoster 1.1 package: Elena Vargas with three children in two schools, and a neighbour of the same initial.
var bundle = map[string]string{
	"manifest.csv": "propertyName,value\nmanifest.version,1.0\noneroster.version,1.1\nfile.academicSessions,absent\nfile.categories,absent\n" +
		"file.classes,absent\nfile.classResources,absent\nfile.courses,absent\nfile.courseResources,absent\nfile.demographics,absent\n" +
		"file.enrollments,absent\nfile.lineItems,absent\nfile.orgs,bulk\nfile.resources,absent\nfile.results,absent\nfile.users,bulk\n",
	"orgs.csv": "sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId\n" +
		"d1,,,Harborview District,district,,\ns1,,,Harborview Elementary,school,,d1\ns2,,,Harborview Middle,school,,d1\n",
	"users.csv": "sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,userIds,givenName,familyName,middleName,identifier," +
		"email,sms,phone,agentSourcedIds,grades,password\n" +
		"k1,,,true,s1,student,nora.v,,Nora,Vargas,,710001,,,,p1,03,\n" +
		"k2,,,true,s1,student,pablo.v,,Pablo,Vargas,,710002,,,,p1,05,\n" +
		"k3,,,true,s2,student,tomas.v,,Tomás,Vargas,,710003,,,,p1,08,\n" +
		"k4,,,true,s1,student,ivy.v,,Ivy,Vance,,710004,,,,p2,03,\n" +
		"p1,,,true,s1,parent,elena,,Elena,Vargas,,,tempfail-1+elena@school.example,555-0142,,\"k1,k2,k3\",,\n" +
		"p2,,,true,s1,parent,walt,,Walt,Vance,,,walt@school.example,,,k4,,\n",
}

// story is a walk through the life of a login.
type story struct {
	*testing.T
	*School
	box  *mailtest.Server
	look Look
}

func (s story) window() *Tab {
	s.Helper()
	return tab(s.T, s.look)
}

func TestStoryOfALogin(t *testing.T) {
	for name, look := range map[string]Look{
		"with JavaScript": {Width: 1280, Height: 800}, "without JavaScript": {Width: 1280, Height: 800, NoScript: true},
	} {
		t.Run(name, func(t *testing.T) {
			sqldbtest.RunURL(t, func(t *testing.T, url string) {
				chromium(t)
				s := story{T: t, box: mailtest.Start(t), look: look}
				s.open(url)
				s.importRoster()
				s.walk()
			})
		})
	}
}

func (s *story) open(url string) {
	c, err := mail.ParseURL(s.box.URL())
	if err != nil {
		s.Fatal(err)
	}
	c.From, c.ReplyTo = "portal@school.example", "office@school.example"
	sender, err := mail.NewSMTP(c)
	if err != nil {
		s.Fatal(err)
	}
	if s.School, err = Open(s.Context(), url, sender); err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() { _ = s.Close() })
}

func (s *story) importRoster() {
	folder := s.TempDir()
	for name, text := range bundle {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			s.Fatal(err)
		}
	}
	report, err := s.Intake.Import(s.Context(), access.Actor{Kind: access.System}, folder, intake.Options{})
	if err != nil {
		s.Fatalf("%v: %+v", err, report.Findings)
	}
	if report.Students.Added != 4 || report.Contacts.Added != 2 || report.Lines.Added != 4 {
		s.Fatalf("imported %+v", report)
	}
}

const (
	elena       = "tempfail-1+elena@school.example"
	first       = "harbor-sparrow-kettle-moss"
	second      = "violet-engine-harvest-moon"
	third       = "copper-lantern-ribbon-tide"
	studentWord = "orange-boat-seven"
)

func (s *story) walk() {
	phone, computer, desk, school := s.window(), s.window(), s.window(), s.window()

	s.signIn(desk, "admin", StaffUsername, StaffPassword)
	s.register(phone, "elena.v")
	s.greylisted(desk)
	s.firstSignIn(phone, "elena.v", 1, first)
	s.sees(phone, "Nora", "Pablo", "Tomás")

	phone.Press("Pablo Grade 5")
	phone.Press("Create Student Login")
	phone.Fill("Username", "pablo.v")
	phone.Fill("New Password", studentWord)
	phone.Fill("Confirm New Password", studentWord)
	phone.Press("Create Student Login")
	s.reads(phone, "pablo.v")
	s.signIn(school, "student", "pablo.v", studentWord)
	s.reads(school, "Pablo Vargas")
	s.signIn(computer, "parent", "elena.v", first)
	s.sees(computer, "Nora", "Pablo", "Tomás")

	// One row of three: the other two stay, and so do sessions and the other child's login.
	desk.Go(s.URL + grid)
	desk.Press("V")
	s.reads(desk, "4 rows")
	s.ask(desk, "Reset Elena Vargas for Nora Vargas")
	s.reads(desk, "only the rows below are closed")
	s.answer(desk, "Cancel")
	s.ask(desk, "Reset Elena Vargas for Nora Vargas")
	desk.Press("Ok")
	s.reads(desk, "1 row was reset.")
	phone.Go(s.URL + "/parent/")
	s.sees(phone, "Pablo", "Tomás")
	s.unseen(phone, "Nora")
	school.Go(s.URL + "/student/")
	s.reads(school, "Pablo Vargas")

	// The others: nothing of the login is left.
	s.resetSelected(desk, "Pablo Vargas", "Tomás Vargas")
	s.shut(phone, computer, school)
	s.refused(phone, "parent", "elena.v", first)
	s.refused(school, "student", "pablo.v", studentWord)

	// Again with the same username, and after another reset with a new one.
	s.register(phone, "elena.v")
	s.firstSignIn(phone, "elena.v", 2, second)
	s.sees(phone, "Nora", "Pablo", "Tomás")
	s.resetSelected(desk, "Nora Vargas", "Pablo Vargas", "Tomás Vargas")
	s.shut(phone)
	s.refused(phone, "parent", "elena.v", second)
	s.register(phone, "vargas.family")
	s.firstSignIn(phone, "vargas.family", 3, third)
	s.sees(phone, "Nora", "Pablo", "Tomás")
	phone.Press("Log out")
	s.refused(phone, "parent", "elena.v", third)

	for _, window := range []*Tab{phone, computer, desk, school} {
		if p := window.Problems(); len(p) > 0 {
			s.Errorf("the browser complains: %q", p)
		}
	}
}

func (s *story) register(window *Tab, username string) {
	s.Helper()
	window.Go(s.URL + "/parent/login")
	window.Press("Click here to create a new account")
	window.Fill("Username", username)
	window.Fill("Child's ID Number", "710002")
	window.Fill("First Name", "elena")
	window.Fill("Last Name", "VARGAS")
	window.Press("Create Account")
	s.reads(window, "If what you typed is on record, a mail is on its way")
}

// greylisted waits for the mail server's first answer, 451, finds the mail waiting, and lets the time pass until the next attempt.
func (s *story) greylisted(desk *Tab) {
	s.Helper()
	s.until("the mail server was asked", func() bool { return s.box.Attempts(elena) == 1 })
	s.until("the mail waits for its next attempt", func() bool {
		desk.Go(s.URL + "/admin/site/mail?state=ready")
		return strings.Contains(desk.Text(), "451")
	})
	if got := s.box.To(elena); len(got) != 0 {
		s.Fatalf("%d mails were taken after 451", len(got))
	}
	s.Later(time.Minute)
}

// firstSignIn takes the n-th temporary password to the page that sets the permanent one.
func (s *story) firstSignIn(window *Tab, username string, n int, permanent string) {
	s.Helper()
	var found []string
	s.until("a temporary password was mailed", func() bool {
		found = nil
		for _, m := range s.box.To(elena) {
			if password := temporary.FindString(m.Text); password != "" {
				found = append(found, password)
			}
		}
		return len(found) >= n
	})
	s.signIn(window, "parent", username, found[n-1])
	s.reads(window, "Choose your permanent password")
	window.Go(s.URL + "/parent/account") // leads nowhere else
	window.Fill("New Password", permanent)
	window.Fill("Confirm New Password", permanent)
	window.Press("Change Password")
	s.reads(window, "Your password is set.")
	other := s.window()
	s.refused(other, "parent", username, found[n-1])
	other.Close()
}

func (s *story) signIn(window *Tab, portal, username, password string) {
	s.Helper()
	window.Go(s.URL + "/" + portal + "/login")
	window.Fill("Username", username)
	window.Fill("Password", password)
	window.Press("Log in")
}

func (s *story) refused(window *Tab, portal, username, password string) {
	s.Helper()
	s.signIn(window, portal, username, password)
	if window.Status() != 422 || !strings.Contains(window.Text(), "do not match") {
		s.Fatalf("%s got in at %s with %s:\n%s", username, portal, password, window.Text())
	}
}

// shut expects windows that were signed in to be back at the sign-in page.
func (s *story) shut(windows ...*Tab) {
	s.Helper()
	for _, w := range windows {
		w.Press(map[bool]string{true: "Student Portal", false: "Parent Portal"}[strings.Contains(w.URL(), "/student")])
		if !strings.HasSuffix(w.URL(), "/login") {
			s.Fatalf("a session lives on at %s:\n%s", w.URL(), w.Text())
		}
	}
}

// ask presses what raises the question: a dialog with JavaScript, a page without.
func (s *story) ask(desk *Tab, button string) {
	s.Helper()
	const question = "Are you sure you want to Reset the selected accounts?"
	if s.look.NoScript {
		desk.Press(button)
		desk.Wait("heading", question)
		return
	}
	desk.Click(button)
	desk.Wait("dialog", question)
}

// answer closes the question without going on.
func (s *story) answer(desk *Tab, cancel string) {
	s.Helper()
	if s.look.NoScript {
		desk.Press(cancel)
	} else {
		desk.Click(cancel)
	}
	desk.Wait("heading", "Reset Parent Login")
	if desk.Has("button", "Ok") {
		s.Fatal("the question is still there")
	}
}

func (s *story) resetSelected(desk *Tab, children ...string) {
	s.Helper()
	desk.Go(s.URL + grid)
	desk.Fill("Last name", "vargas")
	desk.Press("Search")
	for _, child := range children {
		desk.Click("Select Elena Vargas for " + child)
	}
	s.ask(desk, "Reset Selected")
	s.reads(desk, "the whole login ends")
	desk.Press("Ok")
	s.reads(desk, "The whole login ended.")
}

func (s *story) sees(window *Tab, children ...string) {
	s.Helper()
	for _, c := range children {
		s.reads(window, c)
	}
}

func (s *story) unseen(window *Tab, child string) {
	s.Helper()
	if strings.Contains(window.Text(), child) {
		s.Fatalf("%s is open to her:\n%s", child, window.Text())
	}
}

func (s *story) reads(window *Tab, text string) {
	s.Helper()
	if !strings.Contains(window.Text(), text) {
		s.Fatalf("%q is not on the page %s:\n%s", text, window.URL(), window.Text())
	}
}

func (s *story) until(what string, done func() bool) {
	s.Helper()
	for end := time.Now().Add(patience); !done(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			s.Fatalf("not yet: %s", what)
		}
	}
}
