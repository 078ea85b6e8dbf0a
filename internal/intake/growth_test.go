package intake

import (
	"fmt"
	"slices"
	"testing"

	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
	"github.com/schoolgate/schoolgate/internal/sqldb/sqldbtest"
)

func TestTablesAreLookedAtAgainWhenTheyAreMuchBigger(t *testing.T) {
	g := growth{}
	people := batch{steps: []stepRow{{phase: phases + phaseAddStudent}}, students: make([]roster.StudentChange, 1000)}
	var at []int
	for n := range 200 {
		if look := g.by(people); len(look) > 0 {
			at = append(at, n+1)
			if !slices.Contains(look, "student") {
				t.Errorf("%v is looked at", look)
			}
		}
	}
	if want := []int{2, 16, 128}; !slices.Equal(at, want) {
		t.Errorf("students are looked at after %d thousand, want %d", at, want)
	}
	taught := batch{steps: []stepRow{{phase: phaseClasswork}}, classes: []roster.Classwork{{Classes: make([]roster.Class, 500)}}}
	taught.classes[0].Enrolments = make([]roster.Enrolment, 1900)
	if look := g.by(taught); len(look) > 0 {
		t.Errorf("%v is looked at after few rows", look)
	}
	if look := g.by(taught); !slices.Equal(look, []string{"enrolment"}) {
		t.Errorf("%v is looked at, want enrolments alone", look)
	}
	all := g.tables()
	if !slices.Contains(all, "student_word") || !slices.Contains(all, "enrolment") || slices.Contains(all, "class") {
		t.Errorf("in the end %v are looked at", all)
	}
}

func TestABigImportHasPostgreSQLLookAtWhatCame(t *testing.T) {
	o := newOffice(t, sqldbtest.Postgres(t))
	rows := map[string]string{}
	for n := range firstLook + 100 {
		id := fmt.Sprintf("k%04d", n)
		rows[id] = kid(id, "Kid", "Last"+id, "9"+id, "04", "high", "")
	}
	o.take(o.bundle(rows), Options{})
	err := o.db.Read(o.ctx, func(tx *sqldb.Tx) error {
		n, err := sqldb.Value[int64](o.ctx, tx, "select cast(reltuples as bigint) from pg_class where relname = 'student'")
		if n < firstLook {
			t.Errorf("PostgreSQL takes the students to be %d", n)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
