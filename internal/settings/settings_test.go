package settings_test

import (
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/settings"
	"github.com/schoolgate/schoolgate/internal/sqldb"
	"github.com/schoolgate/schoolgate/internal/sqldb/sqldbtest"
)

var start = time.Date(2026, 11, 23, 3, 30, 0, 0, time.UTC)

type clock struct{ at atomic.Int64 }

func (c *clock) now() time.Time          { return start.Add(time.Duration(c.at.Load())) }
func (c *clock) advance(d time.Duration) { c.at.Add(int64(d)) }

var office = access.Actor{Kind: access.Staff, Role: access.Administrator, Schools: access.Everywhere(), AccountID: 1, Fresh: true}

func open(t *testing.T, db *sqldb.DB, c *clock) *settings.Settings {
	t.Helper()
	s, err := settings.Open(t.Context(), db, audit.New(audit.Key{}, c.now), c.now)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func exec(t *testing.T, db *sqldb.DB, query string, args ...any) {
	t.Helper()
	err := db.Write(t.Context(), func(tx *sqldb.Tx) error { _, err := tx.Exec(t.Context(), query, args...); return err })
	if err != nil {
		t.Fatal(err)
	}
}

// other are values of which none is the default: a setting that is not named here is a little more than its default.
func other() settings.Values {
	v := settings.Defaults()
	v.DistrictName, v.OfficePhone, v.OfficeHours, v.OfficeEmail = "Escuela Ñandú", "555-0100", "8–4", "office@school.example"
	v.TimeZone, v.IDNumberHint, v.Relationships = "Asia/Tokyo", "On the report card", []string{"guardian", "foster_parent"}
	v.MinPassword, v.MinStudentPassword, v.MailsPerHour, v.MailsPerDay = 20, 10, 1, 2
	v.TemporaryLife, v.ClaimWithin, v.RequestsKept = 90*time.Minute, 48*time.Hour, 7*24*time.Hour
	v.AdultStudents, v.Language = "end", "es"
	v.Accent = "#7a1f3d"
	v.PrintedCodeLife = 36 * time.Hour // the default is the most
	v.ParentIdle, v.StaffIdle, v.SessionLife, v.KeepSignedIn = 10*time.Minute, 5*time.Minute, time.Hour, 24*time.Hour
	all, defaults := reflect.ValueOf(&v).Elem(), reflect.ValueOf(settings.Defaults())
	for i := range all.NumField() {
		f := all.Field(i)
		switch {
		case !reflect.DeepEqual(f.Interface(), defaults.Field(i).Interface()):
		case f.Type() == reflect.TypeFor[time.Duration]():
			f.SetInt(f.Int() + int64(time.Minute))
		case f.Kind() == reflect.Int:
			f.SetInt(f.Int() + 1)
		case f.Kind() == reflect.Bool:
			f.SetBool(!f.Bool())
		}
	}
	return v
}

func TestEverySettingIsKeptAndAuditedWithOldAndNew(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		c := &clock{}
		s := open(t, db, c)
		if diff := cmp.Diff(settings.Defaults(), *s.Values()); diff != "" {
			t.Errorf("an empty database is not the defaults (-want +got):\n%s", diff)
		}
		if s.Today() != "2026-11-22" {
			t.Errorf("today is %s in New York", s.Today())
		}
		before := s.Version()
		if err := s.Change(t.Context(), office, other()); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(other(), *s.Values()); diff != "" {
			t.Errorf("after Change (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(other(), *open(t, db, c).Values()); diff != "" {
			t.Errorf("after opening again (-want +got):\n%s", diff)
		}
		if s.Today() != "2026-11-23" || s.Location().String() != "Asia/Tokyo" || s.Version() <= before {
			t.Errorf("today %s, zone %s, version %d after %d", s.Today(), s.Location(), s.Version(), before)
		}

		next := other()
		next.MinPassword = 21
		for range 2 { // the second changes nothing and leaves no trace
			if err := s.Change(t.Context(), office, next); err != nil {
				t.Fatal(err)
			}
		}
		var events []audit.Event
		err := db.Read(t.Context(), func(tx *sqldb.Tx) error {
			return audit.New(audit.Key{}, c.now).Export(t.Context(), tx, start, func(e audit.Event) error { events = append(events, e); return nil })
		})
		if err != nil || len(events) != 2 {
			t.Fatalf("%d events, %v; want one for each change", len(events), err)
		}
		want := map[string]any{"old": map[string]any{"min_password": "20"}, "new": map[string]any{"min_password": "21"}}
		if diff := cmp.Diff(want, events[1].Detail); diff != "" || events[1].Action != "setting.change" || events[1].Actor.AccountID != 1 {
			t.Errorf("event %+v\n%s", events[1], diff)
		}
		if n := len(events[0].Detail["old"].(map[string]any)); n != len(settings.Fields()) {
			t.Errorf("%d settings in the event of changing all %d", n, len(settings.Fields()))
		}
	})
}

func TestAChangeSaysWhatIsOutOfRangeAndChangesNothing(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		s := open(t, db, &clock{})
		change := func(edit func(*settings.Values)) error {
			v := settings.Defaults()
			edit(&v)
			return s.Change(t.Context(), office, v)
		}
		limits := func(min, max int) []any { return []any{"Min", min, "Max", max} }
		for _, c := range []struct {
			name string
			edit func(*settings.Values)
			want []fault.Problem
		}{
			{"a blank name", func(v *settings.Values) { v.DistrictName = " \t" }, []fault.Problem{{Field: "district_name", Key: "problem.empty"}}},
			{"a line break in the name", func(v *settings.Values) { v.DistrictName = "A\r\nBcc: x" }, []fault.Problem{{Field: "district_name", Key: "problem.characters"}}},
			{"broken text", func(v *settings.Values) { v.OfficeHours = "\xff" }, []fault.Problem{{Field: "office_hours", Key: "problem.characters"}}},
			{"a long phone", func(v *settings.Values) { v.OfficePhone = strings.Repeat("5", 61) }, []fault.Problem{{Field: "office_phone", Key: "problem.too_long", Args: []any{"Max", 60}}}},
			{"no time zone", func(v *settings.Values) { v.TimeZone = "" }, []fault.Problem{{Field: "time_zone", Key: "problem.time_zone"}}},
			{"the machine's time zone", func(v *settings.Values) { v.TimeZone = "Local" }, []fault.Problem{{Field: "time_zone", Key: "problem.time_zone"}}},
			{"a file as time zone", func(v *settings.Values) { v.TimeZone = "../../etc/passwd" }, []fault.Problem{{Field: "time_zone", Key: "problem.time_zone"}}},
			{"a relationship that is none", func(v *settings.Values) { v.Relationships = []string{"mother", "a,b"} }, []fault.Problem{{Field: "relationships", Key: "problem.relationship"}}},
			{"a password of seven", func(v *settings.Values) { v.MinStudentPassword = 7 }, []fault.Problem{{Field: "min_student_password", Key: "problem.out_of_range", Args: limits(8, 64)}}},
			{"a temporary password of 73 hours", func(v *settings.Values) { v.TemporaryLife = 73 * time.Hour }, []fault.Problem{{Field: "temporary_life", Key: "problem.out_of_range", Args: limits(1, 72)}}},
			{"an address with a name", func(v *settings.Values) { v.OfficeEmail = "Office <office@school.example>" }, []fault.Problem{{Field: "office_email", Key: "problem.email_invalid"}}},
			{"two addresses", func(v *settings.Values) { v.OfficeEmail = "a@school.example, b@school.example" }, []fault.Problem{{Field: "office_email", Key: "problem.email_invalid"}}},
			{"records kept for ever", func(v *settings.Values) { v.RecordsKept = 1 << 62 }, []fault.Problem{{Field: "records_kept", Key: "problem.out_of_range", Args: limits(30, 3650)}}},
			{"two at once", func(v *settings.Values) { v.MailsPerDay, v.StaffIdle = 0, 2*time.Hour }, []fault.Problem{
				{Field: "staff_idle", Key: "problem.out_of_range", Args: limits(5, 60)}, {Field: "mails_per_day", Key: "problem.out_of_range", Args: limits(1, 50)}}},
		} {
			err := change(c.edit)
			if diff := cmp.Diff(c.want, fault.ProblemsOf(err)); diff != "" || !fault.Is(err, fault.Invalid) {
				t.Errorf("%s: %v\n%s", c.name, err, diff)
			}
		}
		parent := access.Actor{Kind: access.Parent, AccountID: 2}
		if err := s.Change(t.Context(), parent, other()); !fault.Is(err, fault.Forbidden) {
			t.Errorf("a parent's change: %v", err)
		}
		if diff := cmp.Diff(settings.Defaults(), *s.Values()); diff != "" || s.Version() != 0 {
			t.Errorf("something changed (-want +got):\n%s", diff)
		}
	})
}

func TestAnotherNodeSeesAChangeWithinASecond(t *testing.T) {
	sqldbtest.RunURL(t, func(t *testing.T, url string) {
		c := &clock{}
		var nodes []*settings.Settings
		for range 2 {
			db, err := sqldb.Open(t.Context(), url, sqldb.Options{Fast: true})
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			nodes = append(nodes, open(t, db, c))
		}
		if err := nodes[0].Change(t.Context(), office, other()); err != nil {
			t.Fatal(err)
		}
		if nodes[1].Values().DistrictName != "Schoolgate" {
			t.Error("the other node asked the database although its values are fresh")
		}
		c.advance(time.Second)
		until(t, func() bool { return nodes[1].Values().DistrictName == other().DistrictName })
		if nodes[0].Version() != nodes[1].Version() {
			t.Errorf("versions %d and %d", nodes[0].Version(), nodes[1].Version())
		}
		c.advance(-time.Hour) // a clock put back must not freeze the values
		if err := nodes[1].Change(t.Context(), office, settings.Defaults()); err != nil {
			t.Fatal(err)
		}
		until(t, func() bool { return nodes[0].Values().DistrictName == "Schoolgate" })
	})
}

// until asks again while a slow machine lets the reader go before the database has answered.
func until(t *testing.T, ok func() bool) {
	t.Helper()
	for range 100 {
		if ok() {
			return
		}
	}
	t.Error("the change did not arrive")
}

func TestReadersAskTheDatabaseOnceASecondAtMost(t *testing.T) {
	var queries atomic.Int64
	count := sqldb.Options{Before: func(q string) error {
		if strings.Contains(q, "from setting") {
			queries.Add(1)
		}
		return nil
	}}
	sqldbtest.RunWith(t, count, func(t *testing.T, db *sqldb.DB) {
		c := &clock{}
		s := open(t, db, c)
		for _, step := range []struct {
			by   time.Duration
			want int64
		}{{0, 0}, {999 * time.Millisecond, 0}, {time.Millisecond, 1}, {time.Hour, 1}} {
			c.advance(step.by)
			queries.Store(0)
			var wg sync.WaitGroup
			for range 16 {
				wg.Go(func() {
					for range 50 {
						s.Values()
					}
				})
			}
			wg.Wait()
			if queries.Load() != step.want {
				t.Errorf("after %v: %d queries, want %d", step.by, queries.Load(), step.want)
			}
		}
	})
}

func TestAReadingThatFailsKeepsTheLastGoodValues(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		c := &clock{}
		s := open(t, db, c)
		if err := s.Change(t.Context(), office, other()); err != nil {
			t.Fatal(err)
		}
		exec(t, db, "update setting set value = 'soon' where key = 'parent_idle'")
		c.advance(time.Minute)
		if diff := cmp.Diff(other(), *s.Values()); diff != "" {
			t.Errorf("the values changed (-want +got):\n%s", diff)
		}
		if _, err := settings.Open(t.Context(), db, audit.New(audit.Key{}, c.now), c.now); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "parent_idle") {
			t.Errorf("opening on a broken value: %v; want Invalid and its name", err)
		}
	})
}

func TestReadingInsideATransactionOnTheOnlyConnectionDoesNotHang(t *testing.T) {
	sqldbtest.RunWith(t, sqldb.Options{Connections: 1}, func(t *testing.T, db *sqldb.DB) {
		c := &clock{}
		s := open(t, db, c)
		c.advance(time.Minute)
		err := db.Read(t.Context(), func(*sqldb.Tx) error {
			if s.Values().MinPassword != 15 {
				t.Error("no values")
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}
