package app_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/app/apptest"
	"github.com/schoolgate/schoolgate/internal/intake"
	"github.com/schoolgate/schoolgate/internal/roster"
)

// household is one family of the morning: a child with one parent on record, and what that parent types.
type household struct {
	n                         int
	first, last, email        string // the parent as on record
	child, id                 string
	typedFirst, typedLast     string
	typedID, username         string
	relationship, studentMail string
	twin                      bool // a second contact of the child has the same name and address
	reference                 string
}

// on is how the parent's name ends the words of a press.
func (h *household) on() string { return ": " + h.first + " " + h.last }

// trouble is a reason why parents stand at the counter.
type trouble struct {
	name     string
	families int
	presses  int // at most so many until each of them is in, or knows why not
	record   func(h *household)
	spoil    func(m *morning, h *household) // what went wrong yesterday; nil: registering in vain
	today    func(m *morning, h *household) // what goes wrong just now, if anything
	mend     func(m *morning, h *household) // what the clerk does
	refused  bool                           // the parent may not get in: the clerk can say why
	again    bool                           // the parent signs in with the password known from before
}

// troubles are a hundred families.
func troubles() []trouble {
	byCase := func(press string) func(*morning, *household) {
		return func(m *morning, h *household) { m.open(h).clerk.Press(press + h.on()) }
	}
	refuse := func(why string) func(*morning, *household) {
		return func(m *morning, h *household) {
			m.open(h).clerk.See(why).Fill("Reason", "told at the counter").Press("Refuse").See("Refused.")
		}
	}
	return []trouble{
		{name: "a short form of the first name", families: 14, presses: 2, record: func(h *household) { h.first, h.typedFirst = "Jonathan", "Jon" },
			mend: byCase("Send as it is")},
		{name: "half of a double name", families: 14, presses: 2, record: func(h *household) { h.last += "-Garcia"; h.typedLast += " Lane" },
			mend: func(m *morning, h *household) {
				who := h.on()
				h.last = h.typedLast
				m.open(h).clerk.Fill("Last name"+who, h.typedLast).Choose("How was identity checked?"+who, "Photo ID seen").Press("Correct the record and send" + who)
			}},
		{name: "no e-mail on record", families: 14, presses: 2, record: func(h *household) { h.email = "" },
			mend: func(m *morning, h *household) {
				m.open(h)
				h.email = fmt.Sprintf("new%d@example.org", h.n)
				m.clerk.Fill("E-mail address"+h.on(), h.email).Choose("How was identity checked, for the address?"+h.on(), "Photo ID seen").Press("Add the address and send" + h.on())
			}},
		{name: "the address is the student's too", families: 8, presses: 2, record: func(h *household) { h.studentMail = h.email }, mend: byCase("Send as it is")},
		{name: "a wrong digit of the ID Number", families: 10, presses: 2, record: func(h *household) { h.typedID = h.id[:4] + "8" + h.id[5:] }, mend: byCase("Send as it is")},
		{name: "two contacts alike", families: 4, presses: 2, record: func(h *household) { h.twin = true }, mend: func(m *morning, h *household) {
			m.open(h).clerk.Press("Send as it is" + h.on() + ", Parent, 1")
		}},
		{name: "locked after wrong passwords", families: 10, presses: 2, again: true, spoil: (*morning).atHome, today: (*morning).lock, mend: func(m *morning, h *household) {
			m.find(h.first + " " + h.last).See("The login is locked until").Press("Unlock").See("The login is unlocked.")
		}},
		{name: "temporary password never used", families: 10, presses: 2, mend: func(m *morning, h *household) {
			m.find(h.email).See("No password works any more").Press("Send a temporary password")
		}},
		{name: "disabled by the school", families: 4, presses: 2, again: true, spoil: (*morning).disable, mend: func(m *morning, h *household) {
			m.find(h.username).See("The school disabled this login: lost telephone").Press("Enable").See("The login is enabled.")
		}},
		{name: "an aunt", families: 5, presses: 2, record: func(h *household) { h.relationship = "relative" }, refused: true, mend: refuse("May not sign in")},
		{name: "restricted", families: 4, presses: 2, spoil: (*morning).restrict, refused: true, mend: refuse("RESTRICTED for this child")},
		{name: "the child has left", families: 3, presses: 2, spoil: (*morning).leave, refused: true, mend: refuse("The student is no longer at the school.")},
	}
}

// morning is the office on the first day.
type morning struct {
	*apptest.App
	t     *testing.T
	clerk *apptest.Browser
}

// TestAClerksMorning has a hundred families who cannot get in stand before one clerk, each for one of the reasons there are. Every one of them
// is in with a few presses, or the clerk can say why not.
func TestAClerksMorning(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		m := &morning{App: a, t: t}
		type queue struct {
			trouble
			households []*household
		}
		var queues []queue
		var all []*household
		for _, tr := range troubles() {
			q := queue{trouble: tr}
			for range tr.families {
				q.households = append(q.households, newHousehold(len(all), tr))
				all = append(all, q.households[len(q.households)-1])
			}
			queues = append(queues, q)
		}
		if len(all) != 100 {
			t.Fatalf("%d families", len(all))
		}
		m.takeIn(all)
		for _, q := range queues {
			for _, h := range q.households {
				if q.spoil == nil {
					m.register(h)
				} else {
					q.spoil(m, h)
				}
			}
		}
		a.Drain()
		a.Clock.Advance(25 * time.Hour) // the next morning: temporary passwords of yesterday are over
		m.clerk = clerk(t, a, "counter", access.Office, m.school())
		for _, q := range queues {
			pressed, took := 0, time.Duration(0)
			for _, h := range q.households {
				if q.today != nil {
					q.today(m, h)
				}
				before, began := m.pressed(), time.Now()
				q.mend(m, h)
				took += time.Since(began)
				n := m.pressed() - before
				pressed += n
				if n > q.presses {
					t.Errorf("%s: %d presses for family %d", q.name, n, h.n)
				}
				m.enters(q.trouble, h)
			}
			t.Logf("%3d x %-32s %.1f presses each, %s of waiting for pages", q.families, q.name, float64(pressed)/float64(q.families), (took / time.Duration(q.families)).Round(time.Millisecond))
		}
		m.clerk.Get(regDesk).See("Nothing to do")
	})
}

func newHousehold(n int, tr trouble) *household {
	given := []string{"Alma", "Bruno", "Carol", "Dmitri", "Elif", "Farid", "Greta", "Hugo", "Imani", "Jonas"}
	family := []string{"Abbott", "Birch", "Castillo", "Dunne", "Ekström", "Fuentes", "Goh", "Hassan", "Iversen", "Juárez"}
	h := &household{n: n, first: given[n%10], last: fmt.Sprintf("%s%s", family[n/10], strings.Repeat("a", n%10)), child: "Kid", relationship: "parent"}
	h.id = fmt.Sprintf("71%02d3%02d", n, n)
	h.email, h.username = fmt.Sprintf("parent%d@example.org", n), fmt.Sprintf("parent.%d", n)
	h.typedFirst, h.typedLast, h.typedID = h.first, h.last, h.id
	if tr.record != nil {
		tr.record(h)
	}
	return h
}

// takeIn imports the families as a OneRoster bundle of one school.
func (m *morning) takeIn(all []*household) {
	m.t.Helper()
	users := []string{"sourcedId,enabledUser,orgSourcedIds,role,username,givenName,familyName,identifier,email,agentSourcedIds,grades"}
	person := func(id, role, first, last, number, email, agents, grade string) {
		users = append(users, fmt.Sprintf("%s,true,elm,%s,%s,%s,%s,%s,%s,\"%s\",%s", id, role, id, first, last, number, email, agents, grade))
	}
	for _, h := range all {
		agents := fmt.Sprintf("p%d", h.n)
		person(agents, h.relationship, h.first, h.last, "", h.email, "", "")
		if h.twin {
			person(agents+"b", h.relationship, h.first, h.last, "", h.email, "", "")
			agents += fmt.Sprintf(",p%db", h.n)
		}
		person(fmt.Sprintf("s%d", h.n), "student", h.child, h.last, h.id, h.studentMail, agents, "03")
	}
	dir := m.t.TempDir()
	for name, text := range map[string]string{
		"orgs.csv":  "sourcedId,name,type,identifier\nelm,Elm Street School,school,1\n",
		"users.csv": strings.Join(users, "\n") + "\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			m.t.Fatal(err)
		}
	}
	if _, err := m.Intake.Import(m.t.Context(), access.Actor{Kind: access.System}, dir, intake.Options{}); err != nil {
		m.t.Fatal(err)
	}
}

func (m *morning) school() int64 {
	return m.Count("select id from school where name = 'Elm Street School'")
}

var referenceText = regexp.MustCompile(`\b[2-9A-Z]{3}-[2-9A-Z]{3}\b`)

// register has the parent fill in the form, and keep the reference that it answers with.
func (m *morning) register(h *household) {
	m.t.Helper()
	b := m.Browser(m.t).Register(h.username, h.typedID, h.typedFirst, h.typedLast).See("Thank you")
	h.reference = referenceText.FindString(b.Main())
	if h.reference == "" {
		m.t.Fatalf("no reference: %s", b.Main())
	}
}

// atHome gives the parent a login.
func (m *morning) atHome(h *household) { m.AtHome(m.t, h.username, h.id, h.first, h.last, h.email) }

// lock has somebody try wrong passwords.
func (m *morning) lock(h *household) {
	for range 8 {
		m.Browser(m.t).SignIn("parent", h.username, "wrong-"+apptest.ParentPassword)
	}
}

// disable gives the parent a login that the school then disables.
func (m *morning) disable(h *household) {
	m.atHome(h)
	contact := m.contact(h)
	if _, err := m.Family.Disable(m.t.Context(), access.Actor{Kind: access.System}, []int64{contact}, "lost telephone"); err != nil {
		m.t.Fatal(err)
	}
}

func (m *morning) contact(h *household) int64 {
	m.t.Helper()
	return m.Count("select l.contact_id from student_contact l join student s on s.id = l.student_id where s.id_number = $1", h.id)
}

func (m *morning) student(h *household) roster.Student {
	m.t.Helper()
	return m.Student(m.Count("select id from student where id_number = $1", h.id))
}

// restrict has the office enter a court order, and the parent try all the same.
func (m *morning) restrict(h *household) {
	s, c := m.student(h), m.Contact(m.contact(h))
	page, err := m.Roster.Page(m.t.Context(), access.Actor{Kind: access.System}, s.ID)
	if err != nil {
		m.t.Fatal(err)
	}
	line := page.Lines[0].Line
	line.Restricted, line.RestrictionNote = roster.Yes, "order 26-118"
	if _, err := m.Roster.SaveContact(m.t.Context(), access.Actor{Kind: access.System}, roster.ContactEdit{Contact: c, Line: line}); err != nil {
		m.t.Fatal(err)
	}
	m.register(h)
}

// leave has the child leave the school, and the parent try all the same.
func (m *morning) leave(h *household) {
	s := m.student(h)
	s.Status = roster.Withdrawn
	if err := m.Roster.SaveStudent(m.t.Context(), access.Actor{Kind: access.System}, s); err != nil {
		m.t.Fatal(err)
	}
	m.register(h)
}

// pressed is how many links and buttons the clerk has pressed: what a page leads on to by itself is no press.
func (m *morning) pressed() int {
	n, led := 0, false
	for _, v := range m.clerk.Trail {
		if !led {
			n++
		}
		led = v.Location != ""
	}
	return n
}

// find types into the box that is always there.
func (m *morning) find(typed string) *apptest.Browser {
	m.t.Helper()
	return m.clerk.Fill("Find a family by name, ID Number, username, e-mail, phone or reference", typed).Press("Find a family").Want(200)
}

// open is what the clerk does with the reference that a parent reads out: the case opens.
func (m *morning) open(h *household) *morning {
	m.t.Helper()
	m.find(h.reference).See("typed")
	return m
}

// enters ends the test unless the parent is in, or, where that may not be, out.
func (m *morning) enters(tr trouble, h *household) {
	m.t.Helper()
	switch {
	case tr.refused:
		m.Drain()
		if n := m.Count("select count(*) from account where kind = 'parent' and username = $1", h.username); n != 0 {
			m.t.Errorf("%s: family %d has a login", tr.name, h.n)
		}
	case tr.again:
		m.Browser(m.t).SignIn("parent", h.username, apptest.ParentPassword).Want(200).See(h.child)
	default:
		m.Browser(m.t).SignIn("parent", h.username, m.TemporaryPassword(h.email)).SetPassword(apptest.ParentPassword).Want(200).See(h.child)
	}
}
