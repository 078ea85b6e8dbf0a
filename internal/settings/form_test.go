package settings_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/lang"
	"github.com/schoolgate/schoolgate/internal/settings"
	"github.com/schoolgate/schoolgate/internal/sqldb"
	"github.com/schoolgate/schoolgate/internal/sqldb/sqldbtest"
)

func TestEverySettingAndGroupHasItsWordsInBothLanguages(t *testing.T) {
	catalog, err := lang.Load()
	if err != nil {
		t.Fatal(err)
	}
	grouped := map[settings.Group]bool{}
	for _, tag := range lang.Tags() {
		l := catalog.Language(tag)
		need := func(key string) {
			if !l.Has(key) {
				t.Errorf("%s: no %s", tag, key)
			}
		}
		for _, g := range settings.Groups() {
			need("settings.group." + string(g))
			grouped[g] = true
		}
		for _, f := range settings.Fields() {
			need("settings." + f.Key)
			need("settings." + f.Key + "_effect")
			for _, o := range f.Options {
				need("settings." + f.Key + "_" + o)
			}
			if f.Unit != settings.NoUnit {
				need("settings.unit." + string(f.Unit))
			}
			if !grouped[f.Group] {
				t.Errorf("%s stands in the group %q, which is on no page", f.Key, f.Group)
			}
		}
	}
}

func TestEverySettingIsTypedAsItIsShown(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		s := open(t, db, &clock{})
		for _, values := range []settings.Values{other(), settings.Defaults()} {
			_, version := s.Form()
			typed := settings.Typed{Version: version, Texts: map[string]string{}}
			for _, f := range settings.Fields() {
				typed.Texts[f.Key] = f.Text(&values)
			}
			if err := s.Save(t.Context(), office, typed); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(values, *s.Values()); diff != "" {
				t.Errorf("after typing all of it (-want +got):\n%s", diff)
			}
		}
	})
}

func TestASettingIsTypedInItsUnit(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		s := open(t, db, &clock{})
		limits := []any{"Min", 1, "Max", 72}
		for _, c := range []struct {
			name, text string
			want       time.Duration
			problem    []fault.Problem
		}{
			{"whole hours", "36", 36 * time.Hour, nil},
			{"with blanks", " 36 ", 36 * time.Hour, nil},
			{"an hour and a half", "1.5", 90 * time.Minute, nil},
			{"the same with a comma", "1,5", 90 * time.Minute, nil},
			{"too few", "0.5", 0, []fault.Problem{{Field: "temporary_life", Key: "problem.out_of_range", Args: limits}}},
			{"below nothing", "-3", 0, []fault.Problem{{Field: "temporary_life", Key: "problem.out_of_range", Args: limits}}},
			{"more than a duration holds", "1e300", 0, []fault.Problem{{Field: "temporary_life", Key: "problem.out_of_range", Args: limits}}},
			{"without end", "Inf", 0, []fault.Problem{{Field: "temporary_life", Key: "problem.out_of_range", Args: limits}}},
			{"words", "a day", 0, []fault.Problem{{Field: "temporary_life", Key: "problem.number"}}},
			{"no number", "NaN", 0, []fault.Problem{{Field: "temporary_life", Key: "problem.number"}}},
			{"nothing", "", 0, []fault.Problem{{Field: "temporary_life", Key: "problem.number"}}},
		} {
			before, version := s.Form()
			err := s.Save(t.Context(), office, settings.Typed{Version: version, Texts: map[string]string{"temporary_life": c.text}})
			if diff := cmp.Diff(c.problem, fault.ProblemsOf(err)); diff != "" || (err == nil) != (c.problem == nil) {
				t.Errorf("%s: %v\n%s", c.name, err, diff)
			}
			want := c.want
			if c.problem != nil {
				want = before.TemporaryLife
			}
			if got := s.Values().TemporaryLife; got != want {
				t.Errorf("%s: %s, want %s", c.name, got, want)
			}
		}
	})
}

func TestAPageThatIsBehindChangesNothing(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		c := &clock{}
		s, another := open(t, db, c), open(t, db, c)
		_, version := s.Form()
		typed := settings.Typed{Version: version, Texts: map[string]string{"office_phone": "555-0100"}}
		if err := another.Save(t.Context(), office, settings.Typed{Version: version, Texts: map[string]string{"office_phone": "555-0199"}}); err != nil {
			t.Fatal(err)
		}
		if err := s.Save(t.Context(), office, typed); !fault.Is(err, fault.Conflict) {
			t.Errorf("saving a page that is behind: %v, want Conflict", err)
		}
		if got := s.Values().OfficePhone; got != "555-0199" {
			t.Errorf("the telephone is %q", got)
		}
		if err := s.Save(t.Context(), access.Actor{Kind: access.Staff, Role: access.Registrar}, typed); !fault.Is(err, fault.Forbidden) {
			t.Errorf("a registrar saving: %v", err)
		}
	})
}

func TestASettingPutBackFollowsTheDefault(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		c := &clock{}
		s := open(t, db, c)
		if err := s.Change(t.Context(), office, other()); err != nil {
			t.Fatal(err)
		}
		_, version := s.Form()
		typed := settings.Typed{Version: version, Texts: map[string]string{"staff_idle": "nonsense"}, Defaults: []string{"staff_idle"}}
		if err := s.Save(t.Context(), office, typed); err != nil {
			t.Fatal(err)
		}
		if got, want := s.Values().StaffIdle, settings.Defaults().StaffIdle; got != want {
			t.Errorf("%s, want %s", got, want)
		}
		err := db.Read(t.Context(), func(tx *sqldb.Tx) error {
			n, err := sqldb.Value[int](t.Context(), tx, "select count(*) from setting where key = 'staff_idle'")
			if n != 0 {
				t.Error("the default is written down: a later version's would not count")
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}
