package app_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/schoolgate/schoolgate/internal/app/apptest"
)

func TestPRV1ALiftedRestrictionWaitsForStaffAndStandsInTheHistory(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		mother := a.MariaAtHome(t)
		staff := a.Staff(t)
		student := fmt.Sprintf("/admin/students/%d", a.Ana.ID)
		staff.Get(student + "/contacts").Follow("Edit Maria Lopez")
		staff.Choose("Restricted", "yes").Fill("Court order: number", "26-118").Fill("The order counts until", "2026-01-31").Press("Save").See("Saved.", "26-118")
		staff.See("The last day that the order names is over. The restriction still holds")
		mother.Get(childPath(a.Ana.ID)).Want(http.StatusNotFound)
		staff.Follow("Edit Maria Lopez").Choose("Restricted", "no").Press("Save").See("The restriction was lifted, and the child is still closed to this contact.")
		mother.Get(childPath(a.Ana.ID)).Want(http.StatusNotFound)
		staff.Press("Open this child again for Maria Lopez").See("The child is open to this contact again.").NotSee("still closed to this contact")
		mother.Get(childPath(a.Ana.ID)).Want(http.StatusOK).See("204117")
		staff.Get(student+"/history").See("Maria Lopez: Restricted", "Court order: number", "26-118")

		staff.Get(student).Fill("Grade", "7").Fill("Leaves on", "2099-06-20").Choose("Leaves as", "graduated").Press("Save").See("Saved.")
		staff.See("Set here by hand.").Press("Release: take what the roster says for Grade").See("From now on the roster decides about this field.")
		staff.Get(student+"/history").See("Leaves on", "June 20, 2099")
	})
}
