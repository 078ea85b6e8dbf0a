package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/schoolgate/schoolgate/internal/app"
	"github.com/schoolgate/schoolgate/internal/family"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sheet"
)

type rosterExportCmd struct {
	database
	Format string `help:"oneroster (1.2, a zip), csv or xlsx." enum:"oneroster,csv,xlsx" default:"oneroster" placeholder:"FORMAT"`
	List   string `help:"With csv and xlsx: students, contacts (one row for each line) or parents (who has a login)." enum:"students,contacts,parents" default:"students" placeholder:"LIST"`
	School string `help:"Only this school." placeholder:"NAME"`
	Out    string `help:"File to write; it must not exist." required:"" placeholder:"PATH"`
}

func (rosterExportCmd) Help() string {
	return `The file can be read by its owner alone. Passwords and restrictions are never in a OneRoster bundle, and neither are restricted lines.

Examples:
  schoolgate roster export --database sqlite:school.db --out bundle.zip
  schoolgate roster export --database sqlite:school.db --format xlsx --list contacts --school "Morgan High" --out contacts.xlsx`
}

func (c rosterExportCmd) Run(ctx context.Context, s *streams) error {
	return c.with(ctx, s, func(a *app.App) (err error) {
		o := roster.ExportOrder{District: a.Settings.Values().DistrictName, Today: a.Settings.Today()}
		if o.School, err = schoolNamed(ctx, a, c.School); err != nil {
			return err
		}
		f, err := os.OpenFile(c.Out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if errors.Is(err, os.ErrExist) {
			return fault.Conflictf("%s exists: an export overwrites nothing", c.Out)
		}
		if err != nil {
			return err
		}
		err = errors.Join(c.write(ctx, a, o, f), f.Sync(), f.Close())
		if err != nil {
			return errors.Join(err, os.Remove(c.Out))
		}
		_, err = fmt.Fprintf(s.out, "Written to %s, readable by its owner alone.\n", c.Out)
		return err
	})
}

func (c rosterExportCmd) write(ctx context.Context, a *app.App, o roster.ExportOrder, to io.Writer) error {
	if c.Format == "oneroster" {
		return a.Roster.ExportOneRoster(ctx, system(), o, to)
	}
	w, err := sheet.New(to, sheet.Format(c.Format))
	if err != nil {
		return err
	}
	if err := a.Family.ExportList(ctx, system(), family.List(c.List), o, w.Row); err != nil {
		return err
	}
	return w.Close()
}

// schoolNamed returns the school of that name, 0 for no name.
func schoolNamed(ctx context.Context, a *app.App, name string) (int64, error) {
	if name == "" {
		return 0, nil
	}
	all, err := a.Roster.Schools(ctx)
	if err != nil {
		return 0, err
	}
	for _, o := range all {
		if strings.EqualFold(o.Name, name) {
			return o.ID, nil
		}
	}
	return 0, fault.NotFoundf("no school is called %q", name)
}
