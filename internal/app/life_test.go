package app_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/schoolgate/schoolgate/internal/app/apptest"
	"github.com/schoolgate/schoolgate/internal/mail"
)

func TestTMP3ATemporaryPasswordWorksForADayToTheSecond(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		b := a.Browser(t).Register("maria", a.Ana.IDNumber, "Maria", "Lopez")
		temporary := a.TemporaryPassword(apptest.MariaEmail)
		a.Clock.Advance(24*time.Hour - time.Second)
		b.SignIn("parent", "maria", temporary).Want(http.StatusOK).See("Choose your permanent password")
		a.Clock.Advance(2 * time.Second)
		a.Browser(t).SignIn("parent", "maria", temporary).Want(http.StatusUnprocessableEntity)
	})
}

func TestTMP7ANewTemporaryPasswordEndsTheOneBeforeAndItsSession(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		b := a.Browser(t).Register("maria", a.Ana.IDNumber, "Maria", "Lopez")
		first := a.TemporaryPassword(apptest.MariaEmail)
		b.SignIn("parent", "maria", first).See("Choose your permanent password")
		a.Browser(t).Get("/parent/forgot").Fill("Username", "maria").Press("Send a temporary password").See("Thank you")
		second := a.TemporaryPassword(apptest.MariaEmail)
		if first == second {
			t.Fatal("both temporary passwords are the same")
		}
		b.SetPassword(apptest.ParentPassword)
		if b.Path() != "/parent/login" {
			t.Errorf("the session of the first one set a password: now at %s", b.Path())
		}
		b.SignIn("parent", "maria", first).Want(http.StatusUnprocessableEntity)
		b.SignIn("parent", "maria", second).SetPassword(apptest.ParentPassword).Want(http.StatusOK)
	})
}

func TestTMP9ForgottenPasswordLeavesTheOldOneUntilTheNewOneIsUsed(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		a.MariaAtHome(t)
		a.Browser(t).Get("/parent/forgot").Fill("Username", "maria").Press("Send a temporary password")
		temporary := a.TemporaryPassword(apptest.MariaEmail)
		a.Browser(t).SignIn("parent", "maria", apptest.ParentPassword).Want(http.StatusOK).See("Your contact record")
		b := a.Browser(t).SignIn("parent", "maria", temporary).See("Choose your permanent password")
		b.SetPassword("forgot-" + apptest.ParentPassword).Want(http.StatusOK)
		a.Browser(t).SignIn("parent", "maria", apptest.ParentPassword).Want(http.StatusUnprocessableEntity)
	})
}

func TestAnUnreachableMailServerStopsNothingAndTheQueueShowsIt(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		staff := a.Staff(t)
		a.Inbox.Fail(&mail.Refused{Code: 451, Text: "try again later"})
		a.Browser(t).Register("maria", a.Ana.IDNumber, "Maria", "Lopez").See("Thank you")
		a.Drain()
		staff.Get("/admin/site/mail").See("Maria Lopez", "Waiting", "try again later", "next attempt")
		a.Inbox.Fail(nil)
		a.Clock.Advance(time.Minute)
		a.Browser(t).SignIn("parent", "maria", a.TemporaryPassword(apptest.MariaEmail)).See("Choose your permanent password")

		a.Inbox.Fail(&mail.Refused{Code: 550, Text: "no such mailbox", Permanent: true})
		a.Browser(t).Register("wei", a.Lin.IDNumber, "Wei", "Chen").See("Thank you")
		a.Drain()
		staff.Get("/admin/site/mail?state=failed").See("Wei Chen", "no such mailbox")
		staff.Get(gridPath + "?letter=C").Press("Reset Wei Chen for Lin Chen").Press("Ok").See("1 row was reset.")
		a.Drain()
		staff.Get("/admin/site/mail?state=failed").See("Your login was reset")
	})
}

func TestAParentWithoutAnOpenChildIsToldToCallTheSchool(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		father := a.AtHome(t, "wei", a.Lin.IDNumber, "Wei", "Chen", apptest.WeiEmail)
		staff := a.Staff(t)
		staff.Get(fmt.Sprintf("/admin/students/%d/contacts/%d", a.Lin.ID, a.WeiLin)).Choose("Portal access", "no").Press("Save").See("Saved.")
		father.Get("/parent/").Want(http.StatusOK).See("No child is open to you here. Please call the school.").NotSee("Lin", a.Lin.IDNumber)
		father.Get("/parent/account").Want(http.StatusOK).NotSee("Lin")
		staff.Get(gridPath + "?letter=C").See("may not sign in")
	})
}

func TestAChildClosedByAResetOpensAgainByAddAdditionalStudent(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		mother, staff := a.MariaAtHome(t), a.Staff(t)
		staff.Get(gridPath + "?letter=L").Press("Reset Maria Lopez for Carla Lopez").Press("Ok").See("1 row was reset.")
		mother.Get("/parent/").NotSee("Carla")
		mother.Follow("Add Additional Student").Fill("Child's ID Number", "00 204 119").Press("Add Student").Want(http.StatusOK).See("Carla", "was added.")
		mother.Get("/parent/add-student").Fill("Child's ID Number", a.David.IDNumber).Press("Add Student").Want(http.StatusUnprocessableEntity)
		ref := reference.FindString(mother.Main())
		staff.Get("/admin/site/requests").Fill("Reference", ref).Press("Search").See("Add Additional Student", "No contact of this student has the name typed.")
		if mother.Value("Child's ID Number") != a.David.IDNumber {
			t.Error("the ID Number typed is lost")
		}
	})
}

func TestTakingRowsAlongEndsTheWholeLogin(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		mother, staff := a.MariaAtHome(t), a.Staff(t)
		staff.Get(gridPath + "?letter=L").Press("Reset Maria Lopez for Carla Lopez")
		staff.Tick("Take the row of Ana Lopez along").Tick("Take the row of Ben Lopez along").Press("Ok").See("3 rows were reset.", "The whole login ended.")
		if mother.Get("/parent/"); mother.Path() != "/parent/login" {
			t.Errorf("the parent is still at %s", mother.Path())
		}
		cancelled := a.Staff(t).Get(gridPath + "?letter=L")
		cancelled.Press("Reset Jorge Lopez for Ana Lopez").Follow("Cancel")
		if cancelled.Path() != gridPath+"?letter=L" || a.Count("select count(*) from closed_line where line_id = $1", a.JorgeAna) != 0 {
			t.Errorf("Cancel leads to %s", cancelled.Path())
		}
	})
}
