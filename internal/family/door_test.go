package family

import (
	"slices"
	"testing"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// doorTown makes families, each with something else in the way.
type doorTown struct {
	*town
	n int
}

// family adds a child with a mother who has an address.
func (w *doorTown) family(change ...func(e *roster.ContactEdit)) (contact, line, child int64) {
	w.n++
	mark := string(rune('a'+w.n/26)) + string(rune('a'+w.n%26))
	child = w.pupil("Kid"+mark, "Door", mark+"-100")
	contact, lines := w.contact("Pat"+mark, "Door", mark+"@door.example.org", "mother", child)
	for _, c := range change {
		w.edit(lines[0], c)
	}
	return contact, lines[0], child
}

func (w *doorTown) exec(query string, args ...any) {
	w.t.Helper()
	w.write(func(tx *sqldb.Tx) error { _, err := tx.Exec(w.ctx, query, args...); return err })
}

func (w *doorTown) asked(contact, child int64, outcome Outcome, first, last string) {
	w.t.Helper()
	reference, err := newReference()
	w.ok(err)
	w.write(func(tx *sqldb.Tx) error {
		decided := w.now()
		if outcome == OutcomePending {
			decided = time.Time{}
		}
		_, _, err := noteRequest(w.ctx, tx, "", typed{reference: reference, purpose: purposeRegister, outcome: outcome, first: first, last: last, student: child, contact: contact}, w.now(), decided)
		return err
	})
}

// schoolOf puts a child into a new school.
func (w *doorTown) schoolOf(child int64, name string) int64 {
	w.t.Helper()
	w.ok(w.roster.SaveSchool(w.ctx, w.clerk, roster.School{Name: name}))
	schools, err := w.roster.SchoolsOf(w.ctx, w.clerk)
	w.ok(err)
	i := slices.IndexFunc(schools, func(s roster.School) bool { return s.Name == name })
	w.exec("update student set school_id = $2 where id = $1", child, schools[i].ID)
	return schools[i].ID
}

func (w *doorTown) page(contact int64) ParentPage {
	w.t.Helper()
	p, err := w.ParentPage(w.ctx, w.clerk, contact)
	w.ok(err)
	return p
}

// act does one to a login as the page of now would.
func (w *doorTown) act(contact int64, a LoginAct) ManageOutcome {
	w.t.Helper()
	r, err := w.ActOnLogin(w.ctx, w.clerk, LoginOrder{ContactID: contact, Act: a, Mark: w.page(contact).Mark, Reason: "left the district"})
	w.ok(err)
	return r.Outcome
}

// doors are the states in which a parent can be found, by the reason that the page must give. Each makes its own family.
var doors = map[Reason]func(w *doorTown) int64{
	ReasonNoChild: func(w *doorTown) int64 {
		c, line, _ := w.family()
		w.ok(w.roster.RemoveLine(w.ctx, w.clerk, line, w.line(line).Version))
		w.contact("Other", "Door", "", "mother", w.pupil("X", "Door", "X1"))
		if w.count("select count(*) from contact where id = $1", c) == 0 { // nothing held the record
			w.exec("insert into contact (id, first_name, last_name, last_key, sort_key, letter, created_at, updated_at) values ($1, 'Pat', 'Door', 'door', 'door pat', 'D', 0, 0)", c)
		}
		return c
	},
	ReasonContactGone: func(w *doorTown) int64 {
		c, _, _ := w.family()
		w.exec("update contact set left_at = 1 where id = $1", c)
		return c
	},
	ReasonChildGone: func(w *doorTown) int64 {
		c, _, child := w.family()
		w.exec("update student set status = 'withdrawn' where id = $1", child)
		return c
	},
	ReasonRestricted: func(w *doorTown) int64 {
		c, _, _ := w.family(func(e *roster.ContactEdit) { e.Line.Restricted = roster.Yes })
		return c
	},
	ReasonNoAccess: func(w *doorTown) int64 {
		c, _, _ := w.family(func(e *roster.ContactEdit) { e.Line.PortalAccess = roster.No })
		return c
	},
	ReasonRelationship: func(w *doorTown) int64 {
		c, _, _ := w.family(func(e *roster.ContactEdit) { e.Line.Relationship = "neighbor" })
		return c
	},
	ReasonNotYet: func(w *doorTown) int64 {
		c, _, _ := w.family(func(e *roster.ContactEdit) { e.Line.BeginDate = "2027-01-04" })
		return c
	},
	ReasonEnded: func(w *doorTown) int64 {
		c, _, _ := w.family(func(e *roster.ContactEdit) { e.Line.EndDate = "2026-01-04" })
		return c
	},
	ReasonAdult: func(w *doorTown) int64 {
		c, _, child := w.family()
		w.exec("update student set birth_date = '2008-01-01', adult_mark = 'ended', adult_reason = 'x', adult_by = 'office', adult_at = 1 where id = $1", child)
		return c
	},
	ReasonDisabled: func(w *doorTown) int64 {
		c, _, _ := w.family()
		w.login("p.disabled", c)
		w.act(c, LoginDisable)
		return c
	},
	ReasonPortalClosed: func(w *doorTown) int64 {
		c, _, child := w.family()
		w.login("p.shut", c)
		w.ok(w.Close(w.ctx, w.clerk, CloseOrder{Schools: []int64{w.schoolOf(child, "Shut")}, Portal: true, Why: "a leak", Message: "Please call."}))
		return c
	},
	ReasonHold: func(w *doorTown) int64 {
		c, _, child := w.family()
		w.ok(w.Close(w.ctx, w.clerk, CloseOrder{Schools: []int64{w.schoolOf(child, "Held")}, Registration: true, Why: "custody papers"}))
		return c
	},
	ReasonClosed: func(w *doorTown) int64 {
		c, line, _ := w.family()
		w.login("p.closed", c)
		w.write(func(tx *sqldb.Tx) error { return closeLine(w.ctx, tx, line, w.now()) })
		return c
	},
	ReasonOff: func(w *doorTown) int64 {
		c, _, _ := w.family()
		w.login("p.off", c)
		for range 100 {
			_, _ = w.signIn(access.Parent, "p.off", "wrong wrong wrong wrong")
			w.pass(16 * time.Minute)
		}
		return c
	},
	ReasonLocked: func(w *doorTown) int64 {
		c, _, _ := w.family()
		w.login("p.locked", c)
		for range 12 {
			_, _ = w.signIn(access.Parent, "p.locked", "wrong wrong wrong wrong")
			w.pass(30 * time.Second)
		}
		return c
	},
	ReasonNoEmail: func(w *doorTown) int64 {
		c, _, _ := w.family(func(e *roster.ContactEdit) { e.Contact.Email = "" })
		return c
	},
	ReasonStudentAddress: func(w *doorTown) int64 {
		c, _, _ := w.family(func(e *roster.ContactEdit) { e.Contact.Email = "pupil@door.example.org" })
		w.exec("update student set email = 'pupil@door.example.org', email_key = 'pupil@door.example.org' where id = (select min(id) from student)")
		return c
	},
	ReasonRestrictedAddress: func(w *doorTown) int64 {
		c, _, child := w.family(func(e *roster.ContactEdit) { e.Contact.Email = "shared@door.example.org" })
		_, lines := w.contact("Rick", "Stone", "shared@door.example.org", "father", child)
		w.edit(lines[0], func(e *roster.ContactEdit) { e.Line.Restricted = roster.Yes })
		return c
	},
	ReasonRestrictionText: func(w *doorTown) int64 {
		c, _, _ := w.family()
		w.exec("update student_contact set file_restriction = 'No pickup' where contact_id = $1", c)
		return c
	},
	ReasonRefused: func(w *doorTown) int64 {
		c, _, _ := w.family()
		w.act(c, LoginSend)
		w.exec("update job set state = 'failed', last_error = '550 no such user', ended_at = 1 where contact_id = $1", c)
		return c
	},
	ReasonQueued: func(w *doorTown) int64 {
		c, _, _ := w.family()
		w.act(c, LoginSend)
		return c
	},
	ReasonWaiting: func(w *doorTown) int64 {
		c, _, _ := w.family()
		w.act(c, LoginSend)
		w.exec("update job set state = 'done', ended_at = 1 where contact_id = $1", c)
		return c
	},
	ReasonSlowed: func(w *doorTown) int64 {
		c, _, child := w.family()
		w.asked(c, child, OutcomePending, "Pat", "Door")
		return c
	},
	ReasonMailLimit: func(w *doorTown) int64 {
		c, _, child := w.family()
		w.asked(c, child, OutcomeMailLimit, "Pat", "Door")
		return c
	},
	ReasonExpired: func(w *doorTown) int64 {
		c, _, _ := w.family()
		w.act(c, LoginSend)
		w.exec("update temporary_password set expires_at = issued_at")
		return c
	},
	ReasonNameDiffers: func(w *doorTown) int64 {
		c, _, child := w.family()
		w.asked(0, child, OutcomeNoNameMatch, "Jon", "Door")
		w.asked(0, child, OutcomeNoNameMatch, "Somebody", "Else")
		return c
	},
	ReasonAlike: func(w *doorTown) int64 {
		c, line, child := w.family()
		w.contact(w.line(line).Contact.First, "Door", "", "father", child)
		return c
	},
	ReasonNoName: func(w *doorTown) int64 {
		c, _, _ := w.family()
		w.exec("update contact set first_name = '?', last_name = '?' where id = $1", c)
		return c
	},
	ReasonNoNumber: func(w *doorTown) int64 {
		c, _, child := w.family()
		w.exec("update student set id_number = '', id_key = '' where id = $1", child)
		return c
	},
	ReasonLifted: func(w *doorTown) int64 {
		c, line, _ := w.family()
		w.login("p.lifted", c)
		w.edit(line, func(e *roster.ContactEdit) { e.Line.Restricted = roster.Yes })
		w.edit(line, func(e *roster.ContactEdit) { e.Line.Restricted = roster.No })
		return c
	},
	ReasonNever: func(w *doorTown) int64 {
		c, _, _ := w.family()
		return c
	},
	ReasonFine: func(w *doorTown) int64 {
		c, _, _ := w.family()
		w.login("p.fine", c)
		return c
	},
}

func TestEveryReasonIsFoundInTheStateThatItNames(t *testing.T) {
	if len(doors) != len(Reasons()) {
		t.Errorf("%d states for %d reasons", len(doors), len(Reasons()))
	}
	inTown(t, func(town *town) {
		w := &doorTown{town: town}
		for _, want := range Reasons() {
			contact := doors[want](w)
			p := w.page(contact)
			if p.Verdict.Reason != want {
				w.t.Errorf("%s: the page says %s", want, p.Verdict.Reason)
			}
			if len(MendsOf(want)) > 0 && len(p.Verdict.Mends) == 0 {
				w.t.Errorf("%s: an administrator is offered nothing", want)
			}
		}
	})
}

func TestTheFirstPressMendsWhatThePageSays(t *testing.T) {
	inTown(t, func(town *town) {
		w := &doorTown{town: town}
		for _, c := range []struct {
			reason Reason
			then   Reason
		}{
			{ReasonDisabled, ReasonFine}, {ReasonLocked, ReasonFine}, {ReasonOff, ReasonQueued}, {ReasonNever, ReasonQueued}, {ReasonExpired, ReasonQueued},
			{ReasonNameDiffers, ReasonQueued}, {ReasonAlike, ReasonQueued}, {ReasonMailLimit, ReasonQueued}, {ReasonNoNumber, ReasonQueued},
		} {
			contact := doors[c.reason](w)
			p := w.page(contact)
			i := slices.IndexFunc(p.Verdict.Mends, func(m Mend) bool { return slices.Contains(LoginActs(), LoginAct(m)) })
			if i < 0 {
				w.t.Errorf("%s: no press for it", c.reason)
				continue
			}
			done := w.act(contact, LoginAct(p.Verdict.Mends[i]))
			if got := w.page(contact).Verdict.Reason; got != c.then {
				w.t.Errorf("%s: after %s (%s) the page says %s, want %s", c.reason, p.Verdict.Mends[i], done, got, c.then)
			}
		}
		closed := doors[ReasonClosed](w)
		if done := w.act(closed, LoginSteps); done != ManageSteps {
			w.t.Errorf("the steps: %s", done)
		}
		if n := w.count(`select count(*) from job where contact_id = $1 and payload like '%already_closed_line%'`, closed); n != 1 {
			w.t.Errorf("%d mails with the steps", n)
		}
		if n := w.count("select count(*) from closed_line x join student_contact l on l.id = x.line_id where l.contact_id = $1", closed); n != 1 {
			w.t.Error("staff opened a line that a reset closed")
		}
	})
}

func TestPRV5ThePageOfAParentKeepsToTheSchools(t *testing.T) {
	inTown(t, func(w *town) {
		s := w.schools()
		all, err := w.ParentPage(w.ctx, w.clerk, s.maria)
		w.ok(err)
		if len(all.Lines) != 3 || all.Elsewhere != 0 || len(all.Students) != 1 || len(all.Adults) != 2 || all.Login.Username != s.mariasLogin {
			w.t.Errorf("everywhere: %d lines, %d elsewhere, %d student logins, %d adults", len(all.Lines), all.Elsewhere, len(all.Students), len(all.Adults))
		}
		second, err := w.ParentPage(w.ctx, s.ofSecond, s.maria)
		w.ok(err)
		if len(second.Lines) != 1 || second.Elsewhere != 2 || len(second.Students) != 0 || len(second.Adults) != 1 || second.Adults[0].ParentFirst != "José" {
			w.t.Errorf("at the second school: %+v", second)
		}
		if len(second.Acts) != 0 {
			w.t.Errorf("a registrar may %v", second.Acts)
		}
		for _, contact := range []int64{s.jose, 999_999} {
			if _, err := w.ParentPage(w.ctx, s.clerkOfFirst, contact); !fault.Is(err, fault.NotFound) {
				w.t.Errorf("contact %d: %v", contact, err)
			}
			_, err := w.ActOnLogin(w.ctx, s.clerkOfFirst, LoginOrder{ContactID: contact, Act: LoginSend})
			if !fault.Is(err, fault.NotFound) {
				w.t.Errorf("an act on contact %d: %v", contact, err)
			}
			if _, err = w.ActOnLogin(w.ctx, s.clerkOfFirst, LoginOrder{ContactID: contact, Act: LoginSteps}); !fault.Is(err, fault.NotFound) {
				w.t.Errorf("the steps for contact %d: %v", contact, err)
			}
		}
		if _, err := w.ActOnLogin(w.ctx, s.ofSecond, LoginOrder{ContactID: s.maria, Act: LoginSend}); !fault.Is(err, fault.Forbidden) {
			w.t.Errorf("a registrar sends: %v", err)
		}
		w.ok(w.audit.Views.Flush(w.ctx, w.db))
		if n := w.count("select count(*) from record_view where viewer_id = $1", s.ofSecond.AccountID); n != 1 {
			w.t.Errorf("%d records were seen at the second school, want the one shown", n)
		}
	})
}

func TestAPageShowsWhatWasMailedAskedAndDone(t *testing.T) {
	inTown(t, func(town *town) {
		w := &doorTown{town: town}
		c, line, child := w.family()
		w.act(c, LoginSend)
		w.asked(c, child, OutcomeSent, "Patab", "Door")
		w.asked(0, child, OutcomeNoNameMatch, "Patab", "Dor")
		w.asked(0, child, OutcomeNoNameMatch, "Some", "Body")
		p := w.page(c)
		if len(p.Mails) != 1 || p.Mails[0].Template != mailSentByStaff || len(p.Requests) != 2 {
			w.t.Errorf("%d mails, %d requests", len(p.Mails), len(p.Requests))
		}
		if want := []LoginAct{LoginSend, LoginDisable}; !slices.Equal(p.Acts, want) {
			w.t.Errorf("acts %v, want %v", p.Acts, want)
		}
		if p.Asks(LoginSend) || !p.Asks(LoginDisable) {
			w.t.Error("what is asked first")
		}
		old := p.Mark
		w.act(c, LoginSend)
		r, err := w.ActOnLogin(w.ctx, w.clerk, LoginOrder{ContactID: c, Act: LoginSend, Mark: old})
		w.ok(err)
		if r.Outcome != ManageOvertaken {
			w.t.Errorf("the second clerk's press: %s", r.Outcome)
		}
		if _, err := w.ActOnLogin(w.ctx, w.clerk, LoginOrder{ContactID: c, Act: "shout"}); !fault.Is(err, fault.NotFound) {
			w.t.Errorf("an act that is none: %v", err)
		}
		if _, err := w.ActOnLogin(w.ctx, w.clerk, LoginOrder{ContactID: c, Act: LoginDisable}); !fault.Is(err, fault.Invalid) {
			w.t.Errorf("disabled without a reason: %v", err)
		}
		w.reset(line)
		if p := w.page(c); p.Login != nil || p.Verdict.Reason != ReasonNever {
			w.t.Errorf("after the reset: %+v", p.Verdict)
		}
	})
}
