package family

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/fault"
)

func TestALineOfALetterThatWouldNameTheTelephoneIsLeftOutWithoutOne(t *testing.T) {
	for _, c := range []struct{ text, phone, want string }{
		{"Dear {name},\nCall {phone} for help.\nYours", "555-0100", "Dear Ana,\nCall 555-0100 for help.\nYours"},
		{"Dear {name},\nCall {phone} for help.\nYours", "", "Dear Ana,\nYours"},
		{"Call {phone}, {name}", "", ""},
		{"  {name}  \n\n", "", "Ana"},
	} {
		fill := strings.NewReplacer("{name}", "Ana", "{phone}", c.phone)
		if got := filled(c.text, fill, c.phone); got != c.want {
			t.Errorf("%q with %q: %q, want %q", c.text, c.phone, got, c.want)
		}
	}
}

func TestAWaveOfRemindersShowsItsProgressAndIsStopped(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		d.limit(10, 0)
		student := d.student("1", "Ana", "Lopez")
		for i := range walkPage + 5 {
			d.parent(student, fmt.Sprintf("Pat%03d", i), "Lopez", fmt.Sprintf("p%d@example.org", i))
		}
		d.change("insert into account (id, kind, username, username_key, state, role, name, schools, created_at) values (77, 'staff', 'office', 'office', 'active', 'administrator', 'Ada', '*', 0)")
		boss := d.office
		boss.Fresh, boss.AccountID = true, 77
		d.ok(d.Remind(t.Context(), boss, MissingQuery{}))
		if _, err := d.jobs.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		waves, err := d.Waves(t.Context(), boss)
		d.ok(err)
		if len(waves) != 1 || !waves[0].Running() || waves[0].Looked != walkPage || waves[0].Mailed != walkPage {
			t.Fatalf("%+v", waves)
		}
		clerk := access.Actor{Kind: access.Staff, Role: access.Office, AccountID: 8, Schools: access.Schools{IDs: []int64{1}}, Username: "clerk"}
		if err := d.StopWave(t.Context(), clerk, waves[0].ID); !fault.Is(err, fault.NotFound) {
			t.Errorf("another's wave: %v", err)
		}
		d.ok(d.StopWave(t.Context(), boss, waves[0].ID))
		if err := d.StopWave(t.Context(), boss, waves[0].ID); !fault.Is(err, fault.Conflict) {
			t.Errorf("twice: %v", err)
		}
		d.wait(time.Hour)
		d.work()
		if waves, err = d.Waves(t.Context(), boss); err != nil || waves[0].State != waveStopped || waves[0].Looked != walkPage || waves[0].StoppedBy != "office" {
			t.Errorf("%+v, %v", waves, err)
		}
		if n := d.count("select count(*) from job where label = 'remind_register'"); n != walkPage {
			t.Errorf("%d mails", n)
		}
		d.ok(d.Remind(t.Context(), boss, MissingQuery{}))
		for range 3 {
			d.wait(time.Hour)
			d.work()
		}
		if waves, err = d.Waves(t.Context(), boss); err != nil || waves[0].State != waveDone || waves[0].Looked != walkPage+5 || waves[0].Mailed != 5 {
			t.Errorf("%+v, %v", waves, err)
		}
	})
}
