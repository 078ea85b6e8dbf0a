package web_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/jba/templatecheck"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/app/apptest"
	"github.com/schoolgate/schoolgate/internal/family"
	"github.com/schoolgate/schoolgate/internal/help"
	"github.com/schoolgate/schoolgate/internal/jobs"
	"github.com/schoolgate/schoolgate/internal/lang"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/web"
)

func TestEveryTemplateFitsItsPageEmptyAndFullInBothLanguages(t *testing.T) {
	for _, s := range web.Samples(t) {
		name := s.Name + " " + s.Language + map[bool]string{false: " empty", true: " full"}[s.Full]
		page, err := s.Render()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, flaw := range apptest.Flaws(page) {
			t.Errorf("%s: %s", name, flaw)
		}
		if strings.Contains(page, "<i>") {
			t.Errorf("%s: text became markup", name)
		}
	}
}

func TestEveryTemplateIsWellTyped(t *testing.T) {
	for _, s := range web.Samples(t) {
		if s.Full || s.Language != "en" {
			continue
		}
		if err := templatecheck.CheckHTML(s.Template, s.Page); err != nil {
			t.Errorf("%s: %v", s.Name, err)
		}
	}
}

// TestEveryWordThatAPageComposesIsInTheCatalogue holds the templates' printf keys against the values they can meet.
func TestEveryWordThatAPageComposesIsInTheCatalogue(t *testing.T) {
	catalog, err := lang.Load()
	if err != nil {
		t.Fatal(err)
	}
	keys := []string{
		"flag.yes", "flag.no", "flag.unknown", "parent.portal", "help.portal", "student.portal", "admin.portal", "error.reference", "error.home",
		"request.purpose.register", "request.purpose.add_student", "request.purpose.forgot_password", "request.purpose.forgot_username",
	}
	add := func(prefix string, values ...string) {
		for _, v := range values {
			keys = append(keys, prefix+v)
		}
	}
	for _, o := range family.Outcomes() {
		add("request.outcome.", string(o))
	}
	add("request.detail.", family.Details()...)
	for _, o := range family.DeskReasons() {
		add("desk.reason.", string(o))
	}
	add("desk.how.", family.DeskHows()...)
	for _, a := range family.DeskActs() {
		add("flash.desk.", string(a))
	}
	for _, w := range []roster.Why{roster.WhyRestricted, roster.WhyNoAccess, roster.WhyNotYet, roster.WhyEnded, roster.WhyStudentGone, roster.WhyContactGone} {
		add("desk.why.", string(w))
	}
	add("checked.", roster.Checks()...)
	add("common.language.", lang.Tags()...)
	for _, s := range roster.Statuses() {
		add("status.", string(s))
	}
	for _, r := range roster.Relationships() {
		if r == "other" { // no key may end in the name of a plural form
			r = "other_person"
		}
		add("relationship.", r)
	}
	for _, s := range family.StudentStates() {
		add("studentlogins.state.", string(s))
	}
	for _, a := range family.StudentActs() {
		add("studentlogins.act.", string(a))
		add("studentlogins.question.", string(a))
		add("studentlogins.explain.", string(a))
	}
	for _, o := range family.StudentOutcomes() {
		add("studentlogins.outcome.", string(o))
	}
	for _, s := range family.ParentStates() {
		add("manage.state.", string(s))
	}
	for _, s := range []jobs.State{jobs.Ready, jobs.Done, jobs.Failed, jobs.Stopped} {
		add("admin.mail.", string(s))
	}
	for _, s := range []family.LoginState{family.Never, family.Waiting, family.Active, family.Closed, family.Locked, family.Disabled, family.NoEmail, family.MayNot, family.Restricted} {
		add("login_state.", string(s))
	}
	for _, o := range []family.ResetOutcome{family.ResetWhole, family.ResetPart, family.ResetNoLogin, family.ResetGone} {
		add("admin.result.", string(o))
	}
	for _, kind := range []string{"internal", "not_found", "forbidden", "conflict", "invalid", "unavailable"} {
		add("error."+kind, ".heading", ".text")
	}
	for _, field := range []string{"portal_access", "legal_guardian", "lives_with", "emergency", "pickup", "mailing", "restricted"} {
		add("record.", field)
	}
	for _, r := range access.Roles() {
		add("staff.", "role."+string(r), "role_says."+string(r))
	}
	for _, act := range []string{"disable", "enable", "password", "factors", "sessions", "remove"} {
		add("staff.", "act."+act, "ask."+act, "ask_text."+act)
		add("flash.staff.", act)
	}
	add("mail.staff_part.", "name", "email", "role", "schools", "end", "no_end", "disabled", "enabled", "factors", "sessions", "removed")
	for _, k := range help.Kinds() {
		add("help.kind.", string(k))
	}
	for _, a := range help.Audiences() {
		add("help.audience.", string(a))
	}
	for _, tag := range lang.Tags() {
		l := catalog.Language(tag)
		for _, key := range keys {
			if !l.Has(key) {
				t.Errorf("%s: no %s", tag, key)
			}
		}
	}
}

// TestEveryMailHasItsWordOnTheMailPage sends each kind of mail the story knows and looks at the queue.
func TestEveryMailHasItsWordOnTheMailPage(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		catalog, err := lang.Load()
		if err != nil {
			t.Fatal(err)
		}
		for _, template := range []string{"temporary", "forgot_password", "already", "already_closed_line", "name_differs", "your_username", "reset", "reset_part",
			"address_changed", "password_changed", "username_changed", "new_device", "locked", "factor_added", "factor_removed", "recovery_codes_made", "recovery_code_used", "codes_refused", "student_password_changed",
			"staff_invited", "staff_password", "staff_changed", "staff_recovered", "staff_recovery", "test", "student_login_reset", "student_login_removed", "student_login_passed"} {
			for _, tag := range lang.Tags() {
				if !catalog.Language(tag).Has("admin.mail.template." + template) {
					t.Errorf("%s: no admin.mail.template.%s", tag, template)
				}
			}
		}
		mother := a.MariaAtHome(t)
		mother.Get("/parent/forgot").Fill("Username", "maria").Press("Send a temporary password")
		a.Browser(t).Register("maria", a.Ana.IDNumber, "Maria", "Lopez")
		a.Browser(t).Register("wei", a.Lin.IDNumber, "Way", "Chen")
		a.Drain()
		staff := a.Staff(t)
		for _, language := range []string{"English", "Español"} {
			if language == "Español" {
				staff.Press(language)
			}
			staff.Get("/admin/site/mail").Want(200)
			staff.Get("/admin/site/mail?state=done").Want(200)
			staff.Get("/admin/site/requests/all").Want(200)
		}
		staff.See("Maria Lopez")
	})
}

var problemKey = regexp.MustCompile(`"(problem\.[a-z_]+)"`)

func TestEveryProblemHasItsWords(t *testing.T) {
	catalog, err := lang.Load()
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, pattern := range []string{"../*/*.go", "*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range problemKey.FindAllSubmatch(data, -1) {
				found[string(m[1])] = true
			}
		}
	}
	if len(found) < 10 {
		t.Fatalf("only %d problems found", len(found))
	}
	for key := range found {
		for _, tag := range lang.Tags() {
			if !catalog.Language(tag).Has(key) {
				t.Errorf("%s: no %s", tag, key)
			}
		}
	}
}
