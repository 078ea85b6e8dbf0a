package app_test

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"github.com/schoolgate/schoolgate/internal/app/apptest"
	"github.com/schoolgate/schoolgate/internal/roster"
)

func TestARowThatNoPasswordHelpsLeadsToThePageThatSaysWhy(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		a.AddContact(a.Ana, roster.Contact{First: "Nomi", Last: "Lopez"}, roster.Line{Relationship: "mother"})
		staff := a.Staff(t).Get(parentsPath)
		staff.Follow("See why: Nomi Lopez").Want(http.StatusOK).See("Nomi Lopez", "Correct the e-mail address")
		staff.Get(parentsPath).Follow("See why: Rick Stone").Want(http.StatusOK).See("Rick Stone", "restricted")
		staff.Get(parentsPath).Press("Send password: Jorge Lopez").Want(http.StatusOK)
	})
}

func TestStaffAreToldThatAPasswordPassesAHold(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		const warning = "What you send here passes the hold: look at custody papers first."
		staff := a.Staff(t)
		page := fmt.Sprintf("/admin/families/%d", a.Jorge.ID)
		staff.Get(page).NotSee(warning)
		staff.Post(closeAndHold, url.Values{"act": {"hold"}, "school": {fmt.Sprint(a.Oak.ID)}, "why": {"papers first"}})
		staff.Get(page).See(warning).Follow("Send a temporary password").Want(http.StatusOK).See(warning)
		staff.Get(parentsPath).Press("Send password: Jorge Lopez").See(warning)
		staff.Get(fmt.Sprintf("/admin/families/%d", a.Wei.ID)).NotSee(warning)
		staff.Get(parentsPath).Press("Send password: Wei Chen").NotSee(warning)
	})
}
