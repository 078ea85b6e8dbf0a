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
	{"POST /parent/passkey/options", parent, "", anyStage, (*Server).passkeyOptions},
	{"POST /parent/passkey", parent, "", anyStage, (*Server).passkeySignIn},
	{"GET /parent/second-step", parent, access.OwnLogin, account.SecondStep, (*Server).secondStepPage},
	{"POST /parent/second-step", parent, access.OwnLogin, account.SecondStep, (*Server).secondStep},
	{"POST /parent/second-step/passkey", parent, access.OwnLogin, account.SecondStep, (*Server).secondPasskey},
	{"POST /parent/proof/options", parent, access.OwnLogin, account.SecondStep, (*Server).proofOptions},
	{"GET /parent/confirm", parent, access.OwnLogin, "", (*Server).confirmPage},
	{"POST /parent/confirm", parent, access.OwnLogin, "", (*Server).confirm},
	{"POST /parent/confirm/passkey", parent, access.OwnLogin, "", (*Server).confirmPasskey},
	{"GET /parent/register", parent, "", "", (*Server).registerPage},
	{"POST /parent/register", parent, "", "", (*Server).register},
	{"GET /parent/register/sent", parent, "", "", (*Server).registerSent},
	{"GET /parent/forgot", parent, "", "", (*Server).forgotPage},
	{"POST /parent/forgot/password", parent, "", "", (*Server).forgotPassword},
	{"POST /parent/forgot/username", parent, "", "", (*Server).forgotUsername},
	{"GET /parent/forgot/sent", parent, "", "", (*Server).forgotSent},
	{"GET /parent/code", parent, "", "", (*Server).enterCodePage},
	{"POST /parent/code", parent, "", "", (*Server).enterCode},
	{"GET /parent/new-password", parent, access.OwnLogin, account.SetPassword, (*Server).newPasswordPage},
	{"POST /parent/new-password", parent, access.OwnLogin, account.SetPassword, (*Server).newPassword},
	{"GET /parent/{$}", parent, access.OwnFamily, "", (*Server).children},
	{"GET /parent/children/{student}", parent, access.OwnFamily, "", (*Server).children},
	{"GET /parent/children/{student}/login", parent, access.OwnFamily, "", (*Server).studentLoginPage},
	{"POST /parent/children/{student}/login", parent, access.OwnFamily, "", (*Server).saveStudentLogin},
	{"GET /parent/children/{student}/login/remove", parent, access.OwnFamily, "", (*Server).removeStudentLoginPage},
	{"POST /parent/children/{student}/login/remove", parent, access.OwnFamily, "", (*Server).removeStudentLogin},
	{"GET /parent/children/{student}/new-adult/{entry}", parent, access.OwnFamily, "", (*Server).doubtPage},
	{"POST /parent/children/{student}/new-adult/{entry}", parent, access.OwnFamily, "", (*Server).doubt},
	{"GET /parent/children/{student}/views", parent, access.OwnFamily, "", (*Server).childViews},
	{"GET /parent/add-student", parent, access.OwnFamily, "", (*Server).addStudentPage},
	{"POST /parent/add-student", parent, access.OwnFamily, "", (*Server).addStudent},
	{"GET /parent/account", parent, access.OwnLogin, "", (*Server).myAccount},
	{"GET /parent/account/password", parent, access.OwnLogin, "", (*Server).changePasswordPage},
	{"POST /parent/account/password", parent, access.OwnLogin, "", (*Server).changePassword},
	{"GET /parent/account/username", parent, access.OwnLogin, "", (*Server).changeUsernamePage},
	{"POST /parent/account/username", parent, access.OwnLogin, "", (*Server).changeUsername},
	{"POST /parent/account/authenticator", parent, access.OwnLogin, "", (*Server).authenticator},
	{"POST /parent/account/authenticator/confirm", parent, access.OwnLogin, "", (*Server).confirmAuthenticator},
	{"GET /parent/account/authenticator/remove", parent, access.OwnLogin, "", (*Server).removeAuthenticatorPage},
	{"POST /parent/account/authenticator/remove", parent, access.OwnLogin, "", (*Server).removeAuthenticator},
	{"POST /parent/account/passkeys", parent, access.OwnLogin, "", (*Server).newPasskey},
	{"POST /parent/account/passkeys/add", parent, access.OwnLogin, "", (*Server).addPasskey},
	{"POST /parent/account/passkeys/{passkey}/rename", parent, access.OwnLogin, "", (*Server).renamePasskey},
	{"GET /parent/account/passkeys/{passkey}/remove", parent, access.OwnLogin, "", (*Server).removePasskeyPage},
	{"POST /parent/account/passkeys/{passkey}/remove", parent, access.OwnLogin, "", (*Server).removePasskey},
	{"POST /parent/account/recovery-codes", parent, access.OwnLogin, "", (*Server).newRecoveryCodes},
	{"POST /parent/account/sessions/end", parent, access.OwnLogin, "", (*Server).endSession},
	{"POST /parent/account/sessions/end-all", parent, access.OwnLogin, "", (*Server).endAllSessions},

	{"GET /student/login", student, "", "", (*Server).loginPage},
	{"POST /student/login", student, "", "", (*Server).login},
	{"POST /student/logout", student, "", "", (*Server).logout},
	{"GET /student/{$}", student, access.OwnPage, "", (*Server).studentHome},

	{"GET /admin/login", admin, "", anyStage, (*Server).loginPage},
	{"POST /admin/login", admin, "", anyStage, (*Server).login},
	{"POST /admin/logout", admin, "", anyStage, (*Server).logout},
	{"POST /admin/passkey/options", admin, "", anyStage, (*Server).passkeyOptions},
	{"POST /admin/passkey", admin, "", anyStage, (*Server).passkeySignIn},
	{"GET /admin/second-step", admin, access.OwnLogin, account.SecondStep, (*Server).secondStepPage},
	{"POST /admin/second-step", admin, access.OwnLogin, account.SecondStep, (*Server).secondStep},
	{"POST /admin/second-step/passkey", admin, access.OwnLogin, account.SecondStep, (*Server).secondPasskey},
	{"POST /admin/proof/options", admin, access.OwnLogin, account.SecondStep, (*Server).proofOptions},
	{"GET /admin/confirm", admin, access.OwnLogin, "", (*Server).confirmPage},
	{"POST /admin/confirm", admin, access.OwnLogin, "", (*Server).confirm},
	{"POST /admin/confirm/passkey", admin, access.OwnLogin, "", (*Server).confirmPasskey},
	{"GET /admin/second-factor", admin, access.OwnLogin, account.Enrol, (*Server).setUpSecondFactor},
	{"GET /admin/{$}", admin, access.OwnLogin, "", (*Server).adminHome},
	{"GET /admin/new-password", admin, access.OwnLogin, account.SetPassword, (*Server).newPasswordPage},
	{"POST /admin/new-password", admin, access.OwnLogin, account.SetPassword, (*Server).newPassword},
	{"GET /admin/account", admin, access.OwnLogin, "", (*Server).myAccount},
	{"GET /admin/account/password", admin, access.OwnLogin, "", (*Server).changePasswordPage},
	{"POST /admin/account/password", admin, access.OwnLogin, "", (*Server).changePassword},
	{"POST /admin/account/authenticator", admin, access.OwnLogin, account.Enrol, (*Server).authenticator},
	{"POST /admin/account/authenticator/confirm", admin, access.OwnLogin, account.Enrol, (*Server).confirmAuthenticator},
	{"GET /admin/account/authenticator/remove", admin, access.OwnLogin, "", (*Server).removeAuthenticatorPage},
	{"POST /admin/account/authenticator/remove", admin, access.OwnLogin, "", (*Server).removeAuthenticator},
	{"POST /admin/account/passkeys", admin, access.OwnLogin, account.Enrol, (*Server).newPasskey},
	{"POST /admin/account/passkeys/add", admin, access.OwnLogin, account.Enrol, (*Server).addPasskey},
	{"POST /admin/account/passkeys/{passkey}/rename", admin, access.OwnLogin, "", (*Server).renamePasskey},
	{"GET /admin/account/passkeys/{passkey}/remove", admin, access.OwnLogin, "", (*Server).removePasskeyPage},
	{"POST /admin/account/passkeys/{passkey}/remove", admin, access.OwnLogin, "", (*Server).removePasskey},
	{"POST /admin/account/recovery-codes", admin, access.OwnLogin, "", (*Server).newRecoveryCodes},
	{"POST /admin/account/sessions/end", admin, access.OwnLogin, "", (*Server).endSession},
	{"POST /admin/account/sessions/end-all", admin, access.OwnLogin, "", (*Server).endAllSessions},
	{"GET /admin/site/reset-parent-login", admin, access.SeeLogins, "", (*Server).grid},
	{"POST /admin/site/reset-parent-login", admin, access.ResetLogins, "", (*Server).postReset},
	{"POST /admin/site/reset-parent-login/question", admin, access.ResetLogins, "", (*Server).resetQuestion},
	{"GET " + parentsPath, admin, access.SeeLogins, "", (*Server).parents},
	{"POST " + parentsPath, admin, access.ResetLogins, "", (*Server).actOnParents},
	{"POST " + parentsPath + "/question", admin, access.ResetLogins, "", (*Server).parentsQuestion},
	{"GET " + studentLoginsPath, admin, access.SeeLogins, "", (*Server).studentLogins},
	{"POST " + studentLoginsPath, admin, access.ResetLogins, "", (*Server).actOnStudents},
	{"POST " + studentLoginsPath + "/question", admin, access.ResetLogins, "", (*Server).studentsQuestion},
	{"GET " + studentLoginsPath + "/{student}", admin, access.ResetLogins, "", (*Server).passLoginPage},
	{"POST " + studentLoginsPath + "/{student}", admin, access.ResetLogins, "", (*Server).passLogin},
	{"GET /admin/site/bulk", admin, access.ResetLogins, "", (*Server).bulks},
	{"POST /admin/site/bulk", admin, access.ResetLogins, "", (*Server).askBulk},
	{"GET /admin/site/bulk/{bulk}", admin, access.ResetLogins, "", (*Server).bulk},
	{"POST /admin/site/bulk/{bulk}/begin", admin, access.ResetLogins, "", (*Server).beginBulk},
	{"POST /admin/site/bulk/{bulk}/stop", admin, access.ResetLogins, "", (*Server).stopBulk},
	{"GET /admin/site/bulk/{bulk}/rows.csv", admin, access.ResetLogins, "", (*Server).bulkCSV},
	{"GET " + missingPath, admin, access.SeeLogins, "", (*Server).missing},
	{"POST " + missingPath, admin, access.SeeLogins, "", (*Server).actOnMissing},
	{"GET " + lettersPath, admin, access.SeeLogins, "", (*Server).lettersPage},
	{"POST " + lettersPath, admin, access.SeeLogins, "", (*Server).letters},
	{"GET " + lettersPath + "/text", admin, access.ChangeSetting, "", (*Server).letterTextPage},
	{"POST " + lettersPath + "/text", admin, access.ChangeSetting, "", (*Server).saveLetterText},
	{"GET " + deskPath, admin, access.SeeRequests, "", (*Server).desk},
	{"GET " + allPath, admin, access.SeeRequests, "", (*Server).requests},
	{"GET " + deskPath + "/cases/{case}", admin, access.SeeRequests, "", (*Server).deskCase},
	{"POST " + deskPath + "/cases/{case}", admin, access.WorkDesk, "", (*Server).actOnCase},
	{"GET " + importsPath, admin, access.ImportRoster, "", (*Server).imports},
	{"POST " + importsPath, admin, access.ImportRoster, "", (*Server).upload},
	{"GET " + importsPath + "/{import}", admin, access.ImportRoster, "", (*Server).importOne},
	{"GET " + importsPath + "/{import}/columns", admin, access.ImportRoster, "", (*Server).importColumns},
	{"POST " + importsPath + "/{import}/columns", admin, access.ImportRoster, "", (*Server).mapColumns},
	{"POST " + importsPath + "/{import}/school", admin, access.ImportRoster, "", (*Server).nameSchool},
	{"POST " + importsPath + "/{import}/apply", admin, access.ImportRoster, "", (*Server).applyImport},
	{"POST " + importsPath + "/{import}/stop", admin, access.ImportRoster, "", (*Server).stopImport},
	{"POST " + importsPath + "/{import}/undo", admin, access.ImportRoster, "", (*Server).undoImport},
	{"GET " + importsPath + "/{import}/report.csv", admin, access.ImportRoster, "", (*Server).importCSV},
	{"GET " + importsPath + "/{import}/report.json", admin, access.ImportRoster, "", (*Server).importJSON},
	{"POST /admin/site/requests", admin, access.SeeRequests, "", (*Server).requests},
	{"GET /admin/site/new-adults", admin, access.SeeLogins, "", (*Server).newcomers},
	{"POST /admin/site/new-adults", admin, access.SeeLogins, "", (*Server).seeNewcomers},
	{"POST /admin/site/requests/notices/seen", admin, access.SeeRequests, "", (*Server).noticeSeen},
	{"GET /admin/site/mail", admin, access.SeeMail, "", (*Server).mailQueue},
	{"POST /admin/site/mail/retry", admin, access.SeeMail, "", (*Server).retryMail},
	{"POST " + mailPath + "/stop", admin, access.SeeMail, "", (*Server).stopMail},
	{"POST " + mailPath + "/all", admin, access.SeeMail, "", (*Server).allMail},
	{"POST " + mailPath + "/test", admin, access.SeeMail, "", (*Server).testMail},
	{"GET " + mailPath + "/test/{mail}", admin, access.SeeMail, "", (*Server).testedMail},
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
	{"GET " + holdPath, admin, access.CloseSchools, "", (*Server).hold},
	{"POST " + holdPath, admin, access.CloseSchools, "", (*Server).changeHold},
	{"GET " + staffPath, admin, access.SeeStaff, "", (*Server).staffList},
	{"GET " + staffPath + "/new", admin, access.ManageStaff, "", (*Server).newStaffPage},
	{"POST " + staffPath + "/new", admin, access.ManageStaff, "", (*Server).inviteStaff},
	{"GET " + staffPath + "/{staff}", admin, access.SeeStaff, "", (*Server).staffPage},
	{"POST " + staffPath + "/{staff}", admin, access.ManageStaff, "", (*Server).saveStaff},
	{"GET " + staffPath + "/{staff}/{act}", admin, access.ManageStaff, "", (*Server).askStaff},
	{"POST " + staffPath + "/{staff}/{act}", admin, access.ManageStaff, "", (*Server).actOnStaff},
	{"GET /admin/site/settings", admin, access.ChangeSetting, "", (*Server).settingsPage},
	{"POST /admin/site/settings", admin, access.ChangeSetting, "", (*Server).saveSettings},
	{"POST /admin/site/settings/mark", admin, access.ChangeSetting, "", (*Server).saveMark},
	{"POST /admin/site/settings/schools", admin, access.ChangeSetting, "", (*Server).saveSchools},
	{"GET /admin/site/log", admin, access.ReadAudit, "", (*Server).auditLog},
	{"POST /admin/site/log/export", admin, access.ExportAudit, "", (*Server).exportLog},
	{"GET /admin/site/log/breach", admin, access.ReadAudit, "", (*Server).breachReport},
	{"POST /admin/site/log/breach", admin, access.ReadAudit, "", (*Server).makeBreachReport},
	{"GET /admin/students/{student}/history", admin, access.SeeRecords, "", (*Server).recordHistory},
	{"GET /admin/students/{student}/contacts/{line}/changes", admin, access.SeeRecords, "", (*Server).recordHistory},
	{"POST /admin/students/{student}/release", admin, access.EditRecords, "", (*Server).releaseStudent},
	{"POST /admin/students/{student}/contacts/{line}/release", admin, access.EditRecords, "", (*Server).releaseContact},
	{"POST /admin/students/{student}/contacts/{line}/open", admin, access.SeeRecords, "", (*Server).openAgain},
	{"GET " + newYearPath, admin, access.ChangeSetting, "", (*Server).newYear},
	{"POST " + newYearPath, admin, access.ChangeSetting, "", (*Server).countYear},
	{"POST " + newYearPath + "/undo", admin, access.ChangeSetting, "", (*Server).undoYear},
	{"GET " + adultsPath, admin, access.SeeRecords, "", (*Server).adults},
	{"GET /admin/students/{student}/adult", admin, access.SeeRecords, "", (*Server).adult},
	{"POST /admin/students/{student}/adult", admin, access.EditRecords, "", (*Server).markAdult},
	{"GET /admin/classes/{$}", admin, access.SeeRecords, "", (*Server).classes},
	{"GET /admin/classes/{class}", admin, access.SeeRecords, "", (*Server).class},
	{"GET /admin/students/{student}/classes", admin, access.SeeRecords, "", (*Server).studentClasses},
	{"GET " + qualityPath, admin, access.SeeRecords, "", (*Server).quality},
	{"POST " + qualityPath, admin, access.SeeRecords, "", (*Server).countQuality},
	{"GET " + qualityPath + "/{flaw}", admin, access.SeeRecords, "", (*Server).flawed},
	{"POST " + qualityPath + "/{flaw}/address", admin, access.EditRecords, "", (*Server).fixAddress},
	{"POST " + qualityPath + "/{flaw}/access", admin, access.EditRecords, "", (*Server).fixAccess},
	{"POST " + qualityPath + "/{flaw}/export", admin, access.ExportRecords, "", (*Server).exportFlawed},
	{"GET " + findPath, admin, access.SeeLogins, "", (*Server).findPage},
	{"POST " + findPath, admin, access.SeeLogins, "", (*Server).find},
	{"GET " + familiesPath + "{contact}", admin, access.SeeLogins, "", (*Server).family},
	{"GET " + familiesPath + "{contact}/{act}", admin, access.ResetLogins, "", (*Server).askFamily},
	{"POST " + familiesPath + "{contact}/{act}", admin, access.ResetLogins, "", (*Server).actOnFamily},
	{"GET " + duplicatesPath, admin, access.SeeRecords, "", (*Server).duplicates},
	{"POST " + duplicatesPath + "/undo", admin, access.EditRecords, "", (*Server).undoMerge},
	{"GET " + duplicatesPath + "/{contact}/{other}", admin, access.SeeRecords, "", (*Server).mergePage},
	{"POST " + duplicatesPath + "/{contact}/{other}", admin, access.EditRecords, "", (*Server).decidePair},
	{"GET " + exportPath, admin, access.ExportRecords, "", (*Server).exportPage},
	{"POST " + exportPath, admin, access.ExportRecords, "", (*Server).exportRecords},
	{"GET /admin/students/{$}", admin, access.SeeRecords, "", (*Server).students},
	{"POST /admin/students/{$}", admin, access.SeeRecords, "", (*Server).findStudent},
	{"GET /admin/students/new", admin, access.EditRecords, "", (*Server).newStudentPage},
	{"POST /admin/students/new", admin, access.EditRecords, "", (*Server).newStudent},
	{"GET /admin/students/{student}", admin, access.SeeRecords, "", (*Server).studentPage},
	{"POST /admin/students/{student}", admin, access.EditRecords, "", (*Server).saveStudent},
	{"POST /admin/students/{student}/data", admin, access.ExportRecords, "", (*Server).studentData},
	{"POST /admin/students/{student}/contacts/{line}/data", admin, access.ExportRecords, "", (*Server).contactData},
	{"GET /admin/students/{student}/contacts", admin, access.SeeRecords, "", (*Server).contacts},
	{"GET /admin/students/{student}/views", admin, access.SeeRecords, "", (*Server).studentViews},
	{"GET /admin/students/{student}/contacts/{line}/history", admin, access.SeeLogins, "", (*Server).loginHistory},
	{"POST /admin/students/{student}/contacts/{line}/letter", admin, access.SeeLogins, "", (*Server).oneLetter},
	{"GET /admin/students/{student}/contacts/{line}/code", admin, access.GiveCodes, "", (*Server).giveCodePage},
	{"POST /admin/students/{student}/contacts/{line}/code", admin, access.GiveCodes, "", (*Server).giveCode},
	{"GET /admin/students/{student}/contacts/new", admin, access.EditRecords, "", (*Server).contactPage},
	{"GET /admin/students/{student}/contacts/{line}", admin, access.EditRecords, "", (*Server).contactPage},
	{"POST /admin/students/{student}/contacts/new", admin, access.EditRecords, "", (*Server).saveContact},
	{"POST /admin/students/{student}/contacts/{line}", admin, access.EditRecords, "", (*Server).saveContact},
	{"POST /admin/students/{student}/contacts/{line}/move", admin, access.EditRecords, "", (*Server).moveContact},
	{"GET /admin/students/{student}/contacts/{line}/remove", admin, access.EditRecords, "", (*Server).removeContactPage},
	{"POST /admin/students/{student}/contacts/{line}/remove", admin, access.EditRecords, "", (*Server).removeContact},
	{"POST /admin/students/{student}/contacts/{line}/read", admin, access.EditRecords, "", (*Server).readRestriction},
	{"POST /admin/students/{student}/contacts/{line}/restore", admin, access.EditRecords, "", (*Server).restoreContact},
}

// demoRoutes exist in the demo alone.
var demoRoutes = []route{
	{"GET /demo/mailbox", front, "", anyStage, (*Server).mailbox},
	{"GET /demo/mailbox/{number}", front, "", anyStage, (*Server).mailboxMessage},
}
