package intake

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// changesBetween is the file of changes that leads from one file to another: rows that are other or new, and those that are gone. Rows begin with their id,
// status and time.
func changesBetween(was, is string) (header string, rows []string) {
	split := func(text string) (header string, rows map[string]string) {
		all := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
		rows = map[string]string{}
		for _, row := range all[1:] {
			id, _, _ := strings.Cut(row, ",")
			rows[id] = row
		}
		return all[0], rows
	}
	header, before := split(was)
	_, after := split(is)
	mark := func(row, status string) string {
		parts := strings.SplitN(row, ",", 4)
		return parts[0] + "," + status + ",2026-11-23T01:00:00.000Z," + parts[3]
	}
	for _, id := range sortedKeys(after) {
		if before[id] != after[id] {
			rows = append(rows, mark(after[id], "active"))
		}
	}
	for _, id := range sortedKeys(before) {
		if after[id] == "" {
			rows = append(rows, mark(before[id], "tobedeleted"))
		}
	}
	return header, rows
}

// TestChangesLeadWhereTheWholeFileLeads takes a district in whole, then what changed in it, in one file or in several ones.
func TestChangesLeadWhereTheWholeFileLeads(t *testing.T) {
	open := emptyOffices(t)
	all := writers()
	for n := range rounds(3) {
		for _, format := range []string{"OneRoster 1.1, agents of students", "OneRoster 1.1, agents of adults", "OneRoster 1.2"} {
			write := all[format]
			r := rand.New(rand.NewPCG(uint64(n), 17)) //nolint:gosec // a test's
			a, b := drawModel(r), drawModel(r)
			was, is := write(a), write(b)
			one, two := open(), open()
			opts := Options{AllowRemovals: true, School: "School A"}
			one.take(bundleFrom(t, was), opts)
			two.take(bundleFrom(t, is), opts)
			var parts []map[string]string
			files := map[string]string{"manifest.csv": "propertyName,value\nmanifest.version,1.0\noneroster.version," + format[10:13] + "\nfile.orgs,absent\n"}
			for _, name := range []string{"users.csv", "roles.csv"} {
				if is[name] == "" {
					continue
				}
				files["manifest.csv"] += "file." + strings.TrimSuffix(name, ".csv") + ",delta\n"
				header, rows := changesBetween(was[name], is[name])
				files[name] = file(header, rows...)
			}
			parts = append(parts, files)
			for k, part := range parts {
				one.take(bundleFrom(t, part), opts)
				if again := one.take(bundleFrom(t, part), opts); again.Steps != 0 {
					t.Fatalf("%s, round %d: part %d again: %v\n%v", format, n, k, again.Changes, part)
				}
			}
			people := ""
			for _, s := range b.students {
				people += "\n" + s.id + ","
			}
			if d := cmp.Diff(withoutPlaces(two.stands(people)), withoutPlaces(one.stands(people))); d != "" {
				t.Fatalf("%s, round %d: (-whole +changes)\n%s\nwas %v\nis %v\nchanges %v", format, n, d, was, is, files)
			}
			// The whole file once more changes nothing of the people whom it has.
			rep := one.take(bundleFrom(t, is), opts)
			o := []int{rep.Students.Added, rep.Students.Changed, rep.Contacts.Added, rep.Contacts.Changed, rep.Lines.Added, rep.Lines.Removed}
			if !slices.Equal(o, make([]int, 6)) {
				t.Fatalf("%s, round %d: the whole file after its changes: %v, %s", format, n, rep.Changes, fmt.Sprint(files))
			}
			_ = one.db.Close()
			_ = two.db.Close()
		}
	}
}
