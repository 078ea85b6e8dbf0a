package web

import (
	"slices"
	"strings"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/family"
	"github.com/schoolgate/schoolgate/internal/lang"
)

// menuLine is a page of the Administrator Portal's menu, and what one must be allowed to do to see it.
type menuLine struct {
	url, key string
	need     access.Action
	records  bool // under "Records" instead of "Site Admin"
}

// menuLines is the whole menu, in its order.
var menuLines = []menuLine{
	{"/admin/site/reset-parent-login", "admin.reset.title", access.SeeLogins, false},
	{parentsPath, "manage.title", access.SeeLogins, false},
	{studentLoginsPath, "studentlogins.title", access.SeeLogins, false},
	{bulkPath, "bulk.title", access.BulkLogins, false},
	{deskPath, "desk.title", access.SeeRequests, false},
	{"/admin/site/new-adults", "admin.newcomers.title", access.SeeLogins, false},
	{missingPath, "missing.title", access.SeeLogins, false},
	{lettersPath, "letter.page.title", access.PrintLetters, false},
	{"/admin/site/mail", "admin.mail.title", access.SeeMail, false},
	{holdPath, "hold.title", access.CloseSchools, false},
	{importsPath, "imports.title", access.ImportRoster, false},
	{staffPath, "staff.title", access.SeeStaff, false},
	{"/admin/site/help", "help.staff.title", access.SeeHelp, false},
	{logPath, "log.page.title", access.ReadAudit, false},
	{"/admin/site/settings", "admin.settings.title", access.ChangeSetting, false},
	{"/admin/students/", "admin.students.title", access.SeeRecords, true},
	{classesPath, "classes.title", access.SeeRecords, true},
	{adultsPath, "adults.title", access.SeeRecords, true},
	{newYearPath, "newyear.title", access.RollOver, true},
	{qualityPath, "quality.title", access.SeeRecords, true},
	{duplicatesPath, "duplicates.title", access.SeeRecords, true},
	{exportPath, "export.title", access.ExportRecords, true},
}

// Menu is what the actor may open.
type Menu struct {
	Site, Records []menuItem
	Find          bool // the box "Find a family"
	Record        bool // may open students' records
	Import        bool // may bring a roster
	EditHelp      bool // may write articles
	Everywhere    bool // works at every school
	Current       string
	Shut          family.Shut
	HoldURL       string // "" for those who may not open it
}

// menuItem is a line of the menu.
type menuItem struct {
	URL, Text string
	Current   bool
}

// menuFor is the menu of an actor who is on the page at path.
func menuFor(l *lang.Language, a access.Actor, path string) *Menu {
	m := &Menu{Find: access.Can(a, access.SeeLogins), Record: access.Can(a, access.SeeRecords), Import: access.Can(a, access.ImportRoster), EditHelp: access.Can(a, access.EditHelp),
		Everywhere: a.Schools.All}
	if access.Can(a, access.CloseSchools) {
		m.HoldURL = holdPath
	}
	here := "" // of pages within one another the inner one
	for _, line := range menuLines {
		if strings.HasPrefix(path, line.url) && len(line.url) > len(here) {
			here = line.url
		}
	}
	for _, line := range menuLines {
		if !access.Can(a, line.need) {
			continue
		}
		item := menuItem{line.url, l.T(line.key), line.url == here}
		if item.Current {
			m.Current = item.Text
		}
		if line.records {
			m.Records = append(m.Records, item)
		} else {
			m.Site = append(m.Site, item)
		}
	}
	return m
}

// firstWork is what a role comes for, where that is not the first page of the menu.
var firstWork = map[access.Role]access.Action{access.Registrar: access.SeeRecords, access.Auditor: access.ReadAudit}

// adminHome leads staff to the page that they come for; whoever may open none of the menu comes to their own login.
func (s *Server) adminHome(x *exchange) error {
	mayOpen := func(l menuLine) bool { return access.Can(x.actor, l.need) }
	for _, fits := range []func(menuLine) bool{
		func(l menuLine) bool { return l.need == firstWork[x.actor.Role] && mayOpen(l) },
		mayOpen,
	} {
		if i := slices.IndexFunc(menuLines, fits); i >= 0 {
			return x.redirect(menuLines[i].url)
		}
	}
	return x.redirect("/admin/account")
}
