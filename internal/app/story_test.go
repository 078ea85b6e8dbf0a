package app_test

import (
	"testing"

	"github.com/schoolgate/schoolgate/internal/app/apptest"
)

func TestTry(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		b := a.Browser(t)
		b.Get("/parent/login").Follow("Click here to create a new account")
		b.Fill("Username", "maria").Fill("Child's ID Number", "204117").Fill("First Name", "Maria").Fill("Last Name", "Lopez").Press("Create Account")
		t.Log(b.Text())
		t.Log(a.LastMail(apptest.MariaEmail))
		t.Log(a.Logged())
		s := a.Staff(t)
		t.Log(s.Text())
	})
}
