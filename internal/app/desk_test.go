package app_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/app/apptest"
)

const regDesk = "/admin/site/requests"

func TestOneClerkGetsAParentInFromTheDesk(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		a.Browser(t).Register("jorge", a.Ana.IDNumber, "George", "Lopez-Diaz")
		a.Browser(t).Register("nora", a.Ben.IDNumber, "Nora", "Blank")
		a.Drain()
		office := clerk(t, a, "counter", access.Office, a.Oak.ID)
		office.Get(regDesk).See("2 to do.", "George Lopez-Diaz", "No contact has this name", "Nora Blank", "No e-mail on record")
		office.Press("Take: Ana Lopez").Want(http.StatusOK).See("George Lopez-Diaz typed", "Jorge Lopez, Father", "differs", "No contact of this student has the name typed.")
		if marks := strings.Join(office.Find("mark"), "|"); !strings.Contains(marks, "Ge") || !strings.Contains(marks, "-Diaz") {
			t.Errorf("marked as different: %s", marks)
		}
		// What is wrong is said, and what was typed stays.
		const jorge = ": Jorge Lopez"
		office.Press("Correct the record and send" + jorge).Want(http.StatusUnprocessableEntity).See("Please say how identity was checked.")
		office.Fill("First name"+jorge, "Jorge").Fill("Last name"+jorge, "Lopez Díaz").Choose("How was identity checked?"+jorge, "Photo ID seen")
		office.Press("Correct the record and send" + jorge)
		office.Want(http.StatusOK).See("The login is made, and a temporary password is on its way to Jorge Lopez Díaz.", "1 to do.").NotSee("George")
		father := a.Browser(t).SignIn("parent", "jorge", a.TemporaryPassword(apptest.JorgeEmail)).SetPassword(apptest.ParentPassword)
		father.See("Ana")

		office.Press("Take: Ben Lopez").Fill("E-mail address: Nora Blank", "nora@example.org").
			Choose("How was identity checked, for the address?: Nora Blank", "Called back on a number on record").Press("Add the address and send: Nora Blank")
		office.See("to Nora Blank", "Nothing to do")
		if a.TemporaryPassword("nora@example.org") == "" {
			t.Error("nothing was sent")
		}
		office.Get(regDesk+"?state=done").See("2 done.", "Record corrected, temporary password sent. Nora counter")
	})
}

func TestRefusedAndDoneAreTakenBackWithOnePress(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		a.Browser(t).Register("maria", a.Ana.IDNumber, "Mary", "Lopez")
		a.Drain()
		staff := a.Staff(t)
		staff.Get(regDesk).Press("Take: Ana Lopez").Press("Refuse").Want(http.StatusUnprocessableEntity).See("Reason")
		staff.Fill("Reason", "not the mother").Press("Refuse").See("told in neutral words", "Nothing to do")
		if m := a.LastMail(apptest.MariaEmail); !strings.Contains(m, "could not open it") || strings.Contains(m, "not the mother") {
			t.Errorf("the mail: %s", m)
		}
		staff.Press("Undo: open the case of Ana Lopez again").See("The case is open again.", "Mary Lopez typed")
		staff.Press("Done: Mary Lopez").See("Done. The case is off the list.").Press("Undo: open the case of Ana Lopez again").See("Mary Lopez typed")
	})
}

func TestTheSecondClerkIsToldWhoWasFaster(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		a.Browser(t).Register("maria", a.Ana.IDNumber, "Mary", "Lopez")
		a.Drain()
		ada, ben := a.Staff(t), clerk(t, a, "ben", access.HelpDesk, a.Oak.ID)
		ben.Get(regDesk)
		ada.Get(regDesk).Press("Take: Ana Lopez")
		ben.Press("Take: Ana Lopez").See("Ada Office is at this case since", "Nothing was changed.", "Ada Office is at it since").NotSee("Correct the record and send", apptest.MariaEmail)
		ben.See("ask the office or the registrar", "m…@example.org")
		ben.Get(regDesk).See("Ada Office is at it since").Press("Take over: Ana Lopez").NotSee("Take over")
		ada.Press("Send as it is: Maria Lopez").See("Nora ben is at this case since", "Nothing was changed.")
		if a.Mailed(apptest.MariaEmail) != 0 {
			t.Error("a press on another's case sent something")
		}
		ben.Press("Send as it is: Maria Lopez").See("The login is made, and a temporary password is on its way to Maria Lopez.")
		ada.Press("Done: Mary Lopez").See("Already done by Nora ben")
	})
}

func TestTheDeskRefusesWhatIsNotItsOwn(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		a.Browser(t).Register("rick", a.Ana.IDNumber, "Rick", "Stone")
		a.Browser(t).Register("wei", a.Lin.IDNumber, "Way", "Chen")
		a.Drain()
		staff := a.Staff(t)
		staff.Get(regDesk).See("Restricted").Press("Take: Ana Lopez").See("RESTRICTED for this child: nothing may be sent.")
		for _, press := range []string{"Send as it is: Rick Stone", "Correct the record and send: Rick Stone"} {
			if strings.Contains(staff.HTML, press) {
				t.Errorf("the page offers %q", press)
			}
		}
		id := a.Count(`select id from desk_case where student_id = $1`, a.Ana.ID)
		version := a.Count(`select version from desk_case where id = $1`, id)
		form := url.Values{"act": {"send"}, "version": {fmt.Sprint(version)}, "person": {"rick|stone|"}, "contact": {fmt.Sprint(a.Rick.ID)}}
		staff.Post(fmt.Sprintf("%s/cases/%d", regDesk, id), form).Want(http.StatusUnprocessableEntity).See("Nothing was changed")
		cedar := clerk(t, a, "cedar", access.Registrar, a.Cedar.ID)
		cedar.Post(fmt.Sprintf("%s/cases/%d", regDesk, id), form).Want(http.StatusNotFound)
		cedar.Get(fmt.Sprintf("%s/cases/%d", regDesk, id)).Want(http.StatusNotFound)
		cedar.Get(regDesk).See("Way Chen").NotSee("Rick", "Ana Lopez")
		form.Set("act", "nonsense")
		staff.Post(fmt.Sprintf("%s/cases/%d", regDesk, id), form).Want(http.StatusBadRequest)
	})
}
