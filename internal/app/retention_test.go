package app_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/schoolgate/schoolgate/internal/settings"
)

// schedule reads the rows of docs/retention.md.
func schedule(t *testing.T) [][]string {
	t.Helper()
	data, err := os.ReadFile("../../docs/retention.md")
	if err != nil {
		t.Fatal(err)
	}
	var rows [][]string
	for line := range strings.Lines(string(data)) {
		if cells := strings.Split(strings.TrimSpace(line), "|"); len(cells) == 7 && !strings.HasPrefix(line, "|---") && !strings.HasPrefix(line, "| What |") {
			rows = append(rows, cells[1:6])
		}
	}
	if len(rows) < 10 {
		t.Fatalf("%d rows in the schedule", len(rows))
	}
	return rows
}

var ticked = regexp.MustCompile("`([^`]+)`")

func codes(cell string) []string {
	var all []string
	for _, m := range ticked.FindAllStringSubmatch(cell, -1) {
		all = append(all, m[1])
	}
	return all
}

// TestPRV8EveryTableStandsInTheRetentionSchedule reads the migrations, so that a new table without a term fails.
func TestPRV8EveryTableStandsInTheRetentionSchedule(t *testing.T) {
	listed := map[string]int{}
	for _, row := range schedule(t) {
		for _, table := range codes(row[1]) {
			listed[table]++
		}
	}
	files, err := filepath.Glob("../sqldb/migrations/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	made := map[string]bool{}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		up, _, _ := strings.Cut(string(data), "-- +goose Down")
		for _, m := range regexp.MustCompile(`(?m)^(create|drop|alter) table (\w+)(?: rename to (\w+))?`).FindAllStringSubmatch(up, -1) {
			switch {
			case m[1] == "create":
				made[m[2]] = true
			case m[1] == "drop":
				delete(made, m[2])
			case m[3] != "":
				delete(made, m[2])
				made[m[3]] = true
			}
		}
	}
	for table := range made {
		if listed[table] != 1 {
			t.Errorf("the table %s stands in %d rows of docs/retention.md, want one", table, listed[table])
		}
	}
	for table := range listed {
		if !made[table] {
			t.Errorf("docs/retention.md names the table %s, which does not exist", table)
		}
	}
}

// TestPRV8TheScheduleSaysWhatTheSettingsAndTheSweepsDo holds the terms against the defaults, and what ends them against the program.
func TestPRV8TheScheduleSaysWhatTheSettingsAndTheSweepsDo(t *testing.T) {
	defaults, fields := settings.Defaults(), map[string]settings.Field{}
	for _, f := range settings.Fields() {
		fields[f.Key] = f
	}
	var source strings.Builder
	for _, folder := range []string{"account", "app", "audit", "family", "help", "intake", "jobs", "roster"} {
		files, err := filepath.Glob("../" + folder + "/*.go")
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			data, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			source.WriteString("\n// in " + folder + "\n" + string(data))
		}
	}
	used := map[string]bool{}
	for _, row := range schedule(t) {
		for _, key := range codes(row[3]) {
			f, ok := fields[key]
			used[key] = true
			if want := f.Text(&defaults) + " " + string(f.Unit); !ok || !strings.Contains(row[3], want) {
				t.Errorf("%s: %q does not say %q of the setting %s", row[0], row[3], want, key)
			}
		}
		ends := codes(row[4])
		if strings.TrimSpace(row[4]) != "-" && len(ends) == 0 {
			t.Errorf("%s: nothing ends it", row[0])
		}
		for _, end := range ends {
			folder, name, _ := strings.Cut(end, ".")
			if !regexp.MustCompile(`// in ` + folder + `\n(?s:.*?)func \(\w+ \*\w+\) ` + name + `\(`).MatchString(source.String()) {
				t.Errorf("%s: there is no %s", row[0], end)
			}
			if !regexp.MustCompile(`\.` + name + `\(ctx`).MatchString(source.String()) {
				t.Errorf("%s: nobody calls %s", row[0], end)
			}
		}
	}
	for _, f := range settings.Fields() {
		if strings.HasSuffix(f.Key, "_kept") && !used[f.Key] {
			t.Errorf("the setting %s stands in no row", f.Key)
		}
	}
}
