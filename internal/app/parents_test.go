package app_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/schoolgate/schoolgate/internal/app/apptest"
)

const parentsPath = "/admin/site/parent-accounts"

func TestAClerkManagesOneParentAndManyFromOneList(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		a.MariaAtHome(t)
		staff := a.Staff(t).Get(parentsPath).See("Manage Parent Accounts", "maria", "active", "never registered")
		staff.Fill("Last name", "lopez").Press("Search").Want(http.StatusOK).See("2 parents", "maria")
		list := staff.Path()
		staff.Tick("Select Maria Lopez").Press("Disable").Want(http.StatusOK).See("Disable these logins?", "1 login is disabled and signed out.")
		staff.Press("Ok").Want(http.StatusUnprocessableEntity).See("Please fill this in.")
		staff.Fill("Reason", "a stolen telephone").Press("Ok").Want(http.StatusOK).See("Maria", "maria")
		staff.Follow("Back to the list")
		if staff.Path() != list {
			t.Errorf("back at %s, not %s", staff.Path(), list)
		}
		staff.See("disabled", "a stolen telephone")
		a.Browser(t).SignIn("parent", "maria", apptest.ParentPassword).Want(http.StatusUnprocessableEntity)

		staff.Press("Enable: Maria Lopez").Want(http.StatusOK).Follow("Back to the list").See("active")
		staff.Press("Send password: Maria Lopez").See("Send these parents a temporary password?").Press("Ok").Want(http.StatusOK)
		a.Drain()
		if mail := a.LastMail(apptest.MariaEmail); !strings.Contains(mail, "temporary") {
			t.Errorf("the mail says:\n%s", mail)
		}
		staff.Get(parentsPath).Press("Disable").See("No row was selected.")
		staff.Get(parentsPath + "?password=0&since=x").Want(http.StatusUnprocessableEntity).See("Password older than (days)")

		fromTwo(t, a)
		staff.Get(parentsPath+"?letter=L").Tick("Select Maria Lopez").Tick("Select Jorge Lopez").Press("Unlock").Want(http.StatusOK).See("Unlock these logins?", "Type the number of rows, 2")
		staff.Follow("Back to the list").See("maria")
	})
}
