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
			if id, _, _ := strings.Cut(row, ","); id != "" {
				rows[id] = row
			}
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

// living leaves out the rows of a file that are to be deleted, and teachers: one who teaches nothing is not kept, and a file of changes need not say
// again who that is.
func living(text string) string {
	rows := slices.DeleteFunc(strings.Split(strings.TrimSuffix(text, "\n"), "\n"), func(row string) bool {
		return strings.Contains(row, ",tobedeleted,") || strings.Contains(row, ",teacher,")
	})
	return strings.Join(rows, "\n") + "\n"
}

// TestChangesOfClassesLeadWhereTheWholeFileLeads does the same with what is taught.
func TestChangesOfClassesLeadWhereTheWholeFileLeads(t *testing.T) {
	open := emptyOffices(t)
	names := []string{"academicSessions.csv", "courses.csv", "classes.csv", "enrollments.csv"}
	for n := range rounds(3) {
		r := rand.New(rand.NewPCG(uint64(n), 29)) //nolint:gosec // a test's
		was, is := classesOf(r), classesOf(r)
		changes := map[string]string{"manifest.csv": "propertyName,value\nmanifest.version,1.0\noneroster.version,1.1\nfile.users,absent\nfile.orgs,absent\n"}
		for _, name := range names {
			for _, files := range []map[string]string{was, is} {
				files[name] = living(files[name])
				if name != "enrollments.csv" {
					continue
				}
				rows := strings.Split(files[name], "\n")
				files[name] = strings.Join(slices.DeleteFunc(rows, func(row string) bool { // that names a class which the file has not
					parts := strings.Split(row, ",")
					return len(parts) > 3 && parts[0] != "sourcedId" && !strings.Contains(files["classes.csv"], "\n"+parts[3]+",")
				}), "\n")
			}
			header, rows := changesBetween(was[name], is[name])
			changes[name] = file(header, rows...)
			changes["manifest.csv"] += "file." + strings.TrimSuffix(name, ".csv") + ",delta\n"
		}
		one, two := open(), open()
		one.take(bundleFrom(t, was), Options{})
		two.take(bundleFrom(t, is), Options{})
		one.take(bundleFrom(t, changes), Options{})
		if d := cmp.Diff(two.taught(), one.taught()); d != "" {
			t.Fatalf("round %d: (-whole +changes)\n%s\n%v\n%v\n%v", n, d, was, is, changes)
		}
		if again := one.take(bundleFrom(t, changes), Options{}); again.Steps != 0 {
			t.Fatalf("round %d: the same again: %+v %+v %+v %+v\n%v", n, again.Terms, again.Courses, again.Classes, again.Enrolments, changes)
		}
		if again := one.take(bundleFrom(t, is), Options{}); again.Steps != 0 {
			t.Fatalf("round %d: the whole file after its changes: %+v %+v %+v %+v\n%v", n, again.Terms, again.Courses, again.Classes, again.Enrolments, changes)
		}
		_ = one.db.Close()
		_ = two.db.Close()
	}
}
