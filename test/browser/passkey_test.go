package browser

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"

	schoolgate "github.com/schoolgate/schoolgate/internal/app"
	"github.com/schoolgate/schoolgate/internal/mail"
	"github.com/schoolgate/schoolgate/internal/sqldb/sqldbtest"
)

// giveKey gives the window a device that keeps passkeys and knows its owner, as a telephone does.
func giveKey(t *testing.T, window *Tab) {
	t.Helper()
	if _, err := chromedp.Call(window.ctx, webauthn.Enable, webauthn.EnableParams{}); err != nil {
		t.Fatal(err)
	}
	_, err := chromedp.Call(window.ctx, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{
		Options: &webauthn.VirtualAuthenticatorOptions{
			Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal,
			HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true,
		},
	})
	if err != nil {
		t.Fatal(err)
	}
}

func reads(t *testing.T, window *Tab, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(window.Text(), text) {
			t.Fatalf("%q is not on the page %s:\n%s", text, window.URL(), window.Text())
		}
	}
}

func TestLGN11AParentSignsInByPasskeyWithoutAUsernameAndShowsWithItThatItIsThem(t *testing.T) {
	school := openTour(t)
	window := tab(t, Look{Width: 360, Height: 740})
	giveKey(t, window)
	school.Enter(window, "parent")
	window.Go(school.URL + "/parent/account")
	window.Press("Add a passkey")
	window.Press("Make the passkey")
	reads(t, window, "Your recovery codes")
	window.Press("I have kept these codes")
	reads(t, window, "Chrome, Linux", "10 codes are left.")
	window.Click("Rename")
	window.Fill("New name for Chrome, Linux", "My phone")
	window.Press("Save the new name for Chrome, Linux")
	reads(t, window, "My phone", "The passkey has its new name.")

	window.Press("Log out")
	window.Click("Keep me signed in on this device")
	window.Press("Sign in with a passkey")
	reads(t, window, "Your contact record")
	window.Go(school.URL + "/parent/account")
	reads(t, window, "stays signed in")

	school.Later(6 * time.Minute)
	window.Press("Make new recovery codes")
	reads(t, window, "Please show that it is you")
	window.Press("Use a passkey")
	reads(t, window, "Your recovery codes")
	window.Press("I have kept these codes")

	window.Press("Log out")
	school.SignIn(window, "parent", ParentUsername, ParentPassword)
	reads(t, window, "Your second factor")
	window.Press("Use a passkey")
	reads(t, window, "Your contact record")

	window.Go(school.URL + "/parent/account")
	window.Press("Remove My phone")
	reads(t, window, "Then your password alone signs you in.")
	window.Press("Remove the passkey")
	reads(t, window, "The passkey was removed.")
	window.Press("Log out")
	window.Press("Sign in with a passkey")
	reads(t, window, "This passkey was not accepted.")
	if p := window.Problems(); len(p) > 0 {
		t.Errorf("the browser complains: %q", p)
	}
}

func TestADM1StaffSetUpAnAuthenticatorWithAndWithoutJavaScript(t *testing.T) {
	for name, look := range map[string]Look{"with JavaScript": {}, "without JavaScript": {NoScript: true}} {
		t.Run(name, func(t *testing.T) {
			chromium(t)
			school, err := Open(t.Context(), sqldbtest.SQLite(t), &mail.Capture{}, func(c *schoolgate.Config) { c.PasswordsSuffice = false })
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = school.Close() })
			window := tab(t, look)
			window.Go(school.URL + "/admin/login")
			if got := window.Has("button", "Sign in with a passkey"); got == look.NoScript {
				t.Errorf("a passkey is offered: %t", got)
			}
			signIn := func() {
				window.Fill("Username", StaffUsername)
				window.Fill("Password", StaffPassword)
				window.Press("Log in")
			}
			signIn()
			reads(t, window, "Set up your second factor")
			window.Press("Set up an authenticator app")
			app := authenticator{secret: strings.ReplaceAll(Eval[string](window, `document.querySelector(".exact").innerText`), " ", "")}
			if !Eval[bool](window, `document.querySelector("img.qr").naturalWidth > 100`) {
				t.Error("the QR code is not drawn")
			}
			window.Fill("Code", app.code(school))
			window.Press("Turn on")
			reads(t, window, "Your recovery codes")
			if got := window.Has("button", "Copy"); got == look.NoScript {
				t.Errorf("a button to copy the codes: %t", got)
			}
			window.Press("I have kept these codes")
			reads(t, window, "Last name")
			window.Press("Log out")
			signIn()
			window.Fill("Code", app.code(school))
			window.Press("Continue")
			reads(t, window, "Last name")
			if p := window.Problems(); len(p) > 0 {
				t.Errorf("the browser complains: %q", p)
			}
		})
	}
}
