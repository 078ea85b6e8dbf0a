//go:build prove

package prove

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/schoolgate/schoolgate/internal/app/apptest"
	"github.com/schoolgate/schoolgate/internal/sqldb"
	"github.com/schoolgate/schoolgate/internal/sqldb/sqldbtest"
)

// leakAttempts is enough to see a leak; so few would not be enough to say that there is none.
const leakAttempts = 400

// leaky serves the app behind a handler that does something more for whom it knows, as a careless change would.
func leaky(t *testing.T, a *apptest.App, more func(r *http.Request)) string {
	t.Helper()
	site := a.Web.Handler()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
		if r.Method == http.MethodPost && r.ParseForm() == nil { // the site finds the form parsed
			more(r)
		}
		site.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// mustSee ends the test unless the measure tells the two situations apart.
func mustSee(t *testing.T, pairs []pair) {
	t.Helper()
	for _, p := range pairs {
		t.Logf("%s and %s: distance %.3f", p.a, p.b, p.distance)
		if p.distance <= limit {
			t.Errorf("the leak between %s and %s is not seen: distance %.3f", p.a, p.b, p.distance)
		}
	}
}

func TestTheProofSeesASignInThatHashesOnceMoreForKnownNames(t *testing.T) {
	sqldbtest.RunURL(t, func(t *testing.T, database string) {
		a := apptest.Open(t, database)
		a.MariaAtHome(t)
		base := leaky(t, a, func(r *http.Request) {
			if a.Count("select count(*) from account where username_key = $1", r.PostFormValue("username")) > 0 {
				_, _ = a.Accounts.Hash(r.Context(), "password", r.PostFormValue("password")+" and more of it", 8, nil) // only its time matters
			}
		})
		signIn := func(username string) func(int) url.Values {
			return func(int) url.Values { return url.Values{"username": {username}, "password": {"some wrong password"}} }
		}
		mustSee(t, measure(t, a, base, []situation{
			{"unknown username", "/parent/login", http.StatusUnprocessableEntity, signIn("nobody")},
			{"wrong password", "/parent/login", http.StatusUnprocessableEntity, signIn("maria")},
		}, leakAttempts))
	})
}

func TestTheProofSeesARegistrationThatIsDecidedInTheRequest(t *testing.T) {
	sqldbtest.RunURL(t, func(t *testing.T, database string) {
		a := apptest.Open(t, database)
		base := leaky(t, a, func(r *http.Request) {
			// What a worker does later, done at once: reading the student's lines, and writing only for a match.
			for range 5 * a.Count("select count(*) from student where id_key = $1", r.PostFormValue("id_number")) {
				_ = a.DB.Write(r.Context(), func(tx *sqldb.Tx) error { // only its time matters
					_, err := tx.Exec(r.Context(), "update student set updated_at = updated_at + 1 where id_key = $1", r.PostFormValue("id_number"))
					return err
				})
			}
		})
		register := func(id string) func(int) url.Values {
			return func(i int) url.Values {
				return url.Values{"username": {fmt.Sprintf("name%06d", i)}, "id_number": {id}, "first_name": {"Wei"}, "last_name": {"Chen"}}
			}
		}
		mustSee(t, measure(t, a, base, []situation{
			{"match", "/parent/register", http.StatusSeeOther, register(a.Lin.IDNumber)},
			{"unknown ID Number", "/parent/register", http.StatusSeeOther, register("999999")},
		}, leakAttempts))
	})
}

// TestLGN2REG2TheTimeOfARecoveryTellsNothing tries both forms of "Forgot password? Forgot username?".
func TestLGN2REG2TheTimeOfARecoveryTellsNothing(t *testing.T) {
	sqldbtest.RunURL(t, func(t *testing.T, database string) {
		a := apptest.Open(t, database)
		a.MariaAtHome(t)
		a.AtHome(t, "wei", a.Lin.IDNumber, "Wei", "Chen", apptest.WeiEmail)
		statement(t, a, "update account set state = 'disabled' where username_key = 'wei'")
		a.Browser(t).Register("jorge", a.David.IDNumber, "Jorge", "Lopez")
		a.Drain()
		typed := func(field, value string) func(int) url.Values {
			return func(int) url.Values { return url.Values{field: {value}} }
		}
		t.Run("password", func(t *testing.T) {
			compare(t, a, []situation{
				{"active", "/parent/forgot/password", http.StatusSeeOther, typed("username", "maria")},
				{"unknown username", "/parent/forgot/password", http.StatusSeeOther, typed("username", "nobody")},
				{"disabled", "/parent/forgot/password", http.StatusSeeOther, typed("username", "wei")},
				{"waiting", "/parent/forgot/password", http.StatusSeeOther, typed("username", "jorge")},
				{"staff", "/parent/forgot/password", http.StatusSeeOther, typed("username", apptest.StaffUsername)},
			}, limit)
		})
		t.Run("username", func(t *testing.T) {
			compare(t, a, []situation{
				{"a parent's address", "/parent/forgot/username", http.StatusSeeOther, typed("email", apptest.MariaEmail)},
				{"unknown address", "/parent/forgot/username", http.StatusSeeOther, typed("email", "nobody@example.org")},
				{"on record, no login", "/parent/forgot/username", http.StatusSeeOther, typed("email", apptest.TinaEmail)},
				{"of a disabled login", "/parent/forgot/username", http.StatusSeeOther, typed("email", apptest.WeiEmail)},
			}, limit)
		})
	})
}
