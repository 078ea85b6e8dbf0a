package access_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/schoolgate/schoolgate/internal/access"
)

var update = flag.Bool("update", false, "write docs/roles.md anew")

const rolesPage = "../../docs/roles.md"

// names are the roles as the pages call them, with what they are for.
var names = map[access.Role][2]string{
	access.Administrator: {"Administrator", "everything: logins, records, staff, settings and the log"},
	access.Registrar:     {"Registrar", "keeps the records: edits, imports and exports them; sees logins and resets none"},
	access.Office:        {"Office", "keeps the logins of families: resets, temporary passwords, many at once; sees records and changes none"},
	access.HelpDesk:      {"Help desk", "sees logins, resets one at a time, sends temporary passwords; opens no records"},
	access.Auditor:       {"Auditor", "reads the log and the list of staff; sees no records and changes nothing"},
}

func TestADM1ThePageOfRolesIsWhatTheTableSays(t *testing.T) {
	page := roles()
	if *update {
		if err := os.WriteFile(rolesPage, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	written, err := os.ReadFile(rolesPage)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(written), page); diff != "" {
		t.Errorf("docs/roles.md is out of date: run make generate (-written +made):\n%s", diff)
	}
}

// roles writes the table of rights as a page: staff first, then everybody else.
func roles() string {
	var b strings.Builder
	b.WriteString(`# Roles

Made from the table in internal/access by ` + "`make generate`" + `; do not edit. Whatever is not in the table is denied.

Every member of staff has one role, works at all schools or at some, and may have a last day. Nobody can give, or take away, more than they hold:
neither a role that may do something they may not, nor a school at which they do not work. Nobody changes their own role, schools or last day. One
administrator of all schools, without a last day, who can sign in, is always left.

`)
	for _, r := range access.Roles() {
		fmt.Fprintf(&b, "- **%s** (`%s`): %s.\n", names[r][0], r, names[r][1])
	}
	b.WriteString("\n## Staff\n\nAll staff need a second factor to sign in. \"Again\": password and second factor are asked for again when they were given more than five minutes\n" +
		"ago. \"Everywhere\": only for those who work at all schools; everything else ends at the schools at which one works.\n\n")
	header := []string{"action"}
	for _, r := range access.Roles() {
		header = append(header, strings.ToLower(names[r][0]))
	}
	head(&b, append(header, "again", "everywhere")...)
	for _, action := range access.Actions() {
		row, any := []string{string(action)}, false
		for _, r := range access.Roles() {
			may := access.Can(access.Actor{Kind: access.Staff, Role: r, Schools: access.Everywhere()}, action)
			row, any = append(row, mark(may)), any || may
		}
		if any {
			line(&b, append(row, mark(access.NeedsFresh(action)), mark(access.EverywhereOnly(action)))...)
		}
	}
	b.WriteString("\n## Everybody else\n\nParents and students are further bound to their own children and their own login.\n\n")
	head(&b, "action", "visitor", "parent", "student")
	for _, action := range access.Actions() {
		row, any := []string{string(action)}, false
		for _, k := range []access.Kind{access.Visitor, access.Parent, access.Student} {
			may := access.Can(access.Actor{Kind: k}, action)
			row, any = append(row, mark(may)), any || may
		}
		if any {
			line(&b, row...)
		}
	}
	return b.String()
}

func mark(yes bool) string {
	if yes {
		return "yes"
	}
	return ""
}

func head(b *strings.Builder, cells ...string) {
	line(b, cells...)
	b.WriteString(strings.Repeat("|---", len(cells)) + "|\n")
}

func line(b *strings.Builder, cells ...string) {
	b.WriteString("|")
	for _, c := range cells {
		b.WriteString(strings.TrimRight(" "+c, " ") + " |")
	}
	b.WriteString("\n")
}
