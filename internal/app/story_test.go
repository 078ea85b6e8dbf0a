package app_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/schoolgate/schoolgate/internal/app/apptest"
)

const gridPath = "/admin/site/reset-parent-login"

func childPath(id int64) string { return fmt.Sprintf("/parent/children/%d", id) }

// TestParentsLoginFromRegistrationToReset walks the whole path without JavaScript: a parent of three registers, makes a student login, is
// reset for one child and then for the others, and registers again, with the old username and later with a new one.
func TestParentsLoginFromRegistrationToReset(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		mother, student := registerAndEnter(t, a)
		staff := a.Staff(t)
		resetOneRow(t, a, staff, mother, student)
		resetTheOthers(t, a, staff, mother)
		registerAgain(t, a, "maria")
		staff.Get(gridPath).Tick("Select Maria Lopez for Ana Lopez").Tick("Select Maria Lopez for Ben Lopez").
			Tick("Select Maria Lopez for Carla Lopez").Press("Reset Selected").Press("Ok").See("3 rows were reset.")
		registerAgain(t, a, "maria-the-second")
	})
}

func registerAndEnter(t *testing.T, a *apptest.App) (mother, student *apptest.Browser) {
	mother = a.Browser(t).Register("maria", "204 117", "MARIA", "López")
	mother.Want(http.StatusOK).See("Thank you", "Your reference:")
	temporary := a.TemporaryPassword(apptest.MariaEmail)
	mother.SignIn("parent", "maria", strings.ToLower(strings.ReplaceAll(temporary, "-", " ")))
	mother.See("Choose your permanent password")
	for _, path := range []string{"/parent/", "/parent/account", childPath(a.Ana.ID)} {
		if at := mother.Get(path).Path(); at != "/parent/new-password" {
			t.Errorf("with a temporary password %s leads to %s", path, at)
		}
	}
	mother.SetPassword(temporary).Want(http.StatusUnprocessableEntity)
	mother.SetPassword(apptest.ParentPassword).Want(http.StatusOK).See("Your password is set. Welcome.")

	for _, child := range []string{"Ana", "Ben", "Carla"} {
		if !slices.ContainsFunc(mother.Find("nav.tabs a"), func(s string) bool { return strings.Contains(s, child) }) {
			t.Errorf("%s is not among the children %q", child, mother.Find("nav.tabs a"))
		}
	}
	mother.See("Oak Hill Elementary", "204117", "Jorge Lopez, Father", "555-0123")
	mother.NotSee("David", apptest.JorgeEmail, "555-0177", "Rick", "Stone", apptest.RickEmail, "12-345")

	a.Browser(t).SignIn("parent", "maria", temporary).Want(http.StatusUnprocessableEntity)
	a.Browser(t).SignIn("parent", "Maria", apptest.ParentPassword).Want(http.StatusOK).See("Your contact record")

	student = a.StudentAtHome(t, mother, childPath(a.Ana.ID), "ana.lopez")
	student.See("Ana Lopez", "Oak Hill Elementary").NotSee("Maria", "555-0123")
	a.StudentAtHome(t, mother, childPath(a.Ben.ID), "ben.lopez").See("Ben Lopez")
	mother.Get("/parent/account").See("ana.lopez", "ben.lopez")
	return mother, student
}

func resetOneRow(t *testing.T, a *apptest.App, staff, mother, student *apptest.Browser) {
	staff.Get(gridPath).Follow("L").See("Lopez, Maria", "maria", "active", "never registered")
	if at := staff.Path(); at != gridPath+"?letter=L" {
		t.Errorf("the letter L leads to %s", at)
	}
	staff.NotSee("Chen, Wei")
	staff.Press("Reset Maria Lopez for Ana Lopez")
	staff.See("Are you sure you want to Reset the selected accounts?", "only the rows below are closed", "Take the row of Ben Lopez along",
		"the student login of Ana Lopez (ana.lopez)", "Nobody is shut out")
	staff.Press("Ok").Want(http.StatusOK).See("1 row was reset.", "This row was closed.", "Still open: Ben Lopez.", "Student login ana.lopez ended.")

	if at := student.Get("/student/").Path(); at != "/student/login" {
		t.Errorf("the student is still at %s", at)
	}
	student.SignIn("student", "ana.lopez", apptest.StudentPassword).Want(http.StatusUnprocessableEntity)
	mother.Get("/parent/").Want(http.StatusOK).See("Ben", "Carla").NotSee("204117")
	mother.Get(childPath(a.Ana.ID)).Want(http.StatusNotFound)
	if text := a.LastMail(apptest.MariaEmail); !strings.Contains(text, "Ana Lopez") || !strings.Contains(text, "Add Additional Student") {
		t.Errorf("the notice does not say how Ana opens again:\n%s", text)
	}
	staff.Get(gridPath + "?letter=L").See("closed by a reset")
}

func resetTheOthers(t *testing.T, a *apptest.App, staff, mother *apptest.Browser) {
	staff.Get(gridPath).Fill("Last name", "lopez").Press("Search").See("Lopez, Maria")
	staff.Tick("Select Maria Lopez for Ben Lopez").Tick("Select Maria Lopez for Carla Lopez").Press("Reset Selected")
	staff.See("the whole login ends", "ben.lopez")
	staff.Press("Ok").See("2 rows were reset.", "The whole login ended.", "Student login ben.lopez ended.", "A mail is on its way.")
	staff.Follow("Back to the list")
	if at := staff.Path(); at != gridPath+"?last=lopez" {
		t.Errorf("back to the list leads to %s", at)
	}
	if at := mother.Get("/parent/").Path(); at != "/parent/login" {
		t.Errorf("the old session still opens %s", at)
	}
	mother.SignIn("parent", "maria", apptest.ParentPassword).Want(http.StatusUnprocessableEntity)
	text := a.LastMail(apptest.MariaEmail)
	for _, word := range []string{"Click here to create a new account", "Create Account", a.URL + "/parent/", "Create Student Login"} {
		if !strings.Contains(text, word) {
			t.Errorf("the notice does not say %q:\n%s", word, text)
		}
	}
}

func registerAgain(t *testing.T, a *apptest.App, username string) {
	b := a.Browser(t).Register(username, "204119", "Maria", "Lopez")
	b.See("Thank you")
	a.Drain()
	b.Register(username, "00204119", "Maria", "Lopez").See("Thank you")
	b.SignIn("parent", username, a.TemporaryPassword(apptest.MariaEmail)).SetPassword("another-" + apptest.ParentPassword)
	b.See("Ana", "Ben", "Carla")
}

func TestLettersAndSearchesOfTheGrid(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		staff := a.Staff(t)
		linked := staff.Find("nav.letters a")
		if want := []string{"B", "C", "G", "L", "S", "#"}; !slices.Equal(linked, want) {
			t.Errorf("letters with parents: %q, want %q", linked, want)
		}
		staff.Follow("#").See("Иванова, Ольга").NotSee("Lopez, Maria")
		staff.Get(gridPath + "?last=%D0%98%D0%B2%D0%B0%D0%BD").See("Иванова, Ольга")
		staff.Get(gridPath + "?letter=C").See("Chen, Wei").Follow("Sort by child").See("Chen, Wei")
		staff.Get(gridPath + "?last=Nobody").Want(http.StatusOK).See("Nobody")
		staff.Get(gridPath + "?letter=%3Cscript%3E").NotSee("<script>alert")
		staff.Get(gridPath).Press("Reset Selected").Want(http.StatusOK).See("No row was selected. Tick a row first.")
		staff.Get(gridPath).Press("Reset Nora Blank for Ben Lopez").See("has no login").Press("Ok").See("0 rows were reset.", "Had no login.")
	})
}
