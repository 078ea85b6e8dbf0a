package family

import (
	"slices"
	"strings"
	"testing"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/jobs"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// double puts Maria on record twice: for Ana, and under another address for Leo.
func (d *desk) double() (anas, leos roster.FullLine) {
	d.t.Helper()
	anas = d.parent(d.student("41", "Ana", "Lopez"), "Maria", "Lopez", "maria@example.org", func(e *roster.ContactEdit) { e.Contact.MobilePhone = "207-555-0100" })
	leos = d.parent(d.student("42", "Leo", "Lopez"), "María", "López", "old@example.org", func(e *roster.ContactEdit) { e.Contact.HomePhone = "(207) 555-0100" })
	return anas, leos
}

func (d *desk) orderOf(kept, gone int64) MergeOrder {
	d.t.Helper()
	p, err := d.MergePair(d.t.Context(), d.office, kept, gone)
	d.ok(err)
	return MergeOrder{MergeOrder: roster.MergeOrder{
		Kept: kept, KeptVersion: p.Kept.Contact.Version, Gone: gone, GoneVersion: p.Gone.Contact.Version, Checked: "call_back",
	}}
}

// children are the first names that a parent sees.
func (d *desk) children(parent access.Actor) (names []string) {
	d.t.Helper()
	h, err := d.Home(d.t.Context(), parent)
	d.ok(err)
	for _, c := range h.Children {
		names = append(names, c.First)
	}
	slices.Sort(names)
	return names
}

func (d *desk) holds() {
	d.t.Helper()
	broken, err := d.db.Check(d.t.Context(), append(d.Invariants(), d.roster.Invariants()...), 5)
	d.ok(err)
	for _, b := range broken {
		d.t.Errorf("%s: %v", b.Name, b.Rows)
	}
}

func (d *desk) newestMerge() int64 {
	d.t.Helper()
	all, err := d.Merges(d.t.Context(), d.office, jobs.Cursor{}, 10)
	d.ok(err)
	if len(all) == 0 {
		d.t.Fatal("no merge")
	}
	return all[0].ID
}

func TestTheLoginOfEitherRecordOpensTheChildrenOfBoth(t *testing.T) {
	for name, keepsLogin := range map[string]bool{"the kept one's": true, "the other's": false} {
		t.Run(name, func(t *testing.T) {
			atDesk(t, func(t *testing.T, d *desk) {
				anas, leos := d.double()
				kept, gone := anas.ContactID, leos.ContactID
				maria := d.begin("maria", anas)
				if !keepsLogin {
					kept, gone = gone, kept
				}
				if got := d.children(maria); !slices.Equal(got, []string{"Ana"}) {
					t.Fatalf("before: %v", got)
				}
				d.ok(d.Merge(t.Context(), d.office, d.orderOf(kept, gone)))
				if got := d.children(maria); !slices.Equal(got, []string{"Ana", "Leo"}) {
					t.Errorf("together: %v", got)
				}
				d.holds()
				d.work()
				c := d.line(anas.Line.ID).Contact
				if m := d.lastMail(c.Email); !strings.Contains(m.Subject, "your two records are one") {
					t.Errorf("the mail to the address on record: %s", m.Subject)
				}
				other := map[string]string{"maria@example.org": "old@example.org", "old@example.org": "maria@example.org"}[c.Email]
				if m := d.lastMail(other); !strings.Contains(m.Subject, "address on record was changed") {
					t.Errorf("the mail to the other address: %s", m.Subject)
				}

				d.ok(d.UndoMerge(t.Context(), d.office, d.newestMerge()))
				if got := d.children(maria); !slices.Equal(got, []string{"Ana"}) {
					t.Errorf("apart again: %v", got)
				}
				d.holds()
			})
		})
	}
}

func TestOfTwoLoginsOneHoldsThePersonAndTheOtherEnds(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		anas, leos := d.double()
		maria, second := d.begin("maria", anas), d.begin("second", leos)
		err := d.CreateStudentLogin(t.Context(), second, leos.StudentID, "leo.l", permanent)
		d.ok(err)
		o := d.orderOf(anas.ContactID, leos.ContactID)
		p, err := d.MergePair(t.Context(), d.office, anas.ContactID, leos.ContactID)
		d.ok(err)
		if len(p.Choices) != 2 || p.Block != "" || !p.Check {
			t.Errorf("the question: %+v", p)
		}
		if err := d.Merge(t.Context(), d.office, o); !fault.Is(err, fault.Invalid) {
			t.Errorf("without a username: %v", err)
		}
		d.change("update account set state = 'disabled' where username = 'second'")
		o.Account = maria.AccountID
		if err := d.Merge(t.Context(), d.office, o); !fault.Is(err, fault.Conflict) {
			t.Errorf("around a login that is disabled: %v", err)
		}
		d.change("update account set state = 'active' where username = 'second'")
		d.ok(d.Merge(t.Context(), d.office, o))
		if got := d.children(maria); !slices.Equal(got, []string{"Ana", "Leo"}) {
			t.Errorf("the login that stays: %v", got)
		}
		if n := d.count("select count(*) from session where account_id = $1", second.AccountID); n != 0 {
			t.Error("the other login is still signed in")
		}
		if _, err := d.signIn("second", permanent); !fault.Is(err, fault.Unauthenticated) {
			t.Errorf("the other login: %v", err)
		}
		if n := d.count("select count(*) from student_login where student_id = $1 and maker_contact_id = $2", leos.StudentID, anas.ContactID); n != 1 {
			t.Error("the student login did not pass")
		}
		if n := d.count("select count(*) from reserved_username where username_key = 'second' and contact_id = $1", anas.ContactID); n != 1 {
			t.Error("the other username is anybody's")
		}
		d.holds()
		d.work()
		if m := d.lastMail("maria@example.org"); !strings.Contains(m.Body, "> maria") {
			t.Errorf("the mail:\n%s", m.Body)
		}
		d.ok(d.UndoMerge(t.Context(), d.office, d.newestMerge()))
		if got := d.children(maria); !slices.Equal(got, []string{"Ana"}) {
			t.Errorf("apart again: %v", got)
		}
		d.holds()
	})
}

func TestWhatAResetClosedStaysClosedOnTheRecordThatStays(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		ana, leo := d.student("41", "Ana", "Lopez"), d.student("42", "Leo", "Lopez")
		kept := d.parent(ana, "Maria", "Lopez", "maria@example.org")
		gone := d.parent(ana, "Maria", "Lopez", "maria@example.org")
		leos := d.also(leo, gone.Contact)
		maria := access.Actor{Kind: access.Parent}
		d.ok(d.db.Write(t.Context(), func(tx *sqldb.Tx) error {
			a, err := d.accounts.Create(t.Context(), tx, account.NewAccount{Kind: access.Parent, Username: "maria", State: account.Waiting})
			if err != nil {
				return err
			}
			maria.AccountID = a
			return hold(t.Context(), tx, a, gone.ContactID, d.now())
		}))
		d.change("update account set state = 'active', claim_by = null where username = 'maria'")
		d.change("insert into closed_line (line_id, closed_at) values ($1, 1)", gone.Line.ID)
		d.ok(d.Merge(t.Context(), d.office, d.orderOf(kept.ContactID, gone.ContactID)))
		if got := d.children(maria); !slices.Equal(got, []string{"Leo"}) {
			t.Errorf("a merge opened what a reset closed: %v", got)
		}
		d.holds()
		d.ok(d.UndoMerge(t.Context(), d.office, d.newestMerge()))
		if got := d.children(maria); !slices.Equal(got, []string{"Leo"}) {
			t.Errorf("the undo opened what a reset closed: %v", got)
		}
		d.holds()
		_ = leos
	})
}

func TestWhoeverWorksElsewhereMergesNothing(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		at := d.schools("Lincoln", "Grant")
		a := d.parent(d.pupil("1", "Ana", at["Lincoln"]), "Maria", "Stone", "maria@example.org")
		b := d.parent(d.pupil("2", "Leo", at["Grant"]), "Maria", "Stone", "maria@example.org")
		c := d.parent(d.pupil("3", "Eva", at["Lincoln"]), "Maria", "Stone", "maria@example.org")
		o, both := d.orderOf(a.ContactID, b.ContactID), d.orderOf(a.ContactID, c.ContactID)
		local := access.Actor{Kind: access.Staff, Role: access.Registrar, Schools: access.Schools{IDs: []int64{at["Lincoln"]}}, AccountID: 5, Username: "local"}
		if err := d.Merge(t.Context(), local, o); !fault.Is(err, fault.NotFound) {
			t.Errorf("with a record of another school: %v", err)
		}
		d.also(d.pupil("4", "Max", at["Grant"]), c.Contact)
		if err := d.Merge(t.Context(), local, both); !fault.Is(err, fault.Forbidden) {
			t.Errorf("with a child at another school: %v", err)
		}
		if err := d.NotOnePerson(t.Context(), local, a.ContactID, b.ContactID); !fault.Is(err, fault.NotFound) {
			t.Errorf("two people, said from elsewhere: %v", err)
		}
		d.look()
		if got := d.flawed(d.office, FlawSamePerson); len(got) != 2 { // the first with both others, the second with the third
			t.Errorf("seem one person: %v", got)
		}
		d.ok(d.NotOnePerson(t.Context(), d.office, b.ContactID, c.ContactID))
		if got := d.flawed(d.office, FlawSamePerson); len(got) != 1 {
			t.Errorf("shown again: %v", got)
		}
		d.ok(d.Merge(t.Context(), d.office, o))
		if got := d.flawed(d.office, FlawSamePerson); len(got) != 1 {
			t.Errorf("after one merge: %v", got)
		}
		if err := d.Merge(t.Context(), d.office, o); !fault.Is(err, fault.Conflict) {
			t.Errorf("the same again: %v", err)
		}
		h, err := d.LoginHistory(t.Context(), d.office, a.Line.ID, audit.Cursor{})
		d.ok(err)
		added := 0
		for _, e := range h.Entries {
			if e.Action == "contact.added" {
				added++
			}
		}
		if added != 2 {
			t.Errorf("the history of both records begins %d times", added)
		}
		d.wait(100 * 24 * 3600 * 1e9)
		d.ok(d.Sweep(t.Context()))
		if n := d.count("select count(*) from contact_merge where before <> '' or after <> '' or logins <> ''"); n != 0 {
			t.Errorf("%d records as they were are kept for ever", n)
		}
		if err := d.UndoMerge(t.Context(), d.office, d.newestMerge()); !fault.Is(err, fault.Conflict) {
			t.Errorf("undone when nothing is known of it any more: %v", err)
		}
	})
}
