package app_test

import (
	"fmt"
	"net/http"
	"os"
	process "os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/schoolgate/schoolgate/internal/app/apptest"
)

// pdfText is the text of the PDF that the browser was handed.
func pdfText(t *testing.T, b *apptest.Browser) string {
	t.Helper()
	if b.Status != http.StatusOK || b.Header.Get("Content-Type") != "application/pdf" || b.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("%d, %v", b.Status, b.Header)
	}
	if _, err := process.LookPath("pdftotext"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip("pdftotext is not here")
	}
	path := filepath.Join(t.TempDir(), "letters.pdf")
	if err := os.WriteFile(path, []byte(b.HTML), 0o600); err != nil {
		t.Fatal(err)
	}
	text, err := process.CommandContext(t.Context(), "pdftotext", "-layout", path, "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestTheOfficePrintsLettersToWhoHasNotCome(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		a.MariaAtHome(t)
		staff := a.Staff(t)
		staff.Get("/admin/site/letters").Choose("Parent's last name begins with", "L").Press("Count the letters").Want(http.StatusOK)
		staff.See("Ready to print", "1 letter.")
		staff.Unchecked = true
		text := pdfText(t, staff.Press("Open as PDF"))
		for _, want := range []string{"Jorge Lopez", "204117", "Número de ID de Ana Lopez", "204120", a.URL + "/parent/", "Crear cuenta"} {
			if !strings.Contains(strings.Join(strings.Fields(text), " "), want) {
				t.Errorf("the letter lacks %q:\n%s", want, text)
			}
		}
		for _, not := range []string{"Maria", "{", "Rick", "Ben", "contraseña temporal:"} {
			if strings.Contains(text, not) {
				t.Errorf("the letter says %q:\n%s", not, text)
			}
		}
		staff.Get("/admin/site/letters").Choose("How far the parent has come", "everybody, also who has signed in").Press("Count the letters").Press("Open as a page to print")
		staff.See("Maria Lopez", "ID Number of Ana Lopez").NotSee("Rick")

		staff.Get("/admin/site/letters/text").Want(http.StatusOK)
		staff.Post("/admin/site/letters/text", map[string][]string{"language": {"en"}, "subject": {"Hello {who}"}, "body": {"x"}}).Want(http.StatusUnprocessableEntity)
		staff.See("{who} is no placeholder")
		staff.Post("/admin/site/letters/text", map[string][]string{"language": {"en"}, "subject": {"For {parent}"}, "body": {"Come to {school}."}, "preview": {"1"}})
		staff.See("For Maria Lopez", "How it looks")
		staff.Post("/admin/site/letters/text", map[string][]string{"language": {"en"}, "subject": {"For {parent}"}, "body": {"Come to {school}.\r\n\r\n1. Now."}})
		staff.See("The text of the letters is saved.", "Changed by")
		staff.Get(fmt.Sprintf("/admin/students/%d/contacts", a.Ana.ID))
		if text := pdfText(t, staff.Press("Print the letter to Jorge Lopez")); !strings.Contains(text, "Jorge Lopez") {
			t.Errorf("the one letter:\n%s", text)
		}
		staff.Get("/admin/site/log").See("printed letters to parents", "printed a letter to Jorge Lopez", "changed the text of the letters")
	})
}

func TestANameThatThePDFCannotShapeIsPrintedByTheBrowser(t *testing.T) {
	apptest.RunSQLite(t, func(t *testing.T, a *apptest.App) {
		staff := a.Staff(t)
		contacts := fmt.Sprintf("/admin/students/%d/contacts", a.Ana.ID)
		staff.Get(fmt.Sprintf("%s/%d", contacts, a.MariaAna)).Fill("Last name", "李").Press("Save").Want(http.StatusOK)
		staff.Get(contacts).Press("Print the letter to Maria 李").See("The name holds characters", "Maria 李", "204117")
		staff.Get("/admin/site/letters").Press("Count the letters").See("1 of them holds characters").Press("Open these as a page to print")
		staff.See("Maria 李").NotSee("Jorge")
	})
}

var shownCode = regexp.MustCompile(`\b[2-9A-HJKMNP-TV-Z]{4}(?:-[2-9A-HJKMNP-TV-Z]{4}){3}\b`)

func TestRST2AParentWithoutEMailGetsACodeAtTheCounter(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		staff := a.Staff(t)
		give := func() string {
			t.Helper()
			staff.Get(fmt.Sprintf("/admin/students/%d/contacts", a.Ben.ID)).Follow("Give a one-time code to Nora Blank")
			staff.Press("Give a one-time code").Want(http.StatusUnprocessableEntity).See("Please say how identity was checked.")
			staff.Choose("How was identity checked?", "Photo ID seen").Press("Give a one-time code").Want(http.StatusOK)
			staff.See("This code is shown only now.", "nblank", a.URL+"/parent/code")
			if staff.Header.Get("Cache-Control") != "no-store" {
				t.Error("the page with the code may be kept")
			}
			return shownCode.FindString(staff.Text())
		}
		first := give()
		code := give()
		if code == "" || code == first {
			t.Fatalf("codes %q and %q", first, code)
		}
		parent := a.Browser(t)
		enter := func(code string) *apptest.Browser {
			return parent.Get("/parent/code").Fill("One-time code", code).Press("Go on")
		}
		wrong := enter("2222-2222-2222-2222").Want(http.StatusUnprocessableEntity).Main()
		for _, bad := range []string{first, "x", "nblank"} {
			if got := enter(bad).Want(http.StatusUnprocessableEntity).Main(); got != wrong {
				t.Errorf("%q is answered otherwise", bad)
			}
		}
		enter(strings.ToLower(strings.ReplaceAll(code, "-", " "))).Want(http.StatusOK)
		parent.Fill("Username", "nora").SetPassword(apptest.ParentPassword).Want(http.StatusOK).See("Ben")
		enter(code).Want(http.StatusUnprocessableEntity)
		a.Browser(t).SignIn("parent", "nora", apptest.ParentPassword).See("Ben")
		staff.Get("/admin/site/log").See("gave Nora Blank a one-time code")
		for _, place := range []string{a.Logged(), a.Dump()} {
			for _, c := range []string{code, first} {
				if strings.Contains(place, c) || strings.Contains(place, strings.ReplaceAll(c, "-", "")) {
					t.Error("a code is kept")
				}
			}
		}
		// Whoever is restricted for the child gets none, and an expired one opens nothing.
		staff.Get(fmt.Sprintf("/admin/students/%d/contacts", a.Ana.ID)).Follow("Give a one-time code to Rick Stone").See("No code can be given")
		staff.Get(fmt.Sprintf("/admin/students/%d/contacts", a.Ana.ID)).Follow("Give a one-time code to Maria Lopez")
		staff.Choose("How was identity checked?", "Called back on a number on record").Press("Give a one-time code")
		late := shownCode.FindString(staff.Text())
		a.Drain()
		if mail := a.LastMail(apptest.MariaEmail); !strings.Contains(mail, "gave you a one-time code") || strings.Contains(mail, late) {
			t.Errorf("the mail:\n%s", mail)
		}
		a.Clock.Advance(24*time.Hour + time.Second)
		enter(late).Want(http.StatusUnprocessableEntity)
	})
}

func TestStaffSeeWhoHasNotComeAndRemindThem(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		staff := a.Staff(t)
		staff.Get("/admin/site/not-come").See("Who has not come yet", "Lopez, Maria", "Lopez, Jorge", "never registered", "As of").NotSee("Rick")
		a.MariaAtHome(t)
		a.Clock.Advance(2 * time.Minute)
		staff.Get("/admin/site/not-come").See("Lopez, Jorge").NotSee("Lopez, Maria")
		staff.Get("/admin/site/not-come?since=2026-11-24").See("Lopez, Maria", "not signed in since that day")
		staff.Get("/admin/site/not-come?since=soon").Want(http.StatusUnprocessableEntity).See("Please type the date")
		staff.Get("/admin/site/not-come")
		staff.Unchecked = true
		staff.Press("As a table (CSV)").Want(http.StatusOK)
		if !strings.Contains(staff.HTML, `"Lopez, Jorge","Lopez, Ana",204117`) || strings.Contains(staff.HTML, "Maria") {
			t.Errorf("the table:\n%s", staff.HTML)
		}
		staff.Unchecked = false
		for range 2 {
			staff = a.Staff(t) // shown lately that it is them
			staff.Get("/admin/site/not-come").Press("Send reminders by mail").See("The reminders are on their way.")
			a.Drain()
			a.Clock.Advance(5 * time.Minute)
			a.Drain()
		}
		if n := a.Mailed(apptest.JorgeEmail); n != 1 {
			t.Errorf("%d reminders", n)
		}
		if mail := a.LastMail(apptest.JorgeEmail); !strings.Contains(mail, "Ana Lopez") || !strings.Contains(mail, "Haga clic aquí para crear una cuenta nueva") || strings.Contains(mail, "204117") {
			t.Errorf("the reminder:\n%s", mail)
		}
		staff.Get("/admin/site/log").See("sent reminders to who has not come", "took the list of who has not come out")
	})
}
