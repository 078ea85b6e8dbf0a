package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/schoolgate/schoolgate/internal/app"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/intake"
)

// formatHelp is the help of --format.
func formatHelp() string {
	return "One of " + strings.Join(intake.Formats(), ", ") + "; told apart by looking unless given."
}

type rosterCheckCmd struct {
	Path   string `arg:"" help:"The roster: a zip, a folder, or one CSV, XLSX or XML file."`
	Format string `help:"${formats}" placeholder:"FORMAT"`
	Map    string `help:"A mapping of columns, as \"roster map\" keeps it." placeholder:"FILE" type:"path"`
	JSON   bool   `help:"Print the contents as JSON." name:"json"`
}

func (rosterCheckCmd) Help() string {
	return `Reads a roster and says what is in it and what is wrong with it. No database is needed, and nothing is changed.

Examples:
  schoolgate roster check bundle.zip
  schoolgate roster check --format clever export/ --json`
}

func (c rosterCheckCmd) Run(ctx context.Context, s *streams) error {
	given, err := readMapping(c.Map)
	if err != nil {
		return err
	}
	held, err := intake.Check(ctx, c.Path, c.Format, given, time.Now().Format(time.DateOnly))
	if c.JSON {
		return printJSON(s, held, err)
	}
	printNoticed(s, held.Findings)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "\n%s", held.Format)
	if held.District != "" {
		fmt.Fprintf(s.out, ", %s", held.District)
	}
	fmt.Fprintln(s.out)
	for _, n := range []struct {
		what  string
		count int
	}{{"schools", held.Schools}, {"students", held.Students}, {"contacts", held.Contacts}, {"lines", held.Lines}, {"terms", held.Terms},
		{"courses", held.Courses}, {"classes", held.Classes}, {"enrolments", held.Enrolments}, {"staff", held.Staff}} {
		fmt.Fprintf(s.out, "%12s %8d\n", n.what, n.count)
	}
	if !held.Whole {
		fmt.Fprintln(s.out, "It holds changes, or is cut off: whoever is not in it stays.")
	}
	return nil
}

// printJSON prints what a program reads, and hands on the error.
func printJSON(s *streams, v any, err error) error {
	enc := json.NewEncoder(s.out)
	enc.SetIndent("", "  ")
	if jsonErr := enc.Encode(v); jsonErr != nil {
		return jsonErr
	}
	return err
}

func printNoticed(s *streams, all []intake.Finding) {
	for _, f := range all {
		where := f.File
		if f.Line > 0 {
			where += fmt.Sprintf(":%d", f.Line)
		}
		if f.Column != "" {
			where += " " + f.Column
		}
		fmt.Fprintf(s.out, "%-8s %s: %s", f.Level, where, f.Text)
		if f.Was != "" {
			fmt.Fprintf(s.out, " (%q)", f.Was)
		}
		if f.Count > 1 {
			fmt.Fprintf(s.out, " [%d times]", f.Count)
		}
		fmt.Fprintln(s.out)
	}
}

type rosterMapCmd struct {
	database
	Path   string `arg:"" optional:"" help:"A roster: say what each column of its tables is taken as."`
	School string `help:"The mapping of this school alone, which goes before that of all." placeholder:"NAME"`
	Set    string `help:"Keep the mapping in this file in place of the one that was: {\"students\": {\"Perm ID\": \"id_number\"}, \"contacts\": {\"Remarks\": \"-\"}}" placeholder:"FILE" type:"path"`
	JSON   bool   `help:"Print as JSON." name:"json"`
}

func (rosterMapCmd) Help() string {
	return `Says which columns of a school's own tables are taken as what, and keeps what an administrator says of them. The names of the fields
stand in docs/rosters.md; "-" is for a column that is not to be read.

Examples:
  schoolgate roster map --database sqlite:school.db export.xlsx
  schoolgate roster map --database sqlite:school.db --set columns.json export.xlsx`
}

func (c rosterMapCmd) Run(ctx context.Context, s *streams) error {
	return c.with(ctx, s, func(a *app.App) error {
		school, err := schoolNamed(ctx, a, c.School)
		if err != nil {
			return err
		}
		if c.Set != "" {
			m, err := readMapping(c.Set)
			if err != nil {
				return err
			}
			m.School = school
			if err := a.Intake.SetMapping(ctx, system(), m); err != nil {
				return err
			}
		}
		m, err := a.Intake.Mapping(ctx, system(), school)
		if err != nil {
			return err
		}
		if c.Path == "" {
			return c.show(s, m)
		}
		tables, err := intake.Tables(c.Path, m)
		if c.JSON || err != nil {
			return printJSON(s, tables, err)
		}
		for _, t := range tables {
			holds := t.Holds
			if holds == "" {
				holds = "neither students nor contacts, as far as the columns say"
			}
			fmt.Fprintf(s.out, "%s: %s\n", t.File, holds)
			for _, col := range t.Columns {
				field := col.Field
				if field == "" {
					field = "not read"
				}
				fmt.Fprintf(s.out, "  %-30s %-28s %s\n", col.Header, field, col.Sample)
			}
		}
		return nil
	})
}

func (c rosterMapCmd) show(s *streams, m intake.Mapping) error {
	return printJSON(s, mappingFile{Students: m.Students, Contacts: m.Contacts}, nil)
}

// mappingFile is a mapping as a file has it.
type mappingFile struct {
	Students map[string]string `json:"students"`
	Contacts map[string]string `json:"contacts"`
}

func readMapping(path string) (intake.Mapping, error) {
	if path == "" {
		return intake.Mapping{}, nil
	}
	data, err := os.ReadFile(path) //nolint:gosec // the operator chose it
	if err != nil {
		return intake.Mapping{}, fault.Wrap(fault.Invalid, err, "the mapping cannot be read")
	}
	var f mappingFile
	d := json.NewDecoder(strings.NewReader(string(data)))
	d.DisallowUnknownFields()
	if err := d.Decode(&f); err != nil {
		return intake.Mapping{}, fault.Wrap(fault.Invalid, err, "the mapping is no JSON of students and contacts")
	}
	return intake.Folded(intake.Mapping{Students: f.Students, Contacts: f.Contacts})
}
