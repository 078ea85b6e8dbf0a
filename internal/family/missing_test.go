package family

import (
	"bytes"
	"io"
	"os"
	"testing"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/roster"
)

// BenchmarkMissingCounts counts who has come over 100,000 lines, not from the minute before.
func BenchmarkMissingCounts(b *testing.B) {
	w := benchTown(b, 50_000)
	for b.Loop() {
		w.pass(2 * time.Minute)
		if _, _, err := w.MissingCounts(w.ctx, w.clerk, time.Time{}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkLetters finds and words 1,000 letters and more, and writes them as one PDF.
func BenchmarkLetters(b *testing.B) {
	w := benchTown(b, 20_000)
	w.clerk.Fresh = true
	b.ReportAllocs()
	for b.Loop() {
		run, err := w.PrintLetters(w.ctx, w.clerk, LetterOrder{Choice: Choice{Letter: "S"}, Language: "en", All: true})
		if err != nil {
			b.Fatal(err)
		}
		run.Letters = run.Letters[:min(len(run.Letters), 1000)]
		b.ReportMetric(float64(len(run.Letters)), "letters")
		if err := w.WriteLetters(io.Discard, "Letters", run.Letters); err != nil {
			b.Fatal(err)
		}
	}
}

func TestEverybodyIsCountedOnceAtTheStandingTheyHave(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		ana := d.student("41", "Ana", "Lopez")
		never := d.parent(ana, "Nina", "Never", "nina@example.org")
		waiting := d.parent(ana, "Walt", "Waiting", "walt@example.org")
		come := d.parent(ana, "Cora", "Come", "cora@example.org")
		off := d.parent(ana, "Otto", "Off", "otto@example.org")
		d.parent(ana, "Rita", "Restricted", "rita@example.org", func(e *roster.ContactEdit) { e.Line.Restricted = roster.Yes })
		bounced := d.parent(ana, "Bea", "Bounced", "bea@example.org")
		for _, l := range []roster.FullLine{waiting, come, off, bounced} {
			_, err := d.SendPassword(t.Context(), d.office, []int64{l.ContactID}, false)
			d.ok(err)
		}
		d.change("update account set state = 'active', claim_by = null, last_sign_in_at = $1 where username in ('ccome', 'ooff')", d.now().UnixMicro())
		d.change("update account set state = 'disabled' where username = 'ooff'")
		d.change("delete from temporary_password where account_id = (select id from account where username = 'ooff')")
		d.change("update job set state = 'failed', ended_at = 1 where contact_id = $1", bounced.ContactID)

		standings := func(since time.Time) map[int64]Standing {
			t.Helper()
			rows, next, err := d.Missing(t.Context(), d.office, MissingQuery{Since: since})
			d.ok(err)
			if next != "" {
				t.Errorf("there is more: %q", next)
			}
			all := map[int64]Standing{}
			for _, r := range rows {
				all[r.ContactID] = r.Standing
			}
			return all
		}
		got := standings(time.Time{})
		for contact, want := range map[int64]Standing{
			never.ContactID: StandingNever, waiting.ContactID: StandingWaiting, bounced.ContactID: StandingRefused, come.ContactID: "", off.ContactID: "",
		} {
			if got[contact] != want {
				t.Errorf("contact %d: %q, want %q", contact, got[contact], want)
			}
		}
		if len(got) != 3 {
			t.Errorf("%d in the list", len(got))
		}
		tomorrow := d.now().Add(24 * time.Hour)
		if got := standings(tomorrow)[come.ContactID]; got != StandingSince {
			t.Errorf("since tomorrow: %q", got)
		}
		counts, _, err := d.MissingCounts(t.Context(), d.office, time.Time{})
		d.ok(err)
		if want := (MissingCount{All: 4, Come: 1, Waiting: 2, Never: 1, Refused: 1}); len(counts) != 1 || counts[0] != want {
			t.Errorf("counts %+v, want %+v", counts, want)
		}
		counts, _, err = d.MissingCounts(t.Context(), d.office, tomorrow)
		d.ok(err)
		if counts[0].Since != 1 || counts[0].Come != 0 {
			t.Errorf("since tomorrow: %+v", counts)
		}

		run, err := d.Letters(t.Context(), d.office, LetterOrder{})
		d.ok(err)
		if len(run.Letters) != 3 {
			t.Errorf("%d letters", len(run.Letters))
		}
		if _, err := d.Letters(t.Context(), d.office, LetterOrder{Choice: Choice{Homeroom: "7B"}}); !fault.Is(err, fault.Invalid) {
			t.Errorf("letters to nobody: %v", err)
		}
		stale := d.office
		stale.Fresh = false
		if _, err := d.PrintLetters(t.Context(), stale, LetterOrder{}); !fault.Is(err, fault.Stale) {
			t.Errorf("without having shown lately that it is them: %v", err)
		}
		elsewhere := access.Actor{Kind: access.Staff, Role: access.Office, Schools: access.Schools{IDs: []int64{99}}, AccountID: 5, Fresh: true}
		if _, err := d.PrintLetters(t.Context(), elsewhere, LetterOrder{}); !fault.Is(err, fault.Invalid) {
			t.Errorf("an office at another school: %v", err)
		}
		if _, err := d.GiveCode(t.Context(), elsewhere, ana, never.Line.ID, "photo_id"); !fault.Is(err, fault.NotFound) {
			t.Errorf("a code from another school: %v", err)
		}
		helper := access.Actor{Kind: access.Staff, Role: access.HelpDesk, Schools: access.Everywhere(), AccountID: 6, Fresh: true}
		if _, err := d.GiveCode(t.Context(), helper, ana, never.Line.ID, "photo_id"); !fault.Is(err, fault.Forbidden) {
			t.Errorf("a code from the help desk: %v", err)
		}
	})
}

func TestANewCodeAndAResetKillTheOneBefore(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		l := d.parent(d.student("41", "Ana", "Lopez"), "Maria", "Lopez", "")
		give := func(checked string) CounterCode {
			t.Helper()
			c, err := d.GiveCode(t.Context(), d.office, l.StudentID, l.Line.ID, checked)
			d.ok(err)
			return c
		}
		dead := func(why string, c CounterCode) {
			t.Helper()
			if _, err := d.accounts.SignInByCode(t.Context(), c.Code, account.Client{Address: "203.0.113.9"}); !fault.Is(err, fault.Unauthenticated) {
				t.Errorf("%s: %v", why, err)
			}
		}
		first := give("photo_id")
		posted := give("letter")
		dead("replaced", first)
		if !posted.Until.Equal(d.now().Add(72 * time.Hour)) {
			t.Errorf("a posted code works until %v", posted.Until)
		}
		in, err := d.accounts.SignInByCode(t.Context(), posted.Code, account.Client{Address: "203.0.113.9"})
		d.ok(err)
		if in.Session.Username != posted.Username || in.Session.Serial == "" {
			t.Errorf("session %+v", in.Session)
		}
		_, err = d.Reset(t.Context(), d.office, ResetOrder{Lines: []int64{l.Line.ID}})
		d.ok(err)
		dead("after a reset", posted)
		third := give("call_back")
		d.change("update student_contact set restricted = 'yes' where id = $1", l.Line.ID)
		if _, err := d.GiveCode(t.Context(), d.office, l.StudentID, l.Line.ID, "photo_id"); !fault.Is(err, fault.Conflict) {
			t.Errorf("to a restricted contact: %v", err)
		}
		rick := d.parent(l.StudentID, "Rick", "Stone", "", func(e *roster.ContactEdit) { e.Line.Restricted = roster.Yes })
		if _, err := d.GiveCode(t.Context(), d.office, l.StudentID, rick.Line.ID, "photo_id"); !fault.Is(err, fault.Conflict) {
			t.Errorf("to a restricted contact without a login: %v", err)
		}
		if _, err := d.GiveCode(t.Context(), d.office, l.StudentID, l.Line.ID, "by name"); !fault.Is(err, fault.Invalid) {
			t.Errorf("unchecked: %v", err)
		}
		d.wait(25 * time.Hour)
		dead("expired", third)
		if n := d.count("select count(*) from audit_event where action = 'parent.code_given'"); n != 3 {
			t.Errorf("%d events", n)
		}
	})
}

func TestTheLetterIsAPDFInTheParentsLanguage(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		d.parent(d.student("204117", "Ana", "López"), "María-José", "O’Neil Peña", "", func(e *roster.ContactEdit) { e.Contact.Language = "es" })
		run, err := d.Letters(t.Context(), d.office, LetterOrder{Language: "en"})
		d.ok(err)
		var b bytes.Buffer
		d.ok(d.WriteLetters(&b, "Cartas", run.Letters))
		if run.Letters[0].Language != "es" || !bytes.HasPrefix(b.Bytes(), []byte("%PDF-")) {
			t.Errorf("%+v", run.Letters[0])
		}
		if to := os.Getenv("LETTER_PDF"); to != "" {
			d.ok(os.WriteFile(to, b.Bytes(), 0o600))
		}
	})
}
