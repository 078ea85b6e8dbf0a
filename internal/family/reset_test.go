package family

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/jobs"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
	"github.com/schoolgate/schoolgate/internal/sqldb/sqldbtest"
)

const kidPassword = "purple canoe mango"

// lopezes are a mother of three and the father of one of them, both with a login; the mother made a student login for the first two.
type lopezes struct {
	ana, leo, mia      int64 // students
	mother, father     int64 // contacts
	maria, jose        access.Actor
	lines              []int64 // the mother's, for Ana, Leo and Mia
	fatherLine         int64   // for Ana
	session, anaInside string  // tokens
}

func (w *town) lopezes() *lopezes {
	w.t.Helper()
	l := &lopezes{ana: w.pupil("Ana", "Lopez", "204117"), leo: w.pupil("Leo", "Lopez", "201990"), mia: w.pupil("Mia", "Lopez", "201991")}
	l.mother, l.lines = w.contact("Maria", "Lopez", "maria@x.example", "mother", l.ana, l.leo, l.mia)
	var fatherLines []int64
	l.father, fatherLines = w.contact("José", "Ruiz", "jose@x.example", "father", l.ana)
	l.fatherLine = fatherLines[0]
	l.maria, l.jose = w.login("mlopez", l.mother), w.login("jruiz", l.father)
	w.ok(w.CreateStudentLogin(w.ctx, l.maria, l.ana, "ana.l", kidPassword))
	w.ok(w.CreateStudentLogin(w.ctx, l.maria, l.leo, "leo.l", kidPassword))
	l.session = w.mustSignIn(access.Parent, "mlopez", townPassword)
	l.anaInside = w.mustSignIn(access.Student, "ana.l", kidPassword)
	return l
}

func (w *town) alive(kind access.Kind, token string) bool {
	w.t.Helper()
	_, err := w.accounts.Session(w.ctx, kind, token)
	if err != nil && !fault.Is(err, fault.Unauthenticated) {
		w.t.Fatal(err)
	}
	return err == nil
}

func (w *town) equal(what string, got, want any) {
	w.t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		w.t.Errorf("%s: %s", what, diff)
	}
}

func TestAResetOfAllRowsEndsTheWholeLogin(t *testing.T) {
	inTown(t, func(w *town) {
		l := w.lopezes()
		before := w.mails()
		w.equal("results", w.reset(l.lines[2], l.lines[0], l.lines[1]), []ResetResult{
			{LineID: l.lines[2], ParentFirst: "Maria", ParentLast: "Lopez", ChildFirst: "Mia", ChildLast: "Lopez", Outcome: ResetWhole, Username: "mlopez", Noticed: true},
			{LineID: l.lines[0], ParentFirst: "Maria", ParentLast: "Lopez", ChildFirst: "Ana", ChildLast: "Lopez", Outcome: ResetWhole, Username: "mlopez", StudentLogins: []string{"ana.l"}, Noticed: true},
			{LineID: l.lines[1], ParentFirst: "Maria", ParentLast: "Lopez", ChildFirst: "Leo", ChildLast: "Lopez", Outcome: ResetWhole, Username: "mlopez", StudentLogins: []string{"leo.l"}, Noticed: true},
		})
		w.whole()
		if w.alive(access.Parent, l.session) || w.alive(access.Student, l.anaInside) {
			w.t.Error("a session outlived the reset")
		}
		for kind, name := range map[access.Kind]string{access.Parent: "mlopez", access.Student: "leo.l"} {
			for _, password := range []string{townPassword, kidPassword} {
				if _, err := w.signIn(kind, name, password); !fault.Is(err, fault.Unauthenticated) {
					w.t.Errorf("%s: %v", name, err)
				}
			}
		}
		w.equal("mails", w.mails()-before, 1)
		w.equal("states", w.states(append(l.lines, l.fatherLine)...), []LoginState{Never, Never, Never, Active})
		w.equal("again", w.outcomes(w.reset(l.lines...)), []ResetOutcome{ResetNoLogin, ResetNoLogin, ResetNoLogin})
		w.write(func(tx *sqldb.Tx) error {
			for acct, want := range map[int64]bool{0: true, l.jose.AccountID: true} {
				got, err := w.UsernameReserved(w.ctx, tx, access.Parent, "mlopez", acct)
				if err != nil || got != want {
					w.t.Errorf("reserved for others than %d: %v, %v", acct, got, err)
				}
			}
			return nil
		})
		again := w.login("mlopez", l.mother)
		w.equal("after starting again", w.home(again), []string{"Ana", "Leo", "Mia"})
		w.write(func(tx *sqldb.Tx) error {
			if got, err := w.UsernameReserved(w.ctx, tx, access.Parent, "mlopez", again.AccountID); err != nil || got {
				w.t.Errorf("the contact's own username is kept from it: %v, %v", got, err)
			}
			return nil
		})
	})
}

func TestAResetOfOneRowOfThreeThenOfTheOthers(t *testing.T) {
	inTown(t, func(w *town) {
		l := w.lopezes()
		w.equal("one", w.reset(l.lines[0]), []ResetResult{{
			LineID: l.lines[0], ParentFirst: "Maria", ParentLast: "Lopez", ChildFirst: "Ana", ChildLast: "Lopez", Outcome: ResetPart,
			Username: "mlopez", Stay: []string{"Leo Lopez", "Mia Lopez"}, StudentLogins: []string{"ana.l"}, Noticed: true,
		}})
		w.whole()
		w.equal("home", w.home(l.maria), []string{"Leo", "Mia"})
		if !w.alive(access.Parent, l.session) || w.alive(access.Student, l.anaInside) {
			w.t.Error("the parent's session must live, the student's must not")
		}
		w.equal("states", w.states(append(l.lines, l.fatherLine)...), []LoginState{Closed, Active, Active, Active})
		mails := w.mails()
		w.equal("the same row again", w.outcomes(w.reset(l.lines[0])), []ResetOutcome{ResetPart})
		w.equal("mails for nothing new", w.mails()-mails, 0)
		if err := w.CreateStudentLogin(w.ctx, l.maria, l.ana, "ana.2", kidPassword); !fault.Is(err, fault.NotFound) {
			w.t.Errorf("a login for a closed child: %v", err)
		}
		w.equal("the others", w.outcomes(w.reset(l.lines[1], l.lines[2])), []ResetOutcome{ResetWhole, ResetWhole})
		if w.alive(access.Parent, l.session) {
			w.t.Error("the session outlived the login")
		}
		w.equal("marks of the first reset", w.count("select count(*) from closed_line"), 0)
		w.equal("after registering again", w.home(w.login("mlopez", l.mother)), []string{"Ana", "Leo", "Mia"})
	})
}

func TestALoginOfSeveralContactsEndsWithTheLastOpenLineOfAll(t *testing.T) {
	inTown(t, func(w *town) {
		ana, leo := w.pupil("Ana", "Lopez", "1"), w.pupil("Leo", "Lopez", "2")
		first, a := w.contact("Maria", "Lopez", "", "mother", ana)
		second, b := w.contact("Maria", "Lopez", "maria@x.example", "mother", leo, ana)
		maria := w.login("mlopez", first, second)
		w.equal("Ana once", w.home(maria), []string{"Ana", "Leo"})
		w.ok(w.CreateStudentLogin(w.ctx, maria, ana, "ana.l", kidPassword))
		results, err := w.Reset(w.ctx, w.clerk, ResetOrder{Lines: a, Keep: map[int64]int64{ana: second}})
		w.ok(err)
		w.equal("one contact", w.outcomes(results), []ResetOutcome{ResetPart})
		w.equal("a login does not pass to the same parent", results[0].StudentLogins, []string{"ana.l"})
		w.equal("home", w.home(maria), []string{"Ana", "Leo"})
		w.equal("the other", w.outcomes(w.reset(b...)), []ResetOutcome{ResetWhole, ResetWhole})
		w.equal("closed lines", w.count("select count(*) from closed_line"), 0)
	})
}

func TestWaitingLoginsAreResetAndOthersSaidToHaveHadNone(t *testing.T) {
	inTown(t, func(w *town) {
		s := w.pupil("Sam", "Stone", "1")
		contact, waiting := w.contact("Wait", "Stone", "w@x.example", "mother", s)
		_, never := w.contact("Never", "Stone", "n@x.example", "father", s)
		w.write(func(tx *sqldb.Tx) error {
			id, err := w.accounts.Create(w.ctx, tx, account.NewAccount{Kind: access.Parent, Username: "w.stone", State: account.Waiting, ClaimBy: w.now().Add(time.Hour)})
			if err != nil {
				return err
			}
			return hold(w.ctx, tx, id, contact, w.now())
		})
		got := w.reset(never[0], 999_999, waiting[0], never[0])
		w.equal("outcomes", w.outcomes(got), []ResetOutcome{ResetNoLogin, ResetGone, ResetWhole})
		w.equal("accounts", w.count("select count(*) from account where kind = 'parent'"), 0)
		w.equal("on record", w.texts("select outcome from audit_event where action = 'parent.reset' order by outcome"), []string{"no_login", "whole"})
	})
}

func TestARestrictedLineCountsAsNoneLeft(t *testing.T) {
	inTown(t, func(w *town) {
		l := w.lopezes()
		w.edit(l.lines[1], func(e *roster.ContactEdit) { e.Line.Restricted = roster.Yes })
		w.edit(l.lines[2], func(e *roster.ContactEdit) { e.Line.PortalAccess = roster.No })
		w.equal("home", w.home(l.maria), []string{"Ana"})
		q, err := w.ResetQuestion(w.ctx, w.clerk, []int64{l.lines[0]})
		w.ok(err)
		if len(q.Parents) != 1 || !q.Parents[0].Whole || len(q.Parents[0].Stay) != 0 {
			w.t.Errorf("question: %+v", q)
		}
		w.equal("outcome", w.outcomes(w.reset(l.lines[0])), []ResetOutcome{ResetWhole})
		w.whole()
	})
}

func TestAWholeResetEndsStudentLoginsThatNobodyEndedBefore(t *testing.T) {
	inTown(t, func(w *town) {
		l := w.lopezes()
		w.edit(l.lines[1], func(e *roster.ContactEdit) { e.Line.EndDate = "2026-11-25" })
		w.pass(48 * time.Hour)
		results := w.reset(l.lines[0], l.lines[2])
		w.equal("outcomes", w.outcomes(results), []ResetOutcome{ResetWhole, ResetWhole})
		w.equal("ended", results[0].StudentLogins, []string{"ana.l", "leo.l"})
		w.whole()
	})
}

func TestTheQuestionNamesTheConsequences(t *testing.T) {
	inTown(t, func(w *town) {
		l := w.lopezes()
		_, aunt := w.contact("Zoë", "Ruiz", "", "aunt", l.leo)
		q, err := w.ResetQuestion(w.ctx, w.clerk, []int64{l.lines[0], aunt[0], 777_777})
		w.ok(err)
		w.equal("gone", q.Gone, 1)
		if len(q.Parents) != 2 {
			w.t.Fatalf("%+v", q)
		}
		maria, zoe := q.Parents[0], q.Parents[1]
		w.equal("student logins", maria.StudentLogins, []QuestionLogin{{
			StudentID: l.ana, Child: "Ana Lopez", Username: "ana.l", KeepFor: []Keeper{{ContactID: l.father, First: "José", Last: "Ruiz"}},
		}})
		stay := []string{}
		for _, r := range maria.Stay {
			stay = append(stay, r.ChildFirst+" "+string(r.State))
		}
		w.equal("stay", stay, []string{"Leo active", "Mia active"})
		if maria.Whole || !maria.Address || maria.Username != "mlopez" || len(maria.Lines) != 1 || maria.First != "Maria" {
			w.t.Errorf("Maria: %+v", maria)
		}
		if zoe.Whole || zoe.Address || zoe.Username != "" || zoe.StudentLogins != nil || zoe.Lines[0].State != MayNot {
			w.t.Errorf("Zoë: %+v", zoe)
		}
		if w.count("select count(*) from audit_event where action like '%reset%'") != 0 {
			w.t.Error("asking has done something")
		}
		q, err = w.ResetQuestion(w.ctx, w.clerk, []int64{l.lines[0], l.fatherLine})
		w.ok(err)
		if keep := q.Parents[0].StudentLogins[0].KeepFor; keep != nil {
			w.t.Errorf("a parent who is reset too may keep it: %+v", keep)
		}
	})
}

// TestRST1: at whichever statement a reset breaks, each parent is as before or wholly reset, and the same order does the rest.
func TestRST1AResetIsAllOrNothingForEachParent(t *testing.T) {
	inTown(t, func(w *town) {
		l := w.lopezes()
		lines := append(slices.Clone(l.lines[:2]), l.fatherLine) // a part and a whole
		order := ResetOrder{Lines: lines, Keep: map[int64]int64{l.ana: l.father}}
		state := func() []int {
			return []int{
				w.count("select count(*) from account"), w.count("select count(*) from session"), w.count("select count(*) from student_login"),
				w.count("select count(*) from closed_line"), w.count("select count(*) from audit_event"), w.mails(),
				w.count("select count(*) from reserved_username"), w.count("select count(*) from account_contact"),
			}
		}
		before := state()
		n := int64(1)
		for ; ; n++ {
			w.breaks.left.Store(n)
			results, err := w.Reset(w.ctx, w.clerk, order)
			broke := w.breaks.left.Swap(0) == 0
			if !broke {
				w.ok(err)
				w.equal("outcomes", w.outcomes(results), []ResetOutcome{ResetPart, ResetPart, ResetWhole})
				break
			}
			if err == nil {
				w.t.Fatalf("statement %d broke unnoticed", n)
			}
			w.equal("after a failure", state(), before)
			w.whole()
		}
		w.whole()
		if n < 15 {
			w.t.Errorf("only %d statements were broken", n)
		}
	})
}

func TestRST1ABigSelectionIsWorkedThroughInShortTransactionsAndResumed(t *testing.T) {
	inTown(t, func(w *town) {
		w.crowd(60)
		w.write(func(tx *sqldb.Tx) error {
			_, err := tx.Exec(w.ctx, "delete from closed_line") // as if there had been no reset yet
			return err
		})
		lines := make([]int64, 120)
		for i := range lines {
			lines[i] = int64(i + 1)
		}
		w.clerk = access.Actor{Kind: access.System, Username: "root"} // at the command line: staff ask for a bulk act
		// Far enough on for the first transactions to be through.
		w.breaks.left.Store(200)
		results, err := w.Reset(w.ctx, w.clerk, ResetOrder{Lines: lines})
		w.breaks.left.Store(0)
		if err == nil {
			w.t.Fatal("broke unnoticed")
		}
		done := 0
		for _, r := range results {
			if r.Outcome != "" {
				done++
			}
		}
		if left := w.count("select count(*) from account where kind = 'parent'"); done == 0 || done == 120 || done+2*left != 120 {
			w.t.Errorf("%d rows said to be done, %d parents left", done, left)
		}
		w.whole()
		for i, r := range w.reset(lines...) {
			want := ResetWhole
			if results[i].Outcome != "" {
				want = ResetNoLogin
			}
			if r.LineID != lines[i] || r.Outcome != want {
				w.t.Errorf("line %d: %+v, want %s", lines[i], r, want)
			}
		}
		w.equal("accounts", w.count("select count(*) from account"), 0)
		w.whole()
	})
}

// TestRST2: nobody sees or chooses a password in a reset.
func TestRST2AResetShowsAndLeavesNoPassword(t *testing.T) {
	inTown(t, func(w *town) {
		l := w.lopezes()
		w.reset(l.lines...)
		w.equal("secrets in the outbox", w.count("select count(*) from job where secret is not null"), 0)
		w.equal("temporary passwords", w.count("select count(*) from temporary_password"), 0)
		for _, text := range append(w.texts("select detail from audit_detail"), w.texts("select payload from job")...) {
			if strings.Contains(text, "argon2") || strings.Contains(text, townPassword) || strings.Contains(text, kidPassword) {
				w.t.Errorf("a password stands in %s", text)
			}
		}
	})
}

// TestRST3: sign-ins, password changes and resets at the same time leave no session and nothing half done.
func TestRST3SignInsAndResetsAtTheSameTimeSerialise(t *testing.T) {
	inTown(t, func(w *town) {
		l := w.lopezes()
		for round := range 6 {
			var wg sync.WaitGroup
			start := make(chan struct{})
			tokens := make(chan string, 8)
			for range 3 {
				wg.Go(func() {
					<-start
					if token, err := w.signIn(access.Parent, "mlopez", townPassword); err == nil {
						tokens <- token
					} else if !fault.Is(err, fault.Unauthenticated) {
						w.t.Errorf("sign-in: %v", err)
					}
				})
			}
			for range 2 {
				wg.Go(func() {
					<-start
					if _, err := w.Reset(w.ctx, w.clerk, ResetOrder{Lines: l.lines}); err != nil {
						w.t.Errorf("reset: %v", err)
					}
				})
			}
			wg.Go(func() {
				<-start
				err := w.ChangeStudentPassword(w.ctx, l.maria, l.ana, "another good mango")
				if err != nil && !fault.Is(err, fault.NotFound) {
					w.t.Errorf("change: %v", err)
				}
			})
			close(start)
			wg.Wait()
			close(tokens)
			for token := range tokens {
				if w.alive(access.Parent, token) {
					w.t.Error("a session outlived the reset")
				}
			}
			w.whole()
			w.equal("wholly reset", w.count("select count(*) from audit_event where action = 'parent.reset' and outcome = 'whole'"), round+1)
			l.maria = w.login("mlopez", l.mother)
			w.ok(w.CreateStudentLogin(w.ctx, l.maria, l.ana, "ana.l", kidPassword))
		}
	})
}

// TestRST4: a student login goes with its maker's reset, unless staff pass it to another parent of the child who may have it.
func TestRST4StudentLoginsGoUnlessPassedToAnotherParent(t *testing.T) {
	t.Run("removed by default", func(t *testing.T) {
		inTown(t, func(w *town) {
			l := w.lopezes()
			w.reset(l.lines...)
			w.equal("student logins", w.count("select count(*) from account where kind = 'student'"), 0)
			w.equal("on record", w.count("select count(*) from audit_event where action = 'student_login.ended'"), 2)
		})
	})
	t.Run("passed on", func(t *testing.T) {
		inTown(t, func(w *town) {
			l := w.lopezes()
			results, err := w.Reset(w.ctx, w.clerk, ResetOrder{Lines: l.lines, Keep: map[int64]int64{l.ana: l.father, l.leo: l.father}})
			w.ok(err)
			w.equal("Ana's, which may be kept", results[0].Kept, []string{"ana.l"})
			w.equal("Leo's, whom the father does not have", results[1].StudentLogins, []string{"leo.l"})
			if !w.alive(access.Student, l.anaInside) {
				w.t.Error("the session of the login that was kept is dead")
			}
			home, err := w.Home(w.ctx, l.jose)
			w.ok(err)
			if login := home.Children[0].Login; login == nil || !login.Mine || login.Username != "ana.l" {
				w.t.Errorf("the father's: %+v", login)
			}
			w.equal("on record", w.texts("select action from audit_event where action like 'student_login.%ed' and target_id = $1 order by id", l.ana),
				[]string{"student_login.created", "student_login.passed"})
			w.whole()
			w.reset(l.fatherLine)
			w.equal("student logins in the end", w.count("select count(*) from student_login"), 0)
		})
	})
}

// Nor to a parent who waits, is restricted or is a stranger.
func TestRST4StudentLoginsDoNotPassToOneWhoIsResetToo(t *testing.T) {
	inTown(t, func(w *town) {
		l := w.lopezes()
		stranger, _ := w.contact("Str", "Anger", "s@x.example", "mother", w.pupil("Kim", "Anger", "9"))
		w.login("stranger", stranger)
		keep := func(lines []int64, to int64) []string {
			results, err := w.Reset(w.ctx, w.clerk, ResetOrder{Lines: lines, Keep: map[int64]int64{l.ana: to}})
			w.ok(err)
			return results[0].Kept
		}
		again := func() {
			if w.count("select count(*) from account_contact where contact_id = $1", l.mother) == 0 {
				l.maria = w.login("mlopez", l.mother)
			}
			w.ok(w.CreateStudentLogin(w.ctx, l.maria, l.ana, "ana.l", kidPassword))
		}
		w.equal("a stranger", keep(l.lines, stranger), []string(nil))
		again()
		w.equal("herself", keep(l.lines, l.mother), []string(nil))
		again()
		w.write(func(tx *sqldb.Tx) error {
			_, err := tx.Exec(w.ctx, "update account set state = 'waiting' where username = 'jruiz'")
			return err
		})
		w.equal("one who waits", keep(l.lines, l.father), []string(nil))
		w.write(func(tx *sqldb.Tx) error {
			_, err := tx.Exec(w.ctx, "update account set state = 'active' where username = 'jruiz'")
			return err
		})
		again()
		w.edit(l.fatherLine, func(e *roster.ContactEdit) { e.Line.Restricted = roster.Yes })
		w.equal("one who is restricted", keep(l.lines, l.father), []string(nil))
		w.edit(l.fatherLine, func(e *roster.ContactEdit) { e.Line.Restricted = roster.No })
		again()
		w.equal("one who is reset too", keep(append(slices.Clone(l.lines), l.fatherLine), l.father), []string(nil))
		w.equal("student logins", w.count("select count(*) from account where kind = 'student'"), 0)
	})
}

// TestRST8: a mail server that is down does not undo a reset, and the mail that did not go is to be seen.
func TestRST8AFailingMailServerDoesNotUndoAReset(t *testing.T) {
	inTown(t, func(w *town) {
		l := w.lopezes()
		w.reset(l.lines...)
		_, err := w.jobs.Drain(w.ctx)
		w.ok(err)
		w.equal("logins", w.count("select count(*) from account where username = 'mlopez'"), 0)
		list, err := w.jobs.List(w.ctx, jobMail, jobs.Ready, jobs.Cursor{}, 10)
		w.ok(err)
		found := false
		for _, j := range list {
			found = found || strings.Contains(string(j.Payload), `"reset"`) && j.LastError != "" && j.ContactID == l.mother
		}
		if !found {
			w.t.Errorf("the notice is not in the queue with its error: %+v", list)
		}
	})
}

// TestSES3: on another node, too, a session is dead with the very next request after the reset.
func TestSES3SessionsAreDeadOnEveryNodeRightAfterAReset(t *testing.T) {
	sqldbtest.RunURL(t, func(t *testing.T, url string) {
		nodes := make([]*town, 2)
		for i := range nodes {
			db, err := sqldb.Open(context.Background(), url, sqldb.Options{Fast: true})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = db.Close() })
			nodes[i] = newTown(t, db)
		}
		here, there := nodes[0], nodes[1]
		l := here.lopezes()
		if !there.alive(access.Parent, l.session) || !there.alive(access.Student, l.anaInside) {
			t.Fatal("the sessions are not known on the other node")
		}
		here.reset(l.lines...)
		if there.alive(access.Parent, l.session) || there.alive(access.Student, l.anaInside) {
			t.Error("a session lives on the other node")
		}
		here.equal("home", there.home(l.maria), []string(nil))
	})
}

func TestAResetGoesOnWhenTheBrowserGoesAway(t *testing.T) {
	inTown(t, func(w *town) {
		l := w.lopezes()
		gone, cancel := context.WithCancel(w.ctx)
		cancel()
		_, err := w.Reset(gone, w.clerk, ResetOrder{Lines: l.lines})
		w.ok(err)
		w.equal("logins", w.count("select count(*) from account where username = 'mlopez'"), 0)
	})
}

func TestTransactionsGrowAndShrinkWithTheTimeTheyTake(t *testing.T) {
	for _, c := range []struct {
		n    int
		took time.Duration
		want int
	}{{8, time.Millisecond, 16}, {200, 0, 256}, {64, 30 * time.Millisecond, 64}, {64, 49 * time.Millisecond, 32}, {1, time.Second, 1}} {
		if got := nextBatch(c.n, c.took); got != c.want {
			t.Errorf("%d parents in %v: next %d, want %d", c.n, c.took, got, c.want)
		}
	}
}
