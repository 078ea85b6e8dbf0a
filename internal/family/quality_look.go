package family

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/jobs"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

const (
	jobQuality   = "quality"
	dailyQuality = "quality"

	lookLeg    = 15 * time.Second // how long one job works; the next one goes on
	lookPage   = 250              // records read at once
	notedAtOne = 50               // records whose findings one transaction writes
)

// lookPayload is one leg of a look over the records: students first, then contacts, each behind a place.
type lookPayload struct {
	Begun    int64 `json:"begun"`
	Contacts bool  `json:"contacts,omitempty"`
	After    int64 `json:"after,omitempty"`
}

// Look begins a look over the records, which counts what is to be put right. It returns fault.Conflict while another one is under way.
func (f *Family) Look(ctx context.Context, actor access.Actor) error {
	if err := access.Check(actor, access.SeeRecords); err != nil {
		return err
	}
	return f.db.Write(ctx, func(tx *sqldb.Tx) error {
		begun, err := f.beginLook(ctx, tx)
		if err != nil {
			return err
		}
		if !begun {
			return fault.Conflictf("the records are being looked over")
		}
		return f.audit.Record(ctx, tx, audit.Event{Actor: actor, Action: "records.looked_over", TargetKind: "record"})
	})
}

func (f *Family) beginLook(ctx context.Context, tx *sqldb.Tx) (bool, error) {
	now := f.now()
	n, err := tx.Exec(ctx, beginLook, now.UnixMicro(), now.Add(-lookLife).UnixMicro())
	if err != nil || n == 0 {
		return false, err
	}
	return true, f.enqueueLook(ctx, tx, lookPayload{Begun: now.UnixMicro()})
}

func (f *Family) enqueueLook(ctx context.Context, tx *sqldb.Tx, p lookPayload) error {
	payload, err := json.Marshal(p)
	if err != nil {
		return err
	}
	_, err = f.jobs.Enqueue(ctx, tx, jobs.Job{Kind: jobQuality, Payload: payload, Deadline: f.now().Add(lookLife)})
	return err
}

// sweepQuality begins the look of the day.
func (f *Family) sweepQuality(ctx context.Context) error {
	return f.db.Write(ctx, func(tx *sqldb.Tx) error {
		first, err := firstToday(ctx, tx, dailyQuality, f.settings.Today())
		if err != nil || !first {
			return err
		}
		_, err = f.beginLook(ctx, tx)
		return err
	})
}

// workLook is the handler of jobQuality: one leg. It writes only what differs from what is noted, so a leg that runs twice does no harm.
func (f *Family) workLook(ctx context.Context, job jobs.Job) error {
	var p lookPayload
	if err := json.Unmarshal(job.Payload, &p); err != nil {
		return jobs.Permanent(fmt.Errorf("payload of a look: %w", err))
	}
	for until := f.now().Add(lookLeg); f.now().Before(until); {
		if err := f.stillLooking(ctx, p); err != nil {
			return err
		}
		last, err := f.lookOn(ctx, p)
		switch {
		case err != nil:
			return fmt.Errorf("look over the records: %w", err)
		case last != 0:
			p.After = last
		case !p.Contacts:
			p.Contacts, p.After = true, 0
		default:
			return f.endLook(ctx, p)
		}
	}
	return f.db.Write(ctx, func(tx *sqldb.Tx) error { return f.enqueueLook(ctx, tx, p) })
}

// stillLooking ends a leg whose look was given up for another one.
func (f *Family) stillLooking(ctx context.Context, p lookPayload) error {
	return f.db.Read(ctx, func(tx *sqldb.Tx) error {
		l, err := readLook(ctx, tx)
		if err == nil && (l.begun.UnixMicro() != p.Begun || !l.begun.After(l.ended)) {
			err = jobs.Skip("another look has begun")
		}
		return err
	})
}

// lookOn looks over the next records and returns the last one's id, 0 at the end. Findings of records that are gone lie between the ids of those
// that are there, and go with them.
func (f *Family) lookOn(ctx context.Context, p lookPayload) (last int64, err error) {
	kind := "student"
	if p.Contacts {
		kind = "contact"
	}
	var found []*flawed
	var noted []finding
	err = f.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		if found, last, err = f.flawsAfter(ctx, tx, p); err != nil {
			return err
		}
		upTo := last
		if last == 0 {
			upTo = math.MaxInt64
		}
		noted, err = sqldb.All(ctx, tx, scanFinding, selectFindings, kind, p.After, upTo)
		return err
	})
	if err != nil {
		return 0, err
	}
	return last, f.noteFlaws(ctx, kind, found, noted)
}

func (f *Family) flawsAfter(ctx context.Context, tx *sqldb.Tx, p lookPayload) (found []*flawed, last int64, err error) {
	if p.Contacts {
		contacts, err := f.roster.ContactsAfter(ctx, tx, p.After, lookPage)
		if err != nil {
			return nil, 0, err
		}
		if len(contacts) == lookPage {
			last = contacts[lookPage-1].ID
		}
		found, err = f.flawsOfContacts(ctx, tx, contacts)
		return found, last, err
	}
	students, err := f.roster.StudentsAfter(ctx, tx, p.After, lookPage)
	if err != nil {
		return nil, 0, err
	}
	if len(students) == lookPage {
		last = students[lookPage-1].ID
	}
	found, err = f.flawsOfStudents(ctx, tx, students)
	return found, last, err
}

// noteFlaws brings what is noted of records up to what was found.
func (f *Family) noteFlaws(ctx context.Context, kind string, found []*flawed, noted []finding) error {
	was, is := map[int64][]finding{}, map[int64][]finding{}
	for _, n := range noted {
		was[n.subject] = append(was[n.subject], n)
	}
	for _, r := range found {
		if all := r.findings(); len(all) > 0 {
			is[r.id] = all
		}
	}
	var differ []int64
	for id := range is {
		if !sameFindings(was[id], is[id]) {
			differ = append(differ, id)
		}
	}
	for id := range was {
		if _, still := is[id]; !still {
			differ = append(differ, id)
		}
	}
	slices.Sort(differ)
	for some := range slices.Chunk(differ, notedAtOne) {
		err := f.db.Write(ctx, func(tx *sqldb.Tx) error {
			err := inChunks(some, 2, func(list string, args []any) error {
				_, err := tx.Exec(ctx, deleteFindingsOf+list+")", append([]any{kind}, args...)...)
				return err
			})
			if err != nil {
				return err
			}
			var rows []finding
			for _, id := range some {
				rows = append(rows, is[id]...)
			}
			return addFindings(ctx, tx, kind, rows)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func sameFindings(a, b []finding) bool {
	if len(a) != len(b) {
		return false
	}
	set := map[finding]bool{}
	for _, f := range a {
		set[f] = true
	}
	return !slices.ContainsFunc(b, func(f finding) bool { return !set[f] })
}

// endLook keeps the counts of the day, and forgets those of two years ago.
func (f *Family) endLook(ctx context.Context, p lookPayload) error {
	day := f.settings.Today()
	for _, w := range Flaws() {
		err := f.db.Write(ctx, func(tx *sqldb.Tx) error {
			for _, query := range []string{deleteDay, insertDay, insertDayAll} {
				if _, err := tx.Exec(ctx, query, string(w), day); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return f.db.Write(ctx, func(tx *sqldb.Tx) error {
		if _, err := tx.Exec(ctx, deleteDays, f.daysAgo(trendKept)); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, endLook, p.Begun, f.now().UnixMicro())
		return err
	})
}

// lookAgain brings what is noted of some records up to date, after a correction.
func (f *Family) lookAgain(ctx context.Context, students, contacts []int64) error {
	if err := f.lookAt(ctx, "student", students); err != nil {
		return err
	}
	return f.lookAt(ctx, "contact", contacts)
}

func (f *Family) lookAt(ctx context.Context, kind string, ids []int64) error {
	if ids = once(ids); len(ids) == 0 {
		return nil
	}
	var found []*flawed
	var noted []finding
	err := f.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		if found, err = f.flawsByID(ctx, tx, kind, ids); err != nil {
			return err
		}
		noted = nil
		return inChunks(ids, 2, func(list string, args []any) error {
			some, err := sqldb.All(ctx, tx, scanFinding, selectFindingsOf+list+")", append([]any{kind}, args...)...)
			noted = append(noted, some...)
			return err
		})
	})
	if err != nil {
		return err
	}
	return f.noteFlaws(ctx, kind, found, noted)
}

func (f *Family) flawsByID(ctx context.Context, tx *sqldb.Tx, kind string, ids []int64) ([]*flawed, error) {
	if kind == "student" {
		students, err := f.roster.StudentsByID(ctx, tx, ids)
		if err != nil {
			return nil, err
		}
		return f.flawsOfStudents(ctx, tx, slices.Collect(maps.Values(students)))
	}
	contacts, err := f.roster.Contacts(ctx, tx, ids)
	if err != nil {
		return nil, err
	}
	return f.flawsOfContacts(ctx, tx, contacts)
}
