package app

import (
	"context"
	"fmt"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/demo"
)

// Sample is a district that was just made up, with the sign-ins that work in it.
type Sample struct {
	Students, Contacts, Lines int
	Staff                     string   // username
	Parents                   []string // usernames
	Password                  string   // of all of them
}

// SamplePassword opens every account of a sample district, and nothing else.
const SamplePassword = "sample district password"

// Seed fills an empty database with the seeded district and gives at most the given number of its parents a login (0: all).
func (a *App) Seed(ctx context.Context, students, parents int) (Sample, error) {
	d := demo.Generate(1, students)
	s := Sample{Staff: "office", Password: SamplePassword, Lines: len(d.Lines), Contacts: len(d.Contacts), Students: len(d.Students)}
	ids, err := demo.Load(ctx, a.DB, a.Roster, d)
	if err != nil {
		return s, fmt.Errorf("loading the district: %w", err)
	}
	system := access.Actor{Kind: access.System}
	v := *a.Settings.Values()
	v.DistrictName, v.OfficePhone, v.OfficeHours = d.Schools[0].Name, "555-0100", "Monday to Friday, 8 to 4"
	if err := a.Settings.Change(ctx, system, v); err != nil {
		return s, err
	}
	_, err = a.Accounts.CreateStaff(ctx, system, account.NewStaff{
		Username: s.Staff, Name: "Ada Office", Email: "office@example.org", Password: s.Password, Role: access.Administrator, Schools: access.Everywhere(),
	})
	if err != nil {
		return s, err
	}
	logins, err := demo.Accounts(ctx, a.DB, a.Accounts, a.Family.Hold, d, ids, s.Password, a.Settings.Today(), parents)
	for _, p := range logins {
		s.Parents = append(s.Parents, p.Username)
	}
	return s, err
}
