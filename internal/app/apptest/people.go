package apptest

import "testing"

// ParentPassword is what parents of the district take as their permanent password.
const ParentPassword = "quiet-river-copper-owl"

// StudentPassword is what parents take for their children's logins.
const StudentPassword = "green-kite-9"

// Register fills in "create a new account" and sends it.
func (b *Browser) Register(username, idNumber, first, last string) *Browser {
	b.t.Helper()
	b.Get("/parent/login").Follow("Click here to create a new account")
	b.Fill("Username", username).Fill("Child's ID Number", idNumber).Fill("First Name", first).Fill("Last Name", last)
	return b.Press("Create Account")
}

// SetPassword fills in the page that a temporary password leads to.
func (b *Browser) SetPassword(password string) *Browser {
	b.t.Helper()
	b.Fill("New Password", password).Fill("Confirm New Password", password)
	return b.Press("Change Password")
}

// MariaAtHome registers Maria Lopez as "maria" and returns the browser in which she sees her children.
func (a *App) MariaAtHome(t testing.TB) *Browser {
	t.Helper()
	return a.AtHome(t, "maria", a.Ana.IDNumber, "Maria", "Lopez", MariaEmail)
}

// AtHome registers a parent, who chooses ParentPassword, and returns the browser in which the children are seen.
func (a *App) AtHome(t testing.TB, username, idNumber, first, last, address string) *Browser {
	t.Helper()
	b := a.Browser(t).Register(username, idNumber, first, last)
	b.SignIn("parent", username, a.TemporaryPassword(address)).SetPassword(ParentPassword)
	b.Want(200).See("Your contact record")
	a.Drain()
	return b
}

// StudentAtHome makes a student login in the parent's browser and returns another in which the student is signed in.
func (a *App) StudentAtHome(t testing.TB, parent *Browser, studentPath, username string) *Browser {
	t.Helper()
	parent.Get(studentPath).Follow("Create Student Login").Fill("Username", username)
	parent.Fill("New Password", StudentPassword).Fill("Confirm New Password", StudentPassword).Press("Create Student Login")
	parent.See("The student login was made.")
	return a.Browser(t).SignIn("student", username, StudentPassword).Want(200)
}
