package family

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

func TestAnotherSchoolIsToldOfEveryActOnALogin(t *testing.T) {
	inBorough(t, func(b *borough) {
		told := func() []string {
			return b.texts("select what from school_notice where school_id = $1 and contact_id = $2 order by id", b.south, b.maria)
		}
		maria := []int64{b.maria}
		b.lock("maria")
		_, err := b.Unlock(b.ctx, b.atNorth, maria)
		b.ok(err)
		_, err = b.Unlock(b.ctx, b.atNorth, maria) // is not locked any more
		b.ok(err)
		_, err = b.SendPassword(b.ctx, b.atNorth, maria, false)
		b.ok(err)
		b.equal("unlocked and sent", told(), []string{"unlocked", "password_sent"})
		b.write(func(tx *sqldb.Tx) error {
			_, err := tx.Exec(b.ctx, "update account set state = 'active', password_hash = 'x', claim_by = null where username = 'maria'")
			return err
		})
		_, err = b.RequireNewPassword(b.ctx, b.atNorth, maria, false)
		b.ok(err)
		_, err = b.Disable(b.ctx, b.atNorth, maria, "leak")
		b.ok(err)
		_, err = b.Enable(b.ctx, b.atNorth, maria)
		b.ok(err)
		b.equal("all", told(), []string{"unlocked", "password_sent", "password_sent", "disabled", "enabled"})
		b.equal("the own school", b.count("select count(*) from school_notice where school_id = $1", b.north), 0)

		notices, err := b.SchoolNotices(b.ctx, b.atSouth)
		b.ok(err)
		b.equal("shown", len(notices), 5)
		for _, n := range notices {
			for _, tag := range []string{"en", "es"} {
				if words := b.catalog.Language(tag).T("schools.notice."+string(n.What), "Parent", n.First, "Who", n.ByName, "Where", n.BySchool); strings.Contains(words, "[[") {
					b.t.Errorf("no words in %s for %s", tag, n.What)
				}
			}
		}
	})
}

// lock has somebody type wrong passwords until the login is locked for a while.
func (w *town) lock(username string) {
	w.t.Helper()
	for range 10 {
		if _, err := w.signIn(access.Parent, username, "wrong"); err == nil {
			w.t.Fatal("a wrong password signs in")
		}
		w.pass(time.Second)
	}
}

func TestAPasswordThatIsSentThroughAHoldIsAnnounced(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		ana, lin := d.student("1", "Ana", "Lopez"), d.student("2", "Lin", "Chen")
		north := d.school("North", ana)
		d.school("South", lin)
		maria, wei := d.parent(ana, "Maria", "Lopez", "maria@example.org"), d.parent(lin, "Wei", "Chen", "wei@example.org")
		passes := func(l roster.FullLine) (page, question bool) {
			t.Helper()
			p, err := d.ParentPage(t.Context(), d.office, l.ContactID)
			d.ok(err)
			if p.PassesHold && slices.Contains(p.Acts, LoginSend) && !p.Asks(LoginSend) {
				t.Error("a password passes the hold unasked")
			}
			_, preview, err := d.ParentsQuestion(t.Context(), d.office, BulkSendPassword, []int64{l.ContactID})
			d.ok(err)
			return p.PassesHold, preview.Held
		}
		check := func(when string, l roster.FullLine, want bool) {
			t.Helper()
			if page, question := passes(l); page != want || question != want {
				t.Errorf("%s: %v on the page, %v in the question, want %v", when, page, question, want)
			}
		}
		check("open", maria, false)
		d.hold(north)
		check("on hold", maria, true)
		check("another school", wei, false)
		if _, p, err := d.ParentsQuestion(t.Context(), d.office, BulkUnlock, []int64{maria.ContactID}); err != nil || p.Held {
			t.Errorf("an act that sends nothing: %+v, %v", p, err)
		}
		_, err := d.SendPassword(t.Context(), d.office, []int64{maria.ContactID}, false)
		d.ok(err)
		check("sent, not used", maria, true)
		d.change("update account set state = 'active', password_hash = 'x', claim_by = null")
		check("who has a password", maria, false)
	})
}

func TestTheCountsAreThoseOfTheLinesInTheList(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		child := func(number, change string, email ...string) {
			t.Helper()
			s := d.student(number, "Kid"+number, "Lopez")
			for _, to := range email {
				d.parent(s, "Pat", "P"+number+to[:1], to)
			}
			if change != "" {
				d.change("update student set "+change+" where id = $1", s)
			}
		}
		child("1", "", "a1@example.org", "b1@example.org")
		child("2", "status = 'withdrawn'", "a2@example.org")
		child("3", "gone_on = '2026-11-01'", "a3@example.org")
		child("4", "birth_date = '2000-01-01', adult_mark = 'ended', adult_reason = 'x', adult_by = 'office', adult_at = 1", "a4@example.org")
		child("5", "status = 'left'", "a5@example.org")
		d.change("update student_contact set grace_until = '2026-12-24' where student_id = (select id from student where id_number = '5')")
		child("6", "enrolled_from = '2027-01-01'", "a6@example.org")
		rows, _, err := d.Missing(t.Context(), d.office, MissingQuery{})
		d.ok(err)
		counts, _, err := d.MissingCounts(t.Context(), d.office, time.Time{})
		d.ok(err)
		if len(rows) != 3 || len(counts) != 1 || counts[0].Never != 3 || counts[0].All != 3 {
			t.Errorf("%d in the list, counts %+v", len(rows), counts)
		}
	})
}
