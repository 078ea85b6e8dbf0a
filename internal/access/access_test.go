package access_test

import (
	"testing"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/fault"
)

func TestADM1WhatIsNotInTheTableIsDenied(t *testing.T) {
	for _, c := range []struct {
		name   string
		actor  access.Actor
		action access.Action
		may    bool
	}{
		{"a visitor may register", access.Actor{Kind: access.Visitor}, access.Register, true},
		{"a visitor resets nobody", access.Actor{Kind: access.Visitor}, access.ResetLogins, false},
		{"a parent sees the own family", access.Actor{Kind: access.Parent}, access.OwnFamily, true},
		{"a parent resets nobody", access.Actor{Kind: access.Parent}, access.ResetLogins, false},
		{"a parent with a forged role is still a parent", access.Actor{Kind: access.Parent, Role: access.Administrator, Schools: access.Everywhere()}, access.SeeRecords, false},
		{"a student sees the own page", access.Actor{Kind: access.Student}, access.OwnPage, true},
		{"a student makes no student logins", access.Actor{Kind: access.Student}, access.OwnFamily, false},
		{"an administrator resets", access.Actor{Kind: access.Staff, Role: access.Administrator, Schools: access.Everywhere()}, access.ResetLogins, true},
		{"staff without a role may nothing", access.Actor{Kind: access.Staff}, access.SeeLogins, false},
		{"staff of an unknown role may nothing", access.Actor{Kind: access.Staff, Role: "janitor"}, access.SeeLogins, false},
		{"an administrator has no family here", access.Actor{Kind: access.Staff, Role: access.Administrator, Schools: access.Everywhere()}, access.OwnFamily, false},
		{"nobody may what no table knows", access.Actor{Kind: access.Staff, Role: access.Administrator, Schools: access.Everywhere()}, "fly", false},
		{"an actor of no kind may nothing", access.Actor{}, access.Register, false},
	} {
		if got := access.Can(c.actor, c.action); got != c.may {
			t.Errorf("%s: got %v", c.name, got)
		}
		if err := access.Check(c.actor, c.action); (err == nil) != c.may || (err != nil && !fault.Is(err, fault.Forbidden)) {
			t.Errorf("%s: got %v", c.name, err)
		}
	}
}

func TestSourcesAreAddressesAndNetworks(t *testing.T) {
	tests := map[string]string{
		"198.51.100.7": "198.51.100.7", "::ffff:198.51.100.7": "198.51.100.7", "2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64",
		"2001:db8:1:2::9%eth0": "2001:db8:1:2::/64", "": "", "pipe": "pipe",
	}
	for address, want := range tests {
		if got := access.Source(address); got != want {
			t.Errorf("%q counts as %q, want %q", address, got, want)
		}
	}
}
