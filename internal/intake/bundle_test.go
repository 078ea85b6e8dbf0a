package intake

import (
	"archive/zip"
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/schoolgate/schoolgate/internal/fault"
)

type zipped struct {
	name, text string
	mode       fs.FileMode
}

// packed writes a zip.
func packed(t *testing.T, files ...zipped) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, f := range files {
		h := &zip.FileHeader{Name: f.name, Method: zip.Deflate}
		h.SetMode(f.mode | 0o600)
		w, err := z.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(f.text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return written(t, b.Bytes())
}

func written(t testing.TB, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "roster.zip")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestZipsThatNoHonestPackerMakesAreRefused(t *testing.T) {
	lim := limits{entries: 5, total: 64 << 20, memory: 64 << 20, ratio: 300}
	for name, files := range map[string][]zipped{
		"a path that leads outside":  {{name: "users.csv"}, {name: "../users.csv"}},
		"outside by backslash":       {{name: `x\..\..\users.csv`}},
		"an absolute path":           {{name: "/etc/users.csv"}},
		"a drive":                    {{name: `C:\users.csv`}},
		"an empty name":              {{name: ""}},
		"a file twice":               {{name: "users.csv", text: "a"}, {name: "users.csv", text: "b"}},
		"a file twice in other case": {{name: "users.csv"}, {name: "Users.CSV"}},
		"too many files":             {{name: "1.csv"}, {name: "2.csv"}, {name: "3.csv"}, {name: "4.csv"}, {name: "5.csv"}, {name: "6.csv"}},
		"too big":                    {{name: "users.csv", text: strings.Repeat("0123456789abcdef", 5<<20)}},
		"a bomb":                     {{name: "users.csv", text: strings.Repeat("a", 40<<20)}},
		"nothing in it":              {},
		"no CSV":                     {{name: "readme.txt"}},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := openBundle(packed(t, files...), lim, newFindings()); !fault.Is(err, fault.Invalid) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestZipsAsPeoplePackThemAreTaken(t *testing.T) {
	for name, tt := range map[string]struct {
		files []zipped
		says  string
	}{
		"at the root":            {files: []zipped{{name: "users.csv", text: "x"}}},
		"in a folder":            {files: []zipped{{name: "export/", mode: fs.ModeDir}, {name: "export/users.csv", text: "x"}}, says: "in_folder"},
		"in a folder on Windows": {files: []zipped{{name: `export\users.csv`, text: "x"}}, says: "in_folder"},
		"with a Mac's droppings": {files: []zipped{{name: "users.csv", text: "x"}, {name: "__MACOSX/._users.csv", text: "y"}, {name: ".DS_Store"}}},
		"with a folder beside":   {files: []zipped{{name: "users.csv", text: "x"}, {name: "old/users.csv", text: "y"}}, says: "other_folder"},
		"with a symbolic link":   {files: []zipped{{name: "users.csv", text: "x"}, {name: "orgs.csv", text: "/etc/passwd", mode: fs.ModeSymlink}}, says: "not_regular"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFindings()
			b, err := openBundle(packed(t, tt.files...), defaultLimits(), f)
			if err != nil {
				t.Fatal(err)
			}
			defer b.Close()
			e, ok := b.file("users.csv")
			if !ok || len(b.files) != 1 {
				t.Fatalf("got %v", b.names())
			}
			r, err := e.open()
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			var text bytes.Buffer
			if _, err := text.ReadFrom(r); err != nil || text.String() != "x" {
				t.Errorf("read %q, %v", text.String(), err)
			}
			if tt.says != "" && !mentions(f.list(), tt.says) || tt.says == "" && len(f.list()) > 0 {
				t.Errorf("findings: %v", f.list())
			}
		})
	}
}

func TestWhatIsNeitherZipNorFolderIsRefusedByName(t *testing.T) {
	if _, err := openBundle(filepath.Join(t.TempDir(), "none.zip"), defaultLimits(), newFindings()); !fault.Is(err, fault.NotFound) {
		t.Errorf("missing: %v", err)
	}
	if _, err := openBundle(written(t, []byte("\x7fELF\x01\x01\x00,;")), defaultLimits(), newFindings()); !fault.Is(err, fault.Invalid) {
		t.Errorf("no zip: %v", err)
	}
	whole, err := os.ReadFile(packed(t, zipped{name: "users.csv", text: strings.Repeat("x,y\n", 1000)}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := openBundle(written(t, whole[:len(whole)/2]), defaultLimits(), newFindings()); !fault.Is(err, fault.Invalid) {
		t.Errorf("half a zip: %v", err)
	}
}

func TestAFolderIsReadNoFurtherThanItself(t *testing.T) {
	dir, secret := t.TempDir(), filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("hush"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "users.csv"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(secret, filepath.Join(dir, "orgs.csv")); err != nil {
		t.Fatal(err)
	}
	f := newFindings()
	b, err := openBundle(dir, defaultLimits(), f)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if _, there := b.file("orgs.csv"); there || !mentions(f.list(), "not_regular") {
		t.Errorf("the link was taken: %v", f.list())
	}
}

func TestOnlyARosterThatIsNotKeptInMemoryMayBeVeryBig(t *testing.T) {
	lim := limits{entries: 5, total: 4 << 20, memory: 1 << 10, ratio: 300}
	people := "sourcedId,givenName,familyName,role\n" + strings.Repeat("a,Ana,Lopez,student\n", 100)
	for name, tt := range map[string]struct {
		files []zipped
		want  fault.Kind
	}{
		"OneRoster": {[]zipped{{name: "users.csv", text: people}}, fault.KindOf(nil)},
		"a list":    {[]zipped{{name: "students.csv", text: "id,first name,last name\n" + strings.Repeat("1,Ana,Lopez\n", 200)}}, fault.Invalid},
	} {
		err := readPackage(packed(t, tt.files...), "", Mapping{}, "2026-11-23", lim, newFindings(), newRecords())
		if fault.KindOf(err) != tt.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}
