package sqldb_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/schoolgate/schoolgate/internal/sqldb"
)

func TestNothingIsLeftOfAScratch(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	ctx := context.Background()
	db, err := sqldb.Scratch(ctx, "create table a (id integer primary key, b text); create table c (d text);")
	if err != nil {
		t.Fatal(err)
	}
	left := func() []string {
		found, err := filepath.Glob(filepath.Join(dir, "*"))
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	if runtime.GOOS == "linux" && len(left()) > 0 {
		t.Errorf("the file has a name while it is used: %v", left())
	}
	for n := range 3 {
		if err := db.Write(ctx, func(tx *sqldb.Tx) error {
			_, err := tx.Exec(ctx, "insert into a (b) values ($1)", fmt.Sprint(n))
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	var n int64
	err = db.Read(ctx, func(tx *sqldb.Tx) error {
		n, err = sqldb.Value[int64](ctx, tx, "select count(*) from a")
		return err
	})
	if err != nil || n != 3 {
		t.Errorf("got %d, %v", n, err)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
	if len(left()) > 0 {
		t.Errorf("left: %v", left())
	}
	if _, err := os.Stat(dir); err != nil {
		t.Error(err)
	}
}
