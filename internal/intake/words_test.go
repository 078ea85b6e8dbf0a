package intake

import (
	"go/ast"
	goparser "go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/schoolgate/schoolgate/internal/lang"
	"github.com/schoolgate/schoolgate/internal/roster"
)

// sources parses the package without its tests.
func sources(t *testing.T) []*ast.File {
	t.Helper()
	names, err := fs.Glob(os.DirFS("."), "*.go")
	if err != nil {
		t.Fatal(err)
	}
	var all []*ast.File
	set := token.NewFileSet()
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := goparser.ParseFile(set, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, f)
	}
	return all
}

// codes are those that the package declares, by the names of their constants.
func codes(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, f := range sources(t) {
		ast.Inspect(f, func(n ast.Node) bool {
			v, ok := n.(*ast.ValueSpec)
			if !ok {
				return true
			}
			if of, ok := v.Type.(*ast.Ident); ok && of.Name == "Code" && len(v.Values) == 1 {
				text, err := strconv.Unquote(v.Values[0].(*ast.BasicLit).Value)
				if err != nil {
					t.Fatal(err)
				}
				all[v.Names[0].Name] = text
			}
			return true
		})
	}
	if len(all) < 200 {
		t.Fatalf("%d codes", len(all))
	}
	return all
}

func TestEveryFindingHasWordsInEveryLanguage(t *testing.T) {
	c, err := lang.Load()
	if err != nil {
		t.Fatal(err)
	}
	students, contacts := Fields()
	for name, code := range codes(t) {
		for _, tag := range lang.Tags() {
			l := c.Language(tag)
			if !l.Has("imports.found." + code) {
				t.Errorf("%s (%s) has no words in %s", name, code, tag)
			}
			for _, as := range []string{"student." + students[0], "contact." + contacts[0], "father.email", "portal_access"} {
				x := Finding{Code: Code(code), As: as, File: "f.csv", Was: "w", Number: 2, More: true, Text: "words of another program"}
				if text := x.In(l); strings.Contains(text, "[[") == (strings.Contains(as, ".") || x.Code != sayColumnAs && x.Code != sayColumnSecond) || text == x.Text {
					t.Errorf("%s in %s: %s", name, tag, text)
				}
			}
		}
	}
	old := Finding{Code: "of_another_program", Text: "words of another program"}
	if got := old.In(c.Language("es")); got != old.Text {
		t.Errorf("a finding of another program: %q", got)
	}
}

// What is said is said by a code that is declared: a text in its place would stay English for everybody.
func TestEveryFindingIsMadeWithACode(t *testing.T) {
	declared := codes(t)
	used := map[string]bool{}
	for _, f := range sources(t) {
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.Ident:
				if _, ok := declared[n.Name]; ok && (n.Obj == nil || n.Obj.Kind != ast.Con || n.Obj.Pos() != n.Pos()) {
					used[n.Name] = true
				}
			case *ast.CallExpr:
				if to, ok := n.Fun.(*ast.Ident); ok && to.Name == "Code" {
					t.Errorf("a code is made of a text: %v", n.Args)
				}
				at, ok := n.Fun.(*ast.SelectorExpr)
				if !ok || at.Sel.Name != "add" && at.Sel.Name != "note" || len(n.Args) < 4 {
					return true
				}
				if text, ok := n.Args[len(n.Args)-1].(*ast.BasicLit); ok && text.Kind == token.STRING {
					t.Errorf("a finding says a text: %s", text.Value)
				}
			case *ast.KeyValueExpr:
				key, _ := n.Key.(*ast.Ident)
				if text, ok := n.Value.(*ast.BasicLit); ok && key != nil && key.Name == "Code" {
					t.Errorf("a finding has a text for a code: %s", text.Value)
				}
			}
			return true
		})
	}
	for _, name := range slices.Sorted(maps.Keys(declared)) {
		if !used[name] {
			t.Errorf("nothing says %s", name)
		}
	}
}

func TestEveryFieldThatAColumnMayHoldHasAName(t *testing.T) {
	c, err := lang.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, tag := range lang.Tags() {
		l := c.Language(tag)
		var named []string
		for _, d := range roster.StudentDifferences(roster.Student{}, fullStudent()) {
			named = append(named, d.Field)
		}
		for _, d := range roster.ContactDifferences(roster.Contact{}, fullContact()) {
			named = append(named, d.Field)
		}
		for _, d := range roster.LineDifferences(roster.Line{}, fullLine()) {
			named = append(named, d.Field)
		}
		for _, field := range named {
			if recordField(l, field) == field {
				t.Errorf("%s has no name in %s", field, tag)
			}
		}
	}
}

func fullStudent() roster.Student {
	return roster.Student{SchoolID: 1, IDNumber: "1", First: "1", Middle: "1", Last: "1", PreferredFirst: "1", PreferredLast: "1", BirthDate: "1", Grade: "1",
		Homeroom: "1", Email: "1", Status: roster.Enrolled, EnrolledFrom: "1", GoneOn: "1", GoneAs: roster.Withdrawn, Language: "1", OtherSchools: []int64{1}}
}

func fullContact() roster.Contact {
	return roster.Contact{First: "1", Middle: "1", Last: "1", PreferredFirst: "1", PreferredLast: "1", Email: "1", MobilePhone: "1", HomePhone: "1",
		WorkPhone: "1", Language: "1"}
}

func fullLine() roster.Line {
	return roster.Line{Relationship: "1", Position: 1, LegalGuardian: roster.Yes, LivesWith: roster.Yes, Emergency: roster.Yes, Pickup: roster.Yes,
		Mailing: roster.Yes, PortalAccess: roster.Yes, FilePortalAccess: roster.Yes, Restricted: roster.Yes, FileRestricted: roster.Yes, FileRestriction: "1",
		RestrictionNote: "1", CourtNumber: "1", CourtDate: "1", RestrictedFrom: "1", RestrictedUntil: "1", BeginDate: "1", EndDate: "1", GraceUntil: "1",
		Ended: true}
}
