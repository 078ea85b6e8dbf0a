package app_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/schoolgate/schoolgate/internal/app/apptest"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

func TestPRV1WhatARosterSaysAboutARestrictionWaitsForStaffToReadIt(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		err := a.DB.Write(t.Context(), func(tx *sqldb.Tx) error {
			_, err := tx.Exec(t.Context(), "update student_contact set file_restriction = 'No pickup on Fridays <b>' where id = $1", a.MariaAna)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		staff, contacts := a.Staff(t), fmt.Sprintf("/admin/students/%d/contacts", a.Ana.ID)
		a.Browser(t).Register("maria", a.Ana.IDNumber, "Maria", "Lopez").See("Thank you")
		a.Drain()
		if n := a.Mailed(apptest.MariaEmail); n != 0 {
			t.Errorf("%d mails went out", n)
		}
		staff.Get("/admin/site/requests").See("Words of the roster to be read")
		staff.Get(contacts).See("The roster says: \"No pickup on Fridays <b>\"", "Nobody has read this yet.")
		stale := a.Staff(t).Get(contacts)
		staff.Press("I have read this: Maria Lopez").Want(http.StatusOK).See("Noted.", "Read by office").NotSee("Nobody has read this yet.")
		stale.Press("I have read this: Maria Lopez").Want(http.StatusOK).See("Somebody else changed this meanwhile", "Read by office")
		a.Browser(t).Register("maria", a.Ana.IDNumber, "Maria", "Lopez").See("Thank you")
		a.Browser(t).SignIn("parent", "maria", a.TemporaryPassword(apptest.MariaEmail)).See("Choose your permanent password")
	})
}
