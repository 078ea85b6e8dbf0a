package browser

import (
	_ "embed"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/schoolgate/schoolgate/internal/sqldb/sqldbtest"
)

//go:embed check.js
var check string

// axe is axe-core (https://github.com/dequelabs/axe-core) where the machine has it: named by AXE, or installed in node_modules. Our own
// checks run either way.
func axe(t *testing.T) string {
	t.Helper()
	path := os.Getenv("AXE")
	if path == "" {
		path = filepath.Join("..", "..", "node_modules", "axe-core", "axe.min.js")
		if _, err := os.Stat(path); err != nil {
			return ""
		}
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

const runAxe = `axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}).then(r =>
	r.violations.map(v => v.id + ": " + v.help + " " + v.nodes.map(n => n.target).join(" | ")))`

func openTour(t *testing.T) *Tour {
	t.Helper()
	school, err := OpenTour(t.Context(), chromium(t), t, sqldbtest.SQLite(t), 200)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = school.Close() })
	return school
}

// Every page, on a narrow phone and on a desk, light and dark, in both languages.
func TestEveryPageCanBeReadByEverybody(t *testing.T) {
	school := openTour(t)
	library := axe(t)
	for _, spanish := range []bool{false, true} {
		for _, who := range []string{"", "first", "parent", "student", "admin", "second", "enrol", "factor"} {
			t.Run(strings.Trim(map[bool]string{false: "en ", true: "es "}[spanish]+who, " "), func(t *testing.T) {
				looks := []Look{{Width: 320, Height: 640}, {Width: 1280, Height: 800, Dark: true}}
				if spanish {
					looks = []Look{{Width: 320, Height: 640, Dark: true}, {Width: 1280, Height: 800}}
				}
				window := tab(t, Look{Width: 1280, Height: 800, Spanish: spanish})
				if who != "" {
					school.Enter(window, who)
				}
				for _, stop := range school.Stops() {
					if stop.Who != who {
						continue
					}
					school.Visit(window, stop)
					for _, look := range looks {
						if err := window.Turn(look); err != nil {
							t.Fatal(err)
						}
						for _, complaint := range complaints(window, library) {
							t.Errorf("%s, %d px, dark %t: %s", stop.Name, look.Width, look.Dark, complaint)
						}
					}
				}
				if p := window.Problems(); len(p) > 0 {
					t.Errorf("the browser complains: %q", slices.Compact(p))
				}
			})
		}
	}
}

func complaints(window *Tab, library string) []string {
	portal := Eval[string](window, "document.documentElement.dataset.portal")
	all := Eval[[]string](window, check+`("`+portal+`")`)
	if library == "" {
		return all
	}
	if !Eval[bool](window, "'axe' in window") {
		Eval[bool](window, library+"; true")
	}
	return append(all, Eval[[]string](window, runAxe)...)
}
