package app_test

import (
	"archive/zip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/schoolgate/schoolgate/internal/app/apptest"
)

func TestTheSettingsPageKeepsWhatIsTypedAndTellsOfAConflict(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		one, two := a.Staff(t).Get("/admin/site/settings"), a.Staff(t).Get("/admin/site/settings")
		one.See("Names and hours", "From 1 to 72.", "This is the default.")
		one.Fill("Temporary password works for (hours)", "36").Tick("Tell parents of a new adult").Tick("Aunt").Press("Save").See("Saved")
		v := a.Settings.Values()
		if v.TemporaryLife.Hours() != 36 || !v.TellParents || !strings.Contains(strings.Join(v.Relationships, ","), "aunt") {
			t.Errorf("saved: %+v", v)
		}
		two.Fill("Office telephone", "555-0199").Fill("Temporary password works for (hours)", "12").Press("Save").Want(http.StatusConflict)
		two.See("Someone else has saved settings meanwhile", "36 hours")
		if got := two.Value("Office telephone"); got != "555-0199" {
			t.Errorf("what was typed is gone: %q", got)
		}
		two.Press("Save").Want(http.StatusOK).See("Saved")
		if v := a.Settings.Values(); v.TemporaryLife.Hours() != 12 || v.OfficePhone != "555-0199" {
			t.Errorf("the second press saved %v", v)
		}
		two.Fill("Staff are signed out after (minutes)", "soon").Fill("Office e-mail address", "nobody").Press("Save").Want(http.StatusUnprocessableEntity)
		two.See("Please type a number.", "This is not an e-mail address.")
		two.Fill("Staff are signed out after (minutes)", "15").Fill("Office e-mail address", "")
		two.Tick("Use the default: 24 hours for Temporary password works for").Press("Save").See("Saved")
		if v := a.Settings.Values(); v.TemporaryLife.Hours() != 24 {
			t.Errorf("the default was not taken: %v", v.TemporaryLife)
		}
	})
}

func TestAParentReadsOfANewAdultAndDoesNotKnowThePerson(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		staff := a.Staff(t)
		staff.Get("/admin/site/settings").Tick("Tell parents of a new adult").Fill("Office e-mail address", apptest.OfficeEmail)
		staff.Press("Save").See("Saved")
		// Rick is restricted for Ana: of her nobody is told anything.
		maria := a.MariaAtHome(t)
		a.Browser(t).Register("jorge", "204117", "Jorge", "Lopez")
		a.Browser(t).SignIn("parent", "jorge", a.TemporaryPassword(apptest.JorgeEmail)).SetPassword(apptest.ParentPassword)
		maria.Get(fmt.Sprintf("/parent/children/%d", a.Ana.ID)).NotSee("I do not know this person")
		staff.Get("/admin/site/new-adults").See("Lopez, Jorge", "registered", "are not seen yet")
		staff.NotSee("URGENT")

		// Ben has Maria and Nora, and no restriction: Nora gets an address and signs in.
		nora := "nora.blank@example.org"
		staff.Get(fmt.Sprintf("/admin/students/%d/contacts/%d", a.Ben.ID, a.NoraBen)).Fill("E-mail address", nora)
		staff.Choose("How was identity checked? (needed to change the address)", "Photo ID seen").Press("Save").Want(http.StatusOK)
		a.Browser(t).Register("nora", "204118", "Nora", "Blank")
		a.Browser(t).SignIn("parent", "nora", a.TemporaryPassword(nora)).SetPassword(apptest.ParentPassword)
		if mail := a.LastMail(apptest.MariaEmail); !strings.Contains(mail, "Nora Blank") || strings.Contains(mail, nora) {
			t.Errorf("the mail to Maria:\n%s", mail)
		}
		child := fmt.Sprintf("/parent/children/%d", a.Ben.ID)
		maria.Get(child).See("New:", "Nora Blank", "can see Ben's pages since").Follow("I do not know this person")
		maria.See("Do you not know this person?", "Nobody is shut out by it", "555-0100").NotSee(nora)
		question := maria.Path()
		maria.Press("I do not know this person").Want(http.StatusOK).See("Thank you. The school office has been told", "555-0100", "You told the school on")
		if n := a.Mailed(apptest.OfficeEmail); n == 0 {
			t.Error("the office was not told")
		}
		maria.Get(question).See("My children")
		nobody := a.Browser(t).SignIn("parent", "nora", apptest.ParentPassword)
		nobody.Get(child).NotSee("I do not know this person", "You told the school")
		nobody.Get(question).Want(http.StatusNotFound)

		staff.Get("/admin/site/new-adults").See("URGENT", "Maria Lopez does not know this person")
		staff.Press("All on this page seen").See("All of them have been seen.")
		staff.Follow("Lopez, Ben").See("Nora Blank")
	})
}

func TestPRV7TheRegistrarHandsAFamilyItsDataInOnePress(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		a.StudentAtHome(t, a.MariaAtHome(t), fmt.Sprintf("/parent/children/%d", a.Ana.ID), "ana.lopez")
		staff := a.Staff(t)
		staff.Get(fmt.Sprintf("/admin/students/%d", a.Ana.ID)).See("Export this student's data")
		staff.Unchecked = true
		page, data := unzip(t, staff.Press("Export this student's data"))
		if data["record"].(map[string]any)["id_number"] != "204117" || !strings.Contains(page, "ana.lopez") || !strings.Contains(page, "Maria Lopez") {
			t.Errorf("the student's data: %v\n%s", data, page)
		}
		for _, not := range []string{apptest.MariaEmail, apptest.JorgeEmail, "555-0123", "order 12-345", "<script", "[["} {
			if strings.Contains(page, not) {
				t.Errorf("the student's data say %q", not)
			}
		}
		staff.Get(fmt.Sprintf("/admin/students/%d/contacts", a.Ana.ID))
		page, data = unzip(t, staff.Press("Export data: Maria Lopez"))
		if n := len(data["children"].([]any)); n != 3 || !strings.Contains(page, apptest.MariaEmail) {
			t.Errorf("%d children in the mother's data\n%s", n, page)
		}
		for _, not := range []string{"Jorge", "Rick", "Nora", "[["} {
			if strings.Contains(page, not) {
				t.Errorf("the mother's data say %q", not)
			}
		}
	})
}

// unzip returns the page and the object of an export.
func unzip(t *testing.T, b *apptest.Browser) (page string, data map[string]any) {
	t.Helper()
	if b.Status != http.StatusOK || b.Header.Get("Content-Type") != "application/zip" || b.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("%d, %s", b.Status, b.Header)
	}
	z, err := zip.NewReader(strings.NewReader(b.HTML), int64(len(b.HTML)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(f.Name, ".html") {
			page = string(text)
		} else if err := json.Unmarshal(text, &data); err != nil {
			t.Fatal(err)
		}
	}
	return page, data
}
