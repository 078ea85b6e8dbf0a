package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/app/apptest"
	"github.com/schoolgate/schoolgate/internal/family"
	"github.com/schoolgate/schoolgate/internal/lang"
)

func TestEveryKindReasonAndPressOfAFamilyHasItsWords(t *testing.T) {
	catalog, err := lang.Load()
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, k := range family.FindKinds() {
		keys = append(keys, "find.kind."+string(k))
	}
	for _, b := range family.FoundBys() {
		keys = append(keys, "find.by."+string(b))
	}
	for _, r := range family.Reasons() {
		keys = append(keys, "door."+string(r))
		for _, m := range family.MendsOf(r) {
			keys = append(keys, "door.ask."+string(m), "door.mend."+string(m))
		}
	}
	for _, m := range family.Mends() {
		keys = append(keys, "door.mend."+string(m))
	}
	for _, a := range family.LoginActs() {
		keys = append(keys, "door.mend."+string(a), "family.ask."+string(a), "family.ask_text."+string(a))
	}
	for _, o := range []family.ManageOutcome{
		family.ManageSent, family.ManageMade, family.ManageUntold, family.ManageUnlocked, family.ManageNotLocked, family.ManageOff, family.ManageDisabled,
		family.ManageEnabled, family.ManageNotOff, family.ManageNoLogin, family.ManageWaiting, family.ManageMayNot, family.ManageSameLogin, family.ManageOvertaken,
		family.ManageGone, family.ManageRefused, family.ManageNoEmail, family.ManageStudentAddress, family.ManageRestrictedAddress, family.ManageSteps,
		family.ManageNotClosed, family.ManageRestrictionText,
	} {
		keys = append(keys, "flash.family."+string(o))
	}
	for _, tag := range lang.Tags() {
		for _, key := range keys {
			if !catalog.Language(tag).Has(key) {
				t.Errorf("%s: no %s", tag, key)
			}
		}
	}
}

// TestAClerkFindsAFamilyByOneBoxAndMendsWhatKeepsThemOut follows a clerk from the box to a parent who is in.
func TestAClerkFindsAFamilyByOneBoxAndMendsWhatKeepsThemOut(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		addStaff(t, a, "desk", access.HelpDesk, access.Everywhere())
		desk := a.Browser(t).SignIn("admin", "desk", apptest.StaffPassword).Want(http.StatusOK)
		find := func(typed string) *apptest.Browser {
			return desk.Post("/admin/find", url.Values{"q": {typed}})
		}
		page := fmt.Sprintf("/admin/families/%d", a.Maria.ID)
		for _, typed := range []string{"555-0123", apptest.MariaEmail, "maria ana"} {
			if got := find(typed).Want(http.StatusOK).Path(); got != page {
				t.Errorf("%q leads to %s", typed, got)
			}
		}
		desk.See("Nothing is in the way: Maria Lopez has never registered.").Press("Send a temporary password").See("A login was made", "waits for the mail server")
		a.Drain()
		desk.Get(page).See("Handed to the mail server", "has not been used")
		at := find("204117").Path() // Ana has several adults
		if at != "/admin/find" {
			t.Errorf("an ID Number leads to %s", at)
		}
		desk.See("Lopez, Maria", "Lopez, Jorge", "ID Number of Ana Lopez")
		if at := find("lopez").Path(); at != "/admin/find?q=lopez" {
			t.Errorf("a name leads to %s", at)
		}
		desk.Follow("Lopez, Maria").See("Temporary password", "works until")
		find("nobody at all").See("Nobody at your schools was found by", "What next?")
		find("204116").See("differ by one digit")
	})
}

func TestSES7WhatIsTypedIntoTheBoxStandsInNoAddress(t *testing.T) {
	apptest.RunSQLite(t, func(t *testing.T, a *apptest.App) {
		ref := a.Browser(t).Register("nobody.there", "204 117", "Nobody", "There").Find("strong")
		desk := a.Staff(t)
		secrets := append([]string{"555-0123", "0123", apptest.MariaEmail, "204117", "204 117", "00204-119", "K7M-4QD", "k7m4qd", "999999"}, ref...)
		for _, typed := range secrets {
			desk.Post("/admin/find", url.Values{"q": {typed}}).Want(http.StatusOK)
		}
		for _, v := range desk.Trail {
			for _, typed := range secrets {
				for _, address := range []string{v.URL, v.Location} {
					if plain, _ := url.QueryUnescape(address); strings.Contains(plain, typed) {
						t.Errorf("%s %s shows %q", v.Method, address, typed)
					}
				}
			}
		}
	})
}

func TestADM1ThePageOfAParentOffersEveryRoleOnlyWhatItMayDo(t *testing.T) {
	apptest.RunSQLite(t, func(t *testing.T, a *apptest.App) {
		nora := fmt.Sprintf("/admin/families/%d", a.Nora.ID) // has no e-mail address
		for role, want := range map[access.Role][2]string{
			access.Administrator: {"Correct the e-mail address", "Print a one-time code"}, access.Registrar: {"Correct the e-mail address", "Edit the contact"},
			access.Office: {"Print a one-time code", "no e-mail on record"}, access.HelpDesk: {"Somebody who keeps the records", "There is no login yet"},
		} {
			addStaff(t, a, string(role)+".page", role, access.Everywhere())
			b := a.Browser(t).SignIn("admin", string(role)+".page", apptest.StaffPassword).Get(nora).See("There is no e-mail address on record for Nora Blank")
			if role == access.Registrar {
				b.See(want[0]).NotSee("one-time code", "Disable", "Reset these rows")
				continue
			}
			b.See(want[0], want[1])
			if role != access.Administrator {
				b.NotSee("Correct the e-mail", "Edit the contact")
			}
		}
	})
}

func TestAnActOnALoginThatChangedMeanwhileDoesNothing(t *testing.T) {
	apptest.RunSQLite(t, func(t *testing.T, a *apptest.App) {
		a.MariaAtHome(t)
		page := fmt.Sprintf("/admin/families/%d", a.Maria.ID)
		first, second := a.Staff(t).Get(page), a.Staff(t).Get(page)
		first.See("Maria Lopez can get in: last sign-in").Follow("Disable")
		second.Follow("Disable").Fill("Reason", "asked on the telephone").Press("Disable").See("The login is disabled.", "asked on the telephone")
		first.Press("Disable").Want(http.StatusUnprocessableEntity).Fill("Reason", "moved away").Press("Disable").See("The login was changed meanwhile", "asked on the telephone")
		first.Press("Enable").See("The login is enabled.", "can get in")
		first.Follow("Require a new password").See("ends at once").Press("Require a new password").See("A temporary password is on its way", "waits for the mail server")
		first.Get(page + "/shout").Want(http.StatusNotFound)
		first.Get("/admin/families/999999").Want(http.StatusNotFound)
		first.Get(page).Press("Reset these rows …").See("Are you sure you want to Reset the selected accounts?", "the whole login ends").Press("Ok").
			Follow("Back to the list").See("has never registered")
	})
}
