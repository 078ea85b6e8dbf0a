package apptest

import (
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"github.com/schoolgate/schoolgate/internal/app"
)

// SecondFactor has staff sign in with a second factor, as a school does.
func SecondFactor(c *app.Config) { c.PasswordsSuffice = false }

// Authenticator is an authenticator app with one login in it.
type Authenticator struct {
	Recovery []string // codes, as they were shown once

	app    *App
	secret string
	step   int64 // the newest whose code was given
}

// Code returns a code that was not given before: where the present one was, the clock moves on to the next.
func (k *Authenticator) Code() string {
	k.app.t.Helper()
	const step = 30 * time.Second
	for k.app.Clock.Now().Unix()/int64(step.Seconds()) <= k.step {
		k.app.Clock.Advance(step)
	}
	now := k.app.Clock.Now()
	k.step = now.Unix() / int64(step.Seconds())
	code, err := totp.GenerateCode(k.secret, now)
	if err != nil {
		k.app.t.Fatal(err)
	}
	return code
}

// TurnOnAuthenticator sets up an authenticator app from a page that offers it: My Account of a fresh session, or the page that staff without a
// second factor come to.
func (b *Browser) TurnOnAuthenticator() *Authenticator {
	b.t.Helper()
	b.Press("Set up an authenticator app").Want(200)
	secret := b.Find("p.exact")
	if len(secret) != 1 {
		b.fatalf("no secret")
	}
	k := &Authenticator{app: b.app, secret: strings.ReplaceAll(secret[0], " ", "")}
	b.Fill("Code", k.Code()).Press("Turn on").Want(200)
	k.Recovery = b.Find("ul.codes li")
	if len(k.Recovery) > 0 { // else it was not the first factor
		b.Follow("I have kept these codes")
	}
	return k
}

// SecondStep gives the code that a sign-in asks for after the password.
func (b *Browser) SecondStep(k *Authenticator) *Browser {
	b.t.Helper()
	return b.See("Your second factor").Fill("Code", k.Code()).Press("Continue")
}

// Prove answers the page that asks once more who it is.
func (b *Browser) Prove(password string, k *Authenticator) *Browser {
	b.t.Helper()
	b.See("Please show that it is you").Fill("Current Password", password)
	if k != nil {
		b.Fill("Code", k.Code())
	}
	return b.Press("Continue")
}

// StaffWithFactor returns a browser in which the administrator is signed in, who has an authenticator from now on.
func (a *App) StaffWithFactor(t testing.TB) (*Browser, *Authenticator) {
	t.Helper()
	b := a.Browser(t).SignIn("admin", StaffUsername, StaffPassword)
	if b.Path() != "/admin/second-factor" {
		b.Get("/admin/account")
	}
	k := b.TurnOnAuthenticator()
	return b, k
}
