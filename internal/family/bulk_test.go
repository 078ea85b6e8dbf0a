package family

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/jobs"
	"github.com/schoolgate/schoolgate/internal/sqldb"
	"github.com/schoolgate/schoolgate/internal/sqldb/sqldbtest"
)

// staffed gives the town a real clerk, who has just shown that it is them.
func (w *town) staffed(username string, role access.Role, at access.Schools) access.Actor {
	w.t.Helper()
	id := int64(5_000_001 + w.count("select count(*) from account where kind = 'staff'")) // far from those of a crowd
	places := "*"
	if !at.All {
		places = strings.Trim(strings.ReplaceAll(fmt.Sprint(at.IDs), " ", ","), "[]")
	}
	w.write(func(tx *sqldb.Tx) error {
		_, err := tx.Exec(w.ctx, `insert into account (id, kind, username, username_key, state, role, schools, created_at)
			values ($1, 'staff', $2, $2, 'active', $3, $4, $5)`, id, username, string(role), places, w.now().UnixMicro())
		return err
	})
	return access.Actor{Kind: access.Staff, AccountID: id, Role: role, Schools: at, Username: username, Fresh: true}
}

func (w *town) ask(actor access.Actor, o BulkOrder) int64 {
	w.t.Helper()
	id, err := w.AskBulk(w.ctx, actor, o)
	w.ok(err)
	return id
}

// begin asks for an act and answers the question.
func (w *town) begin(actor access.Actor, o BulkOrder) int64 {
	w.t.Helper()
	id := w.ask(actor, o)
	b, _, err := w.Bulk(w.ctx, actor, id)
	w.ok(err)
	w.ok(w.BeginBulk(w.ctx, actor, id, b.Size))
	return id
}

// legs works until no bulk job is ready, as the queue does, without the mails; it moves the clock to where the next leg waits, at most an hour.
func (w *town) legs() {
	w.t.Helper()
	for range 2000 {
		payload, runAt := w.nextBulkJob()
		if payload == "" {
			return
		}
		if wait := runAt.Sub(w.now()); wait > 0 {
			w.pass(wait)
		}
		w.ok(w.workBulk(w.ctx, jobs.Job{Payload: []byte(payload)}))
		w.write(func(tx *sqldb.Tx) error {
			_, err := tx.Exec(w.ctx, "update job set state = 'done' where kind = 'bulk' and payload = $1", payload)
			return err
		})
	}
	w.t.Fatal("the act does not end")
}

func (w *town) nextBulkJob() (string, time.Time) {
	w.t.Helper()
	list := w.texts("select payload from job where kind = 'bulk' and state = 'ready' order by run_at, id limit 1")
	if len(list) == 0 {
		return "", time.Time{}
	}
	return list[0], moment(int64(w.count("select run_at from job where kind = 'bulk' and state = 'ready' order by run_at, id limit 1")))
}

func (w *town) bulk(actor access.Actor, id int64) (Bulk, map[string]int) {
	w.t.Helper()
	b, counts, err := w.Bulk(w.ctx, actor, id)
	w.ok(err)
	return b, counts
}

// village fills the town with so many parents of one child each; every parent has a login.
func (w *town) village(parents int) (lines []int64) {
	w.t.Helper()
	w.crowd(parents)
	w.write(func(tx *sqldb.Tx) error {
		for _, query := range []string{
			"delete from closed_line", "delete from student_login", "delete from account where kind = 'student'",
			fmt.Sprintf("delete from student_contact where id > %d", parents),
		} {
			if _, err := tx.Exec(w.ctx, query); err != nil {
				return err
			}
		}
		return nil
	})
	for i := range parents {
		lines = append(lines, int64(i+1))
	}
	return lines
}

func TestRST5ABulkResetThatIsKilledFiveTimesDoesEachRowOnce(t *testing.T) {
	inTown(t, func(w *town) {
		const rows = 5000
		lines := w.village(rows)
		ada := w.staffed("ada", access.Office, access.Everywhere())
		id := w.begin(ada, BulkOrder{Act: BulkReset, Lines: lines})
		payload, _ := w.nextBulkJob()
		job := jobs.Job{Payload: []byte(payload)}
		for kill := range 5 {
			before, _ := w.bulk(ada, id)
			ctx, cancel := context.WithCancel(w.ctx)
			stop := w.breaks.afterStatements(3000+int64(kill)*1777, func() error {
				if kill%2 == 0 { // the worker's time is up
					cancel()
					return nil
				}
				return errBroken
			})
			err := w.workBulk(ctx, job)
			stop()
			cancel()
			if err == nil {
				w.t.Fatalf("kill %d went unnoticed", kill)
			}
			after, counts := w.bulk(ada, id)
			if after.Done <= before.Done || after.Done == rows {
				w.t.Errorf("kill %d: %d rows done before, %d after", kill, before.Done, after.Done)
			}
			if counts["whole"] != after.Done || w.mails() != after.Done {
				w.t.Errorf("kill %d: %d done, %v, %d mails", kill, after.Done, counts, w.mails())
			}
			w.whole()
		}
		w.legs()
		b, counts := w.bulk(ada, id)
		w.equal("state", b.State, BulkDone)
		w.equal("outcomes", counts, map[string]int{"whole": rows})
		w.equal("mails", w.mails(), rows)
		w.equal("mails to different people", w.count("select count(distinct contact_id) from job where kind = 'mail'"), rows)
		w.equal("logins", w.count("select count(*) from account where kind = 'parent'"), 0)
		w.equal("in the log", w.count("select count(*) from audit_event where action = 'parent.reset' and actor_id = $1", ada.AccountID), rows)
		w.whole()
	})
}

func TestRST5TwoWorkersAtOnceDoEachRowOnce(t *testing.T) {
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
		w := nodes[0]
		const rows = 600
		lines := w.village(rows)
		ada := w.staffed("ada", access.Administrator, access.Everywhere())
		id := w.begin(ada, BulkOrder{Act: BulkReset, Lines: lines})
		payload, _ := w.nextBulkJob()
		var wg sync.WaitGroup
		for i := range 4 {
			wg.Go(func() {
				if err := nodes[i%2].workBulk(w.ctx, jobs.Job{Payload: []byte(payload)}); err != nil {
					t.Errorf("worker %d: %v", i, err)
				}
			})
		}
		wg.Wait()
		w.legs()
		b, counts := w.bulk(ada, id)
		w.equal("done", b.Done, rows)
		w.equal("outcomes", counts, map[string]int{"whole": rows})
		w.equal("mails", w.mails(), rows)
		w.equal("ends", w.count("select count(*) from audit_event where action = 'bulk.done'"), 1)
	})
}

func TestRST5TheQuestionAsksForTheNumberAndForProof(t *testing.T) {
	inTown(t, func(w *town) {
		lines := w.village(60)
		ada := w.staffed("ada", access.Office, access.Everywhere())
		if _, err := w.Reset(w.ctx, ada, ResetOrder{Lines: lines}); !fault.Is(err, fault.Invalid) {
			w.t.Errorf("60 rows at one press: %v", err)
		}
		id := w.ask(ada, BulkOrder{Act: BulkReset, Lines: lines})
		for what, c := range map[string]struct {
			actor access.Actor
			count int
			want  fault.Kind
		}{
			"a wrong number":         {ada, 59, fault.Invalid},
			"no number":              {ada, 0, fault.Invalid},
			"signed in an hour ago":  {with(ada, func(a *access.Actor) { a.Fresh = false }), 60, fault.Stale},
			"the help desk":          {with(ada, func(a *access.Actor) { a.Role = access.HelpDesk }), 60, fault.Forbidden},
			"somebody else":          {w.staffed("bea", access.Office, access.Everywhere()), 60, fault.Conflict},
			"somebody of one school": {w.staffed("cy", access.Office, access.Schools{IDs: []int64{1}}), 60, fault.NotFound},
		} {
			if err := w.BeginBulk(w.ctx, c.actor, id, c.count); !fault.Is(err, c.want) {
				w.t.Errorf("%s: %v", what, err)
			}
		}
		w.equal("jobs", w.count("select count(*) from job"), 0)
		w.equal("logins", w.count("select count(*) from account where kind = 'parent'"), 60)
		w.ok(w.BeginBulk(w.ctx, ada, id, 60))
		if err := w.BeginBulk(w.ctx, ada, id, 60); !fault.Is(err, fault.Conflict) {
			w.t.Errorf("begun twice: %v", err)
		}
		w.legs()
		w.equal("logins in the end", w.count("select count(*) from account where kind = 'parent'"), 0)
	})
}

func with(a access.Actor, change func(*access.Actor)) access.Actor { change(&a); return a }

func TestRST5AStoppedActDoesNothingMore(t *testing.T) {
	inTown(t, func(w *town) {
		lines := w.village(300)
		ada := w.staffed("ada", access.Office, access.Everywhere())
		id := w.begin(ada, BulkOrder{Act: BulkReset, Lines: lines})
		payload, _ := w.nextBulkJob()
		stop := w.breaks.afterStatements(700, func() error { return errBroken })
		if err := w.workBulk(w.ctx, jobs.Job{Payload: []byte(payload)}); err == nil {
			w.t.Fatal("not broken")
		}
		stop()
		w.ok(w.StopBulk(w.ctx, ada, id))
		w.ok(w.workBulk(w.ctx, jobs.Job{Payload: []byte(payload)}))
		b, counts := w.bulk(ada, id)
		if b.State != BulkStopped || b.Done == 0 || b.Done == 300 || counts[""] != 300-b.Done || w.mails() != b.Done || b.StoppedBy != "ada" {
			w.t.Errorf("%+v, %v, %d mails", b, counts, w.mails())
		}
		if err := w.StopBulk(w.ctx, ada, id); !fault.Is(err, fault.Conflict) {
			w.t.Errorf("stopped twice: %v", err)
		}
		left, err := w.BulkRows(w.ctx, ada, id, "", 0, 1000)
		w.ok(err)
		w.equal("rows still to be done", len(left), 300-b.Done)
	})
}

func TestRST5AnActGoesOnByItselfWhenItsJobIsGone(t *testing.T) {
	inTown(t, func(w *town) {
		ada := w.staffed("ada", access.Office, access.Everywhere())
		id := w.begin(ada, BulkOrder{Act: BulkReset, Lines: w.village(20)})
		w.write(func(tx *sqldb.Tx) error {
			_, err := tx.Exec(w.ctx, "update job set state = 'failed' where kind = 'bulk'")
			return err
		})
		w.ok(w.SweepBulks(w.ctx))
		w.equal("jobs too early", w.count("select count(*) from job where kind = 'bulk' and state = 'ready'"), 0)
		w.pass(6 * time.Minute)
		w.ok(w.SweepBulks(w.ctx))
		w.ok(w.SweepBulks(w.ctx))
		w.equal("jobs", w.count("select count(*) from job where kind = 'bulk' and state = 'ready'"), 1)
		w.legs()
		b, _ := w.bulk(ada, id)
		w.equal("state", b.State, BulkDone)
	})
}

func TestRST5AnActEndsWithTheRightsOfWhoAskedForIt(t *testing.T) {
	for what, query := range map[string]string{
		"disabled": "update account set state = 'disabled' where username = 'ada'",
		"demoted":  "update account set role = 'auditor' where username = 'ada'",
		"gone":     "delete from account where username = 'ada'",
	} {
		t.Run(what, func(t *testing.T) {
			inTown(t, func(w *town) {
				ada, bea := w.staffed("ada", access.Office, access.Everywhere()), w.staffed("bea", access.Office, access.Everywhere())
				id := w.begin(ada, BulkOrder{Act: BulkReset, Lines: w.village(20)})
				w.write(func(tx *sqldb.Tx) error { _, err := tx.Exec(w.ctx, query); return err })
				w.legs()
				b, _ := w.bulk(bea, id)
				if b.State != BulkStopped || b.Why != "rights" || b.Done != 0 {
					w.t.Errorf("%+v", b)
				}
			})
		})
	}
}

func TestRST6TheListIsFixedWhenTheQuestionIsAsked(t *testing.T) {
	inTown(t, func(w *town) {
		ana := w.pupil("Ana", "Lopez", "1")
		first, lines := w.contact("Maria", "Lopez", "maria@x.example", "mother", ana)
		w.login("mlopez", first)
		ada := w.staffed("ada", access.Office, access.Everywhere())
		id := w.ask(ada, BulkOrder{Act: BulkReset, Whom: &Whom{Last: "lop"}})
		second, _ := w.contact("José", "Lopez", "jose@x.example", "father", ana)
		w.login("jlopez", second)
		w.ok(w.BeginBulk(w.ctx, ada, id, 1))
		w.legs()
		rows, err := w.BulkRows(w.ctx, ada, id, AnyOutcome, 0, 10)
		w.ok(err)
		w.equal("rows", len(rows), 1)
		w.equal("done to", rows[0].ContactID, first)
		w.equal("logins", w.texts("select username from account where kind = 'parent'"), []string{"jlopez"})
		w.equal("lines", len(lines), 1)
		w.equal("staff", w.count("select count(*) from account where kind = 'staff' and state = 'active'"), 1)
	})
}

func TestRST6AClerkOfOneSchoolFixesRowsOfThatSchoolAndSeesTheirOwnActs(t *testing.T) {
	inTown(t, func(w *town) {
		w.write(func(tx *sqldb.Tx) error {
			for _, q := range []string{
				"insert into school (id, name, sort_key, created_at, updated_at) values (1, 'North', 'north', 0, 0), (2, 'South', 'south', 0, 0)",
			} {
				if _, err := tx.Exec(w.ctx, q); err != nil {
					return err
				}
			}
			return nil
		})
		here, there := w.pupil("Ana", "Lopez", "1"), w.pupil("Leo", "Stone", "2")
		w.write(func(tx *sqldb.Tx) error {
			if _, err := tx.Exec(w.ctx, "update student set school_id = 1 where id = $1", here); err != nil {
				return err
			}
			_, err := tx.Exec(w.ctx, "update student set school_id = 2 where id = $1", there)
			return err
		})
		maria, mine := w.contact("Maria", "Lopez", "maria@x.example", "mother", here, there)
		sam, theirs := w.contact("Sam", "Stone", "sam@x.example", "father", there)
		w.login("mlopez", maria)
		w.login("sstone", sam)
		ada := w.staffed("ada", access.Office, access.Schools{IDs: []int64{1}})
		boss := w.staffed("boss", access.Administrator, access.Everywhere())
		id := w.ask(ada, BulkOrder{Act: BulkReset, Lines: append(slices.Clone(mine), theirs...)})
		p, err := w.BulkPreview(w.ctx, ada, id)
		w.ok(err)
		w.equal("preview", p, Preview{Parts: 1, Mails: 1, MailsLast: 500 * time.Millisecond, Elsewhere: 1})
		all := w.ask(boss, BulkOrder{Act: BulkReset, Whom: &Whom{}})
		if b, _ := w.bulk(boss, all); b.Size != 3 {
			w.t.Errorf("the boss's rows: %d", b.Size)
		}
		south := w.ask(boss, BulkOrder{Act: BulkUnlock, Whom: &Whom{School: 2}})
		if b, _ := w.bulk(boss, south); b.Size != 2 {
			w.t.Errorf("parents of the other school: %d", b.Size)
		}
		list, err := w.Bulks(w.ctx, ada, jobs.Cursor{}, 10)
		w.ok(err)
		if len(list) != 1 || list[0].ID != id || !list[0].Mine {
			w.t.Errorf("the clerk sees %+v", list)
		}
		if _, _, err := w.Bulk(w.ctx, ada, all); !fault.Is(err, fault.NotFound) {
			w.t.Errorf("another's act: %v", err)
		}
		if _, err := w.AskBulk(w.ctx, ada, BulkOrder{Act: BulkDisable, Reason: "leak", Contacts: []int64{sam}}); !fault.Is(err, fault.Invalid) {
			w.t.Errorf("a parent of another school: %v", err)
		}
		if _, err := w.Disable(w.ctx, ada, []int64{maria, sam}, "leak"); err != nil {
			w.t.Fatal(err)
		}
		w.equal("disabled", w.texts("select username from account where state = 'disabled'"), []string{"mlopez"})
		w.equal("schools told", w.texts("select what from school_notice where school_id = 2 and contact_id = $1", maria), []string{"disabled"})
		w.ok(w.BeginBulk(w.ctx, ada, id, 1))
		w.legs()
		w.equal("logins", w.count("select count(*) from account where kind = 'parent'"), 2)
		w.equal("closed", w.count("select count(*) from closed_line"), 1)
	})
}

func TestRST7AboveASizeASecondPersonAnswersToo(t *testing.T) {
	inTown(t, func(w *town) {
		v := *w.settings.Values()
		v.BulkApproval = 10
		w.ok(w.settings.Change(w.ctx, access.Actor{Kind: access.System}, v))
		ada, bea := w.staffed("ada", access.Office, access.Everywhere()), w.staffed("bea", access.Office, access.Everywhere())
		id := w.ask(ada, BulkOrder{Act: BulkReset, Lines: w.village(20)})
		w.ok(w.BeginBulk(w.ctx, ada, id, 20))
		w.equal("jobs", w.count("select count(*) from job"), 0)
		if err := w.BeginBulk(w.ctx, ada, id, 20); !fault.Is(err, fault.Conflict) {
			w.t.Errorf("the first person twice: %v", err)
		}
		if err := w.BeginBulk(w.ctx, with(bea, func(a *access.Actor) { a.Fresh = false }), id, 20); !fault.Is(err, fault.Stale) {
			w.t.Errorf("a second person without proof: %v", err)
		}
		w.ok(w.BeginBulk(w.ctx, bea, id, 20))
		w.legs()
		b, _ := w.bulk(ada, id)
		if b.State != BulkDone || b.Owner != "ada" || b.Approver != "bea" {
			w.t.Errorf("%+v", b)
		}
	})
}

func TestMailsOfABulkActLeaveAtThePaceOfTheRelay(t *testing.T) {
	inTown(t, func(w *town) {
		ada := w.staffed("ada", access.Office, access.Everywhere())
		began := w.now()
		w.begin(ada, BulkOrder{Act: BulkReset, Lines: w.village(240)})
		w.legs()
		w.equal("in the first minute", w.count("select count(*) from job where kind = 'mail' and run_at < $1", began.Add(time.Minute).UnixMicro()), 120)
		w.equal("within two", w.count("select count(*) from job where kind = 'mail' and run_at < $1", began.Add(2*time.Minute).UnixMicro()), 240)
		w.equal("with less than two days to go", w.count("select count(*) from job where kind = 'mail' and deadline - run_at < $1", mailLife.Microseconds()), 0)
	})
}

func TestQuestionsNobodyAnswersAndOldActsAreForgotten(t *testing.T) {
	inTown(t, func(w *town) {
		ada := w.staffed("ada", access.Office, access.Everywhere())
		lines := w.village(30)
		asked := w.ask(ada, BulkOrder{Act: BulkReset, Lines: lines[:10]})
		back := w.ask(ada, BulkOrder{Act: BulkReset, Lines: lines[10:]})
		done := w.begin(ada, BulkOrder{Act: BulkUnlock, Contacts: lines})
		w.legs()
		w.ok(w.StopBulk(w.ctx, ada, back))
		if _, _, err := w.Bulk(w.ctx, ada, back); !fault.Is(err, fault.NotFound) {
			w.t.Errorf("a question taken back: %v", err)
		}
		w.pass(61 * time.Minute)
		if err := w.BeginBulk(w.ctx, ada, asked, 10); !fault.Is(err, fault.Conflict) {
			w.t.Errorf("an old question: %v", err)
		}
		w.ok(w.Sweep(w.ctx))
		w.equal("acts", w.count("select count(*) from bulk"), 1)
		w.equal("rows", w.count("select count(*) from bulk_row"), 30)
		w.pass(91 * 24 * time.Hour)
		w.ok(w.Sweep(w.ctx))
		w.equal("acts later", w.count("select count(*) from bulk where id = $1", done), 0)
		w.equal("rows later", w.count("select count(*) from bulk_row"), 0)
	})
}

// afterStatements calls fn at the n-th statement from now on, until it is told to stop.
func (b *breaker) afterStatements(n int64, fn func() error) (stop func()) {
	b.act.Store(&fn)
	b.left.Store(n)
	return func() {
		b.left.Store(0)
		b.act.Store(nil)
	}
}

// BenchmarkResetBulk resets 1,000 logins with their notices as a bulk act: the question, the answer and the work.
func BenchmarkResetBulk(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		w := benchTown(b, 20_000)
		lines := make([]int64, 0, 2*1000)
		for i := range int64(1000) {
			lines = append(lines, i+1, i+20_001)
		}
		system := access.Actor{Kind: access.System}
		b.StartTimer()
		id := w.begin(system, BulkOrder{Act: BulkReset, Lines: lines})
		w.legs()
		if done, _ := w.bulk(system, id); done.State != BulkDone {
			b.Fatalf("%+v", done)
		}
	}
}

// BenchmarkRequireBulk ends the passwords of 10,000 logins: until the last one is off.
func BenchmarkRequireBulk(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		w := benchTown(b, 10_000)
		contacts := make([]int64, 10_000)
		for i := range contacts {
			contacts[i] = int64(i + 1)
		}
		system := access.Actor{Kind: access.System}
		b.StartTimer()
		id := w.begin(system, BulkOrder{Act: BulkRequirePassword, Contacts: contacts})
		payload, _ := w.nextBulkJob()
		p := bulkPayload{}
		w.ok(json.Unmarshal([]byte(payload), &p))
		for n := resetAtMost; ; {
			if done, _ := w.bulk(system, id); done.Done == done.Size {
				break
			}
			_, err := w.stepBulk(w.ctx, p, n)
			w.ok(err)
		}
	}
}
