package family

import (
	"testing"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/settings"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// payloads returns the mails of a template.
func (w *town) payloads(template string) []string {
	w.t.Helper()
	return w.texts(`select payload from job where kind = 'mail' and payload like $1 order by id`, `%"template":"`+template+`"%`)
}

// TestPRV1: a restriction closes the child at once, ends the student login, and hides the restricted contact from the other parent.
func TestPRV1ARestrictionClosesTheChildAndHidesTheContact(t *testing.T) {
	inTown(t, func(w *town) {
		l := w.lopezes()
		others := func() []Other {
			home, err := w.Home(w.ctx, l.jose)
			w.ok(err)
			return home.Children[0].Others
		}
		w.equal("before", others(), []Other{{"Maria", "Lopez", "mother"}})
		w.edit(l.lines[0], func(e *roster.ContactEdit) { e.Line.Restricted = roster.Yes })
		w.equal("her children", w.home(l.maria), []string{"Leo", "Mia"})
		w.equal("what the father sees of her", others(), []Other(nil))
		if w.alive(access.Student, l.anaInside) {
			w.t.Error("the student's session outlived the restriction")
		}
		w.equal("student logins", w.texts("select username from account where kind = 'student'"), []string{"leo.l"})
		if !w.alive(access.Parent, l.session) {
			w.t.Error("the parent's session ended, though other children are open")
		}
		if err := w.ChangeStudentPassword(w.ctx, l.maria, l.ana, kidPassword); !fault.Is(err, fault.NotFound) {
			w.t.Errorf("a restricted parent changes a password: %v", err)
		}
		for _, line := range l.lines[1:] {
			w.edit(line, func(e *roster.ContactEdit) { e.Line.Restricted = roster.Yes })
		}
		home, err := w.Home(w.ctx, l.maria)
		w.ok(err)
		if home.First != "Maria" || len(home.Children) != 0 {
			w.t.Errorf("with no child left: %+v", home)
		}
		w.edit(l.lines[0], func(e *roster.ContactEdit) { e.Line.Restricted = roster.No })
		w.equal("lifted, and still closed", w.home(l.maria), []string(nil))
		added, err := w.AddStudent(w.ctx, l.maria, w.line(l.lines[0]).Student.IDNumber)
		w.ok(err)
		if added.Opened {
			w.t.Error("the parent opened a child whose restriction was lifted")
		}
		registrar := access.Actor{Kind: access.Staff, Role: access.Registrar, Schools: access.Schools{IDs: []int64{99}}, AccountID: 1}
		if err := w.OpenAgain(w.ctx, registrar, l.lines[0]); !fault.Is(err, fault.NotFound) {
			w.t.Errorf("staff of another school open it: %v", err)
		}
		auditor := access.Actor{Kind: access.Staff, Role: access.Auditor, Schools: access.Everywhere(), AccountID: 1}
		if err := w.OpenAgain(w.ctx, auditor, l.lines[0]); !fault.Is(err, fault.Forbidden) {
			w.t.Errorf("an auditor opens it: %v", err)
		}
		if err := w.OpenAgain(w.ctx, w.clerk, l.lines[1]); !fault.Is(err, fault.Conflict) {
			w.t.Errorf("a line that is restricted is opened: %v", err)
		}
		w.ok(w.OpenAgain(w.ctx, w.clerk, l.lines[0]))
		w.equal("opened by staff", w.home(l.maria), []string{"Ana"})
	})
}

func TestAStudentLoginEndsHoweverItsMakersLineCloses(t *testing.T) {
	for name, shut := range map[string]func(w *town, l *lopezes){
		"portal access taken away": func(w *town, l *lopezes) {
			w.edit(l.lines[0], func(e *roster.ContactEdit) { e.Line.PortalAccess = roster.No })
		},
		"a relationship that may not sign in": func(w *town, l *lopezes) {
			w.edit(l.lines[0], func(e *roster.ContactEdit) { e.Line.Relationship = "aunt" })
		},
		"the line removed": func(w *town, l *lopezes) {
			w.ok(w.roster.RemoveLine(w.ctx, w.clerk, l.lines[0], w.line(l.lines[0]).Version))
		},
		"the student gone": func(w *town, l *lopezes) {
			s := w.line(l.lines[0]).Student
			s.Status = roster.Withdrawn
			w.ok(w.roster.SaveStudent(w.ctx, w.clerk, s))
		},
		"the end date, which nobody has to touch": func(w *town, l *lopezes) {
			w.edit(l.lines[0], func(e *roster.ContactEdit) { e.Line.EndDate = "2026-11-25" })
			w.pass(48 * time.Hour)
			w.ok(w.Sweep(w.ctx))
		},
	} {
		t.Run(name, func(t *testing.T) {
			inTown(t, func(w *town) {
				l := w.lopezes()
				shut(w, l)
				w.equal("student logins", w.texts("select username from account where kind = 'student'"), []string{"leo.l"})
				w.equal("on record", w.count("select count(*) from audit_event where action = 'student_login.ended' and target_id = $1", l.ana), 1)
			})
		})
	}
}

func TestAStudentsPageClosesWithTheMakersLineEvenBeforeTheSweep(t *testing.T) {
	inTown(t, func(w *town) {
		l := w.lopezes()
		ana := access.Actor{Kind: access.Student, AccountID: int64(w.count("select id from account where username = 'ana.l'"))}
		page, err := w.StudentHome(w.ctx, ana)
		w.ok(err)
		w.equal("page", page, StudentHome{First: "Ana", Last: "Lopez", IDNumber: "204117", Grade: "4"})
		w.edit(l.lines[0], func(e *roster.ContactEdit) { e.Line.EndDate = "2026-11-25" })
		w.pass(48 * time.Hour)
		if _, err := w.StudentHome(w.ctx, ana); !fault.Is(err, fault.NotFound) {
			w.t.Errorf("after the end date: %v", err)
		}
		if _, err := w.StudentHome(w.ctx, l.maria); !fault.Is(err, fault.Forbidden) {
			w.t.Errorf("a parent on a student's page: %v", err)
		}
	})
}

// TestPRV6: in a household of several children each parent sees only the own ones.
func TestPRV6EachParentSeesOnlyTheOwnChildren(t *testing.T) {
	inTown(t, func(w *town) {
		l := w.lopezes()
		step := w.pupil("Kim", "Ruiz", "3")
		_, lines := w.contact("José", "Ruiz", "jose@x.example", "father", step)
		w.equal("the same name is not the same contact", w.home(l.jose), []string{"Ana"})
		w.login("jruiz2", w.line(lines[0]).ContactID)
		home, err := w.Home(w.ctx, l.maria)
		w.ok(err)
		if len(home.Children) != 3 || home.First != "Maria" {
			w.t.Fatalf("%+v", home)
		}
		ana := home.Children[0]
		w.equal("own line", ana.Own, OwnLine{
			First: "Maria", Last: "Lopez", Relationship: "mother", Email: "maria@x.example", LegalGuardian: roster.Unknown,
			LivesWith: roster.Unknown, Emergency: roster.Unknown, Pickup: roster.Unknown, Mailing: roster.Unknown,
		})
		w.equal("others", ana.Others, []Other{{"José", "Ruiz", "father"}})
		if ana.IDNumber != "204117" || ana.Login == nil || !ana.Login.Mine || !ana.Login.LastUsed.Equal(w.now()) || home.Children[2].Login != nil {
			w.t.Errorf("%+v", ana)
		}
		for _, a := range []access.Actor{{Kind: access.Visitor}, {Kind: access.Student, AccountID: 1}, w.clerk} {
			if _, err := w.Home(w.ctx, a); !fault.Is(err, fault.Forbidden) {
				w.t.Errorf("%v at home: %v", a.Kind, err)
			}
		}
	})
}

func TestAnyParentWithAnOpenLineRunsTheStudentLogin(t *testing.T) {
	inTown(t, func(w *town) {
		l := w.lopezes()
		w.ok(w.ChangeStudentPassword(w.ctx, l.jose, l.ana, "green lantern bicycle"))
		w.equal("the maker is told", len(w.payloads(mailStudentPassword)), 1)
		if w.alive(access.Student, l.anaInside) {
			w.t.Error("a session outlived the change")
		}
		w.mustSignIn(access.Student, "ana.l", "green lantern bicycle")
		w.ok(w.ChangeStudentPassword(w.ctx, l.maria, l.ana, kidPassword))
		w.equal("nobody tells herself", len(w.payloads(mailStudentPassword)), 1)
		w.ok(w.RemoveStudentLogin(w.ctx, l.jose, l.ana))
		w.equal("left", w.texts("select username from account where kind = 'student'"), []string{"leo.l"})
		w.ok(w.CreateStudentLogin(w.ctx, l.jose, l.ana, "ana.l", kidPassword))
		w.equal("on record", w.texts("select action from audit_event where target_kind = 'student' and target_id = $1 and action like 'student_login%' order by id", l.ana),
			[]string{"student_login.created", "student_login.password_changed", "student_login.password_changed", "student_login.ended", "student_login.created"})
		w.whole()
	})
}

func TestWhatIsWrongWithAStudentLoginIsSaid(t *testing.T) {
	inTown(t, func(w *town) {
		l := w.lopezes()
		for name, c := range map[string]struct {
			err    error
			kind   fault.Kind
			fields []string
		}{
			"a second login":           {w.CreateStudentLogin(w.ctx, l.jose, l.ana, "ana2", kidPassword), fault.Conflict, nil},
			"somebody else's child":    {w.CreateStudentLogin(w.ctx, l.jose, l.leo, "leo2", kidPassword), fault.NotFound, nil},
			"no such child":            {w.CreateStudentLogin(w.ctx, l.jose, 99_999, "x.y", kidPassword), fault.NotFound, nil},
			"a username that is taken": {w.CreateStudentLogin(w.ctx, l.maria, l.mia, "ANA.L", kidPassword), fault.Invalid, []string{"username"}},
			"both fields":              {w.CreateStudentLogin(w.ctx, l.maria, l.mia, "a", "short"), fault.Invalid, []string{"username", "password"}},
			"the child's own name":     {w.CreateStudentLogin(w.ctx, l.maria, l.mia, "mia.l", "mialopez"), fault.Invalid, []string{"password"}},
			"a password that is short": {w.ChangeStudentPassword(w.ctx, l.maria, l.ana, "seven77"), fault.Invalid, []string{"password"}},
			"no login to change":       {w.ChangeStudentPassword(w.ctx, l.maria, l.mia, kidPassword), fault.NotFound, nil},
			"no login to remove":       {w.RemoveStudentLogin(w.ctx, l.maria, l.mia), fault.NotFound, nil},
			"a stranger's child":       {w.RemoveStudentLogin(w.ctx, l.jose, l.leo), fault.NotFound, nil},
			"a student":                {w.RemoveStudentLogin(w.ctx, access.Actor{Kind: access.Student, AccountID: 1}, l.leo), fault.Forbidden, nil},
		} {
			if !fault.Is(c.err, c.kind) {
				w.t.Errorf("%s: %v", name, c.err)
				continue
			}
			var fields []string
			for _, p := range fault.ProblemsOf(c.err) {
				fields = append(fields, p.Field)
			}
			w.equal(name, fields, c.fields)
		}
		w.change(func(v *settings.Values) { v.StudentLogins = false })
		if err := w.CreateStudentLogin(w.ctx, l.maria, l.mia, "mia.l", kidPassword); !fault.Is(err, fault.Forbidden) {
			w.t.Errorf("switched off: %v", err)
		}
		if err := w.ChangeStudentPassword(w.ctx, l.maria, l.ana, kidPassword); !fault.Is(err, fault.Forbidden) {
			w.t.Errorf("switched off: %v", err)
		}
		w.ok(w.RemoveStudentLogin(w.ctx, l.maria, l.ana))
	})
}

func (w *town) change(fn func(v *settings.Values)) {
	w.t.Helper()
	v := *w.settings.Values()
	fn(&v)
	w.ok(w.settings.Change(w.ctx, w.clerk, v))
}

func TestAChangedAddressTellsTheOldOne(t *testing.T) {
	inTown(t, func(w *town) {
		l := w.lopezes()
		w.edit(l.fatherLine, func(e *roster.ContactEdit) { e.Contact.Email = "JOSE@x.example" })
		w.equal("only the case", len(w.payloads(mailAddressChanged)), 0)
		w.edit(l.fatherLine, func(e *roster.ContactEdit) { e.Contact.Email = "new@x.example" })
		got := w.payloads(mailAddressChanged)
		if len(got) != 1 {
			w.t.Fatalf("mails: %v", got)
		}
		w.equal("to", got[0], `{"template":"address_changed","to":"JOSE@x.example"}`)
		w.edit(l.fatherLine, func(e *roster.ContactEdit) { e.Contact.Email = "" })
		w.edit(l.fatherLine, func(e *roster.ContactEdit) { e.Contact.Email = "jose@x.example" })
		w.equal("taken away, and set where there was none", len(w.payloads(mailAddressChanged)), 2)
	})
}

func TestAccountIsToldOfThePersonBehindIt(t *testing.T) {
	inTown(t, func(w *town) {
		l := w.lopezes()
		silent, _ := w.contact("Sy", "Lent", "", "mother", l.mia)
		w.login("silent", silent)
		w.write(func(tx *sqldb.Tx) error {
			for _, c := range []struct {
				name  string
				kind  access.Kind
				n     account.Notice
				mails int
			}{
				{"mlopez", access.Parent, account.NewDevice, 1}, {"mlopez", access.Parent, account.Locked, 1},
				{"mlopez", access.Parent, account.FactorAdded, 1}, {"mlopez", access.Parent, account.FactorRemoved, 1},
				{"mlopez", access.Parent, account.RecoveryCodesMade, 1}, {"mlopez", access.Parent, account.RecoveryCodeUsed, 1},
				{"mlopez", access.Parent, account.CodesRefused, 1},
				{"silent", access.Parent, account.PasswordChanged, 0}, {"ana.l", access.Student, account.PasswordChanged, 1},
				{"ana.l", access.Student, account.NewDevice, 0}, {"mlopez", access.Parent, "something else", 0},
			} {
				a, err := w.accounts.ByUsername(w.ctx, tx, c.kind, c.name)
				if err != nil {
					return err
				}
				count := func() int {
					n, err := sqldb.Value[int](w.ctx, tx, "select count(*) from job")
					w.ok(err)
					return n
				}
				before := count()
				if err := w.Notify(w.ctx, tx, a, c.n); err != nil {
					return err
				}
				if got := count() - before; got != c.mails {
					w.t.Errorf("%s %s: %d mails, want %d", c.name, c.n, got, c.mails)
				}
			}
			for _, a := range []account.Account{{Kind: access.Staff, Name: "Ada", Email: "ada@x.example"}, {Kind: access.Staff, Name: "Ada"}} {
				if err := w.Notify(w.ctx, tx, a, account.PasswordChanged); err != nil {
					return err
				}
			}
			maria, err := w.accounts.Account(w.ctx, tx, l.maria.AccountID)
			w.ok(err)
			words, err := w.Words(w.ctx, tx, maria)
			w.equal("parent's words", words, []string{"201990", "201991", "204117", "Ana", "Leo", "Lopez", "Maria", "Mia", "Schoolgate"})
			w.ok(err)
			ana, err := w.accounts.ByUsername(w.ctx, tx, access.Student, "ana.l")
			w.ok(err)
			words, err = w.Words(w.ctx, tx, ana)
			w.equal("student's words", words, []string{"204117", "Ana", "Lopez", "Schoolgate"})
			return err
		})
	})
}

func TestTheSweepEndsWhatTimeHasEnded(t *testing.T) {
	inTown(t, func(w *town) {
		l := w.lopezes()
		unclaimed, _ := w.contact("Wait", "Stone", "w@x.example", "mother", l.mia)
		w.write(func(tx *sqldb.Tx) error {
			id, err := w.accounts.Create(w.ctx, tx, account.NewAccount{Kind: access.Parent, Username: "w.stone", State: account.Waiting, ClaimBy: w.now().Add(14 * 24 * time.Hour)})
			if err != nil {
				return err
			}
			return hold(w.ctx, tx, id, unclaimed, w.now())
		})
		byHand, _ := w.contact("By", "Hand", "", "mother", l.mia)
		w.login("by.hand", byHand)
		w.write(func(tx *sqldb.Tx) error {
			_, err := tx.Exec(w.ctx, "delete from contact where id = $1", byHand)
			return err
		})
		w.reset(l.fatherLine) // leaves a reservation
		reference, err := w.ForgotPassword(w.ctx, access.Actor{Kind: access.Visitor}, "form", "mlopez", "en")
		w.ok(err)
		parents := func() []string {
			return w.texts("select username from account where kind = 'parent' order by username")
		}
		w.ok(w.Sweep(w.ctx))
		w.equal("today", parents(), []string{"mlopez", "w.stone"})
		w.pass(15 * 24 * time.Hour)
		w.ok(w.Sweep(w.ctx))
		w.equal("after 15 days", parents(), []string{"mlopez"})
		w.equal("kept: "+reference, w.count("select count(*) from registration_request"), 1)
		w.pass(80 * 24 * time.Hour)
		w.ok(w.Sweep(w.ctx))
		w.equal("requests after 95 days", w.count("select count(*) from registration_request"), 0)
		w.equal("reservations", w.count("select count(*) from reserved_username"), 1)
		w.pass(300 * 24 * time.Hour)
		w.ok(w.Sweep(w.ctx))
		w.equal("reservations after a year", w.count("select count(*) from reserved_username"), 0)
		w.equal("who had nothing to end", w.home(l.maria), []string{"Ana", "Leo", "Mia"})
		w.whole()
	})
}
