package family

import (
	"slices"
	"testing"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

func TestPRV1WordsOfTheRosterAboutARestrictionHoldTheRegistrationUntilTheyAreRead(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		first := d.parent(d.student("1", "Ana", "Roe"), "John", "Roe", "john@example.org")
		d.also(d.student("2", "Ben", "Roe"), first.Contact)
		d.change(`update student_contact set file_restriction = 'No pickup' where id = $1`, first.ID)
		for _, id := range []string{"1", "2"} { // his login would open both children
			ref := d.ask("john", id, "John", "Roe")
			d.work()
			if got := d.outcome(ref); got != OutcomeRestrictionText || len(d.inbox.Messages()) != 0 {
				t.Errorf("child %s, unread: %s, mails %d", id, got, len(d.inbox.Messages()))
			}
		}
		d.change(`update student_contact set file_restriction_read_at = 1, file_restriction_read_by = 'office' where id = $1`, first.ID)
		ref := d.ask("john", "1", "John", "Roe")
		d.work()
		if got := d.outcome(ref); got != OutcomeSent {
			t.Errorf("read: %s", got)
		}
	})
}

func TestPRV1ANewChildWithUnreadWordsOfTheRosterWaitsAndAnOpenOneStaysOpen(t *testing.T) {
	inTown(t, func(w *town) {
		ana, ben, cleo := w.pupil("Ana", "Roe", "1"), w.pupil("Ben", "Roe", "2"), w.pupil("Cleo", "Roe", "3")
		john, lines := w.contact("John", "Roe", "john@example.org", "father", ana)
		parent := w.login("john", john)
		take := func(changes ...roster.LineChange) (ids []int64) {
			w.write(func(tx *sqldb.Tx) error {
				done, err := w.roster.Apply(w.ctx, tx, access.Actor{Kind: access.System}, roster.Batch{Lines: changes})
				ids = done.Lines
				return err
			})
			return ids
		}
		fresh := func(student int64, text string) roster.LineChange {
			l := blankLine(student, "father")
			l.ContactID, l.FileRestriction, l.FromFile = john, text, true
			return roster.LineChange{New: l}
		}
		old := w.line(lines[0]).Line
		worded := old
		worded.FileRestriction = "Mondays only"
		take(roster.LineChange{Old: old, New: worded})
		added := take(fresh(ben, "No pickup"), fresh(cleo, ""))
		if got := w.home(parent); !slices.Equal(got, []string{"Ana", "Cleo"}) {
			w.t.Errorf("children %v", got)
		}
		add := func(want Outcome) {
			if _, err := w.AddStudent(w.ctx, parent, "2"); err != nil {
				w.t.Fatal(err)
			}
			if got := w.texts("select outcome from registration_request order by id desc limit 1"); got[0] != string(want) {
				w.t.Errorf("adding: %v, want %s", got, want)
			}
		}
		add(OutcomeRestrictionText)
		w.ok(w.roster.ReadRestriction(w.ctx, w.clerk, added[0], w.line(added[0]).Line.Version))
		add(OutcomeOpened)
		if got := w.home(parent); !slices.Equal(got, []string{"Ana", "Ben", "Cleo"}) {
			w.t.Errorf("children after reading: %v", got)
		}
		w.whole()
	})
}
