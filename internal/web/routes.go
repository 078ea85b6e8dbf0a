package web

import "github.com/schoolgate/schoolgate/internal/access"

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
// it, and a limited session may come only where limited says so.
type route struct {
	pattern string
	portal  portal
	need    access.Action
	limited bool
	handle  func(*Server, *exchange) error
}

// routes is the whole site. Whatever is not here is not found.
var routes = []route{
	{"GET /{$}", front, "", true, (*Server).frontDoor},
	{"POST /language", front, "", true, (*Server).chooseLanguage},

	{"GET /help/{$}", helping, "", true, (*Server).helpHome},
	{"GET /help/{kind}/{article}", helping, "", true, (*Server).helpArticle},
	{"POST /help/{kind}/{article}/vote", helping, "", true, (*Server).helpVote},
	{"POST /help/{kind}/{article}/comment", helping, "", true, (*Server).helpComment},
	{"GET /help/pictures/{picture}", helping, "", true, (*Server).helpPicture},

	{"GET /parent/login", parent, "", true, (*Server).loginPage},
	{"POST /parent/login", parent, "", true, (*Server).login},
	{"POST /parent/logout", parent, "", true, (*Server).logout},
	{"GET /parent/register", parent, "", false, (*Server).registerPage},
	{"POST /parent/register", parent, "", false, (*Server).register},
	{"GET /parent/register/sent", parent, "", false, (*Server).registerSent},
	{"GET /parent/forgot", parent, "", false, (*Server).forgotPage},
	{"POST /parent/forgot/password", parent, "", false, (*Server).forgotPassword},
	{"POST /parent/forgot/username", parent, "", false, (*Server).forgotUsername},
	{"GET /parent/forgot/sent", parent, "", false, (*Server).forgotSent},
	{"GET /parent/new-password", parent, access.OwnLogin, true, (*Server).newPasswordPage},
	{"POST /parent/new-password", parent, access.OwnLogin, true, (*Server).newPassword},
	{"GET /parent/{$}", parent, access.OwnFamily, false, (*Server).children},
	{"GET /parent/children/{student}", parent, access.OwnFamily, false, (*Server).children},
	{"GET /parent/children/{student}/login", parent, access.OwnFamily, false, (*Server).studentLoginPage},
	{"POST /parent/children/{student}/login", parent, access.OwnFamily, false, (*Server).saveStudentLogin},
	{"GET /parent/children/{student}/login/remove", parent, access.OwnFamily, false, (*Server).removeStudentLoginPage},
	{"POST /parent/children/{student}/login/remove", parent, access.OwnFamily, false, (*Server).removeStudentLogin},
	{"GET /parent/add-student", parent, access.OwnFamily, false, (*Server).addStudentPage},
	{"POST /parent/add-student", parent, access.OwnFamily, false, (*Server).addStudent},
	{"GET /parent/account", parent, access.OwnLogin, false, (*Server).myAccount},
	{"GET /parent/account/password", parent, access.OwnLogin, false, (*Server).changePasswordPage},
	{"POST /parent/account/password", parent, access.OwnLogin, false, (*Server).changePassword},
	{"GET /parent/account/username", parent, access.OwnLogin, false, (*Server).changeUsernamePage},
	{"POST /parent/account/username", parent, access.OwnLogin, false, (*Server).changeUsername},
	{"POST /parent/account/sessions/end", parent, access.OwnLogin, false, (*Server).endSession},
	{"POST /parent/account/sessions/end-all", parent, access.OwnLogin, false, (*Server).endAllSessions},

	{"GET /student/login", student, "", false, (*Server).loginPage},
	{"POST /student/login", student, "", false, (*Server).login},
	{"POST /student/logout", student, "", false, (*Server).logout},
	{"GET /student/{$}", student, access.OwnPage, false, (*Server).studentHome},

	{"GET /admin/login", admin, "", true, (*Server).loginPage},
	{"POST /admin/login", admin, "", true, (*Server).login},
	{"POST /admin/logout", admin, "", true, (*Server).logout},
	{"GET /admin/{$}", admin, access.SeeLogins, false, (*Server).adminHome},
	{"GET /admin/new-password", admin, access.OwnLogin, true, (*Server).newPasswordPage},
	{"POST /admin/new-password", admin, access.OwnLogin, true, (*Server).newPassword},
	{"GET /admin/account", admin, access.OwnLogin, false, (*Server).myAccount},
	{"GET /admin/account/password", admin, access.OwnLogin, false, (*Server).changePasswordPage},
	{"POST /admin/account/password", admin, access.OwnLogin, false, (*Server).changePassword},
	{"POST /admin/account/sessions/end", admin, access.OwnLogin, false, (*Server).endSession},
	{"POST /admin/account/sessions/end-all", admin, access.OwnLogin, false, (*Server).endAllSessions},
	{"GET /admin/site/reset-parent-login", admin, access.SeeLogins, false, (*Server).grid},
	{"POST /admin/site/reset-parent-login", admin, access.ResetLogins, false, (*Server).postReset},
	{"POST /admin/site/reset-parent-login/question", admin, access.ResetLogins, false, (*Server).resetQuestion},
	{"GET /admin/site/requests", admin, access.SeeRequests, false, (*Server).requests},
	{"POST /admin/site/requests", admin, access.SeeRequests, false, (*Server).requests},
	{"GET /admin/site/mail", admin, access.SeeMail, false, (*Server).mailQueue},
	{"POST /admin/site/mail/retry", admin, access.SeeMail, false, (*Server).retryMail},
	{"GET /admin/site/help", admin, access.SeeHelp, false, (*Server).helpList},
	{"GET /admin/site/help/comments", admin, access.SeeHelp, false, (*Server).helpRemarks},
	{"POST /admin/site/help/comments/done", admin, access.EditHelp, false, (*Server).helpRemarkDone},
	{"GET /admin/site/help/searches", admin, access.SeeHelp, false, (*Server).helpMissed},
	{"POST /admin/site/help/searches/forget", admin, access.EditHelp, false, (*Server).forgetMissed},
	{"GET /admin/site/help/new", admin, access.EditHelp, false, (*Server).newArticlePage},
	{"POST /admin/site/help/new", admin, access.EditHelp, false, (*Server).newArticle},
	{"GET /admin/site/help/{language}/{article}", admin, access.EditHelp, false, (*Server).editArticlePage},
	{"POST /admin/site/help/{language}/{article}", admin, access.EditHelp, false, (*Server).editArticle},
	{"GET /admin/site/help/{language}/{article}/history", admin, access.EditHelp, false, (*Server).helpHistory},
	{"POST /admin/site/help/{language}/{article}/put-back", admin, access.EditHelp, false, (*Server).helpPutBack},
	{"POST /admin/site/help/{language}/{article}/unpublish", admin, access.EditHelp, false, (*Server).helpUnpublish},
	{"GET /admin/site/settings", admin, access.ChangeSetting, false, (*Server).settingsPage},
	{"POST /admin/site/settings", admin, access.ChangeSetting, false, (*Server).saveSettings},
	{"GET /admin/students/{$}", admin, access.SeeRecords, false, (*Server).students},
	{"POST /admin/students/{$}", admin, access.SeeRecords, false, (*Server).findStudent},
	{"GET /admin/students/new", admin, access.EditRecords, false, (*Server).newStudentPage},
	{"POST /admin/students/new", admin, access.EditRecords, false, (*Server).newStudent},
	{"GET /admin/students/{student}", admin, access.SeeRecords, false, (*Server).studentPage},
	{"POST /admin/students/{student}", admin, access.EditRecords, false, (*Server).saveStudent},
	{"GET /admin/students/{student}/contacts", admin, access.SeeRecords, false, (*Server).contacts},
	{"GET /admin/students/{student}/contacts/new", admin, access.EditRecords, false, (*Server).contactPage},
	{"GET /admin/students/{student}/contacts/{line}", admin, access.EditRecords, false, (*Server).contactPage},
	{"POST /admin/students/{student}/contacts/new", admin, access.EditRecords, false, (*Server).saveContact},
	{"POST /admin/students/{student}/contacts/{line}", admin, access.EditRecords, false, (*Server).saveContact},
	{"POST /admin/students/{student}/contacts/{line}/move", admin, access.EditRecords, false, (*Server).moveContact},
	{"GET /admin/students/{student}/contacts/{line}/remove", admin, access.EditRecords, false, (*Server).removeContactPage},
	{"POST /admin/students/{student}/contacts/{line}/remove", admin, access.EditRecords, false, (*Server).removeContact},
	{"POST /admin/students/{student}/contacts/{line}/restore", admin, access.EditRecords, false, (*Server).restoreContact},
}

// demoRoutes exist in the demo alone.
var demoRoutes = []route{
	{"GET /demo/mailbox", front, "", true, (*Server).mailbox},
	{"GET /demo/mailbox/{number}", front, "", true, (*Server).mailboxMessage},
}
