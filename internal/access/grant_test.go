package access_test

import (
	"testing"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/fault"
)

func TestADM5SomeActionsNeedAFreshProof(t *testing.T) {
	for _, role := range access.Roles() {
		for _, action := range access.Actions() {
			a := access.Actor{Kind: access.Staff, Role: role, Schools: access.Everywhere()}
			if !access.Can(a, action) {
				continue
			}
			if err := access.Check(a, action); fault.Is(err, fault.Stale) != access.NeedsFresh(action) {
				t.Errorf("%s to %s, not fresh: %v", role, action, err)
			}
			a.Fresh = true
			if err := access.Check(a, action); err != nil {
				t.Errorf("%s to %s, fresh: %v", role, action, err)
			}
		}
	}
	if err := access.Check(access.Actor{Kind: access.System}, access.ManageStaff); err != nil {
		t.Errorf("the command line: %v", err)
	}
}

func TestADM4WhoMayGrantWhat(t *testing.T) {
	here := access.Schools{IDs: []int64{1, 2}}
	root := access.Actor{Kind: access.Staff, Role: access.Administrator, Schools: access.Everywhere()}
	local := access.Actor{Kind: access.Staff, Role: access.Administrator, Schools: here}
	for _, c := range []struct {
		name  string
		actor access.Actor
		role  access.Role
		at    access.Schools
		may   bool
	}{
		{"the system makes the first administrator", access.Actor{Kind: access.System}, access.Administrator, access.Everywhere(), true},
		{"but no unknown role", access.Actor{Kind: access.System}, "king", access.Everywhere(), false},
		{"an administrator makes another", root, access.Administrator, access.Everywhere(), true},
		{"one of two schools at these", local, access.Administrator, here, true},
		{"not everywhere", local, access.HelpDesk, access.Everywhere(), false},
		{"not at another school", local, access.HelpDesk, access.Schools{IDs: []int64{3}}, false},
		{"a registrar makes nobody", access.Actor{Kind: access.Staff, Role: access.Registrar, Schools: access.Everywhere()}, access.Registrar, here, false},
		{"an auditor makes nobody", access.Actor{Kind: access.Staff, Role: access.Auditor, Schools: access.Everywhere()}, access.Auditor, here, false},
		{"half a sign-in makes nobody", access.Actor{Kind: access.Staff, Role: access.Administrator, Schools: access.Everywhere(), Partial: true}, access.HelpDesk, here, false},
	} {
		if got := access.MayGrant(c.actor, c.role, c.at); got != c.may {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

func TestAnActionAtASchoolEndsAtTheSchools(t *testing.T) {
	local := access.Actor{Kind: access.Staff, Role: access.Office, Schools: access.Schools{IDs: []int64{1}}}
	for school, want := range map[int64]bool{1: true, 2: false, 0: false} {
		if err := access.CheckAt(local, access.ResetLogins, school); (err == nil) != want || err != nil && !fault.Is(err, fault.NotFound) {
			t.Errorf("school %d: %v", school, err)
		}
	}
	if err := access.CheckAt(local, access.EditRecords, 1); !fault.Is(err, fault.Forbidden) {
		t.Errorf("what the role may not: %v", err)
	}
	if err := access.Check(local, access.SeeMail); !fault.Is(err, fault.Forbidden) {
		t.Errorf("what concerns all schools: %v", err)
	}
	local.Schools = access.Everywhere()
	if err := access.CheckAt(local, access.ResetLogins, 0); err != nil {
		t.Errorf("a student of no school: %v", err)
	}
}
