package app_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/schoolgate/schoolgate/internal/app/apptest"
)

const studentLoginsPath = "/admin/site/reset-student-login"

func TestStaffResetLockAndPassAStudentLoginAndASchoolSwitchesThemOff(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		mother := a.MariaAtHome(t)
		child := fmt.Sprintf("/parent/children/%d", a.Ana.ID)
		a.StudentAtHome(t, mother, child, "ana.lopez")
		staff := a.Staff(t).Get(studentLoginsPath+"?letter=L").See("Ana", "ana.lopez", "Lopez, Maria", "active")
		list := staff.Path()
		staff.Tick("Select Ana Lopez").Press("Lock").See("Lock these student logins?").Press("Ok").Want(http.StatusUnprocessableEntity).See("Please fill this in.")
		staff.Fill("Reason", "lost tablet").Press("Ok").See("Locked.").Follow("Back to the list").See("locked by the school", "lost tablet")
		if staff.Path() != list {
			t.Errorf("back at %s, not %s", staff.Path(), list)
		}
		a.Browser(t).SignIn("student", "ana.lopez", apptest.StudentPassword).Want(http.StatusUnprocessableEntity)
		mother.Get(child).See("The school has locked this login.").NotSee("Change Student Password", "lost tablet")
		staff.Press("Unlock: Ana Lopez").See("Unlocked.").Follow("Back to the list")
		staff.Press("Reset: Ana Lopez").Press("Ok").See("Reset. A parent sets the new password.", "A mail is on its way.")
		a.Drain()
		if mail := a.LastMail(apptest.MariaEmail); !strings.Contains(mail, "Change Student Password") {
			t.Errorf("the mail says:\n%s", mail)
		}
		mother.Get(child).See("The school has ended its password.")
		staff.Get(studentLoginsPath).Follow("Lopez, Maria: pass the login of Ana Lopez to another parent").See("No other parent can see this child at the moment.")

		name := fmt.Sprintf("students_%d", a.Oak.ID)
		staff.Post("/admin/site/settings/schools", map[string][]string{
			name: {"no"}, fmt.Sprintf("phone_%d", a.Oak.ID): {a.Oak.Phone}, fmt.Sprintf("hours_%d", a.Oak.ID): {a.Oak.Hours},
		}).Want(http.StatusOK)
		mother.Get(child).See("The school has switched student logins off.").NotSee("Change Student Password")
		staff.Get(studentLoginsPath).See("switched off at this school")
		staff.Get("/admin/site/settings").See("as the district (yes)")
	})
}
