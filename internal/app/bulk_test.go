package app_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/app/apptest"
	"github.com/schoolgate/schoolgate/internal/roster"
)

// fromTwo lets acts on two rows be bulk acts.
func fromTwo(t *testing.T, a *apptest.App) {
	t.Helper()
	v := *a.Settings.Values()
	v.BulkSize = 1
	if err := a.Settings.Change(context.Background(), access.Actor{Kind: access.System}, v); err != nil {
		t.Fatal(err)
	}
}

func TestRST5ABulkResetFromTheGridToTheResult(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		a.MariaAtHome(t)
		fromTwo(t, a)
		staff := a.Staff(t).Get("/admin/site/bulk").See("There have been no bulk acts yet.")
		staff.Get(gridPath + "?last=lopez").Tick("Select Maria Lopez for Ana Lopez").Tick("Select Maria Lopez for Ben Lopez").
			Tick("Select Maria Lopez for Carla Lopez").Press("Reset Selected")
		staff.Want(http.StatusOK).See("Reset these logins?", "1 login ends.", "1 mail goes out", "Type the number of rows, 3", "Still to be done.")
		question := staff.Path()
		staff.Fill("Type the number of rows, 3, to go on", "4").Press("Begin").Want(http.StatusUnprocessableEntity).
			See("This is not the number of rows. The list has 3.")
		if n := a.Count("select count(*) from job where kind = 'bulk'"); n != 0 {
			t.Fatalf("%d jobs after a wrong number", n)
		}

		a.Clock.Advance(6 * time.Minute) // the proof is too old now
		staff.Get(question).Fill("Type the number of rows, 3, to go on", "3").Press("Begin")
		if strings.Contains(staff.Main(), "It is running") || a.Count("select count(*) from job where kind = 'bulk'") != 0 {
			t.Fatal("begun without proof")
		}
		staff = a.Staff(t).Get(question)
		staff.Fill("Type the number of rows, 3, to go on", "3").Press("Begin").Want(http.StatusOK).See("It is running", "0 of 3 rows are done.", "Stop", "Refresh")
		if got := a.Count("select count(*) from account where kind = 'parent'"); got != 1 {
			t.Errorf("%d logins while the job waits", got)
		}
		a.Drain()
		staff.Follow("Refresh").See("All 3 rows are done.", "The whole login ended.", "A mail is on its way.", "maria").NotSee("Stop")
		if mail := a.LastMail(apptest.MariaEmail); !strings.Contains(mail, "no longer work") {
			t.Errorf("the notice says:\n%s", mail)
		}
		staff.Get(question + "?outcome=whole").See("Carla")
		staff.Get(question + "?outcome=gone").See("No row is like that.")
		staff.Get("/admin/site/bulk").See("Reset", "Done", "office")

		answer, body := get(t, a, staff, question+"/rows.csv")
		if answer.StatusCode != http.StatusOK || !strings.HasPrefix(answer.Header.Get("Content-Type"), "text/csv") || strings.Count(body, ",whole,") != 3 {
			t.Errorf("table: %d %s\n%s", answer.StatusCode, answer.Header.Get("Content-Type"), body)
		}
	})
}

func TestABulkActOnAllWhoFitIsTakenBackOrStopped(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		a.MariaAtHome(t)
		a.AddContact(a.Lin, roster.Contact{First: "=cmd", Last: "Formula", Email: "formula@example.org"}, roster.Line{Relationship: "mother"})
		staff := a.Staff(t).Get("/admin/site/bulk")
		staff.Choose("What to do", "Disable").Press("Make the list").Want(http.StatusUnprocessableEntity).See("Please fill this in.")
		staff.Fill("Last name", "nobody at all").Fill("Reason", "leak").Press("Make the list").Want(http.StatusUnprocessableEntity).See("Nobody fits this.")
		staff.Fill("Last name", "").Choose("School", "Oak Hill Elementary").Press("Make the list").Want(http.StatusOK).
			See("Disable these logins?", "1 login is disabled and signed out.", "Reason: leak")
		staff.Press("Cancel").See("Taken back. Nothing was done.", "There have been no bulk acts yet.")

		staff.Get("/admin/site/bulk").Choose("What to do", "Send a temporary password").Choose("School", "Cedar Middle School").Press("Make the list")
		staff.See("Send these parents a temporary password?", "1 login gets a temporary password", "logins are made")
		at := staff.Path()
		a.Clock.Advance(time.Minute)
		staff.Fill("Type the number of rows, 5, to go on", "5").Press("Begin").See("It is running")
		staff.Press("Stop").See("Stopped.", "office stopped it after 0 of 5 rows.")
		a.Drain()
		staff.Get(at).See("Still to be done. (5)")
		if n := a.Mailed("formula@example.org"); n != 0 {
			t.Errorf("%d mails of a stopped act", n)
		}
		_, body := get(t, a, staff, at+"/rows.csv")
		if !strings.Contains(body, "'=") && !strings.Contains(body, "Formula, =cmd") {
			t.Errorf("a formula in the table:\n%s", body)
		}
	})
}
