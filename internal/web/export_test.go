package web

import (
	"bytes"
	"fmt"
	"github.com/schoolgate/schoolgate/internal/account"
	"html/template"
	"io/fs"
	"net/url"
	"path"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/schoolgate/schoolgate/internal/family"
	"github.com/schoolgate/schoolgate/internal/help"
	"github.com/schoolgate/schoolgate/internal/jobs"
	"github.com/schoolgate/schoolgate/internal/lang"
	"github.com/schoolgate/schoolgate/internal/roster"
)

// Route is a line of the site, for the tests that visit all of them.
type Route struct {
	Pattern string
	Portal  string
	Limited bool
	Open    bool // to everybody
	Need    string
}

// Routes returns every route of the site, the demo's last.
func Routes() []Route {
	var all []Route
	for _, r := range slices.Concat(routes, demoRoutes) {
		all = append(all, Route{r.pattern, string(r.portal), r.stage == anyStage || r.stage == account.SetPassword, r.need == "", string(r.need)})
	}
	return all
}

// pageStructs is what each template is executed with.
var pageStructs = map[string]any{
	"admin/quality": qualityPage{}, "admin/quality-list": flawPage{}, "admin/export": exportPage{}, "admin/duplicates": duplicatesPage{}, "admin/merge": mergePage{},
	"admin/letters": lettersPage{}, "admin/letters-print": printPage{}, "admin/letter-text": letterTextPage{}, "admin/missing": missingPage{},
	"admin/find": findPage{}, "admin/family": familyPage{}, "admin/family-ask": familyAskPage{},
	"admin/code": giveCodePage{}, "parent/code": enterCodePage{},
	"admin/imports": importsPage{}, "admin/import": importPage{}, "admin/import-columns": importColumnsPage{},
	"admin/bulk": bulkPage{}, "admin/bulks": bulksPage{},
	"admin/classes": classesPage{}, "admin/class": classPage{}, "admin/student-classes": studentClassesPage{}, "admin/history": recordHistoryPage{}, "admin/adults": adultsPage{}, "admin/adult": adultPage{}, "admin/new-year": newYearPage{},
	"admin/contact": contactPage{}, "admin/contact-remove": removePage{}, "admin/contacts": contactsPage{}, "admin/grid": gridPage{},
	"admin/login": loginPage{}, "admin/mail": mailPage{}, "admin/question": questionPage{}, "admin/requests": requestsPage{},
	"admin/staff": staffListPage{}, "admin/staff-new": newStaffForm{}, "admin/staff-member": staffMemberPage{}, "admin/staff-ask": staffAskPage{},
	"admin/result": resultPage{}, "admin/settings": settingsPage{}, "admin/student": studentPage{}, "admin/students": studentsPage{},
	"admin/help": helpListPage{}, "admin/help-comments": helpRemarksPage{}, "admin/help-edit": helpEditPage{}, "admin/help-history": helpHistoryPage{},
	"admin/help-searches": helpMissedPage{}, "help/article": helpArticlePage{}, "help/home": helpPage{},
	"admin/log": logPage{}, "admin/log-views": viewsPage{}, "admin/log-history": historyPage{}, "admin/log-breach": breachPage{}, "parent/views": viewsPage{},
	"front/door": frontDoorPage{}, "front/mailbox": mailboxPage{}, "front/message": mailboxMessagePage{},
	"parent/add-student": addStudentPage{}, "parent/children": childrenPage{}, "parent/forgot": forgotPage{}, "parent/forgot-sent": sentPage{},
	"parent/login": loginPage{}, "parent/register": registerPage{}, "parent/sent": sentPage{}, "parent/student-login": studentLoginForm{},
	"parent/new-adult": doubtPage{}, "admin/newcomers": newcomersPage{},
	"admin/desk": deskPage{}, "admin/case": casePage{},
	"admin/hold": holdPage{}, "shared/closed": closedPage{},
	"parent/student-login-remove": studentLoginForm{},
	"shared/account":              accountPage{}, "shared/change-password": passwordPage{}, "shared/change-username": changeUsernamePage{},
	"shared/second-step": secondStepPage{}, "shared/second-factor": setUpPage{}, "shared/authenticator": authenticatorPage{},
	"shared/new-passkey": newPasskeyPage{}, "shared/recovery-codes": codesPage{}, "shared/remove-factor": removeFactorPage{},
	"shared/confirm":       confirmPage{},
	"admin/student-logins": studentLoginsPage{}, "admin/students-question": studentsQuestionPage{}, "admin/student-login-pass": passLoginPage{}, "admin/mail-test": testMailPage{}, "admin/parents": parentsPage{}, "admin/parents-question": parentsQuestionPage{}, "admin/parents-result": parentsResultPage{},
	"shared/error": errorPage{}, "shared/new-password": passwordPage{}, "student/home": studentHomePage{}, "student/login": loginPage{},
}

// Sample is a template with the struct it is executed with, empty or full.
type Sample struct {
	Name, Language string
	Full           bool
	Template       *template.Template
	Page           any
}

// Render executes the template.
func (s Sample) Render() (string, error) {
	var b bytes.Buffer
	err := s.Template.Execute(&b, s.Page)
	return b.String(), err
}

// Samples returns every template in every language, with an empty and with a full page.
func Samples(t *testing.T) []Sample {
	t.Helper()
	catalog, err := lang.Load()
	if err != nil {
		t.Fatal(err)
	}
	a, err := loadAssets()
	if err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return time.Date(2026, 11, 23, 15, 0, 0, 0, time.UTC) }
	parsed, err := parsePages(catalog, a, clock{now, func() *time.Location { return time.UTC }})
	if err != nil {
		t.Fatal(err)
	}
	files, err := fs.Glob(templateFiles, "templates/*/*.html")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d templates, %v", len(files), err)
	}
	var all []Sample
	for _, file := range files {
		name := strings.TrimSuffix(strings.TrimPrefix(file, "templates/"), ".html")
		page, ok := pageStructs[name]
		if !ok {
			t.Errorf("no page struct is known for the template %s", name)
			continue
		}
		for _, tag := range lang.Tags() {
			for _, full := range []bool{false, true} {
				all = append(all, Sample{name, tag, full, parsed.byLang[tag].Lookup(name), sample(page, path.Dir(name), tag, full)})
			}
		}
	}
	return all
}

// sample returns a copy of the page struct, filled if asked to.
func sample(page any, folder, tag string, full bool) any {
	v := reflect.New(reflect.TypeOf(page)).Elem()
	if full {
		(&filler{}).fill(v, "")
	}
	common := v.FieldByName("Page").Addr().Interface().(*Page)
	common.Tag, common.OtherTag, common.Title, common.DistrictName = tag, "es", "Title", "District"
	common.Portal = portal(strings.Replace(folder, "shared", "admin", 1))
	switch p := v.Addr().Interface().(type) { // what no handler leaves out
	case *studentLoginForm:
		if p.Child.Login == nil {
			p.Child.Login = &family.StudentLogin{}
		}
	case *newYearPage:
		if p.Last != nil {
			p.Last.State = "done"
		}
		for i := range p.Rows {
			p.Rows[i].School.ID = int64(i + 1)
		}
	case *questionPage:
		p.Back = gridPath
	case *studentsQuestionPage:
		p.Back = studentLoginsPath
	case *parentsQuestionPage:
		p.Back = parentsPath
	case *parentsResultPage:
		p.Back = parentsPath
	case *staffAskPage:
		p.Act = "disable"
	case *familyAskPage:
		p.Act = "disable"
	case *familyPage:
		for i := range p.Parent.Requests {
			p.Parent.Requests[i].Detail = "delayed"
		}
	case *casePage:
		p.Checks = roster.Checks()
		for i := range p.People {
			q := &p.People[i]
			q.ID = fmt.Sprintf("p%d", i)
			if q.Near != nil {
				q.Near.ID = q.ID + "n"
			}
			for n := range q.Others {
				q.Others[n].ID = fmt.Sprintf("%sc%d", q.ID, n)
			}
		}
	case *importColumnsPage:
		for i := range p.Tables {
			for n := range p.Tables[i].Columns {
				p.Tables[i].Columns[n].Name = fmt.Sprintf("c%d-%d", i, n)
			}
			for n := range p.Tables[i].Known {
				p.Tables[i].Known[n].Name = fmt.Sprintf("c%d-1%d", i, n)
			}
		}
	case *doubtPage:
		p.Adult.Relationship = "mother"
	case *settingsPage:
		for i, g := range p.Groups {
			for n := range g.Rows {
				g.Rows[n].Key, g.Rows[n].Kind = fmt.Sprintf("row%d_%d", i, n), []string{"flag", "choices", "text", "span"}[2*i+n]
			}
		}
	case *resultPage:
		p.Back = gridPath
	case *authenticatorPage:
		p.Back, p.URI = "/b", "otpauth://totp/x"
	case *newPasskeyPage:
		p.Back = "/b"
	case *codesPage:
		p.To = "/t"
	case *helpEditPage:
		p.Draft.Language = "es"
	case *helpHistoryPage:
		p.Draft.Language = "es"
	case *helpArticlePage:
		if !full {
			p.Article = &help.Published{Article: help.Article{Slug: "x", Kind: help.FAQ, Audience: help.ForParents, Title: "Title"}}
		}
	}
	return v.Interface()
}

// filler puts something into every field; what is one of a few words gets one of them, numbers are never the same twice.
type filler struct{ n int64 }

// words are the values of fields in which only certain ones can stand.
var words = map[string]string{
	"Relationship": "mother", "Relationships": "father", "Purpose": "register", "Outcome": "name_differs", "Detail": "delayed replaced",
	"Template": "temporary", "BirthDate": "2015-03-09", "BeginDate": "2026-01-01", "EndDate": "2027-01-01", "Key": "flash.student_added",
	"Language": "es", "Path": "/admin/students/", "URL": "/a?b=1", "NextURL": "/n?b=1", "FirstURL": "/f", "ByParent": "/p", "ByChild": "/c",
	"Back": "/b", "To": "/t", "Action": "/a", "URI": "otpauth://totp/x", "QR": "data:image/png;base64,AAAA", "In": "es", "HelpURL": "/help/", "PriorHTML": "<p>p</p>", "BodyHTML": "<p>b</p>", "AdditionalHTML": "<p>a</p>",
	"Date": "2026-11-23", "Field": "", "Next": "at=1&id=2", "Letter": "L", "State": "ready", "Sort": "child",
	"Flaw": "no_email", "Points": "1.0,2.0 3.0,4.0", "RecordURL": "/r", "EditURL": "/e", "SwapURL": "/s",
	"Act": "disable", "Acts": "remove", "Languages": "es",
}

func (f *filler) fill(v reflect.Value, name string) {
	switch v.Interface().(type) {
	case time.Time:
		v.Set(reflect.ValueOf(time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)))
		return
	case roster.Flag:
		v.Set(reflect.ValueOf(roster.Yes))
		return
	case roster.Status:
		v.Set(reflect.ValueOf(roster.Enrolled))
		return
	case roster.AdultMark:
		v.Set(reflect.ValueOf(roster.Dependent))
		return
	case roster.When:
		v.Set(reflect.ValueOf(roster.Coming))
		return
	case family.LoginState:
		v.Set(reflect.ValueOf(family.Locked))
		return
	case family.ResetOutcome:
		v.Set(reflect.ValueOf(family.ResetPart))
		return
	case family.NoticeKind:
		v.Set(reflect.ValueOf(family.NoticeResetPart))
		return
	case help.Kind:
		v.Set(reflect.ValueOf(help.HowTo))
		return
	case help.Audience:
		v.Set(reflect.ValueOf(help.ForStaff))
		return
	case jobs.State:
		v.Set(reflect.ValueOf(jobs.Ready))
		return
	}
	f.n++
	switch v.Kind() {
	case reflect.String:
		text, ok := words[name]
		if !ok {
			text = `<i>` + name + `</i> "O'Brien & Ñandú"`
		}
		v.SetString(text)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(1000 + f.n)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		f.fill(v.Elem(), name)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		f.fill(v.Index(0), name)
		f.fill(v.Index(1), name)
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		if v.Type().Elem().Kind() == reflect.String {
			v.SetMapIndex(reflect.ValueOf("Name"), reflect.ValueOf("<i>Ana</i>"))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				f.fill(v.Field(i), v.Type().Field(i).Name)
			}
		}
	}
}

// Kept is what is kept of an interrupted form.
func Kept(form url.Values) url.Values { return withoutSecrets(form) }

// HelpFor is which article tells what one is doing on a page.
func HelpFor() map[string]string { return helpFor }
