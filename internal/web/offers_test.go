package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/app/apptest"
	"github.com/schoolgate/schoolgate/internal/web"
)

// TestADM1NoPageOffersWhatItsReaderMayNotDo walks through the Administrator Portal as every role, at all schools and at one: every link leads to a
// page, and every form to something that the role may do. The menu says that one is at one place.
func TestADM1NoPageOffersWhatItsReaderMayNotDo(t *testing.T) {
	apptest.RunSQLite(t, func(t *testing.T, a *apptest.App) {
		newSite(t, a)
		lin, err := a.Roster.Page(t.Context(), access.Actor{Kind: access.System}, a.Lin.ID)
		if err != nil {
			t.Fatal(err)
		}
		lin.Student.OtherSchools = []int64{a.Oak.ID} // seen at Oak, kept at Cedar
		if err := a.Roster.SaveStudent(t.Context(), access.Actor{Kind: access.System}, lin.Student); err != nil {
			t.Fatal(err)
		}
		needs := needed()
		for _, role := range access.Roles() {
			for _, at := range []access.Schools{access.Everywhere(), {IDs: []int64{a.Oak.ID}}} {
				name := string(role) + map[bool]string{true: ".all", false: ".oak"}[at.All]
				addStaff(t, a, name, role, at)
				b := a.Browser(t).SignIn("admin", name, apptest.StaffPassword)
				actor := access.Actor{Kind: access.Staff, Role: role, Schools: at}
				from, waiting := map[string]string{}, []string{"/admin/", "/admin/students/?q=Lopez", "/admin/students/?q=Chen", "/admin/site/reset-parent-login?letter=L"}
				for visited := 0; len(waiting) > 0 && visited < 400; visited++ {
					path := waiting[0]
					waiting = waiting[1:]
					b.Get(path)
					if asked := visited > 3 || path == "/admin/"; asked && b.Status != http.StatusOK {
						t.Errorf("%s: the link to %s on %s answers %d", name, path, from[path], b.Status)
						continue
					}
					if here := b.Find("nav.menu a[aria-current]"); len(here) > 1 {
						t.Errorf("%s: on %s the menu says one is at %q", name, path, here)
					}
					for _, to := range b.Links() {
						to, _, _ = strings.Cut(to, "#")
						if _, known := from[to]; !known && strings.HasPrefix(to, "/admin/") {
							from[to] = path
							waiting = append(waiting, to)
						}
					}
					for _, f := range forms(t, b.HTML) {
						_, pattern := needs.Handler(&http.Request{Method: f.method, URL: &url.URL{Path: f.action}, Host: "x"})
						need := access.Action(needs.of[pattern])
						if need != "" && !access.Can(actor, need) {
							t.Errorf("%s: %s offers %s %s, which needs %q", name, path, f.method, f.action, need)
						}
					}
				}
			}
		}
	}, apptest.Demo)
}

// sentForm is where a form goes, and how.
type sentForm struct{ method, action string }

func forms(t *testing.T, page string) (all []sentForm) {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode || n.Data != "form" {
			continue
		}
		presses := false
		for b := range n.Descendants() {
			presses = presses || b.Type == html.ElementNode && b.Data == "button"
		}
		f := sentForm{method: http.MethodGet}
		for _, at := range n.Attr {
			switch at.Key {
			case "method":
				f.method = strings.ToUpper(at.Val)
			case "action":
				f.action, _, _ = strings.Cut(at.Val, "?")
			}
		}
		if presses && strings.HasPrefix(f.action, "/admin/") {
			all = append(all, f)
		}
	}
	return all
}

// routesNeed finds what one must be allowed for a request.
type routesNeed struct {
	*http.ServeMux
	of map[string]string
}

func needed() routesNeed {
	n := routesNeed{http.NewServeMux(), map[string]string{}}
	for _, r := range web.Routes() {
		n.HandleFunc(r.Pattern, func(http.ResponseWriter, *http.Request) {})
		n.of[r.Pattern] = r.Need
	}
	return n
}
