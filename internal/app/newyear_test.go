package app_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/schoolgate/schoolgate/internal/app/apptest"
)

func TestANewSchoolYearDoesNothingThatWasNotCounted(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		const page = "/admin/site/school-year"
		b, key := a.StaffWithFactor(t)
		b.Post(page, url.Values{"act": {"count"}}).Want(http.StatusUnprocessableEntity).See("Please choose all schools, or at least one.")
		b.Get(page).Fill("First day without the graduates", "soon").Press("Count what would move").Want(http.StatusUnprocessableEntity).See("Please type the date").NotSee("Begin.")
		b.Get(page).Press("Count what would move").Want(http.StatusOK).See("6 students would move.")
		b.Fill("First day without the graduates", "2027-06-20").Press("Begin").Want(http.StatusOK).See("Something has changed since you counted, so nothing was begun.")
		if got := a.Student(a.Ana.ID).Grade; got != "4" {
			t.Fatalf("grade %q", got)
		}
		b.Press("Begin")
		prove(b, key)
		b.See("The step into the new school year has begun.")
		a.Drain()
		if got := a.Student(a.Ana.ID).Grade; got != "5" {
			t.Errorf("grade %q", got)
		}
		b.Get(page).See("6 students moved").Press("Take it back")
		prove(b, key)
		a.Drain()
		if got := a.Student(a.Ana.ID).Grade; got != "4" {
			t.Errorf("taken back: grade %q", got)
		}
	})
}
