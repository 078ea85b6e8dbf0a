package browser

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"
)

// tabTo presses the Tab key until what has the focus is called so.
func tabTo(t *testing.T, window *Tab, want string) {
	t.Helper()
	var passed []string
	for range 90 {
		window.Keys(kb.Tab)
		focus := window.Focus()
		if focus == want {
			return
		}
		passed = append(passed, focus)
	}
	t.Fatalf("the Tab key never comes to %q, but to %q", want, passed)
}

func TestSigningInAndResettingByKeyboardAlone(t *testing.T) {
	school := openTour(t)
	window := tab(t, Look{})
	window.Go(school.URL + "/admin/login")
	window.Keys(kb.Tab)
	if got, want := window.Focus(), "link Skip to the main content"; got != want {
		t.Errorf("the first stop is %q, want %q", got, want)
	}
	tabTo(t, window, "textbox Username")
	window.Keys(StaffUsername)
	tabTo(t, window, "textbox Password")
	window.Keys(StaffPassword)
	tabTo(t, window, "button Show: Password")
	window.Keys(kb.Enter)
	if got := Eval[string](window, `document.querySelector("[name=password]").type`); got != "text" {
		t.Errorf("the password is not shown: %s", got)
	}
	tabTo(t, window, "button Log in")
	window.KeysTo(kb.Enter)

	window.Keys("/")
	if got, want := window.Focus(), "searchbox Find a family by name, ID Number, username, e-mail, phone or reference"; got != want {
		t.Errorf("/ leads to %q, want %q", got, want)
	}
	tabTo(t, window, "searchbox Last name")
	window.Keys("begay")
	window.KeysTo(kb.Enter)

	const row = "button Reset Martha Begay for Leo Begay"
	tabTo(t, window, row)
	window.Keys(kb.Enter)
	const question = "Are you sure you want to Reset the selected accounts?"
	window.Wait("dialog", question)
	if got := window.Focus(); !strings.HasPrefix(got, "heading "+question) {
		t.Errorf("the focus in the dialog is at %q, want the question", got)
	}
	for range 6 { // round and round
		window.Keys(kb.Tab)
		if Eval[bool](window, `document.activeElement !== document.body && !document.activeElement.closest("dialog")`) {
			t.Errorf("the focus left the dialog: %s", window.Focus())
		}
	}
	window.Keys(kb.Escape)
	gone(t, window, question)
	if got := window.Focus(); got != row {
		t.Errorf("after Escape the focus is at %q, want %q", got, row)
	}

	window.Keys(kb.Enter)
	window.Wait("dialog", question)
	tabTo(t, window, "link Cancel")
	window.Keys(kb.Enter)
	gone(t, window, question)
	if got := window.Focus(); got != row {
		t.Errorf("after Cancel the focus is at %q, want %q", got, row)
	}

	window.Keys(kb.Enter)
	window.Wait("dialog", question)
	tabTo(t, window, "button Ok")
	window.KeysTo(kb.Enter)
	if !strings.Contains(window.Text(), "Begay, Martha") || !strings.Contains(window.Text(), "Had no login.") {
		t.Errorf("no result:\n%s", window.Text())
	}
}

func gone(t *testing.T, window *Tab, dialog string) {
	t.Helper()
	for end := time.Now().Add(patience); window.Has("dialog", dialog); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the dialog is still open")
		}
	}
}

func TestErrorsTakeTheFocus(t *testing.T) {
	school := openTour(t)
	window := tab(t, Look{})
	window.Go(school.URL + "/parent/login")
	window.Fill("Username", "nobody")
	window.Fill("Password", "not my password at all")
	window.Press("Log in")
	if !Eval[bool](window, `document.activeElement.matches(".problems")`) {
		t.Errorf("the focus is at %q, want the summary of what is wrong", window.Focus())
	}
	if got := Eval[string](window, `document.querySelector("[name=username]").value`); got != "nobody" {
		t.Errorf("the username typed is gone: %q", got)
	}
	window.Keys(kb.Tab)
	window.Keys(kb.Enter)
	if got, want := window.Focus(), "textbox Username"; !strings.HasPrefix(got, want) {
		t.Errorf("the link of the summary leads to %q, want %q", got, want)
	}
}
