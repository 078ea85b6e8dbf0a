package account

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

func TestADM7RecoveringLetsInAgainAndEndsEverythingBefore(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		id := w.member("root", access.Administrator, access.Everywhere())
		w.member("second", access.Administrator, access.Everywhere())
		w.member("clerk", access.Office, access.Everywhere())
		in := w.must(w.staffIn("root", good))
		w.exec(`insert into recovery_code (account_id, hash) values ($1, $2)`, id, []byte("x"))
		w.exec(`update account set state = 'disabled', state_reason = 'mistake' where id = $1`, id)
		w.mailed()
		if _, err := w.RecoverStaff(t.Context(), w.as(id), "root"); !fault.Is(err, fault.Forbidden) {
			t.Errorf("by a person: %v", err)
		}
		r, err := w.RecoverStaff(t.Context(), access.Actor{Kind: access.System, Username: "it"}, "Root")
		if err != nil {
			t.Fatal(err)
		}
		if told := w.mailed(); !slices.Equal(told, []StaffNotice{StaffRecovered, StaffRecovery}) {
			t.Errorf("told %v", told)
		}
		if _, err := w.Session(t.Context(), access.Staff, in.Token); !fault.Is(err, fault.Unauthenticated) {
			t.Errorf("the session from before: %v", err)
		}
		w.refused(w.staffIn("root", good))
		if n := w.count(`select count(*) from recovery_code`); n != 0 {
			t.Error("recovery codes are left")
		}
		if !strings.Contains(strings.Join(w.events(), "\n"), "staff.recovered") || !w.recorded("staff.recovered", "it") {
			t.Errorf("the log says nothing of it or of who it was: %v", w.events())
		}
		limited := w.must(w.staffIn("root", r.Password))
		if limited.Session.Stage != SetPassword {
			t.Errorf("stage %s", limited.Session.Stage)
		}
		a := w.account(id)
		if a.State != Active || a.Role != access.Administrator || !a.Schools.All {
			t.Errorf("account %+v", a)
		}
		for _, row := range w.dump("audit_detail") {
			if strings.Contains(row, r.Password) {
				t.Error("the password is in the log")
			}
		}
		w.clock.add(15 * time.Minute)
		w.refused(w.staffIn("root", r.Password))
	})
}

func TestADM7RecoveringMakesNobodyAnAdministrator(t *testing.T) {
	run(t, func(t *testing.T, w *world) {
		id := w.member("clerk", access.Office, at(1))
		if _, err := w.RecoverStaff(t.Context(), access.Actor{Kind: access.System}, "clerk"); err != nil {
			t.Fatal(err)
		}
		if a := w.account(id); a.Role != access.Office || a.Schools.All {
			t.Errorf("account %+v", a)
		}
		w.exec(`update account set ends_at = $2 where id = $1`, id, start.Add(-time.Hour).UnixMicro())
		if _, err := w.RecoverStaff(t.Context(), access.Actor{Kind: access.System}, "clerk"); !fault.Is(err, fault.Conflict) {
			t.Errorf("one that has ended: %v", err)
		}
		if _, err := w.RecoverStaff(t.Context(), access.Actor{Kind: access.System}, "nobody"); !fault.Is(err, fault.NotFound) {
			t.Errorf("nobody: %v", err)
		}
	})
}

// recorded reports whether the newest event of the action names the user of the operating system.
func (w *world) recorded(action, osUser string) bool {
	w.t.Helper()
	found := false
	err := w.db.Read(w.t.Context(), func(tx *sqldb.Tx) error {
		return w.log.Export(w.t.Context(), tx, time.Time{}, func(e audit.Event) error {
			found = found || e.Action == action && e.Detail["os_user"] == osUser
			return nil
		})
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return found
}

func (w *world) staffIn(username, password string) (SignedIn, error) {
	return w.SignIn(w.t.Context(), Attempt{Kind: access.Staff, Username: username, Password: password, Client: Client{Address: "192.0.2.7"}})
}
