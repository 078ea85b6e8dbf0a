package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/app"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/family"
	"github.com/schoolgate/schoolgate/internal/fault"
)

type auditCmd struct {
	Verify auditVerifyCmd `cmd:"" help:"Check that nobody changed the log."`
	Export auditExportCmd `cmd:"" help:"Print the log as JSON, one event a line, oldest first."`
	Erase  auditEraseCmd  `cmd:"" help:"Erase personal details from the log; the events stay."`
	Breach auditBreachCmd `cmd:"" help:"Whose data was seen in a span of time, by whom, and how many families to tell."`
}

type auditVerifyCmd struct {
	database
	Anchor string `help:"Anchor file to compare with; default the SQLite path + .anchors, if it is there." placeholder:"FILE"`
	JSON   bool   `help:"Print the report as JSON."`
}

func (auditVerifyCmd) Help() string {
	return "Examples:\n  schoolgate audit verify --database sqlite:school.db\n  schoolgate audit verify --database postgres://… --key-file key --anchor /mnt/worm/anchors"
}

// wrongs are what can be wrong with the log, in words.
var wrongs = map[audit.Wrong]string{
	audit.WrongRow: "the row is not what was written: edited, forged or copied", audit.WrongDetail: "the details are not what was written",
	audit.WrongMissing: "a row or its seal is gone", audit.WrongInserted: "a row came in from outside",
	audit.WrongOrder: "the chain is broken: rows changed places, or seals were edited", audit.WrongTruncated: "the end that an anchor knows is gone",
	audit.WrongAnchor:   "an anchor knows another chain: the log was written anew",
	audit.WrongUnsealed: "a row waits for its seal for more than a minute: no server seals the log",
	audit.WrongErased:   "more details are gone than erasures tell of", audit.WrongKey: "not one row fits the key: this is not the key file of this database",
}

func (c auditVerifyCmd) Run(ctx context.Context, s *streams) error {
	return c.with(ctx, s, func(a *app.App) error {
		began := time.Now()
		r, err := a.VerifyLog(ctx, c.Anchor)
		if err != nil {
			return err
		}
		if c.JSON {
			err = verifyJSON(s.out, r)
		} else {
			err = verifyText(s.out, r, time.Since(began))
		}
		if err == nil && !r.OK() {
			return fault.Conflictf("the log was changed, or cannot be trusted, from sequence %d on", r.Findings[0].Seq)
		}
		return err
	})
}

func verifyText(out io.Writer, r audit.Report, took time.Duration) error {
	for _, f := range r.Findings {
		about := ""
		if f.Event != 0 {
			about = fmt.Sprintf(" (event %d)", f.Event)
		}
		if _, err := fmt.Fprintf(out, "sequence %d%s: %s\n", f.Seq, about, wrongs[f.Wrong]); err != nil {
			return err
		}
	}
	if more := r.Bad - int64(len(r.Findings)); more > 0 {
		fmt.Fprintf(out, "and %d more\n", more)
	}
	if r.OK() {
		fmt.Fprint(out, "The log is whole: ")
	}
	_, err := fmt.Fprintf(out, "%d events sealed, %d waiting, details of %d erased, %d anchors compared, %s.\n", r.Head.Seq, r.Pending, r.Erased, r.Anchors,
		took.Round(time.Millisecond))
	if err == nil && r.Head.Seq > 0 {
		_, err = fmt.Fprintf(out, "Head: %s\n", r.Head)
	}
	return err
}

func verifyJSON(out io.Writer, r audit.Report) error {
	type finding struct {
		Seq   int64       `json:"seq"`
		Event int64       `json:"event,omitempty"`
		Wrong audit.Wrong `json:"wrong"`
		Says  string      `json:"says"`
	}
	found := []finding{}
	for _, f := range r.Findings {
		found = append(found, finding{f.Seq, f.Event, f.Wrong, wrongs[f.Wrong]})
	}
	return writeJSON(out, map[string]any{
		"ok": r.OK(), "sealed": r.Head.Seq, "waiting": r.Pending, "erased": r.Erased, "anchors": r.Anchors, "bad": r.Bad, "findings": found, "head": r.Head.String(),
	})
}

type auditExportCmd struct {
	database
	Since string `help:"First day, such as 2026-11-23; everything unless given." placeholder:"DATE"`
}

func (auditExportCmd) Help() string {
	return "Example:\n  schoolgate audit export --database sqlite:school.db --since 2026-11-01 > log.jsonl"
}

func (c auditExportCmd) Run(ctx context.Context, s *streams) error {
	since, err := parseDay("since", c.Since)
	if err != nil {
		return err
	}
	return c.with(ctx, s, func(a *app.App) error {
		return a.ExportAudit(ctx, system(), since, func(e audit.Event) error {
			return writeJSON(s.out, map[string]any{
				"id": e.ID, "at": e.At, "actorKind": e.Actor.Kind, "actor": e.Actor.AccountID, "action": e.Action, "targetKind": e.TargetKind,
				"target": e.TargetID, "outcome": e.Outcome, "address": e.Actor.Address, "request": e.Actor.RequestID, "detail": e.Detail, "erased": e.Erased,
			})
		})
	})
}

// writeJSON writes a value on a line of its own. Whatever could move a terminal's cursor or turn its writing is escaped.
func writeJSON(out io.Writer, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	var b strings.Builder
	for _, r := range string(data) {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) && r <= 0xFFFF {
			fmt.Fprintf(&b, "\\u%04x", r)
			continue
		}
		b.WriteRune(r)
	}
	_, err = fmt.Fprintln(out, b.String())
	return err
}

// parseDay reads a day of a flag, in UTC; an empty one is the zero time.
func parseDay(flag, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return t, fault.Wrap(fault.Invalid, errMisused, "--"+flag+" must be a day such as 2026-11-23")
	}
	return t, nil
}

type auditEraseCmd struct {
	database
	Before  string `help:"Erase the details of events before this day." placeholder:"DATE"`
	Account int64  `help:"Only of events about this account, and by it." xor:"target" placeholder:"NUMBER"`
	Contact int64  `help:"Only of events about this contact." xor:"target" placeholder:"NUMBER"`
	Student int64  `help:"Only of events about this student." xor:"target" placeholder:"NUMBER"`
}

func (auditEraseCmd) Help() string {
	return "Examples:\n  schoolgate audit erase --database sqlite:school.db --before 2024-07-01\n  schoolgate audit erase --database sqlite:school.db --contact 4711"
}

func (c auditEraseCmd) Run(ctx context.Context, s *streams) error {
	before, err := parseDay("before", c.Before)
	if err != nil {
		return err
	}
	what := audit.Erase{Before: before}
	for kind, id := range map[string]int64{"account": c.Account, "contact": c.Contact, "student": c.Student} {
		if id != 0 {
			what.TargetKind, what.TargetID = kind, id
		}
	}
	if what.TargetKind == "" && before.IsZero() {
		return fault.Wrap(fault.Invalid, errMisused, "say --before which day, or --account, --contact or --student")
	}
	return c.with(ctx, s, func(a *app.App) error {
		n, err := a.Audit.Erase(ctx, a.DB, system(), what)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(s.out, "Details of %d events erased; the events stay.\n", n)
		return err
	})
}

type auditBreachCmd struct {
	database
	From    string `help:"First day." required:"" placeholder:"DATE"`
	To      string `help:"Last day." required:"" placeholder:"DATE"`
	Account int64  `help:"Only what was seen through this account." xor:"by" placeholder:"NUMBER"`
	Address string `help:"Only what was seen from this network address." xor:"by" placeholder:"ADDRESS"`
	JSON    bool   `help:"Print the report as JSON."`
}

func (auditBreachCmd) Help() string {
	return "Example:\n  schoolgate audit breach --database sqlite:school.db --from 2026-11-20 --to 2026-11-23 --address 192.0.2.7"
}

func (c auditBreachCmd) Run(ctx context.Context, s *streams) error {
	from, err := parseDay("from", c.From)
	if err != nil {
		return err
	}
	to, err := parseDay("to", c.To)
	if err != nil {
		return err
	}
	return c.with(ctx, s, func(a *app.App) error {
		first, last := a.DayOf(from), a.DayOf(to.AddDate(0, 0, 1))
		b, err := a.Family.ExportBreach(ctx, system(), family.BreachQuery{From: first, To: last, AccountID: c.Account, Address: c.Address})
		if err != nil {
			return err
		}
		if c.JSON {
			return breachJSON(s.out, b)
		}
		return breachText(s.out, b)
	})
}

func called(p family.Person) string {
	name := strings.Join(strings.Fields(p.First+" "+p.Middle+" "+p.Last), " ")
	switch {
	case p.Kind == string(access.System):
		name = "the program"
	case p.Gone:
		name = fmt.Sprintf("no longer on record (%d)", p.ID)
	case p.Username != "" && name != "":
		name += " (" + p.Username + ")"
	case p.Username != "":
		name = p.Username
	}
	return audit.Line(name)
}

func breachText(out io.Writer, b family.Breach) error {
	seen := 0
	for _, st := range b.Students {
		if st.Was() {
			seen++
		}
	}
	fmt.Fprintf(out, "Families to tell: %d\nStudents whose record was opened or taken out: %d\nStudents whose record could be opened and was not: %d\n", b.Families, seen,
		len(b.Students)-seen)
	for _, a := range b.AllOf {
		fmt.Fprintf(out, "%s may open every record at their schools: all of them could be reached.\n", called(a))
	}
	for _, st := range b.Students {
		fmt.Fprintf(out, "%d\t%s\t%s\n", st.ID, called(st.Person), audit.Line(st.School))
		for _, o := range st.Seen {
			fmt.Fprintf(out, "\t%s by %s, %s to %s, %d times\n", o.How, called(o.Who), o.First.Format(time.RFC3339), o.Last.Format(time.RFC3339), o.Count)
		}
		if !st.Was() {
			for _, by := range st.By {
				fmt.Fprintf(out, "\topen to %s\n", called(by))
			}
		}
	}
	for _, e := range b.Acts {
		if _, err := fmt.Fprintf(out, "%s\t%s\t%s\t%s\t%s\n", e.At.Format(time.RFC3339), audit.Line(e.Action), called(e.Who), audit.Line(e.Outcome), audit.Line(e.Actor.Address)); err != nil {
			return err
		}
	}
	return nil
}

func breachJSON(out io.Writer, b family.Breach) error {
	type view struct {
		By    string    `json:"by"`
		How   audit.How `json:"how"`
		First time.Time `json:"first"`
		Last  time.Time `json:"last"`
		Times int64     `json:"times"`
	}
	type student struct {
		ID     int64    `json:"id"`
		Name   string   `json:"name"`
		School string   `json:"school"`
		Seen   []view   `json:"seen"`
		OpenTo []string `json:"openTo,omitempty"`
	}
	students := []student{}
	for _, st := range b.Students {
		one := student{ID: st.ID, Name: called(st.Person), School: st.School, Seen: []view{}}
		for _, o := range st.Seen {
			one.Seen = append(one.Seen, view{called(o.Who), o.How, o.First, o.Last, o.Count})
		}
		for _, p := range st.By {
			one.OpenTo = append(one.OpenTo, called(p))
		}
		students = append(students, one)
	}
	everything := []string{}
	for _, p := range b.AllOf {
		everything = append(everything, called(p))
	}
	return writeJSON(out, map[string]any{"families": b.Families, "students": students, "staffWhoReachAll": everything, "acts": len(b.Acts)})
}
