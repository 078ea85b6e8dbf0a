package cli

import (
	"context"
	"fmt"
	"runtime/debug"

	"github.com/schoolgate/schoolgate/internal/app"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/intake"
)

type rosterCmd struct {
	Import rosterImportCmd `cmd:"" help:"Bring the records up to date from a roster."`
	Export rosterExportCmd `cmd:"" help:"Take records out: as a OneRoster bundle, or a list as CSV or XLSX."`
	Check  rosterCheckCmd  `cmd:"" help:"Read a roster and say what is in it and what is wrong with it."`
	Map    rosterMapCmd    `cmd:"" help:"Say which columns of a school's own tables are what, and keep it."`
}

type rosterImportCmd struct {
	database
	Path          string `arg:"" help:"The roster: a zip, a folder, or one CSV, XLSX or XML file."`
	School        string `help:"Put people whose school the roster does not name into this school." placeholder:"NAME"`
	Format        string `help:"${formats}" placeholder:"FORMAT"`
	DryRun        bool   `help:"Say what would happen, and change nothing."`
	AllowRemovals bool   `help:"Go on even if more than a tenth of the students, contacts or lines would go."`
	JSON          bool   `help:"Print the report as JSON." name:"json"`
}

func (rosterImportCmd) Help() string {
	return `Examples:
  schoolgate roster import --database sqlite:school.db --dry-run bundle.zip
  schoolgate roster import --database sqlite:school.db --school "Morgan High" bundle/`
}

func (c rosterImportCmd) Run(ctx context.Context, s *streams) error {
	debug.SetGCPercent(200) // little lives long: memory stays small, and is collected seldom
	return c.run(ctx, s, true, func(a *app.App) error {
		report, err := a.Intake.Import(ctx, system(), c.Path, intake.Options{
			Format: c.Format, School: c.School, DryRun: c.DryRun, AllowRemovals: c.AllowRemovals,
		})
		if c.JSON {
			return printJSON(s, report, err)
		}
		c.print(s, report, err)
		return err
	})
}

// print writes the report for a person: what was noticed, what changed, and the sums last, where they are seen.
func (c rosterImportCmd) print(s *streams, r intake.Report, err error) {
	printNoticed(s, r.Findings)
	for _, change := range r.Changes {
		fmt.Fprintln(s.out, "change  ", change)
	}
	if r.Format == "" || r.Refused != nil {
		return // nothing was taken: the error says why
	}
	did := "Imported"
	switch {
	case fault.Is(err, fault.Conflict):
		did = "Nothing was changed. The roster would mean"
	case err != nil:
		did = "Stopped before the end; run it again. The roster means"
	case r.DryRun:
		did = "Nothing was changed. The roster means"
	}
	fmt.Fprintf(s.out, "\n%s (%s)\n%10s %8s %8s %8s %8s\n", did, r.Format, "", "added", "changed", "removed", "same")
	for _, t := range []struct {
		what  string
		tally intake.Tally
	}{{"schools", r.Schools}, {"students", r.Students}, {"contacts", r.Contacts}, {"lines", r.Lines}, {"terms", r.Terms}, {"courses", r.Courses}, {"classes", r.Classes}, {"enrolments", r.Enrolments}} {
		fmt.Fprintf(s.out, "%10s %8d %8d %8d %8d\n", t.what, t.tally.Added, t.tally.Changed, t.tally.Removed, t.tally.Same)
	}
	fmt.Fprintf(s.out, "lines that lose access: %d; contacts without e-mail: %d\n", r.LosesAccess, r.WithoutEmail)
	for _, n := range []struct {
		count int
		what  string
	}{{r.LosesLater, "lines stay open for the time of grace only"}, {r.Lists[intake.ListLogins], "student logins end with that"},
		{r.Lists[intake.ListRestriction], "restrictions are touched"}, {r.Lists[intake.ListShared], "contacts have an address that somebody else has too"},
		{r.Lists[intake.ListNoEmail], "contacts have no address from now on"}, {r.Lists[intake.ListLocal], "values set by hand stay, the roster says otherwise"},
		{r.MayRegister, "adults may have a login afterwards"}} {
		if n.count > 0 {
			fmt.Fprintf(s.out, "%8d %s\n", n.count, n.what)
		}
	}
}
