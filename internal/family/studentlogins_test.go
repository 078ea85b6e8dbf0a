package family

import (
	"fmt"
	"strings"
	"testing"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/settings"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// pupils reads a list of student logins to its end and returns first name, username and state of each.
func (w *town) pupils(actor access.Actor, q StudentLoginQuery) (all []string) {
	w.t.Helper()
	q.Limit = 1
	for {
		rows, next, err := w.StudentLogins(w.ctx, actor, q)
		w.ok(err)
		for _, r := range rows {
			all = append(all, fmt.Sprintf("%s %s %s", r.First, r.Username, r.State))
		}
		if q.After = next; q.After == "" {
			return all
		}
	}
}

func (w *town) actOn(actor access.Actor, act StudentAct, reason string, students ...int64) (all []StudentOutcome) {
	w.t.Helper()
	results, err := w.ManageStudentLogins(w.ctx, actor, act, students, reason)
	w.ok(err)
	for _, r := range results {
		all = append(all, r.Outcome)
	}
	return all
}

func (w *town) student(username string) error {
	_, err := w.accounts.SignIn(w.ctx, account.Attempt{Kind: access.Student, Username: username, Password: townPassword, Client: account.Client{Address: "192.0.2.9"}})
	return err
}

func TestPRV5StudentLoginsAreFoundByTheStudentsNameAtTheActorsSchools(t *testing.T) {
	inBorough(t, func(b *borough) {
		all := []string{"Ana kid.0 open", "Leo kid.1 open"}
		for name, c := range map[string]struct {
			actor access.Actor
			q     StudentLoginQuery
			want  []string
		}{
			"all": {b.clerk, StudentLoginQuery{}, all}, "a letter": {b.clerk, StudentLoginQuery{Letter: "L"}, all},
			"another letter": {b.clerk, StudentLoginQuery{Letter: "S"}, nil}, "no letter": {b.clerk, StudentLoginQuery{Letter: "#"}, nil},
			"a name": {b.clerk, StudentLoginQuery{Last: "lóp"}, all}, "a first name": {b.clerk, StudentLoginQuery{Last: "ana"}, nil},
			"at North": {b.atNorth, StudentLoginQuery{}, all[:1]}, "a name at South": {b.atSouth, StudentLoginQuery{Last: "Lopez"}, all[1:]},
		} {
			b.equal(name, b.pupils(c.actor, c.q), c.want)
		}
		b.equal("another school's", b.actOn(b.atSouth, StudentRemove, "", b.ana), []StudentOutcome{StudentGone})
		if _, _, err := b.Heirs(b.ctx, b.atSouth, b.ana); !fault.Is(err, fault.NotFound) {
			b.t.Errorf("passing another school's: %v", err)
		}
		if _, _, err := b.StudentLogins(b.ctx, b.clerk, StudentLoginQuery{Letter: "LL"}); !fault.Is(err, fault.Invalid) {
			b.t.Errorf("no letter: %v", err)
		}
	})
}

func TestAStudentLoginIsLockedUnlockedResetAndRemovedByStaff(t *testing.T) {
	inBorough(t, func(b *borough) {
		b.ok(b.student("kid.0"))
		if _, err := b.ManageStudentLogins(b.ctx, b.clerk, StudentLock, []int64{b.ana}, " "); len(fault.ProblemsOf(err)) != 1 {
			b.t.Errorf("a lock without a reason: %v", err)
		}
		b.equal("lock", b.actOn(b.clerk, StudentLock, "lost tablet", b.ana, b.sam), []StudentOutcome{StudentWasLocked, StudentGone})
		b.equal("sessions", b.count("select count(*) from session s join account a on a.id = s.account_id where a.kind = 'student'"), 0)
		if err := b.student("kid.0"); !fault.Is(err, fault.Unauthenticated) || err.Error() != b.student("nobody.at.all").Error() {
			b.t.Errorf("a locked student signs in: %v", err)
		}
		mother := access.Actor{Kind: access.Parent, AccountID: int64(b.count("select id from account where username = 'maria'"))}
		home, err := b.Home(b.ctx, mother)
		b.ok(err)
		if l := home.Children[0].Login; l == nil || !l.Locked || home.Children[1].Login.Locked {
			b.t.Errorf("the parent sees %+v", l)
		}
		for what, err := range map[string]error{
			"changes": b.ChangeStudentPassword(b.ctx, mother, b.ana, townPassword), "removes": b.RemoveStudentLogin(b.ctx, mother, b.ana),
		} {
			if !fault.Is(err, fault.Forbidden) {
				b.t.Errorf("a parent %s a locked login: %v", what, err)
			}
		}
		b.equal("reset of a locked one", b.actOn(b.clerk, StudentReset, "", b.ana), []StudentOutcome{StudentIsLocked})
		b.equal("unlock", b.actOn(b.clerk, StudentUnlock, "", b.ana, b.leo), []StudentOutcome{StudentWasUnlocked, StudentNotLocked})
		b.ok(b.student("kid.0"))

		b.equal("reset", b.actOn(b.clerk, StudentReset, "", b.ana), []StudentOutcome{StudentWasReset})
		if err := b.student("kid.0"); !fault.Is(err, fault.Unauthenticated) {
			b.t.Errorf("the old password after a reset: %v", err)
		}
		b.equal("mail to the maker", len(b.payloads(mailStudentReset)), 1)
		b.equal("listed", b.pupils(b.clerk, StudentLoginQuery{})[0], "Ana kid.0 no_password")
		if home, err = b.Home(b.ctx, mother); err != nil || !home.Children[0].Login.NoneSet {
			b.t.Errorf("the parent is not asked for a password: %v", err)
		}
		b.ok(b.ChangeStudentPassword(b.ctx, mother, b.ana, townPassword))
		b.ok(b.student("kid.0"))

		b.equal("remove", b.actOn(b.clerk, StudentRemove, "", b.ana, b.ana), []StudentOutcome{StudentWasRemoved})
		b.equal("again", b.actOn(b.clerk, StudentRemove, "", b.ana), []StudentOutcome{StudentGone})
		b.equal("mail to the maker", len(b.payloads(mailStudentRemoved)), 1)
		b.equal("logins", b.pupils(b.clerk, StudentLoginQuery{}), []string{"Leo kid.1 open"})
		for _, action := range []string{"locked", "unlocked", "reset", "ended"} {
			if n := b.count("select count(*) from audit_event where action = $1 and target_id = $2", "student_login."+action, b.ana); n != 1 {
				b.t.Errorf("%d times %s in the log", n, action)
			}
		}
	})
}

func TestStaffPassAStudentLoginToAnotherParentWithAnOpenLine(t *testing.T) {
	inBorough(t, func(b *borough) {
		jose, _ := b.contact("Jose", "Ruiz", "jose@x.example", "father", b.ana)
		_, heirs, err := b.Heirs(b.ctx, b.atNorth, b.ana)
		b.ok(err)
		b.equal("heirs before he has a login", len(heirs), 0)
		if err := b.PassStudentLogin(b.ctx, b.atNorth, b.ana, jose); len(fault.ProblemsOf(err)) != 1 {
			b.t.Errorf("to a parent without an open line: %v", err)
		}
		b.login("jose", jose)
		b.ok(b.PassStudentLogin(b.ctx, b.atNorth, b.ana, jose))
		b.equal("told", len(b.payloads(mailStudentPassed)), 1)
		results, err := b.Reset(b.ctx, b.clerk, ResetOrder{Lines: []int64{b.mariaAna, b.mariaLeo}})
		b.ok(err)
		b.equal("ended with the reset", results[0].StudentLogins, []string(nil))
		b.ok(b.student("kid.0"))
		if err := b.PassStudentLogin(b.ctx, b.atSouth, b.ana, b.maria); !fault.Is(err, fault.NotFound) {
			b.t.Errorf("by another school: %v", err)
		}
	})
}

func TestASchoolSwitchesStudentLoginsOffOrOnForItself(t *testing.T) {
	inBorough(t, func(b *borough) {
		enter := func(username string) error {
			in, err := b.accounts.SignIn(b.ctx, account.Attempt{Kind: access.Student, Username: username, Password: townPassword, Client: account.Client{Address: "192.0.2.9"}})
			if err != nil {
				return err
			}
			_, err = b.accounts.Session(b.ctx, access.Student, in.Token)
			return err
		}
		in, err := b.accounts.SignIn(b.ctx, account.Attempt{Kind: access.Student, Username: "kid.0", Password: townPassword, Client: account.Client{Address: "192.0.2.9"}})
		b.ok(err)
		b.ok(b.roster.SetStudentLogins(b.ctx, b.clerk, b.north, "no"))
		if _, err := b.accounts.Session(b.ctx, access.Student, in.Token); !fault.Is(err, fault.Unauthenticated) {
			b.t.Errorf("the session goes on: %v", err)
		}
		if err := enter("kid.0"); !fault.Is(err, fault.Unauthenticated) {
			b.t.Errorf("at the school that is off: %v", err)
		}
		b.ok(enter("kid.1"))
		b.equal("listed", b.pupils(b.clerk, StudentLoginQuery{}), []string{"Ana kid.0 switched", "Leo kid.1 open"})
		mother := access.Actor{Kind: access.Parent, AccountID: int64(b.count("select id from account where username = 'maria'"))}
		home, err := b.Home(b.ctx, mother)
		b.ok(err)
		b.equal("what the parent is told", []bool{home.Children[0].LoginsOff, home.Children[1].LoginsOff}, []bool{true, false})
		if err := b.ChangeStudentPassword(b.ctx, mother, b.ana, townPassword); !fault.Is(err, fault.Forbidden) {
			b.t.Errorf("a new password: %v", err)
		}
		b.change(func(v *settings.Values) { v.StudentLogins = false })
		b.ok(b.roster.SetStudentLogins(b.ctx, b.clerk, b.north, "yes"))
		b.ok(enter("kid.0"))
		if err := enter("kid.1"); !fault.Is(err, fault.Unauthenticated) {
			b.t.Errorf("at the school that follows the district: %v", err)
		}
		if err := b.roster.SetStudentLogins(b.ctx, b.atNorth, b.north, "no"); !fault.Is(err, fault.Forbidden) {
			b.t.Errorf("by a clerk: %v", err)
		}
		if err := b.roster.SetStudentLogins(b.ctx, b.clerk, b.north, "maybe"); !fault.Is(err, fault.Invalid) {
			b.t.Errorf("maybe: %v", err)
		}
	})
}

func TestAPageOfStudentLoginsScansNoTableAndLooksOnlySoFar(t *testing.T) {
	inTown(t, func(w *town) {
		w.crowd(12000)
		w.write(func(tx *sqldb.Tx) error {
			for _, q := range []string{
				"insert into student_word (word, sort_key, student_id, school_id) select 'last', sort_key, id, school_id from student",
				"delete from student_login where student_id > 3",
			} {
				if _, err := tx.Exec(w.ctx, q); err != nil {
					return err
				}
			}
			return nil
		})
		if w.db.Dialect() == "postgres" {
			w.analyze()
		}
		for _, at := range []access.Schools{access.Everywhere(), {IDs: []int64{7}}, {IDs: []int64{7, 9, 11}}} {
			for _, s := range []span{{true, "last", "lasu"}, {false, "l", "m"}, {false, "", lastText}} {
				for _, tail := range []string{selectStudentLoginsOfPage, selectEndOfPage} {
					query, args := s.page(at, studentPlace{Word: "last", Sort: "last kid5", ID: 9}, studentsLooked)
					plan, err := w.db.Plan(w.ctx, query+tail, args...)
					w.ok(err)
					for line := range strings.Lines(plan) {
						if isTableScan(line) && !strings.Contains(line, "student_login") && !strings.Contains(line, "SCAN p") {
							w.t.Errorf("%v at %v scans a table: %s in\n%s", s, at, strings.TrimSpace(line), plan)
						}
					}
				}
			}
		}
		rows, next, err := w.StudentLogins(w.ctx, w.clerk, StudentLoginQuery{Last: "last"})
		w.ok(err)
		if len(rows) > 3 || next == "" {
			w.t.Errorf("%d rows, next %q", len(rows), next)
		}
		w.equal("all", len(w.pupils(w.clerk, StudentLoginQuery{Last: "last"})), 3)
	})
}
