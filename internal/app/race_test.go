package app_test

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/app/apptest"
	"github.com/schoolgate/schoolgate/internal/family"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/mail"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// rounds is how often each race is run: a few times every day, a hundred times by make prove.
func rounds(t *testing.T) int {
	t.Helper()
	if n, err := strconv.Atoi(os.Getenv("PROVE_ROUNDS")); err == nil {
		return n
	}
	return 8
}

// house is one family made for a round: a parent with a login, and their only child.
type house struct {
	name    string // username, and the address's local part
	student roster.Student
	contact roster.Contact
	line    int64
}

// race is the app with its rounds.
type race struct {
	*apptest.App
	t *testing.T
}

// inRounds runs a race on both databases: each round with a family of its own, and after each of them every invariant must hold.
func inRounds(t *testing.T, round func(r *race, h house)) {
	t.Helper()
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		for n := range rounds(t) {
			r := &race{App: a, t: t}
			round(r, r.house(n))
			a.Drain()
			unbroken(t, a.App)
			if t.Failed() {
				t.Fatalf("in round %d", n+1)
			}
		}
	})
}

func (r *race) house(n int) house {
	h := house{name: fmt.Sprintf("racer%03d", n)}
	h.student = r.AddStudent(roster.Student{SchoolID: r.Oak.ID, IDNumber: fmt.Sprint(800000 + n), First: "Kim", Last: "Racer", Grade: "3"})
	h.contact, h.line = r.AddContact(h.student, roster.Contact{First: "Sam", Last: "Racer", Email: h.name + "@example.org"}, roster.Line{Relationship: "parent"})
	return h
}

// register asks for the house's login as the form does.
func (r *race) register(h house) {
	_, err := r.Family.Register(r.t.Context(), access.Actor{Kind: access.Visitor, Address: "192.0.2.1"}, family.Registration{
		Username: h.name, IDNumber: h.student.IDNumber, First: "Sam", Last: "Racer",
	})
	if err != nil {
		r.t.Error(err)
	}
}

// login registers the house's parent, who chooses apptest.ParentPassword, and returns the full session.
func (r *race) login(h house) account.Session {
	r.t.Helper()
	r.register(h)
	in, err := r.enter(h, r.TemporaryPassword(h.name+"@example.org"))
	if err != nil {
		r.t.Fatal(err)
	}
	if in, err = r.Accounts.FirstPassword(r.t.Context(), in.Session, account.Client{}, apptest.ParentPassword, ""); err != nil {
		r.t.Fatal(err)
	}
	return in.Session
}

// enter signs in. A sign-in that is told to wait is tried again: that is what people do.
func (r *race) enter(h house, password string) (account.SignedIn, error) {
	for {
		in, err := r.Accounts.SignIn(r.t.Context(), account.Attempt{Kind: access.Parent, Username: h.name, Password: password, Client: account.Client{Address: "192.0.2.1"}})
		if !fault.Is(err, fault.Unavailable) {
			return in, err
		}
	}
}

func (r *race) actor(s account.Session) access.Actor { return s.Actor(account.Client{}, r.Clock.Now()) }

// clerk is somebody who may reset logins.
func (r *race) clerk() access.Actor {
	return access.Actor{Kind: access.Staff, AccountID: r.District.Staff, Role: access.Administrator, Schools: access.Everywhere(), Fresh: true}
}

// alive reports whether a session's token still opens something.
func (r *race) alive(token string) bool {
	_, err := r.Accounts.Session(context.WithoutCancel(r.t.Context()), access.Parent, token)
	return err == nil
}

// together runs what many clients do, all at the same moment, and waits for the last.
func together(clients int, do func(i int)) {
	var wg sync.WaitGroup
	begin := make(chan struct{})
	for i := range clients {
		wg.Go(func() {
			<-begin
			do(i)
		})
	}
	close(begin)
	wg.Wait()
}

// tokens collects what clients got at the same time.
type tokens struct {
	mu  sync.Mutex
	all []string
}

func (c *tokens) add(token string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = append(c.all, token)
}

func TestTMP4OneTemporaryPasswordUsedBySixteenPeopleAtOnceMakesOnePassword(t *testing.T) {
	inRounds(t, func(r *race, h house) {
		r.register(h)
		temporary := r.TemporaryPassword(h.name + "@example.org")
		var won tokens
		together(16, func(i int) {
			in, err := r.enter(h, temporary)
			if err == nil {
				_, err = r.Accounts.FirstPassword(r.t.Context(), in.Session, account.Client{}, fmt.Sprintf("%s number %d", apptest.ParentPassword, i), "")
			}
			switch {
			case err == nil:
				won.add(fmt.Sprintf("%s number %d", apptest.ParentPassword, i))
			case !fault.Is(err, fault.Unauthenticated) && !fault.Is(err, fault.Unavailable):
				r.t.Error(err)
			}
		})
		if len(won.all) != 1 {
			r.t.Fatalf("%d people set a password", len(won.all))
		}
		r.Clock.Advance(15 * time.Minute) // the losers' failures are delays by now
		if _, err := r.enter(h, won.all[0]); err != nil {
			r.t.Errorf("the password of the one who succeeded: %v", err)
		}
		if _, err := r.enter(h, temporary); err == nil {
			r.t.Error("the temporary password works again")
		}
	})
}

func TestRST3AResetAgainstSignInsLeavesNobodyInside(t *testing.T) {
	inRounds(t, func(r *race, h house) {
		r.login(h)
		var in tokens
		together(16, func(i int) {
			if i%4 == 0 {
				if _, err := r.Family.Reset(r.t.Context(), r.clerk(), family.ResetOrder{Lines: []int64{h.line}}); err != nil {
					r.t.Errorf("reset: %v", err)
				}
				return
			}
			s, err := r.enter(h, apptest.ParentPassword)
			if err == nil {
				in.add(s.Token)
			} else if !fault.Is(err, fault.Unauthenticated) {
				r.t.Errorf("sign-in: %v", err)
			}
		})
		r.outside(h, in.all)
	})
}

func TestRST3AResetAgainstPasswordChangesLeavesNobodyInside(t *testing.T) {
	inRounds(t, func(r *race, h house) {
		session := r.login(h)
		var in tokens
		together(16, func(i int) {
			if i%4 == 0 {
				if _, err := r.Family.Reset(r.t.Context(), r.clerk(), family.ResetOrder{Lines: []int64{h.line}}); err != nil {
					r.t.Errorf("reset: %v", err)
				}
				return
			}
			s, err := r.Accounts.ChangePassword(r.t.Context(), session, account.Client{}, apptest.ParentPassword, fmt.Sprintf("another good mango %d", i))
			switch {
			case err == nil:
				in.add(s.Token)
			case !fault.Is(err, fault.Unauthenticated) && !fault.Is(err, fault.Unavailable) && !fault.Is(err, fault.Invalid):
				r.t.Errorf("change: %v", err)
			}
		})
		r.outside(h, in.all)
	})
}

func TestRST3TheOfficesTemporaryPasswordAgainstSignInsAndChangesEndsTheOldPassword(t *testing.T) {
	inRounds(t, func(r *race, h house) {
		session := r.login(h)
		var in tokens
		together(16, func(i int) {
			var s account.SignedIn
			var err error
			switch i % 4 {
			case 0:
				temporary, err := r.Accounts.NewTemporary(r.t.Context())
				if err == nil {
					err = r.DB.Write(r.t.Context(), func(tx *sqldb.Tx) error {
						return r.Accounts.Issue(r.t.Context(), tx, session.AccountID, temporary, time.Hour, true)
					})
				}
				if err != nil {
					r.t.Errorf("issuing: %v", err)
				}
				return
			case 1:
				s, err = r.Accounts.ChangePassword(r.t.Context(), session, account.Client{}, apptest.ParentPassword, fmt.Sprintf("another good mango %d", i))
			default:
				s, err = r.enter(h, apptest.ParentPassword)
			}
			switch {
			case err == nil:
				in.add(s.Token)
			case !fault.Is(err, fault.Unauthenticated) && !fault.Is(err, fault.Unavailable) && !fault.Is(err, fault.Invalid):
				r.t.Error(err)
			}
		})
		for _, token := range in.all {
			if r.alive(token) {
				r.t.Error("a session outlived the office's temporary password")
			}
		}
		if n := r.Count("select count(*) from account where username = $1 and password_hash is not null", h.name); n != 0 {
			r.t.Error("a password outlived the office's temporary password")
		}
	})
}

// outside ends the test unless the login is gone and none of its sessions opens anything.
func (r *race) outside(h house, tokens []string) {
	r.t.Helper()
	for _, token := range tokens {
		if r.alive(token) {
			r.t.Error("a session outlived the reset")
		}
	}
	if n := r.Count("select count(*) from account where username = $1", h.name); n != 0 {
		r.t.Error("the login outlived its reset")
	}
	if n := r.Count("select count(*) from audit_event where action = 'parent.reset' and outcome = 'whole' and target_id = $1", h.contact.ID); n != 1 {
		r.t.Errorf("%d resets were whole, want one", n)
	}
}

func TestREG9FiftyIdenticalRegistrationsDecidedByManyWorkersMakeOneLogin(t *testing.T) {
	inRounds(t, func(r *race, h house) {
		together(50, func(int) { r.register(h) })
		together(4, func(int) {
			if _, err := r.Jobs.Drain(r.t.Context()); err != nil {
				r.t.Error(err)
			}
		})
		r.Clock.Advance(time.Hour) // whatever was put off
		r.Drain()
		if n := r.Count("select count(*) from account_contact where contact_id = $1", h.contact.ID); n != 1 {
			r.t.Errorf("%d accounts hold the contact", n)
		}
		works := 0
		for _, m := range r.Inbox.To(h.name + "@example.org") {
			if _, err := r.enter(h, temporaryIn(m)); err == nil {
				works++
			}
		}
		if n := r.Count("select count(*) from account a join temporary_password p on p.account_id = a.id where a.username = $1", h.name); n != 1 || works != 1 {
			r.t.Errorf("%d live temporary passwords, %d of the mailed ones work", n, works)
		}
	})
}

func TestADM6SixteenFirstAdministratorsAreOne(t *testing.T) {
	inRounds(t, func(r *race, h house) {
		var made tokens
		together(16, func(i int) {
			_, err := r.Accounts.CreateStaff(r.t.Context(), access.Actor{Kind: access.System}, account.NewStaff{
				Username: "first-" + h.name, Name: "First", Email: "first@example.org", Password: fmt.Sprintf("a password for the first one %d", i),
				Role: access.Administrator, Schools: access.Everywhere(),
			})
			if err == nil {
				made.add("")
			} else if !fault.Is(err, fault.Conflict) && !fault.Is(err, fault.Unavailable) {
				r.t.Error(err)
			}
		})
		if n := r.Count("select count(*) from account where kind = 'staff' and username = $1", "first-"+h.name); n != 1 || len(made.all) != 1 {
			r.t.Errorf("%d accounts, %d calls said that they made one", n, len(made.all))
		}
	})
}

func TestPRV1ARestrictionAgainstTheMakingOfAStudentLoginLeavesNoLogin(t *testing.T) {
	inRounds(t, func(r *race, h house) {
		parent := r.actor(r.login(h))
		together(16, func(i int) {
			if i == 0 {
				r.restrict(h)
				return
			}
			err := r.Family.CreateStudentLogin(r.t.Context(), parent, h.student.ID, fmt.Sprintf("kid-%s-%d", h.name, i), apptest.StudentPassword)
			if err != nil && !fault.Is(err, fault.NotFound) && !fault.Is(err, fault.Conflict) && !fault.Is(err, fault.Unavailable) {
				r.t.Errorf("making: %v", err)
			}
		})
		if n := r.Count("select count(*) from student_login where student_id = $1", h.student.ID); n != 0 {
			r.t.Error("a student login outlived the restriction of its maker")
		}
	})
}

func (r *race) restrict(h house) {
	var line roster.Line
	err := r.DB.Read(r.t.Context(), func(tx *sqldb.Tx) error {
		lines, err := r.Roster.LinesOfContacts(r.t.Context(), tx, []int64{h.contact.ID})
		if err == nil {
			line = lines[0].Line
		}
		return err
	})
	if err != nil {
		r.t.Error(err)
		return
	}
	line.Restricted, line.RestrictionNote = roster.Yes, "order 1"
	if _, err := r.Roster.SaveContact(r.t.Context(), r.clerk(), roster.ContactEdit{Contact: r.Contact(h.contact.ID), Line: line}); err != nil {
		r.t.Errorf("restricting: %v", err)
	}
}

func TestOneParentWhoMakesAStudentLoginFromSixteenWindowsMakesOne(t *testing.T) {
	inRounds(t, func(r *race, h house) {
		parent := r.actor(r.login(h))
		together(16, func(i int) {
			err := r.Family.CreateStudentLogin(r.t.Context(), parent, h.student.ID, fmt.Sprintf("kid-%s-%d", h.name, i), apptest.StudentPassword)
			if err != nil && !fault.Is(err, fault.Conflict) && !fault.Is(err, fault.Unavailable) {
				r.t.Errorf("making: %v", err)
			}
		})
		if n := r.Count("select count(*) from account where kind = 'student' and username like $1", "kid-"+h.name+"-%"); n != 1 {
			r.t.Errorf("%d student accounts", n)
		}
	})
}

var temporaryPassword = regexp.MustCompile(`\b[2-9A-HJKMNP-TV-Z]{4}(?:-[2-9A-HJKMNP-TV-Z]{4}){3}\b`)

func temporaryIn(m mail.Message) string {
	return temporaryPassword.FindString(mail.Text(m.Body))
}
