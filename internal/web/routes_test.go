package web_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/app/apptest"
	"github.com/schoolgate/schoolgate/internal/sqldb"
	"github.com/schoolgate/schoolgate/internal/web"
)

// The first four columns of the table. Each has signed in at its own portal and sends its session to all three.
var roles = []string{"visitor", "limited", "parent", "student"}

// staffRoles are the members of staff of the fifth column, by their letters. The elsewhere is an office at a school that is not the child's.
var staffRoles = []struct {
	letter, name string
	role         access.Role
}{
	{"a", "administrator", access.Administrator}, {"r", "registrar", access.Registrar}, {"o", "office", access.Office},
	{"h", "help desk", access.HelpDesk}, {"u", "auditor", access.Auditor}, {"e", "office elsewhere", access.Office},
}

// expected is what each role gets at each route with an empty form: a status; "login" to be sent to the portal's sign-in page, "new" to
// the page that sets the permanent password, "to PATH" elsewhere.
//
// A row is written "VISITOR | LIMITED | PARENT | STUDENT | STAFF". What all staff get stands alone in the last column: "200". Else it says
// after a value whose it is, by the letters of staffRoles, with commas between: "200 aro, 404 e" is a page for the administrator, the
// registrar and the office, not found by an office at another school; whoever is not named is refused with 403.
var expected = map[string]string{
	"GET /{$}":       "200 | 200 | 200 | 200 | 200",
	"POST /language": "to / | to / | to / | to / | to /",

	"GET /help/{$}":                       "200 | 200 | 200 | 200 | 200",
	"GET /help/{kind}/{article}":          "200 | 200 | 200 | 200 | 200",
	"GET /help/pictures/{picture}":        "404 | 404 | 404 | 404 | 404",
	"POST /help/{kind}/{article}/vote":    "to ARTICLE | to ARTICLE | to ARTICLE | to ARTICLE | to ARTICLE",
	"POST /help/{kind}/{article}/comment": "422 | 422 | 422 | 422 | 422",

	"GET /parent/login":            "200 | 200 | to /parent/ | 200 | 200",
	"POST /parent/login":           "422 | 422 | 422 | 422 | 422",
	"POST /parent/logout":          "login | login | login | login | login",
	"GET /parent/register":         "200 | new | 200 | 200 | 200",
	"POST /parent/register":        "422 | new | 422 | 422 | 422",
	"GET /parent/register/sent":    "to /parent/register | new | to /parent/register | to /parent/register | to /parent/register",
	"GET /parent/forgot":           "200 | new | 200 | 200 | 200",
	"POST /parent/forgot/password": "422 | new | 422 | 422 | 422",
	"POST /parent/forgot/username": "422 | new | 422 | 422 | 422",
	"GET /parent/forgot/sent":      "to /parent/forgot | new | to /parent/forgot | to /parent/forgot | to /parent/forgot",
	"GET /parent/new-password":     "login | 200 | to /parent/ | login | login",
	"POST /parent/new-password":    "login | 422 | to /parent/ | login | login",

	"GET /parent/{$}":                                   "login | new | 200 | login | login",
	"GET /parent/children/{student}":                    "login | new | 200 | login | login",
	"GET /parent/children/{student}/login":              "login | new | 200 | login | login",
	"POST /parent/children/{student}/login":             "login | new | 409 | login | login",
	"GET /parent/children/{student}/login/remove":       "login | new | 200 | login | login",
	"POST /parent/children/{student}/login/remove":      "login | new | to CHILD | login | login",
	"GET /parent/children/{student}/new-adult/{entry}":  "login | new | 404 | login | login",
	"POST /parent/children/{student}/new-adult/{entry}": "login | new | 404 | login | login",
	"GET /parent/children/{student}/views":              "login | new | 403 | login | login",
	"GET /parent/add-student":                           "login | new | 200 | login | login",
	"POST /parent/add-student":                          "login | new | 422 | login | login",
	"GET /parent/account":                               "login | new | 200 | login | login",
	"GET /parent/account/password":                      "login | new | 200 | login | login",
	"POST /parent/account/password":                     "login | new | 422 | login | login",
	"GET /parent/account/username":                      "login | new | 200 | login | login",
	"POST /parent/account/username":                     "login | new | 422 | login | login",
	"POST /parent/account/sessions/end":                 "login | new | 404 | login | login",
	"POST /parent/account/sessions/end-all":             "login | new | login | login | login",

	"POST /parent/passkey/options":                   "404 | 404 | 404 | 404 | 404",
	"POST /parent/passkey":                           "422 | 422 | 422 | 422 | 422",
	"GET /parent/second-step":                        "login | new | to /parent/ | login | login",
	"POST /parent/second-step":                       "login | new | to /parent/ | login | login",
	"POST /parent/second-step/passkey":               "login | new | to /parent/ | login | login",
	"POST /parent/proof/options":                     "login | new | 404 | login | login",
	"GET /parent/confirm":                            "login | new | 200 | login | login",
	"POST /parent/confirm":                           "login | new | 422 | login | login",
	"POST /parent/confirm/passkey":                   "login | new | 404 | login | login",
	"POST /parent/account/authenticator":             "login | new | 200 | login | login",
	"POST /parent/account/authenticator/confirm":     "login | new | 422 | login | login",
	"GET /parent/account/authenticator/remove":       "login | new | 404 | login | login",
	"POST /parent/account/authenticator/remove":      "login | new | 404 | login | login",
	"POST /parent/account/passkeys":                  "login | new | 404 | login | login",
	"POST /parent/account/passkeys/add":              "login | new | 404 | login | login",
	"POST /parent/account/passkeys/{passkey}/rename": "login | new | 404 | login | login",
	"GET /parent/account/passkeys/{passkey}/remove":  "login | new | 404 | login | login",
	"POST /parent/account/passkeys/{passkey}/remove": "login | new | 404 | login | login",
	"POST /parent/account/recovery-codes":            "login | new | 409 | login | login",

	"GET /student/login":   "200 | 200 | 200 | to /student/ | 200",
	"POST /student/login":  "422 | 422 | 422 | 422 | 422",
	"POST /student/logout": "login | login | login | login | login",
	"GET /student/{$}":     "login | login | login | 200 | login",

	"GET /admin/login":                                       "200 | 200 | 200 | 200 | to /admin/",
	"POST /admin/login":                                      "422 | 422 | 422 | 422 | 422",
	"POST /admin/logout":                                     "login | login | login | login | login",
	"GET /admin/{$}":                                         "login | login | login | login | to /admin/site/reset-parent-login aohe, to /admin/students/ r, to /admin/site/log u",
	"GET /admin/new-password":                                "login | login | login | login | to /admin/",
	"POST /admin/new-password":                               "login | login | login | login | to /admin/",
	"GET /admin/account":                                     "login | login | login | login | 200",
	"GET /admin/account/password":                            "login | login | login | login | 200",
	"POST /admin/account/password":                           "login | login | login | login | 422",
	"POST /admin/account/sessions/end":                       "login | login | login | login | 404",
	"POST /admin/account/sessions/end-all":                   "login | login | login | login | login",
	"GET /admin/site/reset-parent-login":                     "login | login | login | login | 200 arohe",
	"POST /admin/site/reset-parent-login":                    "login | login | login | login | to /admin/site/reset-parent-login aohe",
	"POST /admin/site/reset-parent-login/question":           "login | login | login | login | to /admin/site/reset-parent-login aohe",
	"GET /parent/code":                                       "200 | new | 200 | 200 | 200",
	"POST /parent/code":                                      "422 | new | 422 | 422 | 422",
	"GET /admin/site/not-come":                               "login | login | login | login | 200 arohe",
	"POST /admin/site/not-come":                              "login | login | login | login | 200 arohe",
	"GET /admin/site/letters":                                "login | login | login | login | 200 aoe",
	"POST /admin/site/letters":                               "login | login | login | login | 200 aoe",
	"GET /admin/site/letters/text":                           "login | login | login | login | 200 a",
	"POST /admin/site/letters/text":                          "login | login | login | login | 404 a",
	"POST /admin/students/{student}/contacts/{line}/letter":  "login | login | login | login | 200 aroh, 404 e",
	"GET /admin/students/{student}/contacts/{line}/code":     "login | login | login | login | 200 ao, 404 e",
	"POST /admin/students/{student}/contacts/{line}/code":    "login | login | login | login | 422 ao, 404 e",
	"GET /admin/site/parent-accounts":                        "login | login | login | login | 200 arohe",
	"POST /admin/site/parent-accounts":                       "login | login | login | login | to /admin/site/parent-accounts aohe",
	"POST /admin/site/parent-accounts/question":              "login | login | login | login | to /admin/site/parent-accounts aohe",
	"GET /admin/site/reset-student-login":                    "login | login | login | login | 200 arohe",
	"POST /admin/site/reset-student-login":                   "login | login | login | login | to /admin/site/reset-student-login aohe",
	"POST /admin/site/reset-student-login/question":          "login | login | login | login | to /admin/site/reset-student-login aohe",
	"GET /admin/site/reset-student-login/{student}":          "login | login | login | login | 200 aoh, 404 e",
	"POST /admin/site/reset-student-login/{student}":         "login | login | login | login | 422 aoh, 404 e",
	"GET /admin/site/imports":                                "login | login | login | login | 200 ar",
	"POST /admin/site/imports":                               "login | login | login | login | 422 ar",
	"GET /admin/site/imports/{import}":                       "login | login | login | login | 404 ar",
	"GET /admin/site/imports/{import}/columns":               "login | login | login | login | 404 ar",
	"POST /admin/site/imports/{import}/columns":              "login | login | login | login | 404 ar",
	"POST /admin/site/imports/{import}/school":               "login | login | login | login | 404 ar",
	"POST /admin/site/imports/{import}/apply":                "login | login | login | login | 404 ar",
	"POST /admin/site/imports/{import}/stop":                 "login | login | login | login | 404 ar",
	"POST /admin/site/imports/{import}/undo":                 "login | login | login | login | 404 ar",
	"GET /admin/site/imports/{import}/report.csv":            "login | login | login | login | 404 ar",
	"GET /admin/site/imports/{import}/report.json":           "login | login | login | login | 404 ar",
	"GET /admin/site/bulk":                                   "login | login | login | login | 200 aoe",
	"POST /admin/site/bulk":                                  "login | login | login | login | 422 aoe",
	"GET /admin/site/bulk/{bulk}":                            "login | login | login | login | 404 aoe",
	"POST /admin/site/bulk/{bulk}/begin":                     "login | login | login | login | 404 aoe",
	"POST /admin/site/bulk/{bulk}/stop":                      "login | login | login | login | 404 aoe",
	"GET /admin/site/bulk/{bulk}/rows.csv":                   "login | login | login | login | 404 aoe",
	"GET /admin/find":                                        "login | login | login | login | 200 arohe",
	"POST /admin/find":                                       "login | login | login | login | to /admin/find arohe",
	"GET /admin/families/{contact}":                          "login | login | login | login | 200 arohe",
	"GET /admin/families/{contact}/{act}":                    "login | login | login | login | 200 aohe",
	"POST /admin/families/{contact}/{act}":                   "login | login | login | login | 422 aohe",
	"GET /admin/site/requests":                               "login | login | login | login | 200 arohe",
	"GET /admin/site/requests/all":                           "login | login | login | login | 200 arohe",
	"GET /admin/site/requests/cases/{case}":                  "login | login | login | login | 404 arohe",
	"POST /admin/site/requests/cases/{case}":                 "login | login | login | login | 404 arohe",
	"POST /admin/site/requests":                              "login | login | login | login | 200 arohe",
	"GET /admin/site/new-adults":                             "login | login | login | login | 200 aroeh",
	"POST /admin/site/new-adults":                            "login | login | login | login | 404 aroeh",
	"POST /admin/site/requests/notices/seen":                 "login | login | login | login | 404 arohe",
	"GET /admin/site/mail":                                   "login | login | login | login | 200 aoh",
	"POST /admin/site/mail/retry":                            "login | login | login | login | 404 aoh",
	"GET /admin/site/hold":                                   "login | login | login | login | 200 ar",
	"POST /admin/site/hold":                                  "login | login | login | login | 422 ar",
	"POST /admin/site/mail/stop":                             "login | login | login | login | 404 aoh",
	"POST /admin/site/mail/all":                              "login | login | login | login | 400 aoh",
	"POST /admin/site/mail/test":                             "login | login | login | login | to TEST MAIL aoh",
	"GET /admin/site/mail/test/{mail}":                       "login | login | login | login | 404 aoh",
	"GET /admin/site/staff":                                  "login | login | login | login | 200 au",
	"GET /admin/site/staff/new":                              "login | login | login | login | 200 a",
	"POST /admin/site/staff/new":                             "login | login | login | login | 422 a",
	"GET /admin/site/staff/{staff}":                          "login | login | login | login | 200 au",
	"POST /admin/site/staff/{staff}":                         "login | login | login | login | 409 a",
	"GET /admin/site/staff/{staff}/{act}":                    "login | login | login | login | 200 a",
	"POST /admin/site/staff/{staff}/{act}":                   "login | login | login | login | 422 a",
	"GET /admin/site/settings":                               "login | login | login | login | 200 a",
	"POST /admin/site/settings":                              "login | login | login | login | 409 a",
	"POST /admin/site/settings/mark":                         "login | login | login | login | 422 a",
	"POST /admin/site/settings/schools":                      "login | login | login | login | to /admin/site/settings a",
	"GET /admin/site/help":                                   "login | login | login | login | 200 aoh",
	"GET /admin/site/help/comments":                          "login | login | login | login | 200 aoh",
	"POST /admin/site/help/comments/done":                    "login | login | login | login | 404 a",
	"GET /admin/site/help/searches":                          "login | login | login | login | 200 aoh",
	"POST /admin/site/help/searches/forget":                  "login | login | login | login | to /admin/site/help/searches a",
	"GET /admin/site/help/new":                               "login | login | login | login | 200 a",
	"POST /admin/site/help/new":                              "login | login | login | login | 422 a",
	"GET /admin/site/help/{language}/{article}":              "login | login | login | login | 200 a",
	"POST /admin/site/help/{language}/{article}":             "login | login | login | login | 422 a",
	"GET /admin/site/help/{language}/{article}/history":      "login | login | login | login | 200 a",
	"POST /admin/site/help/{language}/{article}/put-back":    "login | login | login | login | 404 a",
	"POST /admin/site/help/{language}/{article}/unpublish":   "login | login | login | login | 404 a",
	"GET /admin/site/log":                                    "login | login | login | login | 200 au",
	"POST /admin/site/log/export":                            "login | login | login | login | 200 au",
	"GET /admin/site/log/breach":                             "login | login | login | login | 200 au",
	"POST /admin/site/log/breach":                            "login | login | login | login | 422 au",
	"GET /admin/students/{student}/history":                  "login | login | login | login | 200 aro, 404 e",
	"GET /admin/students/{student}/contacts/{line}/changes":  "login | login | login | login | 200 aro, 404 e",
	"POST /admin/students/{student}/release":                 "login | login | login | login | to STUDENT ar",
	"POST /admin/students/{student}/contacts/{line}/release": "login | login | login | login | to CONTACTS/LINE ar",
	"POST /admin/students/{student}/contacts/{line}/open":    "login | login | login | login | to CONTACTS aro, 404 e",
	"GET /admin/site/school-year":                            "login | login | login | login | 200 a",
	"POST /admin/site/school-year":                           "login | login | login | login | 422 a",
	"POST /admin/site/school-year/undo":                      "login | login | login | login | 404 a",
	"GET /admin/students/adults":                             "login | login | login | login | 200 aroe",
	"GET /admin/students/{student}/adult":                    "login | login | login | login | 200 aro, 404 e",
	"POST /admin/students/{student}/adult":                   "login | login | login | login | 409 ar",
	"GET /admin/classes/{$}":                                 "login | login | login | login | 200 aroe",
	"GET /admin/classes/{class}":                             "login | login | login | login | 404 aroe",
	"GET /admin/students/{student}/classes":                  "login | login | login | login | 200 aro, 404 e",
	"GET /admin/students/{student}/views":                    "login | login | login | login | 200 aro, 404 e",
	"GET /admin/students/{student}/contacts/{line}/history":  "login | login | login | login | 200 aroh, 404 e",
	"GET /admin/students/{$}":                                "login | login | login | login | 200 aroe",
	"POST /admin/students/{$}":                               "login | login | login | login | to /admin/students/?q= aroe",
	"GET /admin/students/new":                                "login | login | login | login | 200 ar",
	"POST /admin/students/new":                               "login | login | login | login | 422 ar",
	"GET /admin/students/{student}":                          "login | login | login | login | 200 aro, 404 e",
	"POST /admin/students/{student}":                         "login | login | login | login | 409 ar",
	"POST /admin/students/{student}/data":                    "login | login | login | login | 200 ar",
	"POST /admin/students/{student}/contacts/{line}/data":    "login | login | login | login | 200 ar",
	"GET /admin/students/{student}/contacts":                 "login | login | login | login | 200 aro, 404 e",
	"GET /admin/students/{student}/contacts/new":             "login | login | login | login | 200 ar",
	"GET /admin/students/{student}/contacts/{line}":          "login | login | login | login | 200 ar",
	"POST /admin/students/{student}/contacts/new":            "login | login | login | login | 422 ar",
	"POST /admin/students/{student}/contacts/{line}":         "login | login | login | login | 409 ar",
	"POST /admin/students/{student}/contacts/{line}/move":    "login | login | login | login | to CONTACTS ar",
	"GET /admin/students/{student}/contacts/{line}/remove":   "login | login | login | login | 200 ar",
	"POST /admin/students/{student}/contacts/{line}/remove":  "login | login | login | login | to CONTACTS ar",
	"POST /admin/students/{student}/contacts/{line}/read":    "login | login | login | login | to CONTACTS ar",
	"POST /admin/students/{student}/contacts/{line}/restore": "login | login | login | login | 404 ar",

	"POST /admin/passkey/options":                   "404 | 404 | 404 | 404 | 404",
	"POST /admin/passkey":                           "422 | 422 | 422 | 422 | 422",
	"GET /admin/second-step":                        "login | login | login | login | to /admin/",
	"POST /admin/second-step":                       "login | login | login | login | to /admin/",
	"POST /admin/second-step/passkey":               "login | login | login | login | to /admin/",
	"POST /admin/proof/options":                     "login | login | login | login | 404",
	"GET /admin/confirm":                            "login | login | login | login | 200",
	"POST /admin/confirm":                           "login | login | login | login | 422",
	"POST /admin/confirm/passkey":                   "login | login | login | login | 404",
	"POST /admin/account/authenticator":             "login | login | login | login | 200",
	"POST /admin/account/authenticator/confirm":     "login | login | login | login | 422",
	"GET /admin/account/authenticator/remove":       "login | login | login | login | 404",
	"POST /admin/account/authenticator/remove":      "login | login | login | login | 404",
	"POST /admin/account/passkeys":                  "login | login | login | login | 404",
	"POST /admin/account/passkeys/add":              "login | login | login | login | 404",
	"POST /admin/account/passkeys/{passkey}/rename": "login | login | login | login | 404",
	"GET /admin/account/passkeys/{passkey}/remove":  "login | login | login | login | 404",
	"POST /admin/account/passkeys/{passkey}/remove": "login | login | login | login | 404",
	"POST /admin/account/recovery-codes":            "login | login | login | login | 409",
	"GET /admin/second-factor":                      "login | login | login | login | to /admin/account",

	"GET /admin/records/quality":                 "login | login | login | login | 200 aroe",
	"POST /admin/records/quality":                "login | login | login | login | to /admin/records/quality aroe",
	"GET /admin/records/quality/{flaw}":          "login | login | login | login | 200 aroe",
	"POST /admin/records/quality/{flaw}/address": "login | login | login | login | 404 ar",
	"POST /admin/records/quality/{flaw}/access":  "login | login | login | login | 404 ar",
	"POST /admin/records/quality/{flaw}/export":  "login | login | login | login | 200 ar",
	"GET /admin/records/duplicates":              "login | login | login | login | 200 aroe",
	"POST /admin/records/duplicates/undo":        "login | login | login | login | 404 ar",
	"GET /admin/records/export":                  "login | login | login | login | 200 ar",
	"POST /admin/records/export":                 "login | login | login | login | 422 ar",

	"GET /admin/records/duplicates/{contact}/{other}":  "login | login | login | login | 404 aroe",
	"POST /admin/records/duplicates/{contact}/{other}": "login | login | login | login | 404 ar",

	"GET /demo/mailbox":          "200 | 200 | 200 | 200 | 200",
	"GET /demo/mailbox/{number}": "200 | 200 | 200 | 200 | 200",
}

// site is an app in which every role can sign in.
type site struct {
	*apptest.App
	t         *testing.T
	temporary string // Jorge's
}

func newSite(t *testing.T, a *apptest.App) *site {
	s := &site{App: a, t: t}
	a.StudentAtHome(t, a.MariaAtHome(t), s.child(), "ana.lopez")
	a.Browser(t).Register("jorge", "204117", "Jorge", "Lopez")
	s.temporary = a.TemporaryPassword(apptest.JorgeEmail)
	for _, r := range staffRoles {
		at := access.Everywhere()
		if r.letter == "e" {
			at = access.Schools{IDs: []int64{a.Cedar.ID}}
		}
		n := account.NewStaff{Username: username(r.name), Name: r.name, Email: r.letter + "@example.org", Password: apptest.StaffPassword, Role: r.role, Schools: at}
		if _, err := a.Accounts.CreateStaff(t.Context(), access.Actor{Kind: access.System}, n); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// username is that of a member of staff of staffRoles.
func username(role string) string { return "the." + strings.ReplaceAll(role, " ", ".") }

// columns reads a row of the table: what each role gets, by name.
func columns(row string) map[string]string {
	cells := strings.Split(row, " | ")
	want := map[string]string{}
	for i, role := range roles {
		want[role] = cells[i]
	}
	for _, r := range staffRoles {
		want[r.name] = "403"
	}
	for part := range strings.SplitSeq(cells[len(roles)], ", ") {
		value, letters := part, "arohue"
		if i := strings.LastIndexByte(part, ' '); i >= 0 && strings.Trim(part[i+1:], "arohue") == "" {
			value, letters = part[:i], part[i+1:]
		}
		for _, r := range staffRoles {
			if strings.Contains(letters, r.letter) {
				want[r.name] = value
			}
		}
	}
	return want
}

func (s *site) child() string    { return fmt.Sprintf("/parent/children/%d", s.Ana.ID) }
func (s *site) student() string  { return fmt.Sprintf("/admin/students/%d", s.Ana.ID) }
func (s *site) contacts() string { return s.student() + "/contacts" }

// browser returns one in which the role's session stands under every portal's cookie.
func (s *site) browser(role string) *apptest.Browser {
	s.t.Helper()
	b := s.Browser(s.t)
	token := ""
	switch role {
	case "visitor":
		return b
	case "limited":
		token = b.SignIn("parent", "jorge", s.temporary).See("Choose your permanent password").Cookie("parent-session")
	case "parent":
		token = b.SignIn("parent", "maria", apptest.ParentPassword).Want(http.StatusOK).Cookie("parent-session")
	case "student":
		if s.Count("select count(*) from student_login where student_id = $1", s.Ana.ID) == 0 { // a visit removed it
			s.StudentAtHome(s.t, s.Browser(s.t).SignIn("parent", "maria", apptest.ParentPassword), s.child(), "ana.lopez")
		}
		token = b.SignIn("student", "ana.lopez", apptest.StudentPassword).Want(http.StatusOK).Cookie("student-session")
	default:
		token = b.SignIn("admin", username(role), apptest.StaffPassword).Cookie("admin-session")
	}
	if token == "" {
		s.t.Fatalf("%s has no session", role)
	}
	for _, portal := range []string{"parent", "student", "admin"} {
		b.SetCookie("sg-"+portal+"-session", token)
	}
	return b
}

// path fills the wildcards of a pattern with what is on record.
func (s *site) path(pattern string) (method, path string) {
	method, path, _ = strings.Cut(pattern, " ")
	return method, strings.NewReplacer("{$}", "", "{student}", fmt.Sprint(s.Ana.ID), "{line}", fmt.Sprint(s.MariaAna), "{number}", "1",
		"{bulk}", "1", "{import}", "99", "{kind}", "how-to", "{article}", "create-an-account", "{picture}", "nothing.png", "{language}", "en", "{passkey}", "1", "{mail}", "1",
		"{contact}", fmt.Sprint(s.Maria.ID), "{staff}", fmt.Sprint(s.District.Staff), "{act}", "disable", "{flaw}", "no_email", "{other}", "999999").Replace(path)
}

// visit makes one request as a browser would, with an empty form, and follows nothing.
func (s *site) visit(b *apptest.Browser, pattern string) (*http.Response, string) {
	s.t.Helper()
	method, path := s.path(pattern)
	return b.Do(s.request(method, path, nil))
}

func (s *site) request(method, path string, form url.Values) *http.Request {
	s.t.Helper()
	var body io.Reader
	if method == http.MethodPost {
		body = strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(context.Background(), method, s.URL+path, body)
	if err != nil {
		s.t.Fatal(err)
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", s.URL)
	}
	return r
}

// said puts an answer in the words of the table.
func (s *site) said(portal string, r *http.Response) string {
	to := r.Header.Get("Location")
	switch {
	case to == "":
		return fmt.Sprint(r.StatusCode)
	case r.StatusCode != http.StatusSeeOther:
		return fmt.Sprintf("%d to %s", r.StatusCode, to)
	case to == "/"+portal+"/login":
		return "login"
	case to == "/"+portal+"/new-password":
		return "new"
	case to == s.child():
		return "to CHILD"
	case to == "/help/how-to/create-an-account":
		return "to ARTICLE"
	case to == s.student():
		return "to STUDENT"
	case strings.HasPrefix(to, s.contacts()):
		return "to CONTACTS" + strings.Replace(strings.TrimPrefix(to, s.contacts()), fmt.Sprint(s.MariaAna), "LINE", 1)
	case strings.HasPrefix(to, "/admin/site/mail/test/"):
		return "to TEST MAIL"
	}
	return "to " + to
}

func TestADM1EveryRouteAnswersEveryRoleAsTheTableSays(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		s := newSite(t, a)
		listed := map[string]bool{}
		for _, r := range web.Routes() {
			listed[r.Pattern] = true
			row, ok := expected[r.Pattern]
			if !ok {
				t.Errorf("%s stands in no row of the table", r.Pattern)
				continue
			}
			for role, want := range columns(row) {
				answer, _ := s.visit(s.browser(role), r.Pattern)
				if got := s.said(r.Portal, answer); got != want {
					t.Errorf("%s as %s: %s, want %s", r.Pattern, role, got, want)
				}
			}
		}
		for pattern := range expected {
			if !listed[pattern] {
				t.Errorf("%s is in the table and on no page", pattern)
			}
		}
	}, apptest.Demo)
}

// mayBeReached is all that a limited session reaches (SECURITY.md TMP-5); the sign-in page is where one begins.
var mayBeReached = []string{
	"GET /{$}", "POST /language", "GET /parent/login", "POST /parent/login", "POST /parent/passkey/options", "POST /parent/passkey", "POST /parent/logout", "GET /parent/new-password", "POST /parent/new-password",
}

func TestTMP5ALimitedSessionReachesOnlyThePageThatSetsThePassword(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		s := newSite(t, a)
		limited := s.browser("limited")
		for _, r := range web.Routes() {
			if slices.Contains(mayBeReached, r.Pattern) || r.Portal == "front" || r.Portal != "parent" && r.Open {
				continue // another portal's sign-in page knows nothing of a parent's session
			}
			answer, _ := s.visit(limited, r.Pattern)
			if got := s.said(r.Portal, answer); got != "new" && got != "login" && got != "403" {
				t.Errorf("%s: %s", r.Pattern, got)
			}
		}
		limited.Get("/parent/new-password").SetPassword(apptest.ParentPassword).Want(http.StatusOK).See("David")
	}, apptest.Demo)
}

// TestADM1StaffWithoutARoleAreRefusedEverywhere signs in somebody to whom the table of rights gives nothing.
func TestADM1StaffWithoutARoleAreRefusedEverywhere(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		s := newSite(t, a)
		err := a.DB.Write(t.Context(), func(tx *sqldb.Tx) error {
			_, err := tx.Exec(t.Context(), "update account set role = 'nothing' where kind = 'staff'")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		staff := a.Browser(t).SignIn("admin", apptest.StaffUsername, apptest.StaffPassword)
		before := a.Dump("student", "contact", "student_contact", "closed_line", "setting", "job")
		for _, r := range web.Routes() {
			if r.Portal != "admin" || r.Open {
				continue
			}
			answer, body := s.visit(staff, r.Pattern)
			if answer.StatusCode != http.StatusForbidden {
				t.Errorf("%s: %d, want 403", r.Pattern, answer.StatusCode)
			}
			if strings.Contains(body, "Lopez") {
				t.Errorf("%s: the refusal names somebody", r.Pattern)
			}
		}
		if after := a.Dump("student", "contact", "student_contact", "closed_line", "setting", "job"); after != before {
			t.Error("something was changed")
		}
	})
}
