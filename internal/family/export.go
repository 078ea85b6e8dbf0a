package family

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// List is a list that can be taken out as a table.
type List string

// The lists.
const (
	ListStudents List = "students"
	ListContacts List = "contacts" // one row for each line
	ListParents  List = "parents"  // who has a login
)

// Lists lists the lists.
func Lists() []List { return []List{ListStudents, ListContacts, ListParents} }

// ExportList calls row for the head of a list and for its rows, as far as the actor's schools go, and notes it in the log. It returns
// fault.Forbidden, fault.Stale when the actor must show first that it is them, fault.NotFound for a school that is not the actor's, fault.Invalid
// for no such list.
func (f *Family) ExportList(ctx context.Context, actor access.Actor, list List, o roster.ExportOrder, row func(...string) error) error {
	switch list {
	case ListStudents:
		return f.roster.ExportStudents(ctx, actor, o, row)
	case ListContacts:
		return f.roster.ExportContacts(ctx, actor, o, row)
	case ListParents:
		return f.exportParents(ctx, actor, o, row)
	}
	return fault.Invalidf("no such list: %s", list)
}

// exportParents takes out who has a login, by name.
func (f *Family) exportParents(ctx context.Context, actor access.Actor, o roster.ExportOrder, row func(...string) error) error {
	if err := access.Check(actor, access.ExportRecords); err != nil {
		return err
	}
	if o.School != 0 && !roster.ScopeOf(actor).Has(o.School) {
		return fault.NotFoundf("no such school")
	}
	err := f.db.Write(ctx, func(tx *sqldb.Tx) error {
		return f.audit.Record(ctx, tx, audit.Event{
			Actor: actor, Action: "records.exported", TargetKind: "record", Detail: map[string]any{"list": string(ListParents), "school": o.School},
		})
	})
	if err != nil {
		return err
	}
	if err := row("last_name", "first_name", "username", "state", "last_sign_in", "password_set", "schools"); err != nil {
		return err
	}
	day := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.In(f.settings.Location()).Format(time.DateOnly)
	}
	q := ParentQuery{Whom: Whom{School: o.School}}
	_, err = f.walkParents(ctx, actor, q, walkPage, 1<<30, func(r ParentRow) error {
		if r.account == 0 {
			return nil
		}
		schools := slices.Clone(r.Schools)
		slices.Sort(schools)
		return row(r.Last, r.First, r.Username, string(r.State), day(r.LastSignIn), day(r.PasswordSet), strings.Join(schools, "; "))
	})
	return err
}
