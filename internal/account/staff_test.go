package account

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// member makes an active member of staff with the password good.
func (w *world) member(username string, role access.Role, at access.Schools) int64 {
	w.t.Helper()
	id := w.active(access.Staff, username)
	w.exec(`update account set role = $2, schools = $3, name = $4, email = $5 where id = $1`, id, string(role), schools(at).String(), "Name of "+username, username+"@school.example")
	return id
}

// as is a member of staff who has just signed in.
func (w *world) as(id int64) access.Actor {
	w.t.Helper()
	a := w.account(id)
	return access.Actor{Kind: access.Staff, AccountID: id, Role: a.Role, Schools: a.Schools, Fresh: true, Username: a.Username}
}

func (w *world) account(id int64) (a Account) {
	w.t.Helper()
	err := w.db.Read(w.t.Context(), func(tx *sqldb.Tx) (err error) {
		a, err = w.Account(w.t.Context(), tx, id)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

// mailed are the mails to staff since it was asked last.
func (w *world) mailed() (notices []StaffNotice) {
	w.people.mu.Lock()
	defer w.people.mu.Unlock()
	for _, m := range w.people.mailed {
		notices = append(notices, m.Notice)
	}
	w.people.mailed = nil
	return notices
}

// edit is the member as on record, for a change of a part.
func (w *world) edit(id int64) StaffEdit {
	w.t.Helper()
	m, err := w.StaffMember(w.t.Context(), access.Actor{Kind: access.System}, id)
	if err != nil && !fault.Is(err, fault.NotFound) { // somebody else may have removed the account
		w.t.Error(err)
	}
	return StaffEdit{Version: m.Version, Name: m.Name, Email: m.Email, Terms: Terms{Role: m.Role, Schools: m.Schools, LastDay: m.LastDay}}
}

func at(ids ...int64) access.Schools { return access.Schools{IDs: ids} }

// acts is everything that can be done to a member of staff.
func (w *world) acts(actor access.Actor, id int64) map[string]func() error {
	ctx := w.t.Context()
	change := func(change func(e *StaffEdit)) func() error {
		return func() error {
			e := w.edit(id)
			change(&e)
			return w.ChangeStaff(ctx, actor, id, e)
		}
	}
	return map[string]func() error{
		"demote":   change(func(e *StaffEdit) { e.Role = access.Office }),
		"limit":    change(func(e *StaffEdit) { e.Schools = at(1) }),
		"end":      change(func(e *StaffEdit) { e.LastDay = "2027-06-30" }),
		"disable":  func() error { return w.DisableStaff(ctx, actor, id, "left") },
		"password": func() error { return w.SendStaffPassword(ctx, actor, id) },
		"factors":  func() error { return w.RemoveStaffFactors(ctx, actor, id) },
		"sessions": func() error { return w.EndStaffSessions(ctx, actor, id) },
		"remove":   func() error { return w.RemoveStaff(ctx, actor, id) },
	}
}

func TestADM4NobodyGrantsMoreThanTheyHold(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		w.member("root", access.Administrator, access.Everywhere())
		local := w.as(w.member("local", access.Administrator, at(1, 2)))
		office := w.as(w.member("clerk", access.Office, access.Everywhere()))
		n := 0
		invite := func(actor access.Actor, role access.Role, s access.Schools) error {
			n++
			_, err := w.InviteStaff(ctx, actor, StaffInvitation{
				Username: fmt.Sprintf("new%d", n), Name: "New", Email: "new@school.example", Terms: Terms{Role: role, Schools: s}})
			return err
		}
		for _, c := range []struct {
			name  string
			actor access.Actor
			role  access.Role
			at    access.Schools
			may   bool
		}{
			{"an administrator of two schools lets in at one", local, access.Office, at(1), true},
			{"and another administrator of both", local, access.Administrator, at(2, 1), true},
			{"but not at a third", local, access.HelpDesk, at(1, 3), false},
			{"and not everywhere", local, access.HelpDesk, access.Everywhere(), false},
			{"the office lets in nobody", office, access.HelpDesk, at(1), false},
			{"a forged role opens nothing", access.Actor{Kind: access.Parent, Role: access.Administrator, Schools: access.Everywhere(), Fresh: true}, access.Auditor, at(1), false},
		} {
			err := invite(c.actor, c.role, c.at)
			if (err == nil) != c.may || err != nil && !fault.Is(err, fault.Forbidden) {
				t.Errorf("%s: %v", c.name, err)
			}
		}
		for name, id := range map[string]int64{
			"an account of another school":  w.member("elsewhere", access.HelpDesk, at(3)),
			"one of a wider reach":          w.member("wider", access.HelpDesk, at(1, 3)),
			"an administrator of all":       w.member("second", access.Administrator, access.Everywhere()),
			"somebody who is no staff":      w.active(access.Parent, "maria"),
			"a number that nobody ever had": 4711,
		} {
			for act, do := range w.actsUnread(local, id) {
				before := w.dump("account")
				if err := do(); !fault.Is(err, fault.NotFound) {
					t.Errorf("%s: %s: %v, want not found", act, name, err)
				}
				if diff := cmp.Diff(before, w.dump("account")); diff != "" {
					t.Errorf("%s: %s: changed\n%s", act, name, diff)
				}
			}
			if _, err := w.StaffMember(ctx, local, id); !fault.Is(err, fault.NotFound) {
				t.Errorf("%s is shown: %v", name, err)
			}
		}
		own := w.member("own", access.HelpDesk, at(2))
		for name, to := range map[string]Terms{
			"to a school beyond": {Role: access.HelpDesk, Schools: at(2, 3)}, "to all schools": {Role: access.HelpDesk, Schools: access.Everywhere()},
		} {
			e := w.edit(own)
			e.Terms = to
			if err := w.ChangeStaff(ctx, local, own, e); !fault.Is(err, fault.Forbidden) {
				t.Errorf("%s: %v", name, err)
			}
		}
		e := w.edit(own)
		e.Role = access.Administrator
		if err := w.ChangeStaff(ctx, local, own, e); err != nil {
			t.Errorf("within what is held: %v", err)
		}
	})
}

// actsUnread is acts for accounts that the test itself cannot read as staff.
func (w *world) actsUnread(actor access.Actor, id int64) map[string]func() error {
	all := w.acts(actor, id)
	for _, name := range []string{"demote", "limit", "end"} {
		all[name] = func() error { return w.ChangeStaff(w.t.Context(), actor, id, StaffEdit{}) }
	}
	return all
}

func TestADM4NobodyChangesTheirOwnRights(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		w.member("second", access.Administrator, access.Everywhere())
		id := w.member("root", access.Administrator, access.Everywhere())
		actor := w.as(id)
		for act, do := range w.acts(actor, id) {
			before := w.dump("account")
			if err := do(); !fault.Is(err, fault.Forbidden) {
				t.Errorf("%s: %v", act, err)
			}
			if diff := cmp.Diff(before, w.dump("account")); diff != "" {
				t.Errorf("%s: %s", act, diff)
			}
		}
		e := w.edit(id)
		e.Name = "Another Name"
		if err := w.ChangeStaff(t.Context(), actor, id, e); err != nil || w.account(id).Name != "Another Name" {
			t.Errorf("the own name: %v", err)
		}
	})
}

func TestADM4TheLastAdministratorCannotBeLost(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		last := w.member("root", access.Administrator, access.Everywhere())
		ending := w.member("ending", access.Administrator, access.Everywhere())
		w.exec(`update account set ends_at = $2 where id = $1`, ending, start.Add(90*24*time.Hour).UnixMicro())
		w.member("local", access.Administrator, at(1))
		off := w.member("off", access.Administrator, access.Everywhere())
		w.exec(`update account set state = 'disabled' where id = $1`, off)
		w.exec(`update account set password_hash = null where id = $1`, w.member("empty", access.Administrator, access.Everywhere()))
		invited := StaffInvitation{Username: "waits", Name: "Waits", Email: "w@school.example", Terms: Terms{Role: access.Administrator, Schools: access.Everywhere()}}
		if _, err := w.InviteStaff(t.Context(), w.as(last), invited); err != nil {
			t.Fatal(err)
		}
		for _, actor := range []access.Actor{w.as(ending), {Kind: access.System}} {
			for act, do := range w.acts(actor, last) {
				if act == "factors" || act == "sessions" { // the person signs in again
					continue
				}
				before := w.dump("account")
				if err := do(); problems(err) != " problem.last_administrator" {
					t.Errorf("%s by %s: %v", act, actor.Kind, err)
				}
				if diff := cmp.Diff(before, w.dump("account")); diff != "" {
					t.Errorf("%s: %s", act, diff)
				}
			}
		}
		if err := w.EnableStaff(t.Context(), w.as(ending), off); err != nil {
			t.Fatal(err)
		}
		if err := w.DisableStaff(t.Context(), w.as(ending), last, "left"); err != nil {
			t.Errorf("with another one: %v", err)
		}
	})
}

// TestADM4OfTwoWhoTakeEachOtherAwayOneIsLeft has two last administrators act on each other at the same time, in every way there is: as people, and
// as the system, which nobody can demote.
func TestADM4OfTwoWhoTakeEachOtherAwayOneIsLeft(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		ids := [2]int64{w.member("ada", access.Administrator, access.Everywhere()), w.member("bea", access.Administrator, access.Everywhere())}
		ways := []string{"demote", "limit", "end", "disable", "remove"}
		done := 0
		for round := range 200 {
			for i, name := range []string{"ada", "bea"} {
				if w.count(`select count(*) from account where id = $1`, ids[i]) == 0 {
					ids[i] = w.member(name, access.Administrator, access.Everywhere())
				}
				w.exec(`update account set role = 'administrator', schools = '*', state = 'active', ends_at = null where id = $1`, ids[i])
			}
			var group sync.WaitGroup
			var errs [2]error
			var acts [2]func() error // all is read before anything is done
			for i := range 2 {
				actor := w.as(ids[i])
				if round%2 == 1 {
					actor = access.Actor{Kind: access.System}
				}
				acts[i] = w.acts(actor, ids[1-i])[ways[(round/2+i*(round/10))%len(ways)]]
			}
			for i, do := range acts {
				group.Go(func() { errs[i] = do() })
			}
			group.Wait()
			if n := w.count(`select count(*) from account where kind = 'staff' and role = 'administrator' and state = 'active' and schools = '*' and ends_at is null`); n < 1 {
				t.Fatalf("round %d: nobody is left: %v", round, errs)
			}
			for _, err := range errs {
				switch {
				case err == nil:
					done++
				case !fault.Is(err, fault.Invalid) && !fault.Is(err, fault.Unauthenticated) && !fault.Is(err, fault.NotFound):
					t.Fatalf("round %d: %v", round, err)
				}
			}
		}
		if done != 200 {
			t.Errorf("%d of 400 succeeded, want one in each of 200 rounds", done)
		}
	})
}

func TestADM5ChangingStaffNeedsAFreshProof(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		actor := w.as(w.member("root", access.Administrator, access.Everywhere()))
		other := w.member("other", access.Office, at(1))
		actor.Fresh = false
		for act, do := range w.acts(actor, other) {
			if err := do(); !fault.Is(err, fault.Stale) {
				t.Errorf("%s: %v", act, err)
			}
		}
		if err := w.EnableStaff(t.Context(), actor, other); !fault.Is(err, fault.Stale) {
			t.Error(err)
		}
		if _, err := w.InviteStaff(t.Context(), actor, StaffInvitation{}); !fault.Is(err, fault.Stale) {
			t.Error(err)
		}
		if _, err := w.StaffMember(t.Context(), actor, other); err != nil {
			t.Errorf("seeing needs none: %v", err)
		}
	})
}

func TestADM6OfTwentyFirstAdministratorsAtOnceOneIsMade(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		var group sync.WaitGroup
		errs := make([]error, 20)
		for i := range errs {
			group.Go(func() {
				_, errs[i] = w.CreateStaff(context.WithoutCancel(t.Context()), access.Actor{Kind: access.System}, NewStaff{
					Username: "Root", Name: "Ada", Email: "ada@school.example", Password: good, Role: access.Administrator, Schools: access.Everywhere()})
			})
		}
		group.Wait()
		made := 0
		for _, err := range errs {
			if err == nil {
				made++
			} else if !fault.Is(err, fault.Conflict) {
				t.Error(err)
			}
		}
		if n := w.count(`select count(*) from account`); made != 1 || n != 1 {
			t.Errorf("%d made, %d there", made, n)
		}
	})
}

func TestADM6NobodyButTheSystemMakesTheFirstAdministrator(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		for _, actor := range []access.Actor{{}, {Kind: access.Visitor}, {Kind: access.Staff, Role: access.Administrator, Schools: access.Everywhere(), Fresh: true}} {
			_, err := w.CreateStaff(t.Context(), actor, NewStaff{
				Username: "root", Name: "Ada", Email: "ada@school.example", Password: good, Role: access.Administrator, Schools: access.Everywhere()})
			if err == nil || w.count(`select count(*) from account`) != 0 {
				t.Errorf("%+v: %v", actor, err)
			}
		}
	})
}

func TestSES3AChangeOfRightsEndsTheSessionsAtOnceOnEveryNode(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		root := w.as(w.member("root", access.Administrator, access.Everywhere()))
		elsewhere := accountsOn(t, w.db, w.clock, w.people, w.hasher)
		for _, act := range []string{"demote", "limit", "disable", "password", "factors", "sessions", "remove"} {
			id := w.member("m-"+act, access.Registrar, access.Everywhere())
			in := w.must(w.staffIn("m-"+act, good))
			if _, err := elsewhere.Session(t.Context(), access.Staff, in.Token); err != nil {
				t.Fatal(err)
			}
			if err := w.acts(root, id)[act](); err != nil {
				t.Fatalf("%s: %v", act, err)
			}
			if _, err := elsewhere.Session(t.Context(), access.Staff, in.Token); !fault.Is(err, fault.Unauthenticated) {
				t.Errorf("after %s the session is open on another node: %v", act, err)
			}
		}
		id := w.member("ending", access.Registrar, access.Everywhere())
		in := w.must(w.staffIn("ending", good))
		e := w.edit(id)
		e.LastDay = start.Format(time.DateOnly)
		if err := w.ChangeStaff(t.Context(), root, id, e); err != nil {
			t.Fatal(err)
		}
		if _, err := elsewhere.Session(t.Context(), access.Staff, in.Token); err != nil {
			t.Errorf("on the last day: %v", err)
		}
		w.exec(`update session set seen_at = $1, expires_at = $2`, start.Add(21*time.Hour).UnixMicro(), start.Add(50*time.Hour).UnixMicro())
		w.clock.add(21 * time.Hour) // 08:00 UTC is 03:00 in New York: the day ends at 05:00 UTC
		if _, err := elsewhere.Session(t.Context(), access.Staff, in.Token); !fault.Is(err, fault.Unauthenticated) {
			t.Errorf("after the last day: %v", err)
		}
		w.refused(w.staffIn("ending", good))
	})
}

func TestAnInvitedMemberOfStaffChoosesThePassword(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		root := w.as(w.member("root", access.Administrator, access.Everywhere()))
		id, err := w.InviteStaff(t.Context(), root, StaffInvitation{
			Username: "clerk", Name: " Cleo Clerk ", Email: "cleo@school.example", Terms: Terms{Role: access.Office, Schools: at(2, 1, 2), LastDay: "2027-06-30"}})
		if err != nil {
			t.Fatal(err)
		}
		a := w.account(id)
		ends := time.Date(2027, 7, 1, 4, 0, 0, 0, time.UTC) // midnight in New York
		if a.State != Waiting || a.HasPassword || a.Name != "Cleo Clerk" || !slices.Equal(a.Schools.IDs, []int64{1, 2}) || !a.EndsAt.Equal(ends) {
			t.Errorf("account %+v", a)
		}
		if told := w.mailed(); !slices.Equal(told, []StaffNotice{StaffInvited}) {
			t.Errorf("told %v", told)
		}
		if n := w.count(`select expires_at - issued_at from temporary_password where account_id = $1`, id); n != (72 * time.Hour).Microseconds() {
			t.Errorf("the temporary password lives %d µs", n)
		}
		_, err = w.InviteStaff(t.Context(), root, StaffInvitation{Username: "Clerk", Name: "X", Email: "x@school.example", Terms: Terms{Role: access.Office, Schools: at(1)}})
		if problems(err) != "username problem.username_taken" {
			t.Errorf("the same again: %v", err)
		}
		_, err = w.InviteStaff(t.Context(), root, StaffInvitation{Username: "x", Email: "y", Terms: Terms{Role: "king", LastDay: "soon"}})
		if got := problems(err); got != "email problem.email_invalid, last_day problem.date, name problem.empty, role problem.choose, schools problem.choose_school, username problem.username_length" {
			t.Errorf("problems %q", got)
		}
		_, err = w.InviteStaff(t.Context(), root, StaffInvitation{Username: "late", Name: "L", Email: "l@school.example", Terms: Terms{Role: access.Office, Schools: at(1), LastDay: "2026-11-21"}})
		if problems(err) != "last_day problem.date_past" {
			t.Errorf("a past day: %v", err)
		}
	})
}

func TestAChangeOfStaffIsRecordedWithOldAndNewAndToldAtBothAddresses(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		root := w.as(w.member("root", access.Administrator, access.Everywhere()))
		id := w.member("clerk", access.Office, at(1))
		w.issue(id, false)
		e := w.edit(id)
		e.Email, e.Role, e.LastDay = "new@school.example", access.HelpDesk, "2027-06-30"
		if err := w.ChangeStaff(t.Context(), root, id, e); err != nil {
			t.Fatal(err)
		}
		if told := w.mailed(); !slices.Equal(told, []StaffNotice{StaffChanged, StaffChanged}) {
			t.Errorf("told %v", told)
		}
		if n := w.count(`select count(*) from temporary_password`); n != 0 {
			t.Error("the temporary password that went to the old address still works")
		}
		var got map[string]any
		err := w.db.Read(t.Context(), func(tx *sqldb.Tx) error {
			return w.log.Export(t.Context(), tx, time.Time{}, func(e audit.Event) error {
				if e.Action == "staff.changed" {
					got = e.Detail
				}
				return nil
			})
		})
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]any{
			"old": map[string]any{"email": "clerk@school.example", "role": "office"},
			"new": map[string]any{"email": "new@school.example", "role": "help_desk", "ends_at": "2027-07-01T04:00:00Z"},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("the log (-want +got):\n%s", diff)
		}
		if err := w.ChangeStaff(t.Context(), root, id, e); !fault.Is(err, fault.Conflict) {
			t.Errorf("a form from before the change: %v", err)
		}
		events := len(w.events())
		if err := w.ChangeStaff(t.Context(), root, id, w.edit(id)); err != nil || len(w.events()) != events || len(w.mailed()) != 0 {
			t.Errorf("nothing changed: %v", err)
		}
	})
}

func TestTheListOfStaffIsPagedAndShowsWhatTheActorMaySee(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		root := w.as(w.member("root", access.Administrator, access.Everywhere()))
		var want []string
		for i := range 12 {
			name := fmt.Sprintf("clerk%02d", i)
			w.member(name, access.Office, at(int64(1+i%3)))
			want = append(want, name)
		}
		w.exec(`update account set last_sign_in_at = $1 where username = 'clerk03'`, start.Add(-89*24*time.Hour).UnixMicro())
		w.exec(`update account set last_sign_in_at = $1 where username = 'clerk04'`, start.Add(-90*24*time.Hour).UnixMicro())
		w.exec(`update account set name = 'José Ñandú' where username = 'clerk05'`)
		w.active(access.Parent, "maria")
		list := func(actor access.Actor, q StaffQuery) (names []string) {
			for q.Limit = 5; ; {
				page, err := w.StaffList(t.Context(), actor, q)
				if err != nil {
					t.Fatal(err)
				}
				for _, m := range page.Members {
					names = append(names, m.Username)
				}
				if page.Next == 0 {
					return names
				}
				q.After = page.Next
			}
		}
		local := w.as(w.member("local", access.Administrator, at(1)))
		for _, c := range []struct {
			name  string
			actor access.Actor
			q     StaffQuery
			want  []string
		}{
			{"all", root, StaffQuery{}, append(slices.Clone(want), "local", "root")},
			{"one school", local, StaffQuery{}, []string{"clerk00", "clerk03", "clerk06", "clerk09", "local"}},
			{"by name, without its accents", root, StaffQuery{Text: "jose nan"}, []string{"clerk05"}},
			{"by username", root, StaffQuery{Text: "clerk1"}, []string{"clerk10", "clerk11"}},
			{"nobody", root, StaffQuery{Text: "zzz"}, nil},
		} {
			if diff := cmp.Diff(c.want, list(c.actor, c.q)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", c.name, diff)
			}
		}
		if unused := list(root, StaffQuery{Unused: true}); slices.Contains(unused, "clerk03") || !slices.Contains(unused, "clerk04") || !slices.Contains(unused, "clerk00") {
			t.Errorf("unused: %v", unused)
		}
		if _, err := w.StaffList(t.Context(), w.as(w.member("desk", access.HelpDesk, access.Everywhere())), StaffQuery{Limit: 5}); !fault.Is(err, fault.Forbidden) {
			t.Errorf("the help desk: %v", err)
		}
	})
}

func TestAnActorWhoWasChangedMeanwhileDoesNothing(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		w.member("root", access.Administrator, access.Everywhere())
		other := w.member("other", access.Office, at(1))
		for name, change := range map[string]string{
			"demoted": `role = 'office'`, "limited": `schools = '1'`, "disabled": `state = 'disabled'`, "ended": `ends_at = 1`,
		} {
			id := w.member("was-"+name, access.Administrator, access.Everywhere())
			actor := w.as(id)
			w.exec(`update account set `+change+` where id = $1`, id)
			for act, do := range w.acts(actor, other) {
				if err := do(); !fault.Is(err, fault.Unauthenticated) {
					t.Errorf("%s: %s: %v", name, act, err)
				}
			}
		}
	})
}

func TestStaffAreFoundByTheSchoolTheyWorkAtByNameAndByTheirAddresses(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		w.member("ada", access.Administrator, access.Everywhere())
		w.member("ben@home.example", access.HelpDesk, access.Schools{IDs: []int64{1, 12, 3}})
		err := w.db.Read(t.Context(), func(tx *sqldb.Tx) error {
			all, err := w.StaffAddresses(t.Context(), tx)
			if d := cmp.Diff([]string{"ada@school.example", "ben@home.example", "ben@home.example@school.example"}, slices.Sorted(slices.Values(all))); err != nil || d != "" {
				t.Errorf("addresses: %v, %s", err, d)
			}
			for school, want := range map[int64]bool{1: true, 12: true, 3: true, 2: false, 13: false} {
				at, err := w.StaffAt(t.Context(), tx, school)
				if err != nil || at != want {
					t.Errorf("school %d: %v, %v", school, at, err)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}
