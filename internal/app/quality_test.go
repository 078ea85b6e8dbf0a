package app_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/app/apptest"
	"github.com/schoolgate/schoolgate/internal/family"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

func TestAClerkPutsRightWhatKeepsAFamilyOut(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		silent := roster.Contact{First: "Silent", Last: "=Parent"}
		a.AddContact(a.Ana, silent, roster.Line{Relationship: "mother", LegalGuardian: roster.Unknown, LivesWith: roster.Unknown, Emergency: roster.Unknown,
			Pickup: roster.Unknown, Mailing: roster.Unknown, PortalAccess: roster.Unknown, FilePortalAccess: roster.Unknown, Restricted: roster.Unknown})
		err := a.DB.Write(t.Context(), func(tx *sqldb.Tx) error { // hers is not what this is about
			_, err := tx.Exec(t.Context(), "update contact set email = 'nora@example.org', email_key = 'nora@example.org' where first_name = 'Nora'")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		staff := a.Staff(t).Get("/admin/records/quality").See("Data quality", "not been looked over yet").Press("Count now").Want(http.StatusOK).See("being looked over")
		a.Drain()
		staff.Get("/admin/records/quality").Follow("Contacts without e-mail").Want(http.StatusOK).See("=Parent, Silent", "1 record")

		answer, text := post(t, a, staff, "/admin/records/quality/no_email/export", url.Values{"as": {"csv"}})
		if !strings.Contains(text, "'=Parent,Silent") || answer.Header.Get("Content-Type") != "text/csv; charset=utf-8" {
			t.Errorf("the list as a table:\n%s", text)
		}
		for list, begins := range map[string]string{"oneroster": "PK", "students": "\ufeffsource_id,school,other_schools,id_number", "contacts": "\ufeffstudent_source_id", "parents": "\ufefflast_name"} {
			if answer, text := post(t, a, staff, "/admin/records/export", url.Values{"list": {list}}); !strings.HasPrefix(text, begins) || answer.StatusCode != http.StatusOK {
				t.Errorf("%s: status %d, %.60q", list, answer.StatusCode, text)
			}
		}
		if _, text := post(t, a, staff, "/admin/records/export", url.Values{"list": {"students"}, "as": {"xlsx"}}); !strings.HasPrefix(text, "PK") {
			t.Errorf("a table for a spreadsheet: %.60q", text)
		}

		page := "/admin/records/quality/no_email"
		staff.Get(page).Fill("E-mail address", "nowhere").Press("Save: =Parent, Silent").Want(http.StatusUnprocessableEntity).
			See("=Parent, Silent", "Back to the list")
		if got := staff.Value("E-mail address"); got != "nowhere" {
			t.Errorf("what was typed is gone: %q", got)
		}
		staff.Fill("E-mail address", "silent@example.org").Choose("How was identity checked? (needed to change the address)", "Photo ID seen").Press("Save: =Parent, Silent").
			Want(http.StatusOK).See("Put right.", "Nothing to put right here.")
	})
}

func TestTwoClerksWhoCorrectOneAddressAreToldOfEachOther(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		a.Staff(t).Get("/admin/records/quality").Press("Count now")
		a.Drain()
		page := "/admin/records/quality/no_email"
		one, two, other := a.Staff(t).Get(page), a.Staff(t).Get(page), a.Staff(t)
		other.Get(fmt.Sprintf("/admin/students/%d/contacts/%d", a.Ben.ID, a.NoraBen)).Fill("Mobile phone", "555-0155").Press("Save").See("Saved.")
		const who = "Blank, Nora"
		one.Fill("E-mail address", "first@example.org").Choose("How was identity checked? (needed to change the address)", "Photo ID seen").Press("Save: "+who).
			Want(http.StatusConflict).See("Someone else saved first", who)
		if got := one.Value("E-mail address"); got != "first@example.org" {
			t.Errorf("what was typed is gone: %q", got)
		}
		one.Press("Save: " + who).Want(http.StatusOK).See("Put right.")
		two.Fill("E-mail address", "second@example.org").Press("Save: " + who).Want(http.StatusOK).See("Somebody else changed this meanwhile")
	})
}

func TestFurtherMergesStandOnFurtherPages(t *testing.T) {
	apptest.RunSQLite(t, func(t *testing.T, a *apptest.App) {
		line := roster.Line{Relationship: "mother", LivesWith: roster.Yes, LegalGuardian: roster.Yes}
		system := access.Actor{Kind: access.System, Username: "office"}
		for n := range 22 {
			twin := roster.Contact{First: "Twin", Last: fmt.Sprintf("Number%d", n), Email: fmt.Sprintf("twin%d@example.org", n)}
			kept, _ := a.AddContact(a.Ana, twin, line)
			gone, _ := a.AddContact(a.Lin, twin, line)
			order := family.MergeOrder{MergeOrder: roster.MergeOrder{Kept: kept.ID, Gone: gone.ID, KeptVersion: kept.Version, GoneVersion: gone.Version}}
			if err := a.Family.Merge(t.Context(), system, order); err != nil {
				t.Fatal(err)
			}
		}
		staff := a.Staff(t).Get("/admin/records/duplicates").See("Twin Number21").NotSee("Twin Number1,").Follow("Older").Want(http.StatusOK)
		if rows := staff.Find("td.parent"); len(rows) != 2 {
			t.Errorf("further back stand %q", rows)
		}
		staff.Follow("Contacts that seem one person").See("Twin Number21")
	})
}

func TestAClerkPutsTwoRecordsTogetherAndTakesItBack(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		unknown := roster.Line{Relationship: "mother", LegalGuardian: roster.Unknown, LivesWith: roster.Unknown, Emergency: roster.Unknown, Pickup: roster.No,
			Mailing: roster.Unknown, PortalAccess: roster.Unknown, FilePortalAccess: roster.Unknown, Restricted: roster.Unknown}
		eva := a.AddStudent(roster.Student{IDNumber: "777", First: "Eva", Last: "Lopez", SchoolID: a.Ana.SchoolID, Status: roster.Enrolled})
		a.AddContact(eva, roster.Contact{First: "María", Last: "López", Email: apptest.MariaEmail, HomePhone: "207-555-0111"}, unknown)
		maria := a.MariaAtHome(t).Get("/parent/").NotSee("Eva")
		staff := a.Staff(t).Get("/admin/records/quality").Press("Count now")
		a.Drain()
		staff.Get("/admin/records/duplicates").See("1 record").Follow("Side by side: Lopez, Maria, María López").Want(http.StatusOK).
			See("Two records side by side", "207-555-0111", "Eva Lopez", "May pick up: no", "maria, active")
		staff.Press("Put together").Want(http.StatusOK).See("The two records are one now.", "No two contacts seem to be one person.")
		maria.Get("/parent/").See("Eva", "Ana")
		a.Drain()
		if mail := a.LastMail(apptest.MariaEmail); !strings.Contains(mail, "put the two records together") {
			t.Errorf("the mail says:\n%s", mail)
		}
		staff.Press("Take back: Maria Lopez, today 10:00").Want(http.StatusOK).See("The records are two again.", "Taken back by")
		maria.Get("/parent/").NotSee("Eva")
		staff.Follow("Side by side: Lopez, Maria, María López").Press("Not the same person").Want(http.StatusOK).See("Noted.", "No two contacts seem to be one person.")
	})
}
