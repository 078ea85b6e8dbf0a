package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/app"
	"github.com/schoolgate/schoolgate/internal/fault"
)

type staffCmd struct {
	Create staffCreateCmd `cmd:"" help:"Make a staff account."`
}

type staffCreateCmd struct {
	database
	Username      string `help:"Username to sign in with." required:""`
	Name          string `help:"The person's name." required:""`
	Email         string `help:"The person's e-mail address." required:""`
	Role          string `help:"administrator" default:"administrator" enum:"administrator"`
	PasswordStdin bool   `help:"Read the password from standard input instead of asking for it twice."`
}

func (staffCreateCmd) Help() string {
	return `Example:
  schoolgate staff create --database sqlite:school.db --username office --name "Ada Office" --email ada@school.example \
      --role administrator --password-stdin < password.txt`
}

func (c staffCreateCmd) Run(ctx context.Context, s *streams) error {
	password, err := c.password(s)
	if err != nil {
		return err
	}
	return c.with(ctx, s, func(a *app.App) error {
		_, err := a.Accounts.CreateStaff(ctx, system(), account.NewStaff{
			Username: c.Username, Name: c.Name, Email: c.Email, Password: password, Role: access.Role(c.Role), Schools: access.Everywhere(),
		})
		if fault.Is(err, fault.Conflict) {
			return fault.Conflictf("the username %q is taken", c.Username)
		}
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(s.out, "Staff account %s made. Sign in at /admin/login.\n", c.Username)
		return err
	})
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
