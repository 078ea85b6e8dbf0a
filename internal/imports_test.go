// Package internal_test holds the rules that all packages keep: who may import whom, how long a file may be, how a package may be called.
package internal_test

import (
	"bytes"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/schoolgate/schoolgate/"

// The packages in their order: each domain package may import those above it alone.
var (
	foundation = []string{"fault", "sqldb", "lang", "mail", "jobs", "letter", "sheet"}
	domain     = []string{"access", "audit", "settings", "roster", "account", "family", "intake", "help"}
	delivery   = []string{"web", "cli", "demo", "app"}
)

// source is one Go file of the project, read as far as its imports.
type source struct {
	file    string // path from the module's root
	folder  string // of it, such as internal/web
	name    string // package clause
	test    bool
	lines   int
	imports []string
}

// part is the package below internal that the folder belongs to: "web" for internal/web/templates, "" outside internal.
func part(folder string) string {
	p, ok := strings.CutPrefix(folder, "internal/")
	if !ok {
		return ""
	}
	p, _, _ = strings.Cut(p, "/")
	return p
}

// ours is part of an imported package of the project, "" for a package of others.
func ours(imported string) string {
	p, ok := strings.CutPrefix(imported, module)
	if !ok {
		return ""
	}
	return part(p)
}

func sources(t *testing.T) []source {
	t.Helper()
	root := os.DirFS("..")
	var all []source
	err := fs.WalkDir(root, ".", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || len(d.Name()) > 1 && d.Name()[0] == '.') {
			return fs.SkipDir
		}
		if d.IsDir() || path.Ext(file) != ".go" {
			return nil
		}
		data, err := fs.ReadFile(root, file)
		if err != nil {
			return err
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Base(file), data, parser.ImportsOnly)
		if err != nil {
			return err
		}
		s := source{
			file: file, folder: path.Dir(file), name: parsed.Name.Name, test: strings.HasSuffix(file, "_test.go"), lines: bytes.Count(data, []byte("\n")),
		}
		for _, i := range parsed.Imports {
			p, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				return err
			}
			s.imports = append(s.imports, p)
		}
		all = append(all, s)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 50 {
		t.Fatalf("only %d Go files found: the walk began in the wrong folder", len(all))
	}
	return all
}

// forTests says that a file serves tests alone and may therefore import what it likes.
func (s source) forTests() bool {
	return s.test || slices.Contains([]string{"internal/sqldb/sqldbtest", "internal/mail/mailtest", "internal/app/apptest"}, s.folder) ||
		strings.HasPrefix(s.folder, "test/")
}

// refusal says why a package may not import another; "" means that it may.
func refusal(s source, imported string) string {
	from, to := part(s.folder), ours(imported)
	inFoundation, inDomain := slices.Contains(foundation, from), slices.Contains(domain, from)
	toDelivery := slices.Contains(delivery, to)
	switch {
	case isDriver(imported) && from != "sqldb":
		return "only sqldb names a driver or a dialect"
	case from == "" && to != "" && to != "cli":
		return "a command is a call of cli and nothing else"
	case from == to:
		return ""
	case inFoundation && (slices.Contains(domain, to) || toDelivery):
		return "the foundation knows nothing about schools"
	case inDomain && toDelivery:
		return "the domain knows nothing about delivery"
	case inDomain && slices.Contains([]string{"net/http", "html/template", "text/template", "database/sql/driver"}, imported):
		return "the domain knows neither HTTP nor pages nor drivers"
	case inDomain && slices.Contains(domain, to) && slices.Index(domain, to) > slices.Index(domain, from):
		return "a domain package imports those above it alone"
	case from == "account" && to == "roster":
		return "accounts know no contact"
	case (from == "web" || from == "cli") && to == "sqldb":
		return "delivery never sees the database"
	case from == "web" && (to == "cli" || to == "app" || to == "demo"), from == "cli" && to == "web":
		return "web and cli do not know each other"
	case to == "app" && from != "cli" && from != "demo":
		return "only the command line and the demo ask for the whole app"
	}
	return ""
}

func isDriver(imported string) bool {
	for _, p := range []string{"modernc.org/", "github.com/jackc/", "github.com/mattn/go-sqlite3", "github.com/lib/pq", "github.com/pressly/goose"} {
		if strings.HasPrefix(imported, p) {
			return true
		}
	}
	return false
}

func TestPackagesImportOnlyWhatTheirLayerMayKnow(t *testing.T) {
	for _, s := range sources(t) {
		if s.forTests() {
			continue
		}
		for _, imported := range s.imports {
			if why := refusal(s, imported); why != "" {
				t.Errorf("%s imports %s: %s", s.file, imported, why)
			}
		}
	}
}

func TestImportRulesRefuseWhatTheyShould(t *testing.T) {
	for _, c := range []struct{ folder, imported string }{
		{"internal/lang", module + "internal/roster"},
		{"internal/jobs", module + "internal/web"},
		{"internal/family", module + "internal/web"},
		{"internal/family", "net/http"},
		{"internal/roster", "html/template"},
		{"internal/roster", module + "internal/account"},
		{"internal/account", module + "internal/roster"},
		{"internal/account", module + "internal/family"},
		{"internal/family", module + "internal/intake"},
		{"internal/web", module + "internal/sqldb"},
		{"internal/cli", module + "internal/sqldb"},
		{"internal/web", module + "internal/cli"},
		{"internal/cli", module + "internal/web"},
		{"internal/web", module + "internal/app"},
		{"internal/web", "github.com/jackc/pgx/v5"},
		{"internal/app", "modernc.org/sqlite"},
		{"cmd/schoolgate", module + "internal/app"},
	} {
		if refusal(source{folder: c.folder}, c.imported) == "" {
			t.Errorf("%s may import %s", c.folder, c.imported)
		}
	}
}

func TestEveryPackageStandsInTheLayout(t *testing.T) {
	known := slices.Concat(foundation, domain, delivery)
	for _, s := range sources(t) {
		if p := part(s.folder); p != "" && !slices.Contains(known, p) {
			t.Errorf("%s: package %s stands in no layer", s.file, p)
		}
	}
}

func TestAppAloneBuildsTheDomain(t *testing.T) {
	builders := []string{"roster.New(", "account.New(", "family.New(", "intake.New(", "web.New(", "settings.Open(", "jobs.New(", "audit.New(", "help.Open("}
	for _, s := range sources(t) {
		if s.forTests() || part(s.folder) == "app" {
			continue
		}
		data, err := os.ReadFile(filepath.Join("..", filepath.FromSlash(s.file)))
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range builders {
			if bytes.Contains(data, []byte(b)) {
				t.Errorf("%s calls %s…): only app builds", s.file, b)
			}
		}
	}
}

func TestFilesAndPackagesKeepTheirShape(t *testing.T) {
	for _, s := range sources(t) {
		if s.lines > 600 {
			t.Errorf("%s has %d lines: 600 is the end", s.file, s.lines)
		}
		for _, word := range []string{"utils", "util", "helpers", "helper", "common", "models", "types", "misc", "shared"} {
			if s.name == word || path.Base(s.folder) == word {
				t.Errorf("%s: a package called %q says nothing", s.file, word)
			}
		}
	}
}
