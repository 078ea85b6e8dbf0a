package intake

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/jobs"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

func TestAWatchedFolderIsImportedOnceAndWaitsBeyondTheGuard(t *testing.T) {
	atOffice(t, func(t *testing.T, o *office) {
		dir, told, failed := t.TempDir(), 0, 0
		put := func(name string, rows map[string]string) {
			if err := os.WriteFile(filepath.Join(dir, name), zipOf(t, rows), 0o600); err != nil {
				t.Fatal(err)
			}
			when := time.Now().Add(time.Duration(len(name)) * time.Hour) // the longer the name, the newer
			if err := os.Chtimes(filepath.Join(dir, name), when, when); err != nil {
				t.Fatal(err)
			}
		}
		look := func() []Import {
			if err := o.intake.LookAfterFolder(o.ctx); err != nil {
				t.Fatal(err)
			}
			o.drain()
			all, err := o.intake.Imports(o.ctx, clerk, jobs.Cursor{}, 10)
			if err != nil {
				t.Fatal(err)
			}
			return all
		}
		waits := func(context.Context, *sqldb.Tx) error { told++; return nil }
		for _, bad := range []Watch{{Folder: dir, At: "half past two"}, {Folder: filepath.Join(dir, "nothing")}} {
			if err := o.intake.Folder(bad); !fault.Is(err, fault.Invalid) {
				t.Errorf("got %v", err)
			}
		}
		var said bytes.Buffer
		o.intake.Tell(Told{Log: slog.New(slog.NewTextHandler(&said, nil)), Waits: waits, Failed: func(context.Context, *sqldb.Tx) error { failed++; return nil }})
		if err := o.intake.Folder(Watch{Folder: dir, At: "05:30"}); err != nil {
			t.Fatal(err)
		}
		put("a.zip", twenty())
		o.same("not its time of day", 0, len(look()))
		o.clock = time.Date(2026, 11, 24, 11, 0, 0, 0, time.UTC) // six in the morning at the school
		o.same("a first look sees whether it grows", 0, len(look()))
		all := look()
		o.same("taken", []any{1, Done, 20}, []any{len(all), all[0].State, len(o.snapshot().Students)})
		o.same("once", 1, len(look()))
		put("aa.zip", twenty())
		look()
		o.same("the same under another name", 1, len(look()))
		fewer := twenty()
		for _, id := range []string{"s00", "s01", "s02"} {
			delete(fewer, id)
		}
		put("aaa.zip", fewer)
		look()
		all = look()
		o.same("beyond the guard", []any{2, Planned, 1}, []any{len(all), all[0].State, told})
		if err := os.WriteFile(filepath.Join(dir, "aaaa.zip"), []byte("no zip"), 0o600); err != nil {
			t.Fatal(err)
		}
		when := time.Now().Add(9 * time.Hour)
		if err := os.Chtimes(filepath.Join(dir, "aaaa.zip"), when, when); err != nil {
			t.Fatal(err)
		}
		look()
		all = look()
		o.same("what cannot be read is told", []any{3, Failed, 1, cannotZip}, []any{len(all), all[0].State, failed, all[0].Report.Refused.Code})
		for _, line := range []string{`msg="a roster came into the watched folder" import=1`, `import=1 from=folder state=done format="OneRoster 1.1" steps=64 done=64`,
			"import=2 from=folder state=planned", "import=3 from=folder state=failed"} {
			if !strings.Contains(said.String(), line) {
				t.Errorf("the log lacks %s: %s", line, said.String())
			}
		}
		if strings.Contains(said.String(), "Kid") || strings.Contains(said.String(), "zip") || strings.Contains(said.String(), "@") {
			t.Errorf("the log says more than numbers: %s", said.String())
		}
	})
}

func TestAFileThatWasTakenIsNotReadEveryMinute(t *testing.T) {
	atOffice(t, func(t *testing.T, o *office) {
		watching(t, o)
		asked := 0
		o.before = func(q string) error {
			if strings.HasPrefix(q, selectTaken) {
				asked++
			}
			return nil
		}
		for range 6 {
			if err := o.intake.LookAfterFolder(o.ctx); err != nil {
				t.Fatal(err)
			}
		}
		o.same("taken, and once more found to be", 2, asked)
	})
}

func TestAFileInTheFolderThatIsTooBigIsToldAndNotReadEveryMinute(t *testing.T) {
	atOffice(t, func(t *testing.T, o *office) {
		failed := 0
		o.intake.Tell(Told{Log: slog.New(slog.DiscardHandler), Failed: func(context.Context, *sqldb.Tx) error { failed++; return nil }})
		o.intake.SetUploadLimit(100)
		watching(t, o)
		for range 4 {
			if err := o.intake.LookAfterFolder(o.ctx); err != nil {
				t.Fatal(err)
			}
		}
		all, err := o.intake.Imports(o.ctx, clerk, jobs.Cursor{}, 10)
		if err != nil || len(all) != 1 || all[0].State != Failed || failed != 1 || all[0].Report.Refused == nil || all[0].Report.Refused.Code != cannotBig {
			t.Errorf("%d times: %+v, %v", failed, all, err)
		}
		o.same("kept of it", 0, len(o.dump("import_chunk")["import_chunk"]))
		if broken := o.broken(); len(broken) > 0 {
			t.Error(broken)
		}
	})
}
