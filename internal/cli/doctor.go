package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"

	"github.com/schoolgate/schoolgate/internal/app"
	"github.com/schoolgate/schoolgate/internal/fault"
)

type doctorCmd struct {
	database
	smtp
	Full bool `help:"Also what takes long: the whole log, row by row."`
	JSON bool `help:"Print JSON." name:"json"`
}

func (doctorCmd) Help() string {
	return `Looks at an installation without changing it, whether the server runs or not: database, keys, mail server, queue, clock, disk, roster, log, and
whether the stored data keeps its invariants. One line for each: ok, warning or bad, what was found, what to do. Exit code 1 if anything is bad.

Examples:
  schoolgate doctor --database sqlite:school.db
  schoolgate doctor --database sqlite:/var/lib/schoolgate/school.db --smtp smtp://portal@mail.school.example \
      --smtp-password-file /etc/schoolgate/smtp --full --json`
}

func (c doctorCmd) Run(ctx context.Context, s *streams) error {
	e := app.Examination{Version: version(), Full: c.Full}
	cfg, err := c.config()
	if err != nil {
		return err
	}
	if c.SMTP != "" {
		e.SMTP = &cfg
	}
	found := app.Examine(ctx, app.Config{Database: c.Database, KeyFile: c.KeyFile, Log: slog.New(slog.DiscardHandler)}, e)
	bad := 0
	for _, f := range found {
		if f.Verdict == app.Bad {
			bad++
		}
	}
	if c.JSON {
		err = printFindings(s, found, bad)
	} else {
		for _, f := range found {
			fmt.Fprintln(s.out, findingLine(f))
		}
	}
	if err == nil && bad > 0 {
		err = fault.Conflictf("%d of %d findings are bad", bad, len(found))
	}
	return err
}

// findingLine is a finding on one line.
func findingLine(f app.Finding) string {
	text := fmt.Sprintf("%-8s %-10s %s", f.Verdict, f.Check, f.Says)
	if len(f.Rows) > 0 {
		text += " [" + strings.Join(f.Rows, "; ") + "]"
	}
	if f.Do != "" {
		text += " -> " + f.Do
	}
	return strings.ReplaceAll(text, "\n", " ")
}

func printFindings(s *streams, found []app.Finding, bad int) error {
	type finding struct {
		Check   string   `json:"check"`
		Verdict string   `json:"verdict"`
		Says    string   `json:"says"`
		Do      string   `json:"do,omitempty"`
		Rows    []string `json:"rows,omitempty"`
	}
	all := make([]finding, 0, len(found))
	for _, f := range found {
		all = append(all, finding{f.Check, string(f.Verdict), f.Says, f.Do, f.Rows})
	}
	return json.NewEncoder(s.out).Encode(map[string]any{"ok": bad == 0, "findings": all})
}
