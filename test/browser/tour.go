package browser

import (
	"context"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/demo"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/mail"
	"github.com/schoolgate/schoolgate/internal/settings"
)

// The sign-ins of the people whom Tour meets.
const (
	ParentUsername  = "mlopez"
	ParentPassword  = "meadow-anchor-violin-crisp"
	StudentUsername = "ana.l"
	StudentPassword = "paper-kite-river"
)

const grid = "/admin/site/reset-parent-login"

// Tour is a school with the sample district, in which a parent has a login and her first child one too.
type Tour struct {
	*School
	Inbox *mail.Capture
	ana   string // number of the first child
	line  string // number of the mother's line
	maria string // number of the mother

	app   authenticator // of the staff who have a second factor
	clerk string        // number of a member of staff who has not signed in yet
	taken *imports      // nil until a page of imports is visited
}

// OpenTour opens a school with the sample district of that many students on the database, and has Maria Lopez create her account.
func OpenTour(ctx context.Context, c *Chromium, judge Judge, database string, students int) (*Tour, error) {
	inbox := &mail.Capture{}
	school, err := Open(ctx, database, inbox)
	if err != nil {
		return nil, err
	}
	t := &Tour{School: school, Inbox: inbox}
	district := demo.Generate(7, students)
	ids, err := demo.Load(ctx, school.DB, school.Roster, district)
	if err != nil {
		return nil, err
	}
	v := settings.Defaults()
	v.DistrictName, v.OfficePhone, v.OfficeHours = "Riverbend Unified School District", "207-555-0100", "Monday to Friday, 8:00 to 16:30"
	if err := school.Settings.Change(ctx, access.Actor{Kind: access.System}, v); err != nil {
		return nil, err
	}
	if err := school.Family.Look(ctx, access.Actor{Kind: access.System}); err != nil && !fault.Is(err, fault.Conflict) {
		return nil, err
	}
	clerk, err := school.Accounts.InviteStaff(ctx, access.Actor{Kind: access.System}, account.StaffInvitation{
		Username: "c.rivera", Name: "Carmen Rivera", Email: "c.rivera@school.example",
		Terms: account.Terms{Role: access.HelpDesk, Schools: access.Everywhere(), LastDay: school.Settings.Today()},
	})
	if err != nil {
		return nil, err
	}
	t.clerk = strconv.FormatInt(clerk, 10)
	for i, s := range district.Students {
		if s.IDNumber == "204117" {
			t.ana = strconv.FormatInt(ids.Students[i], 10)
		}
	}
	for i, l := range district.Lines {
		if district.Contacts[l.Contact].Email == "maria.lopez@example.org" && strconv.FormatInt(ids.Students[l.Student], 10) == t.ana {
			t.line, t.maria = strconv.FormatInt(ids.Lines[i], 10), strconv.FormatInt(ids.Contacts[l.Contact], 10)
		}
	}
	t.createAccounts(c, judge)
	return t, t.createStaff(ctx)
}

var temporary = regexp.MustCompile(`\b[2-9A-HJKMNP-TV-Z]{4}(?:-[2-9A-HJKMNP-TV-Z]{4}){3}\b`)

// createAccounts registers the parent and her first child's login, and two who ask in vain.
func (t *Tour) createAccounts(c *Chromium, judge Judge) {
	tab := c.Tab(judge, Look{Width: 1280, Height: 800})
	defer tab.Close()
	t.Register(tab, "mlopez", "204117", "Maria", "Lopez")
	password := temporary.FindString(t.mailed(judge, "maria.lopez@example.org"))
	t.SignIn(tab, "parent", ParentUsername, password)
	tab.Fill("New Password", ParentPassword)
	tab.Fill("Confirm New Password", ParentPassword)
	tab.Press("Change Password")
	tab.Go(t.URL + "/parent/children/" + t.ana + "/login")
	tab.Fill("Username", StudentUsername)
	tab.Fill("New Password", StudentPassword)
	tab.Fill("Confirm New Password", StudentPassword)
	tab.Press("Create Student Login")
	t.Register(tab, "jane.smith", "204201", "Jane", "Smyth")
	t.Register(tab, "obrien", "204401", "Patricia", "O'Brien")
	t.Register(tab, "zoe.m", "204801", "Zoë", "Müller-Núñez")
	t.mailed(judge, "zoe.mueller@example.org")
}

// Register presses "Create Account".
func (t *Tour) Register(tab *Tab, username, number, first, last string) {
	tab.Go(t.URL + "/parent/register")
	tab.Fill("Username", username)
	tab.Fill("Child's ID Number", number)
	tab.Fill("First Name", first)
	tab.Fill("Last Name", last)
	tab.Press("Create Account")
}

// SignIn signs in at a portal.
func (t *Tour) SignIn(tab *Tab, portal, username, password string) {
	tab.Go(t.URL + "/" + portal + "/login")
	tab.Fill("Username", username)
	tab.Fill("Password", password)
	tab.Press("Log in")
}

// mailed waits for a mail to an address and returns its text.
func (t *Tour) mailed(judge Judge, address string) string {
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if mails := t.Inbox.To(address); len(mails) > 0 {
			return mail.Text(mails[len(mails)-1].Body)
		}
	}
	judge.Fatalf("no mail to %s", address)
	return ""
}

// Stop is one page of the tour: who is signed in ("" for nobody), and the way to it.
type Stop struct {
	Name string
	Who  string
	Path string
	Act  func(tab *Tab) // what to do on the page at Path to come to this one; nil for nothing
}

// Stops lists every page there is, with forms that were sent wrong and lists without entries.
func (t *Tour) Stops() []Stop {
	child, student := "/parent/children/"+t.ana, "/admin/students/"+t.ana
	return append([]Stop{
		{Name: "front", Path: "/"},
		{Name: "mailbox", Path: "/demo/mailbox"},
		{Name: "mailbox-message", Path: "/demo/mailbox/1"},
		{Name: "not-found", Path: "/nowhere"},
		{Name: "help", Path: "/help/"},
		{Name: "help-results", Path: "/help/?q=crate+acount"},
		{Name: "help-nothing", Path: "/help/?q=xylophone"},
		{Name: "help-article", Path: "/help/how-to/create-an-account?q=account"},
		{Name: "help-article-staff", Path: "/help/how-to/run-and-back-up-the-server"},
		{Name: "help-comment", Path: "/help/faq/locked-out?voted=no"},
		{Name: "help-comment-problems", Path: "/help/faq/locked-out?voted=no", Act: submit(map[string]string{"comment": strings.Repeat("é", 256)})},
		{Name: "parent-login", Path: "/parent/login"},
		{Name: "parent-login-failed", Path: "/parent/login", Act: submit(map[string]string{"username": "mlopez", "password": "wrong wrong wrong"})},
		{Name: "parent-register", Path: "/parent/register"},
		{Name: "parent-register-problems", Path: "/parent/register", Act: submit(map[string]string{"username": "x"})},
		{Name: "parent-register-sent", Path: "/parent/register", Act: submit(map[string]string{
			"username": "nobody", "id_number": "999", "first_name": "No", "last_name": "Body"})},
		{Name: "parent-code", Path: "/parent/code"},
		{Name: "parent-code-wrong", Path: "/parent/code", Act: submit(map[string]string{"code": "2222-2222-2222-2222"})},
		{Name: "parent-forgot", Path: "/parent/forgot"},
		{Name: "parent-forgot-problems", Path: "/parent/forgot", Act: submit(map[string]string{"username": ""})},
		{Name: "parent-forgot-sent", Path: "/parent/forgot", Act: submit(map[string]string{"username": "nobody"})},
		{Name: "student-login", Path: "/student/login"},
		{Name: "admin-login", Path: "/admin/login"},
		{Name: "parent-new-password", Who: "first", Path: "/parent/new-password"},
		{Name: "parent-new-password-problems", Who: "first", Path: "/parent/new-password", Act: submit(map[string]string{"new_password": "short"})},

		{Name: "parent-children", Who: "parent", Path: "/parent/"},
		{Name: "parent-child", Who: "parent", Path: child},
		{Name: "parent-student-login", Who: "parent", Path: child + "/login"},
		{Name: "parent-student-login-problems", Who: "parent", Path: child + "/login", Act: submit(map[string]string{"new_password": "a"})},
		{Name: "parent-student-login-remove", Who: "parent", Path: child + "/login/remove"},
		{Name: "parent-add-student", Who: "parent", Path: "/parent/add-student"},
		{Name: "parent-add-student-failed", Who: "parent", Path: "/parent/add-student", Act: submit(map[string]string{"id_number": "999"})},
		{Name: "parent-account", Who: "parent", Path: "/parent/account"},
		{Name: "parent-account-password", Who: "parent", Path: "/parent/account/password"},
		{Name: "parent-account-password-problems", Who: "parent", Path: "/parent/account/password", Act: submit(map[string]string{
			"current_password": "wrong", "new_password": "a", "confirm_password": "b"})},
		{Name: "parent-account-username", Who: "parent", Path: "/parent/account/username"},
		{Name: "parent-account-username-problems", Who: "parent", Path: "/parent/account/username", Act: submit(map[string]string{"username": "x"})},
		{Name: "student-home", Who: "student", Path: "/student/"},

		{Name: "admin-grid", Who: "admin", Path: grid},
		{Name: "admin-grid-letter", Who: "admin", Path: grid + "?letter=L"},
		{Name: "admin-grid-child", Who: "admin", Path: grid + "?last=lopez&sort=child"},
		{Name: "admin-grid-nobody", Who: "admin", Path: grid + "?last=nobodyatall"},
		{Name: "admin-grid-ticked", Who: "admin", Path: grid + "?last=lopez", Act: tick},
		{Name: "admin-grid-dialog", Who: "admin", Path: grid + "?last=lopez", Act: ask},
		{Name: "admin-question", Who: "admin", Path: grid + "?last=lopez", Act: submitGrid},
		{Name: "admin-result", Who: "admin", Path: grid + "?last=begay", Act: resetAll},
		{Name: "admin-find", Who: "admin", Path: "/admin/find"},
		{Name: "admin-find-many", Who: "admin", Path: "/admin/find?q=lopez"},
		{Name: "admin-find-nobody", Who: "admin", Path: "/admin/find?q=lopes+nobody"},
		{Name: "admin-family", Who: "admin", Path: "/admin/families/" + t.maria},
		{Name: "admin-family-dialog", Who: "admin", Path: "/admin/families/" + t.maria, Act: askStaff},
		{Name: "admin-family-ask-problems", Who: "admin", Path: "/admin/families/" + t.maria + "/disable", Act: submit(map[string]string{"reason": ""})},
		{Name: "admin-parents", Who: "admin", Path: parents},
		{Name: "admin-parents-chosen", Who: "admin", Path: parents + "?state=active&school=1"},
		{Name: "admin-parents-problems", Who: "admin", Path: parents + "?password=0&since=x"},
		{Name: "admin-parents-nobody", Who: "admin", Path: parents + "?last=nobodyatall"},
		{Name: "admin-parents-ticked", Who: "admin", Path: parents + "?last=lopez", Act: tick},
		{Name: "admin-parents-question", Who: "admin", Path: parents + "?last=lopez", Act: askParents},
		{Name: "admin-parents-result", Who: "admin", Path: parents + "?last=lopez", Act: actOnParents},
		{Name: "admin-student-logins", Who: "admin", Path: "/admin/site/reset-student-login"},
		{Name: "admin-student-logins-nobody", Who: "admin", Path: "/admin/site/reset-student-login?last=nobodyatall"},
		{Name: "admin-student-logins-question", Who: "admin", Path: "/admin/site/reset-student-login", Act: sendGrid("lock")},
		{Name: "admin-student-login-pass", Who: "admin", Path: "/admin/site/reset-student-login", Act: func(tab *Tab) {
			tab.run(`location.assign(document.querySelector('a[href^="/admin/site/reset-student-login/"]').href)`)
		}},
		{Name: "admin-mail-refused", Who: "admin", Path: "/admin/site/mail?state=failed"},
		{Name: "admin-mail-test-problems", Who: "admin", Path: "/admin/site/mail", Act: sendTo("/test", map[string]string{"address": "nobody@example.org"})},
		{Name: "admin-bulk", Who: "admin", Path: "/admin/site/bulk"},
		{Name: "admin-bulk-problems", Who: "admin", Path: "/admin/site/bulk", Act: sendTo("/bulk", map[string]string{"act": "disable"})},
		{Name: "admin-bulk-question", Who: "admin", Path: "/admin/site/bulk", Act: askBulk},
		{Name: "admin-bulk-wrong-count", Who: "admin", Path: "/admin/site/bulk", Act: func(tab *Tab) { askBulk(tab); sendTo("/begin", map[string]string{"count": "0"})(tab) }},
		{Name: "admin-bulk-begun", Who: "admin", Path: "/admin/site/bulk", Act: beginBulk},
		{Name: "admin-requests", Who: "admin", Path: "/admin/site/requests"},
		{Name: "admin-requests-done", Who: "admin", Path: "/admin/site/requests?state=done"},
		{Name: "admin-requests-all", Who: "admin", Path: "/admin/site/requests/all"},
		{Name: "admin-case", Who: "admin", Path: "/admin/site/requests", Act: takeCase},
		{Name: "admin-requests-none", Who: "admin", Path: "/admin/site/requests", Act: submit(map[string]string{"reference": "AAA-AAA"})},
		{Name: "admin-hold", Who: "admin", Path: "/admin/site/hold"},
		{Name: "admin-new-adults", Who: "admin", Path: "/admin/site/new-adults"},
		{Name: "admin-not-come", Who: "admin", Path: "/admin/site/not-come"},
		{Name: "admin-not-come-problems", Who: "admin", Path: "/admin/site/not-come?since=soon"},
		{Name: "admin-letters", Who: "admin", Path: "/admin/site/letters"},
		{Name: "admin-letters-counted", Who: "admin", Path: "/admin/site/letters", Act: sendTo("/letters", map[string]string{"standing": "all"})},
		{Name: "admin-letters-nobody", Who: "admin", Path: "/admin/site/letters", Act: sendTo("/letters", map[string]string{"homeroom": "nowhere"})},
		{Name: "admin-letters-print", Who: "admin", Path: "/admin/site/letters", Act: printLetters},
		{Name: "admin-letter-text", Who: "admin", Path: "/admin/site/letters/text"},
		{Name: "admin-letter-text-problems", Who: "admin", Path: "/admin/site/letters/text", Act: sendTo("/text", map[string]string{"subject": "", "body": "{who}"})},
		{Name: "admin-letter-text-preview", Who: "admin", Path: "/admin/site/letters/text", Act: func(tab *Tab) { tab.run(`document.querySelector("button[name=preview]").click()`) }},
		{Name: "admin-mail", Who: "admin", Path: "/admin/site/mail"},
		{Name: "admin-mail-failed", Who: "admin", Path: "/admin/site/mail?state=failed"},
		{Name: "admin-help", Who: "admin", Path: "/admin/site/help"},
		{Name: "admin-help-comments", Who: "admin", Path: "/admin/site/help/comments"},
		{Name: "admin-help-searches", Who: "admin", Path: "/admin/site/help/searches"},
		{Name: "admin-help-new", Who: "admin", Path: "/admin/site/help/new"},
		{Name: "admin-help-problems", Who: "admin", Path: "/admin/site/help/new", Act: submit(map[string]string{"slug": "A B"})},
		{Name: "admin-help-edit", Who: "admin", Path: "/admin/site/help/en/create-an-account"},
		{Name: "admin-help-saved", Who: "admin", Path: "/admin/site/help/es/locked-out", Act: submit(map[string]string{"applies": "1.0"})},
		{Name: "admin-help-conflict", Who: "admin", Path: "/admin/site/help/es/locked-out", Act: submit(map[string]string{"version": "99"})},
		{Name: "admin-help-history", Who: "admin", Path: "/admin/site/help/es/locked-out/history?version=1"},
		{Name: "admin-staff", Who: "admin", Path: "/admin/site/staff"},
		{Name: "admin-staff-unused", Who: "admin", Path: "/admin/site/staff?unused=1"},
		{Name: "admin-staff-nobody", Who: "admin", Path: "/admin/site/staff?q=nobodyatall"},
		{Name: "admin-staff-new", Who: "admin", Path: "/admin/site/staff/new"},
		{Name: "admin-staff-problems", Who: "admin", Path: "/admin/site/staff/new", Act: submit(map[string]string{"username": "x"})},
		{Name: "admin-staff-member", Who: "admin", Path: "/admin/site/staff/" + t.clerk},
		{Name: "admin-staff-conflict", Who: "admin", Path: "/admin/site/staff/" + t.clerk, Act: submit(map[string]string{"version": "x"})},
		{Name: "admin-staff-dialog", Who: "admin", Path: "/admin/site/staff/" + t.clerk, Act: askStaff},
		{Name: "admin-staff-ask", Who: "admin", Path: "/admin/site/staff/" + t.clerk + "/disable"},
		{Name: "admin-staff-ask-problems", Who: "admin", Path: "/admin/site/staff/" + t.clerk + "/disable", Act: submit(map[string]string{"reason": ""})},
		{Name: "admin-staff-own", Who: "admin", Path: "/admin/site/staff/1"},
		{Name: "admin-log", Who: "admin", Path: "/admin/site/log"},
		{Name: "admin-log-nobody", Who: "admin", Path: "/admin/site/log?who=nobodyatall"},
		{Name: "admin-log-problems", Who: "admin", Path: "/admin/site/log?from=soon"},
		{Name: "admin-log-breach", Who: "admin", Path: "/admin/site/log/breach"},
		{Name: "admin-log-breach-made", Who: "admin", Path: "/admin/site/log/breach", Act: sendTo("/log/breach", map[string]string{"from": "2020-01-01", "to": "2099-12-31"})},
		{Name: "admin-log-views", Who: "admin", Path: student + "/views"},
		{Name: "admin-log-history", Who: "admin", Path: student + "/contacts/" + t.line + "/history"},
		{Name: "admin-settings", Who: "admin", Path: "/admin/site/settings"},
		{Name: "admin-settings-problems", Who: "admin", Path: "/admin/site/settings", Act: submit(map[string]string{"time_zone": "Nowhere"})},
		{Name: "admin-history", Who: "admin", Path: student + "/history"},
		{Name: "admin-history-contact", Who: "admin", Path: student + "/contacts/" + t.line + "/changes"},
		{Name: "admin-new-year", Who: "admin", Path: "/admin/site/school-year"},
		{Name: "admin-new-year-counted", Who: "admin", Path: "/admin/site/school-year", Act: func(tab *Tab) {
			Eval[bool](tab, `[...document.querySelectorAll("input[name^=take_]")].forEach(b => b.checked = true) ?? true`)
			tab.run(`document.querySelector("input[name=day]").value = "2027-06-20"; document.querySelector("button[value=count]").click()`)
		}},
		{Name: "admin-adults", Who: "admin", Path: "/admin/students/adults"},
		{Name: "admin-adults-already", Who: "admin", Path: "/admin/students/adults?list=already"},
		{Name: "admin-adult", Who: "admin", Path: student + "/adult"},
		{Name: "admin-adult-problems", Who: "admin", Path: student + "/adult", Act: func(tab *Tab) {
			Eval[bool](tab, `document.querySelector("input[value=dependent]").click() ?? true`)
			sendTo("/adult", map[string]string{"adult_reason": ""})(tab)
		}},
		{Name: "admin-adult-conflict", Who: "admin", Path: student + "/adult", Act: sendTo("/adult", map[string]string{"version": "0", "adult_reason": "asked"})},
		{Name: "admin-classes", Who: "admin", Path: "/admin/classes/?q=math"},
		{Name: "admin-classes-nothing", Who: "admin", Path: "/admin/classes/?q=xylophone"},
		{Name: "admin-class", Who: "admin", Path: "/admin/classes/1"},
		{Name: "admin-student-classes", Who: "admin", Path: student + "/classes"},
		{Name: "admin-quality", Who: "admin", Path: "/admin/records/quality"},
		{Name: "admin-duplicates", Who: "admin", Path: "/admin/records/duplicates"},
		{Name: "admin-duplicates-older", Who: "admin", Path: "/admin/records/duplicates?at=1&id=1"},
		{Name: "admin-merge", Who: "admin", Path: "/admin/records/duplicates", Act: func(tab *Tab) { tab.run(`document.querySelector("td a.button").click()`) }},
		{Name: "admin-export", Who: "admin", Path: "/admin/records/export"},
		{Name: "admin-export-problems", Who: "admin", Path: "/admin/records/export", Act: sendTo("/export", map[string]string{"list": "nothing"})},
		{Name: "admin-quality-list", Who: "admin", Path: "/admin/records/quality/no_email"},
		{Name: "admin-quality-students", Who: "admin", Path: "/admin/records/quality/unreachable"},
		{Name: "admin-quality-problems", Who: "admin", Path: "/admin/records/quality/no_email", Act: sendTo("/address", map[string]string{"email": "x"})},
		{Name: "admin-quality-conflict", Who: "admin", Path: "/admin/records/quality/no_email", Act: sendTo("/address", map[string]string{"email": "x@example.org", "version": "0"})},
		{Name: "admin-quality-access", Who: "admin", Path: "/admin/records/quality/access"},
		{Name: "admin-students", Who: "admin", Path: "/admin/students/"},
		{Name: "admin-students-found", Who: "admin", Path: "/admin/students/?q=lopez"},
		{Name: "admin-students-nobody", Who: "admin", Path: "/admin/students/?q=nobodyatall"},
		{Name: "admin-student", Who: "admin", Path: student},
		{Name: "admin-student-new", Who: "admin", Path: "/admin/students/new"},
		{Name: "admin-student-problems", Who: "admin", Path: student, Act: submit(map[string]string{"first_name": "", "last_name": "", "birth_date": "soon"})},
		{Name: "admin-student-conflict", Who: "admin", Path: student, Act: submit(map[string]string{"version": "0", "grade": "5"})},
		{Name: "admin-contacts", Who: "admin", Path: student + "/contacts"},
		{Name: "admin-contact", Who: "admin", Path: student + "/contacts/" + t.line},
		{Name: "admin-contact-new", Who: "admin", Path: student + "/contacts/new"},
		{Name: "admin-contact-problems", Who: "admin", Path: student + "/contacts/" + t.line, Act: submit(map[string]string{"first_name": "", "email": "x@example.org"})},
		{Name: "admin-contact-conflict", Who: "admin", Path: student + "/contacts/" + t.line, Act: submit(map[string]string{
			"contact_version": "0", "line_version": "0", "first_name": "Mary"})},
		{Name: "admin-code", Who: "admin", Path: student + "/contacts/" + t.line + "/code"},
		{Name: "admin-code-problems", Who: "admin", Path: student + "/contacts/" + t.line + "/code", Act: sendTo("/code", map[string]string{"checked": ""})},
		{Name: "admin-contact-remove", Who: "admin", Path: student + "/contacts/" + t.line + "/remove"},
		{Name: "admin-account", Who: "admin", Path: "/admin/account"},

		{Name: "admin-second-step", Who: "second", Path: "/admin/second-step"},
		{Name: "admin-second-step-problems", Who: "second", Path: "/admin/second-step", Act: sendTo("/second-step", map[string]string{"code": "000000"})},
		{Name: "admin-second-factor", Who: "enrol", Path: "/admin/second-factor"},
		{Name: "admin-authenticator", Who: "enrol", Path: "/admin/second-factor", Act: sendTo("/account/authenticator", nil)},
		{Name: "admin-authenticator-problems", Who: "enrol", Path: "/admin/second-factor", Act: func(tab *Tab) {
			sendTo("/account/authenticator", nil)(tab)
			sendTo("/confirm", map[string]string{"code": "000000"})(tab)
		}},
		{Name: "admin-new-passkey", Who: "enrol", Path: "/admin/second-factor", Act: sendTo("/account/passkeys", nil)},
		{Name: "admin-recovery-codes", Who: "factor", Path: "/admin/account", Act: sendTo("/recovery-codes", nil)},
		{Name: "admin-account-factors", Who: "factor", Path: "/admin/account"},
		{Name: "admin-account-factors-problems", Who: "factor", Path: "/admin/account", Act: sendTo("/rename", map[string]string{"name": " "})},
		{Name: "admin-remove-authenticator", Who: "factor", Path: "/admin/account/authenticator/remove"},
		{Name: "admin-confirm", Who: "factor", Path: "/admin/confirm?form=x"},
		{Name: "admin-confirm-problems", Who: "factor", Path: "/admin/confirm?form=x", Act: sendTo("/confirm", map[string]string{
			"current_password": "wrong", "code": "000000"})},
	}, t.importStops()...)
}

// submit fills in a form by the names of its fields and sends it, past what the browser itself would refuse: so it works in every language.
func submit(fields map[string]string) func(*Tab) {
	return func(tab *Tab) {
		tab.judge.Helper()
		var script strings.Builder
		script.WriteString(`f => { `)
		for name, value := range fields {
			script.WriteString(`f.elements[` + strconv.Quote(name) + `].value = ` + strconv.Quote(value) + `; `)
		}
		script.WriteString(`f.submit() }`)
		tab.run(`(` + script.String() + `)(document.querySelector("main form"))`)
	}
}

// sendTo is submit for the form whose address ends so.
func sendTo(action string, fields map[string]string) func(*Tab) {
	return func(tab *Tab) {
		tab.judge.Helper()
		var script strings.Builder
		for name, value := range fields {
			script.WriteString(`f.elements[` + strconv.Quote(name) + `].value = ` + strconv.Quote(value) + `; `)
		}
		tab.run(`(f => { ` + script.String() + `f.submit() })(document.querySelector('main form[action$="` + action + `"]'))`)
	}
}

// takeCase opens the newest case of the registration desk.
func takeCase(tab *Tab) {
	tab.judge.Helper()
	tab.run(`document.querySelector("button[value=take]")?.click()`)
}

// printLetters counts the letters and opens them as a page.
func printLetters(tab *Tab) {
	sendTo("/letters", map[string]string{"standing": "all", "letter": "O"})(tab)
	tab.run(`document.querySelector("button[value=page]").click()`)
}

// tick ticks the first three rows.
func tick(tab *Tab) {
	Eval[bool](tab, `[...document.querySelectorAll("td input[name]")].slice(0, 3).forEach(b => b.click()) ?? true`)
}

// ask ticks two rows and presses "Reset Selected".
func ask(tab *Tab) {
	Eval[bool](tab, `[...document.querySelectorAll("td input[name]")].slice(0, 2).forEach(b => b.click()) ?? true`)
	Eval[bool](tab, `document.querySelector(".selection .primary").click() ?? true`)
	awaitDialog(tab)
}

// askStaff presses the first of what can be done to a member of staff.
func askStaff(tab *Tab) {
	Eval[bool](tab, `document.querySelector("a[data-ask]").click() ?? true`)
	awaitDialog(tab)
}

func awaitDialog(tab *Tab) {
	for end := time.Now().Add(patience); !Eval[bool](tab, `!!document.querySelector("dialog[open]")`); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			tab.judge.Fatalf("no dialog")
		}
	}
}

// submitGrid comes to the question as a page.
func submitGrid(tab *Tab) {
	tick(tab)
	tab.run(`document.querySelector("form[data-grid]").submit()`)
}

// resetAll answers the question with "Ok".
func resetAll(tab *Tab) {
	submitGrid(tab)
	tab.run(`document.querySelector("form[data-question]").submit()`)
}

const parents = "/admin/site/parent-accounts"

// askParents comes to the question about disabling the ticked parents.
func askParents(tab *Tab) { sendGrid("disable")(tab) }

// sendGrid ticks rows and presses a button of the bar, as without JavaScript.
func sendGrid(act string) func(*Tab) {
	return func(tab *Tab) {
		tick(tab)
		tab.run(`(f => { f.append(Object.assign(document.createElement("input"), { type: "hidden", name: "act", value: "` + act + `" })); f.submit() })(document.querySelector("form[data-grid]"))`)
	}
}

// actOnParents unlocks the ticked parents.
func actOnParents(tab *Tab) {
	tick(tab)
	tab.run(`(f => { f.action = "/admin/site/parent-accounts"; f.append(Object.assign(document.createElement("input"), { type: "hidden", name: "act", value: "unlock" })); f.submit() })(document.querySelector("form[data-grid]"))`)
}

// askBulk asks for an act on some parents.
func askBulk(tab *Tab) { sendTo("/bulk", map[string]string{"act": "unlock", "last": "lopez"})(tab) }

// beginBulk answers the question with the number of rows.
func beginBulk(tab *Tab) {
	askBulk(tab)
	tab.run(`(f => { f.elements.count.value = f.querySelector("label").textContent.match(/\d+/)[0]; f.submit() })(document.querySelector('main form[action$="/begin"]'))`)
}

// Visit brings the tab to a stop. Whoever must be signed in is signed in.
func (t *Tour) Visit(tab *Tab, s Stop) {
	tab.judge.Helper()
	tab.Go(t.URL + s.Path)
	if s.Act != nil {
		s.Act(tab)
	}
}

// Enter signs the tab in as one of the people of the tour: "parent", "student", "admin", "first" for a parent who has a temporary
// password and must choose a permanent one, "factor" for staff with a second factor, "second" for the same before the code was given, or "enrol"
// for staff who have to set one up.
func (t *Tour) Enter(tab *Tab, who string) {
	tab.judge.Helper()
	portal, username, password := who, "", ""
	switch who {
	case "parent":
		username, password = ParentUsername, ParentPassword
	case "student":
		username, password = StudentUsername, StudentPassword
	case "admin":
		username, password = StaffUsername, StaffPassword
	case "factor", "second":
		portal, username, password = "admin", factorUsername, StaffPassword
	case "enrol":
		portal, username, password = "admin", enrolUsername, StaffPassword
	case "first":
		portal, username = "parent", "zoe.m"
		password = temporary.FindString(t.mailed(tab.judge, "zoe.mueller@example.org"))
	}
	tab.Go(t.URL + "/" + portal + "/login")
	submit(map[string]string{"username": username, "password": password})(tab)
	if strings.Contains(tab.URL(), "/login") {
		tab.judge.Fatalf("%s cannot sign in:\n%s", who, tab.Text())
	}
	switch who {
	case "factor":
		sendTo("/second-step", map[string]string{"code": t.app.code(t.School)})(tab)
	case "enrol": // as where staff must have a second factor
		if err := t.change(context.Background(), "update session set stage = 'enrol' where account_id = (select id from account where username_key = $1)", enrolUsername); err != nil {
			tab.judge.Fatalf("%v", err)
		}
	}
}
