package family

import (
	"context"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// Flaw is something in the records that keeps families out, or lets the wrong person in.
type Flaw string

// The flaws: those of students first, then those of contacts.
const (
	FlawUnreachable    Flaw = "unreachable"     // enrolled, and nobody who may sign in has an e-mail address
	FlawNoNumber       Flaw = "no_number"       // without the ID Number that a parent types
	FlawSameNumber     Flaw = "same_number"     // several students have it
	FlawNoBirthDate    Flaw = "no_birth_date"   //
	FlawNoEmail        Flaw = "no_email"        // may sign in, and has no address
	FlawBounced        Flaw = "bounced"         // the last mail to them did not arrive
	FlawName           Flaw = "name"            // a name that nobody can type
	FlawSamePerson     Flaw = "same_person"     // two contacts with the same name and mailbox or telephone
	FlawSharedMailbox  Flaw = "shared_mailbox"  // one mailbox of two adults with different names
	FlawStudentMailbox Flaw = "student_mailbox" // the mailbox is a student's too
	FlawStaffMailbox   Flaw = "staff_mailbox"   // the mailbox is that of a member of staff too
	FlawAccess         Flaw = "access"          // portal access set to yes for somebody who is no guardian
	FlawOfNobody       Flaw = "of_nobody"       // a contact of no student
)

// Flaws lists what is looked for, in the order of the page.
func Flaws() []Flaw {
	return []Flaw{
		FlawUnreachable, FlawNoEmail, FlawBounced, FlawName, FlawSamePerson, FlawSharedMailbox, FlawStudentMailbox, FlawStaffMailbox, FlawAccess,
		FlawNoNumber, FlawSameNumber, FlawNoBirthDate, FlawOfNobody,
	}
}

// OfStudents reports whether it is students who have the flaw; else it is contacts.
func (w Flaw) OfStudents() bool {
	switch w {
	case FlawUnreachable, FlawNoNumber, FlawSameNumber, FlawNoBirthDate:
		return true
	}
	return false
}

// known returns fault.NotFound for a flaw that nobody looks for.
func (w Flaw) known() error {
	for _, f := range Flaws() {
		if f == w {
			return nil
		}
	}
	return fault.NotFoundf("no such list")
}

// QualityDay is how many records had a flaw on a day.
type QualityDay struct {
	Day   string // 2006-01-02
	Found int
}

// QualityCount is one line of the overview.
type QualityCount struct {
	Flaw  Flaw
	Found int          // now, at the actor's schools
	Trend []QualityDay // of the last month, oldest first
}

// QualityOverview is what the page "Data quality" begins with.
type QualityOverview struct {
	Counts  []QualityCount
	At      time.Time // when the last look ended; zero for never
	Running bool
}

const (
	trendShort = 31  // days, on the overview
	trendLong  = 366 // on a flaw's own page
	trendKept  = 731
)

// Quality returns how many records of the actor's schools have each flaw, as the last look found them and as corrections since have left them.
func (f *Family) Quality(ctx context.Context, actor access.Actor) (QualityOverview, error) {
	if err := access.Check(actor, access.SeeRecords); err != nil {
		return QualityOverview{}, err
	}
	var o QualityOverview
	err := f.db.Read(ctx, func(tx *sqldb.Tx) error {
		o = QualityOverview{}
		look, err := readLook(ctx, tx)
		if err != nil {
			return err
		}
		o.At, o.Running = look.ended, look.running(f.now())
		trends, err := trendsOf(ctx, tx, roster.ScopeOf(actor), f.daysAgo(trendShort), "")
		if err != nil {
			return err
		}
		for _, w := range Flaws() {
			c := QualityCount{Flaw: w, Trend: trends[w]}
			if c.Found, err = countFindings(ctx, tx, roster.ScopeOf(actor), w); err != nil {
				return err
			}
			// Beyond the thousand that are counted here, the day's count says more.
			if n := len(c.Trend); c.Found == countTo && n > 0 {
				c.Found = max(c.Found, c.Trend[n-1].Found)
			}
			o.Counts = append(o.Counts, c)
		}
		return nil
	})
	return o, err
}

// QualityTrend returns how many records of the actor's schools had the flaw on each day of a year, oldest first.
func (f *Family) QualityTrend(ctx context.Context, actor access.Actor, w Flaw) (days []QualityDay, err error) {
	if err := access.Check(actor, access.SeeRecords); err != nil {
		return nil, err
	}
	if err := w.known(); err != nil {
		return nil, err
	}
	err = f.db.Read(ctx, func(tx *sqldb.Tx) error {
		trends, err := trendsOf(ctx, tx, roster.ScopeOf(actor), f.daysAgo(trendLong), w)
		days = trends[w]
		return err
	})
	return days, err
}

func (f *Family) daysAgo(n int) string {
	return f.now().In(f.settings.Location()).AddDate(0, 0, -n).Format(time.DateOnly)
}

// QualityQuery asks for a page of the records with a flaw.
type QualityQuery struct {
	Flaw   Flaw
	School int64 // 0: all of the actor's
	After  int64 // the number of the record that the page before ended with
	Limit  int   // default 25
}

// at says whose findings the query reads. It returns fault.NotFound for a school that is not the actor's.
func (q QualityQuery) at(actor access.Actor) (access.Schools, error) {
	at := roster.ScopeOf(actor)
	if q.School == 0 {
		return at, nil
	}
	if !at.Has(q.School) {
		return at, fault.NotFoundf("no such school")
	}
	return access.Schools{IDs: []int64{q.School}}, nil
}
