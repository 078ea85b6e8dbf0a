package intake

import (
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// damaged is a file with bytes that are others, gone, twice, or of the kind that numbers, dates and texts break on.
func damaged(r *rand.Rand, text string) string {
	data := []byte(text)
	for range 1 + r.IntN(6) {
		if len(data) == 0 {
			break
		}
		at := r.IntN(len(data))
		end := min(len(data), at+r.IntN(40))
		switch r.IntN(7) {
		case 0:
			data[at] ^= byte(1 << r.IntN(8))
		case 1:
			data = slices.Delete(data, at, end)
		case 2:
			data = slices.Insert(data, at, data[at:end]...)
		case 3:
			data = data[:at]
		default:
			odd := of(r, "\x00", "\xff\xfe", "99999999999999999999", "-1", "9223372036854775807", "1e400", "\u202e", "\r", "\"", ",", "2026-02-30", strings.Repeat("é", 300), "NaN", "''; --", "\ufffd",
				"<", "&#0;", "]]>", "true", "tobedeleted")
			data = slices.Insert(data, at, []byte(odd)...)
		}
	}
	return string(data)
}

// broken names what does not hold of the records and the imports.
func (o *office) broken() []sqldb.Broken {
	o.t.Helper()
	found, err := o.db.Check(o.ctx, slices.Concat(o.roster.Invariants(), o.intake.Invariants()), 5)
	if err != nil {
		o.t.Fatal(err)
	}
	return found
}

// TestDamagedFilesOfAnyFormatAreTakenOrRefusedAndBreakNothing imports what nobody wrote so: the import says what is wrong with the file, and never that
// something is wrong here; what holds of records goes on holding; and the whole file puts things right.
func TestDamagedFilesOfAnyFormatAreTakenOrRefusedAndBreakNothing(t *testing.T) {
	all := samples(t)
	all["oneroster"] = classesOf(rand.New(rand.NewPCG(1, 1))) //nolint:gosec // a test's
	atOffice(t, func(t *testing.T, o *office) {
		r := rand.New(rand.NewPCG(3, 5)) //nolint:gosec // a test's
		opts := Options{School: "Morgan High", AllowRemovals: true}
		for n := range rounds(2) {
			for _, format := range sortedKeys(all) {
				files := all[format]
				name := of(r, sortedKeys(files)...)
				if strings.HasSuffix(name, ".xlsx") {
					continue
				}
				bad := damaged(r, files[name])
				opts.Format = format
				rep, err := o.intake.Import(o.ctx, robot, bundleFrom(t, with(files, name, bad)), opts)
				if err != nil && fault.KindOf(err) != fault.Invalid && fault.KindOf(err) != fault.Conflict && fault.KindOf(err) != fault.NotFound {
					t.Fatalf("%s, %s, round %d: %v\n%q", format, name, n, err, bad)
				}
				if err == nil && rep.Steps > 0 {
					if again, err := o.intake.Import(o.ctx, robot, bundleFrom(t, with(files, name, bad)), opts); err != nil || again.Steps != 0 {
						t.Fatalf("%s, %s, round %d: the same again: %d steps, %v: %v\n%q", format, name, n, again.Steps, err, again.Changes, bad)
					}
				}
			}
			if broken := o.broken(); len(broken) > 0 {
				t.Fatalf("round %d: %v", n, broken)
			}
		}
	})
}

// TestWhateverAnImportChangedOfPeopleIsTakenBackWhole takes two rosters in and the second one back.
func TestWhateverAnImportChangedOfPeopleIsTakenBackWhole(t *testing.T) {
	open := emptyOffices(t)
	for n := range rounds(4) {
		r := rand.New(rand.NewPCG(uint64(n), 13)) //nolint:gosec // a test's
		a, b := tablesOf(r), tablesOf(r)
		o := open()
		o.begin(o.uploadFiles(a), true)
		was := o.recordsNow()
		id := o.uploadFiles(b)
		if o.is(id).State == Planned {
			o.begin(id, true)
		}
		undo, err := o.intake.Undo(o.ctx, clerk, id)
		if err != nil {
			t.Fatal(err)
		}
		o.drain()
		m := o.is(undo)
		if m.State == Planned {
			m = o.begin(undo, true)
		}
		if m.State != Done || m.Alone != 0 {
			t.Fatalf("round %d: %+v", n, m)
		}
		if d := cmp.Diff(was, o.recordsNow()); d != "" {
			t.Fatalf("round %d: (-before +after taking back)\n%s\n%v\n%v", n, d, a, b)
		}
		if broken := o.broken(); len(broken) > 0 {
			t.Fatalf("round %d: %v", n, broken)
		}
		_ = o.db.Close()
	}
}

func (o *office) uploadFiles(files map[string]string) int64 {
	o.t.Helper()
	var list []string
	for _, name := range sortedKeys(files) {
		list = append(list, name, files[name])
	}
	f, err := os.Open(zippedIn(o.t, "", list...))
	if err != nil {
		o.t.Fatal(err)
	}
	defer f.Close()
	id, err := o.intake.Upload(o.ctx, clerk, "roster.zip", FromPage, Options{}, f)
	if err != nil {
		o.t.Fatal(err)
	}
	o.drain()
	return id
}
