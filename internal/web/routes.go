package web

import (
	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/account"
)

// portal is the part of the site a route belongs to; it decides which session counts.
type portal string

const (
	front   portal = "front"
	parent  portal = "parent"
	student portal = "student"
	admin   portal = "admin"
	helping portal = "help"
)

// kind is the kind of account that signs in at a portal.
func (p portal) kind() access.Kind {
	return map[portal]access.Kind{parent: access.Parent, student: access.Student, admin: access.Staff}[p]
}

// home is where a portal begins; the front door and the help have no sign-in.
func (p portal) home() string {
	if p == front {
		return "/"
	}
	return "/" + string(p) + "/"
}

// route is one line of the site. Without a need the page is open to everybody; with one, a full session of the portal's kind must hold
// it; a session that is not full yet may come only where its stage says so, and is sent to its own page from everywhere else.
type route struct {
	pattern string
	portal  portal
	need    access.Action
	stage   account.Stage // "": full sessions alone; anyStage: all; else full ones and those of this stage
	handle  func(*Server, *exchange) error
}

// anyStage marks pages that every session may see, however far its sign-in has come.
const anyStage account.Stage = "any"

// stagePages are the pages that sessions which are not full yet lead to, under their portal's home.
var stagePages = map[account.Stage]string{
	account.SetPassword: "new-password", account.SecondStep: "second-step", account.Enrol: "second-factor",
}

// admits reports whether a session of that stage may come here.
func (r route) admits(s account.Stage) bool {
	return s == account.Full || r.stage == anyStage || r.stage == s
}

// routes is the whole site. Whatever is not here is not found.
var routes = []route{
	{"GET /{$}", front, "", anyStage, (*Server).frontDoor},
	{"POST /language", front, "", anyStage, (*Server).chooseLanguage},

	{"GET /help/{$}", helping, "", anyStage, (*Server).helpHome},
	{"GET /help/{kind}/{article}", helping, "", anyStage, (*Server).helpArticle},
	{"POST /help/{kind}/{article}/vote", helping, "", anyStage, (*Server).helpVote},
	{"POST /help/{kind}/{article}/comment", helping, "", anyStage, (*Server).helpComment},
	{"GET /help/pictures/{picture}", helping, "", anyStage, (*Server).helpPicture},

	{"GET /parent/login", parent, "", anyStage, (*Server).loginPage},
	{"POST /parent/login", parent, "", anyStage, (*Server).login},
	{"POST /parent/logout", parent, "", anyStage, (*Server).logout},
	{"GET /parent/register", parent, "", "", (*Server).registerPage},
	{"POST /parent/register", parent, "", "", (*Server).register},
	{"GET /parent/register/sent", parent, "", "", (*Server).registerSent},
	{"GET /parent/forgot", parent, "", "", (*Server).forgotPage},
	{"POST /parent/forgot/password", parent, "", "", (*Server).forgotPassword},
	{"POST /parent/forgot/username", parent, "", "", (*Server).forgotUsername},
	{"GET /parent/forgot/sent", parent, "", "", (*Server).forgotSent},
	{"GET /parent/new-password", parent, access.OwnLogin, account.SetPassword, (*Server).newPasswordPage},
	{"POST /parent/new-password", parent, access.OwnLogin, account.SetPassword, (*Server).newPassword},
	{"GET /parent/{$}", parent, access.OwnFamily, "", (*Server).children},
	{"GET /parent/children/{student}", parent, access.OwnFamily, "", (*Server).children},
	{"GET /parent/children/{student}/login", parent, access.OwnFamily, "", (*Server).studentLoginPage},
	{"POST /parent/children/{student}/login", parent, access.OwnFamily, "", (*Server).saveStudentLogin},
	{"GET /parent/children/{student}/login/remove", parent, access.OwnFamily, "", (*Server).removeStudentLoginPage},
	{"POST /parent/children/{student}/login/remove", parent, access.OwnFamily, "", (*Server).removeStudentLogin},
	{"GET /parent/add-student", parent, access.OwnFamily, "", (*Server).addStudentPage},
	{"POST /parent/add-student", parent, access.OwnFamily, "", (*Server).addStudent},
	{"GET /parent/account", parent, access.OwnLogin, "", (*Server).myAccount},
	{"GET /parent/account/password", parent, access.OwnLogin, "", (*Server).changePasswordPage},
	{"POST /parent/account/password", parent, access.OwnLogin, "", (*Server).changePassword},
	{"GET /parent/account/username", parent, access.OwnLogin, "", (*Server).changeUsernamePage},
	{"POST /parent/account/username", parent, access.OwnLogin, "", (*Server).changeUsername},
	{"POST /parent/account/sessions/end", parent, access.OwnLogin, "", (*Server).endSession},
	{"POST /parent/account/sessions/end-all", parent, access.OwnLogin, "", (*Server).endAllSessions},

	{"GET /student/login", student, "", "", (*Server).loginPage},
	{"POST /student/login", student, "", "", (*Server).login},
	{"POST /student/logout", student, "", "", (*Server).logout},
	{"GET /student/{$}", student, access.OwnPage, "", (*Server).studentHome},

	{"GET /admin/login", admin, "", anyStage, (*Server).loginPage},
	{"POST /admin/login", admin, "", anyStage, (*Server).login},
	{"POST /admin/logout", admin, "", anyStage, (*Server).logout},
	{"GET /admin/{$}", admin, access.SeeLogins, "", (*Server).adminHome},
	{"GET /admin/new-password", admin, access.OwnLogin, account.SetPassword, (*Server).newPasswordPage},
	{"POST /admin/new-password", admin, access.OwnLogin, account.SetPassword, (*Server).newPassword},
	{"GET /admin/account", admin, access.OwnLogin, "", (*Server).myAccount},
	{"GET /admin/account/password", admin, access.OwnLogin, "", (*Server).changePasswordPage},
	{"POST /admin/account/password", admin, access.OwnLogin, "", (*Server).changePassword},
	{"POST /admin/account/sessions/end", admin, access.OwnLogin, "", (*Server).endSession},
	{"POST /admin/account/sessions/end-all", admin, access.OwnLogin, "", (*Server).endAllSessions},
	{"GET /admin/site/reset-parent-login", admin, access.SeeLogins, "", (*Server).grid},
	{"POST /admin/site/reset-parent-login", admin, access.ResetLogins, "", (*Server).postReset},
	{"POST /admin/site/reset-parent-login/question", admin, access.ResetLogins, "", (*Server).resetQuestion},
	{"GET /admin/site/requests", admin, access.SeeRequests, "", (*Server).requests},
	{"POST /admin/site/requests", admin, access.SeeRequests, "", (*Server).requests},
	{"GET /admin/site/mail", admin, access.SeeMail, "", (*Server).mailQueue},
	{"POST /admin/site/mail/retry", admin, access.SeeMail, "", (*Server).retryMail},
	{"GET /admin/site/help", admin, access.SeeHelp, "", (*Server).helpList},
	{"GET /admin/site/help/comments", admin, access.SeeHelp, "", (*Server).helpRemarks},
	{"POST /admin/site/help/comments/done", admin, access.EditHelp, "", (*Server).helpRemarkDone},
	{"GET /admin/site/help/searches", admin, access.SeeHelp, "", (*Server).helpMissed},
	{"POST /admin/site/help/searches/forget", admin, access.EditHelp, "", (*Server).forgetMissed},
	{"GET /admin/site/help/new", admin, access.EditHelp, "", (*Server).newArticlePage},
	{"POST /admin/site/help/new", admin, access.EditHelp, "", (*Server).newArticle},
	{"GET /admin/site/help/{language}/{article}", admin, access.EditHelp, "", (*Server).editArticlePage},
	{"POST /admin/site/help/{language}/{article}", admin, access.EditHelp, "", (*Server).editArticle},
	{"GET /admin/site/help/{language}/{article}/history", admin, access.EditHelp, "", (*Server).helpHistory},
	{"POST /admin/site/help/{language}/{article}/put-back", admin, access.EditHelp, "", (*Server).helpPutBack},
	{"POST /admin/site/help/{language}/{article}/unpublish", admin, access.EditHelp, "", (*Server).helpUnpublish},
	{"GET /admin/site/settings", admin, access.ChangeSetting, "", (*Server).settingsPage},
	{"POST /admin/site/settings", admin, access.ChangeSetting, "", (*Server).saveSettings},
	{"GET /admin/students/{$}", admin, access.SeeRecords, "", (*Server).students},
	{"POST /admin/students/{$}", admin, access.SeeRecords, "", (*Server).findStudent},
	{"GET /admin/students/new", admin, access.EditRecords, "", (*Server).newStudentPage},
	{"POST /admin/students/new", admin, access.EditRecords, "", (*Server).newStudent},
	{"GET /admin/students/{student}", admin, access.SeeRecords, "", (*Server).studentPage},
	{"POST /admin/students/{student}", admin, access.EditRecords, "", (*Server).saveStudent},
	{"GET /admin/students/{student}/contacts", admin, access.SeeRecords, "", (*Server).contacts},
	{"GET /admin/students/{student}/contacts/new", admin, access.EditRecords, "", (*Server).contactPage},
	{"GET /admin/students/{student}/contacts/{line}", admin, access.EditRecords, "", (*Server).contactPage},
	{"POST /admin/students/{student}/contacts/new", admin, access.EditRecords, "", (*Server).saveContact},
	{"POST /admin/students/{student}/contacts/{line}", admin, access.EditRecords, "", (*Server).saveContact},
	{"POST /admin/students/{student}/contacts/{line}/move", admin, access.EditRecords, "", (*Server).moveContact},
	{"GET /admin/students/{student}/contacts/{line}/remove", admin, access.EditRecords, "", (*Server).removeContactPage},
	{"POST /admin/students/{student}/contacts/{line}/remove", admin, access.EditRecords, "", (*Server).removeContact},
	{"POST /admin/students/{student}/contacts/{line}/restore", admin, access.EditRecords, "", (*Server).restoreContact},
}

// demoRoutes exist in the demo alone.
var demoRoutes = []route{
	{"GET /demo/mailbox", front, "", anyStage, (*Server).mailbox},
	{"GET /demo/mailbox/{number}", front, "", anyStage, (*Server).mailboxMessage},
}
