package app

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/demo"
	"github.com/schoolgate/schoolgate/internal/family"
	"github.com/schoolgate/schoolgate/internal/mail"
	"github.com/schoolgate/schoolgate/internal/roster"
)

// Sample is a district that was just made up, with the sign-ins that work in it.
type Sample struct {
	Staff    string   // username
	Parents  []string // usernames
	Password string   // of all of them
	Lines    int      // how many lines the records have
	Contacts int
	Students int
}

// SamplePassword opens every account of a sample district, and nothing else: it is in the demo's banner.
const SamplePassword = "sample district password"

// Seed fills an empty database with the seeded district and lets the given number of its parents register, through the same doors as
// anybody. Mails are read from the mailbox, which must be the one that the App sends to.
func (a *App) Seed(ctx context.Context, mailbox *mail.Capture, students, parents int) (Sample, error) {
	d := demo.Generate(1, students)
	s := Sample{Staff: "office", Password: SamplePassword, Lines: len(d.Lines), Contacts: len(d.Contacts), Students: len(d.Students)}
	if _, err := demo.Load(ctx, a.DB, a.Roster, d); err != nil {
		return s, fmt.Errorf("loading the district: %w", err)
	}
	v := *a.Settings.Values()
	v.DistrictName, v.OfficePhone, v.OfficeHours = d.Schools[0].Name, "555-0100", "Monday to Friday, 8 to 4"
	if err := a.Settings.Change(ctx, access.Actor{Kind: access.System}, v); err != nil {
		return s, err
	}
	_, err := a.Accounts.CreateStaff(ctx, access.Actor{Kind: access.System}, account.NewStaff{
		Username: s.Staff, Name: "Ada Office", Email: "office@example.org", Password: s.Password, Role: access.Administrator,
	})
	if err != nil {
		return s, err
	}
	for _, p := range registrants(d, 2*parents) {
		err := a.register(ctx, mailbox, p, s.Password)
		if errors.Is(err, errNotMailed) {
			continue // the records hold obstacles that registrants does not know; they are part of the sample
		}
		if err != nil {
			return s, fmt.Errorf("registering %s: %w", p.username, err)
		}
		if s.Parents = append(s.Parents, p.username); len(s.Parents) == parents {
			return s, nil
		}
	}
	return s, fmt.Errorf("only %d of %d parents could register", len(s.Parents), parents)
}

// registrant is a parent with what the registration page asks for.
type registrant struct {
	username, idNumber, address string
	contact                     roster.Contact
}

// registrants picks parents whose registration meets no obstacle: an address of their own, a child with an ID Number.
func registrants(d demo.Data, n int) []registrant {
	shared := map[string]int{}
	for _, c := range d.Contacts {
		shared[c.Email]++
	}
	for _, s := range d.Students {
		shared[s.Email]++
	}
	numbers := map[string]int{}
	for _, s := range d.Students {
		numbers[s.IDNumber]++
	}
	var picked []registrant
	seen := map[int]bool{}
	for i, l := range d.Lines {
		c, st := d.Contacts[l.Contact], d.Students[l.Student]
		plain := l.Relationship == "mother" && l.Restricted != roster.Yes && l.PortalAccess != roster.No && l.FilePortalAccess != roster.No
		if i < 30 || seen[l.Contact] || !plain || shared[c.Email] != 1 || c.Email == "" || st.IDNumber == "" || numbers[st.IDNumber] != 1 ||
			st.Status != roster.Enrolled || l.BeginDate != "" || l.EndDate != "" {
			continue
		}
		seen[l.Contact] = true
		k := len(picked)
		picked = append(picked, registrant{fmt.Sprintf("parent%d", k+1), st.IDNumber, fmt.Sprintf("10.%d.%d.7", k/250, k%250), c})
		if len(picked) == n {
			break
		}
	}
	return picked
}

var errNotMailed = errors.New("no temporary password was mailed")

var temporaryPassword = regexp.MustCompile(`[0-9A-Z]{4}(-[0-9A-Z]{4}){3}`)

// register walks one parent from "create a new account" to the permanent password.
func (a *App) register(ctx context.Context, mailbox *mail.Capture, p registrant, password string) error {
	client := account.Client{Address: p.address, UserAgent: "Sample"}
	_, err := a.Family.Register(ctx, access.Actor{Kind: access.Visitor, Address: p.address}, family.Registration{
		FormKey: "sample-" + p.username, Username: p.username, IDNumber: p.idNumber, First: p.contact.First, Last: p.contact.Last, Language: "en",
	})
	if err != nil {
		return err
	}
	if _, err := a.Jobs.Drain(ctx); err != nil {
		return err
	}
	mails := mailbox.To(p.contact.Email)
	slices.Reverse(mails)
	for _, m := range mails {
		temporary := temporaryPassword.FindString(m.Body)
		if temporary == "" {
			continue
		}
		in, err := a.Accounts.SignIn(ctx, account.Attempt{Kind: access.Parent, Username: p.username, Password: temporary, Client: client})
		if err != nil {
			return err
		}
		_, err = a.Accounts.FirstPassword(ctx, in.Session, client, password, "")
		return err
	}
	return errNotMailed
}
