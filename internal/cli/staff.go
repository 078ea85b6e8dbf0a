package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"golang.org/x/term"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/app"
	"github.com/schoolgate/schoolgate/internal/fault"
)

type staffCmd struct {
	Create  staffCreateCmd  `cmd:"" help:"Make a staff account."`
	List    staffListCmd    `cmd:"" help:"List staff accounts."`
	Recover staffRecoverCmd `cmd:"" help:"Let somebody in again when nobody else can."`
}

// operator is whoever sits at the command line, for the log.
func operator() access.Actor { return access.Actor{Kind: access.System, Username: osUser()} }

type staffCreateCmd struct {
	database
	Username      string   `help:"Username to sign in with." required:""`
	Name          string   `help:"The person's name." required:""`
	Email         string   `help:"The person's e-mail address." required:""`
	Role          string   `help:"${enum}" default:"administrator" enum:"administrator,registrar,office,help_desk,auditor"`
	School        []string `help:"School at which the person works, by its name or its number in the roster; may be repeated. All schools unless given." placeholder:"SCHOOL" sep:"none"`
	Ends          string   `help:"Last day of the login, such as 2027-06-30; no end unless given." placeholder:"DATE"`
	PasswordStdin bool     `help:"Read the password from standard input instead of asking for it twice."`
}

func (staffCreateCmd) Help() string {
	return `The first administrator is made here; further staff can be added under "Staff" on the pages too.

Examples:
  schoolgate staff create --database sqlite:school.db --username office --name "Ada Office" --email ada@school.example \
      --role administrator --password-stdin < password.txt
  schoolgate staff create --database sqlite:school.db --username temp --name "Tim Temp" --email tim@school.example \
      --role help_desk --school "Morgan High" --school "Cedar Middle School" --ends 2027-06-30`
}

func (c staffCreateCmd) Run(ctx context.Context, s *streams) error {
	password, err := c.password(s)
	if err != nil {
		return err
	}
	return c.with(ctx, s, func(a *app.App) error {
		at, err := c.schools(ctx, a)
		if err != nil {
			return err
		}
		ends, err := a.Accounts.Ends(c.Ends)
		if err != nil {
			return err
		}
		_, err = a.Accounts.CreateStaff(ctx, operator(), account.NewStaff{
			Username: c.Username, Name: c.Name, Email: c.Email, Password: password, Role: access.Role(c.Role), Schools: at, EndsAt: ends,
		})
		if fault.Is(err, fault.Conflict) {
			return fault.Conflictf("the username %q is taken", c.Username)
		}
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(s.out, `Staff account %s made. Next:
  1. Start the server, if it does not run yet: schoolgate serve --help
  2. Sign in at /admin/login with this username and password.
  3. Set up a second factor: the first sign-in asks for one (an authenticator app or a passkey).
`, c.Username)
		return err
	})
}

// schools are those named on the command line, all where none is.
func (c staffCreateCmd) schools(ctx context.Context, a *app.App) (access.Schools, error) {
	if len(c.School) == 0 {
		return access.Everywhere(), nil
	}
	all, err := a.Roster.Schools(ctx)
	if err != nil {
		return access.Schools{}, err
	}
	var at access.Schools
	for _, named := range c.School {
		var found []int64
		for _, o := range all {
			if o.SourceID == named || strings.EqualFold(o.Name, named) {
				found = append(found, o.ID)
			}
		}
		switch len(found) {
		case 0:
			return at, fault.Invalidf("there is no school %q on record", named)
		case 1:
			at.IDs = append(at.IDs, found[0])
		default:
			return at, fault.Invalidf("several schools are called %q: use the number in the roster", named)
		}
	}
	return at, nil
}

// password reads the password from standard input (one line), or asks for it twice on a terminal that does not show it.
func (c staffCreateCmd) password(s *streams) (string, error) {
	if c.PasswordStdin {
		line, err := bufio.NewReader(s.in).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return "", err
		}
		return strings.TrimRight(line, "\r\n"), nil
	}
	f, ok := s.in.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return "", fault.Wrap(fault.Invalid, errMisused, "no terminal to ask for the password: use --password-stdin")
	}
	var typed [2]string
	for i, prompt := range []string{"Password: ", "The same again: "} {
		fmt.Fprint(s.err, prompt)
		b, err := term.ReadPassword(int(f.Fd()))
		fmt.Fprintln(s.err)
		if err != nil {
			return "", err
		}
		typed[i] = string(b)
	}
	if typed[0] != typed[1] {
		return "", fault.Invalidf("the two passwords differ")
	}
	return typed[0], nil
}

type staffListCmd struct {
	database
	Unused bool `help:"Only those with whom nobody has signed in for 90 days, or ever."`
	JSON   bool `help:"Print JSON." name:"json"`
}

func (staffListCmd) Help() string {
	return "Example:\n  schoolgate staff list --database sqlite:school.db --unused"
}

// listedStaff is a staff account as --json prints it.
type listedStaff struct {
	ID         int64      `json:"id"`
	Username   string     `json:"username"`
	Name       string     `json:"name"`
	Email      string     `json:"email"`
	Role       string     `json:"role"`
	Schools    []string   `json:"schools"` // ["*"] for all
	State      string     `json:"state"`
	Reason     string     `json:"reason,omitempty"`
	LastDay    string     `json:"lastDay,omitempty"`
	LastSignIn *time.Time `json:"lastSignIn"`
	Factor     bool       `json:"secondFactor"`
	Unused     bool       `json:"unused"`
}

func (c staffListCmd) Run(ctx context.Context, s *streams) error {
	return c.with(ctx, s, func(a *app.App) error {
		all, err := c.list(ctx, a)
		if err != nil {
			return err
		}
		if c.JSON {
			return json.NewEncoder(s.out).Encode(all)
		}
		w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "USERNAME\tNAME\tROLE\tSCHOOLS\tSTATE\tLAST SIGN-IN\tSECOND FACTOR\tLAST DAY")
		for _, m := range all {
			last, factor := "never", "no"
			if m.LastSignIn != nil {
				last = m.LastSignIn.In(a.Settings.Location()).Format("2006-01-02 15:04")
			}
			if m.Factor {
				factor = "yes"
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", m.Username, m.Name, m.Role, strings.Join(m.Schools, ", "), m.State, last, factor, m.LastDay)
		}
		return w.Flush()
	})
}

func (c staffListCmd) list(ctx context.Context, a *app.App) ([]listedStaff, error) {
	schools, err := a.Roster.Schools(ctx)
	if err != nil {
		return nil, err
	}
	names := map[int64]string{}
	for _, o := range schools {
		names[o.ID] = o.Name
	}
	all := []listedStaff{}
	q := account.StaffQuery{Unused: c.Unused, Limit: 500}
	for {
		page, err := a.Accounts.StaffList(ctx, operator(), q)
		if err != nil {
			return nil, err
		}
		for _, m := range page.Members {
			all = append(all, listed(m, names))
		}
		if page.Next == 0 {
			return all, nil
		}
		q.After = page.Next
	}
}

func listed(m account.StaffMember, names map[int64]string) listedStaff {
	l := listedStaff{
		ID: m.ID, Username: m.Username, Name: m.Name, Email: m.Email, Role: string(m.Role), State: string(m.State), Reason: m.StateReason,
		LastDay: m.LastDay, Factor: m.HasFactor, Unused: m.Unused, Schools: []string{},
	}
	if m.Ended {
		l.State = "ended"
	}
	if m.Schools.All {
		l.Schools = append(l.Schools, "*")
	}
	for _, id := range m.Schools.IDs {
		l.Schools = append(l.Schools, names[id])
	}
	if !m.LastSignIn.IsZero() {
		l.LastSignIn = &m.LastSignIn
	}
	return l
}

type staffRecoverCmd struct {
	database
	Username string `help:"Whom to let in again." required:""`
	Out      string `help:"Write the temporary password into this new file, which only its owner may read, instead of onto the terminal." placeholder:"FILE"`
}

func (staffRecoverCmd) Help() string {
	return `For when nobody can sign in any more. The server may run meanwhile. The account is enabled; its password, sessions and second factors end; a
temporary password is shown here alone: it works once, for 15 minutes, and leads to choosing a new password and setting up a second factor. Role
and schools stay what they are. It is in the log, with the name of whoever is signed in to this computer, and the person and the other
administrators are told by mail.

Example:
  schoolgate staff recover --database sqlite:school.db --username office`
}

func (c staffRecoverCmd) Run(ctx context.Context, s *streams) error {
	out, err := c.output(s)
	if err != nil {
		return err
	}
	err = c.with(ctx, s, func(a *app.App) error {
		r, err := a.Accounts.RecoverStaff(ctx, operator(), c.Username)
		if err != nil {
			return err
		}
		until := r.Until.In(a.Settings.Location()).Format("15:04")
		if c.Out != "" {
			fmt.Fprintf(s.out, "The temporary password of %s is in %s. It works once, until %s, at /admin/login. Delete the file then.\n", r.Username, c.Out, until)
			_, err = fmt.Fprintln(out, r.Password)
			return err
		}
		_, err = fmt.Fprintf(out, "Temporary password of %s (role %s):\n\n    %s\n\nIt works once, until %s. Sign in at /admin/login, choose a password, set up a second factor.\n",
			r.Username, r.Role, r.Password, until)
		return err
	})
	if c.Out == "" {
		return err
	}
	if err = errors.Join(err, out.Close()); err != nil {
		return errors.Join(err, os.Remove(c.Out)) // an empty file would be in the way of the next attempt
	}
	return nil
}

// output is where the secret goes: the terminal, or a new file for its owner alone. It returns a misuse before anything is done for whatever could
// keep the secret by accident, such as a pipe into a log.
func (c staffRecoverCmd) output(s *streams) (*os.File, error) {
	if c.Out != "" {
		f, err := os.OpenFile(c.Out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		return f, fault.Wrap(fault.Invalid, err, "the file for the temporary password cannot be made")
	}
	f, ok := s.out.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return nil, fault.Wrap(fault.Invalid, errMisused, "the temporary password is shown on a terminal alone: do not redirect the output, or give --out FILE")
	}
	return f, nil
}
