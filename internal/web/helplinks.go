package web

import "strings"

// helpFor says which article tells what one is doing on a page: path pattern -> slug. A page that is not here leads to all articles.
var helpFor = map[string]string{
	"/parent/login":           "locked-out",
	"/parent/register":        "create-an-account",
	"/parent/register/sent":   "why-registration-says-nothing-more",
	"/parent/forgot":          "forgot-password-or-username",
	"/parent/forgot/password": "forgot-password-or-username",
	"/parent/forgot/username": "forgot-password-or-username",
	"/parent/forgot/sent":     "forgot-password-or-username",
	"/parent/new-password":    "first-sign-in",
	"/parent/code":            "first-sign-in",
	"/parent/{$}":             "add-another-child",
	"/parent/add-student":     "add-another-child",
	"/parent/account":         "change-of-e-mail-address",

	"/parent/children/{student}":                   "student-logins",
	"/parent/children/{student}/new-adult/{entry}": "someone-you-do-not-know",
	"/parent/children/{student}/login":             "student-logins",
	"/parent/children/{student}/login/remove":      "student-logins",
	"/parent/account/password":                     "forgot-password-or-username",
	"/parent/account/username":                     "forgot-password-or-username",

	"/parent/second-step":                       "passkeys-and-codes",
	"/parent/second-step/passkey":               "passkeys-and-codes",
	"/parent/confirm":                           "passkeys-and-codes",
	"/parent/confirm/passkey":                   "passkeys-and-codes",
	"/parent/account/authenticator":             "passkeys-and-codes",
	"/parent/account/authenticator/confirm":     "passkeys-and-codes",
	"/parent/account/authenticator/remove":      "passkeys-and-codes",
	"/parent/account/passkeys":                  "passkeys-and-codes",
	"/parent/account/passkeys/add":              "passkeys-and-codes",
	"/parent/account/passkeys/{passkey}/rename": "passkeys-and-codes",
	"/parent/account/passkeys/{passkey}/remove": "passkeys-and-codes",
	"/parent/account/recovery-codes":            "passkeys-and-codes",
	"/parent/passkey":                           "passkeys-and-codes",
	"/admin/second-factor":                      "second-factor-for-staff",
	"/admin/second-step":                        "second-factor-for-staff",
	"/admin/second-step/passkey":                "second-factor-for-staff",
	"/admin/confirm":                            "second-factor-for-staff",
	"/admin/confirm/passkey":                    "second-factor-for-staff",
	"/admin/account":                            "second-factor-for-staff",
	"/admin/account/authenticator":              "second-factor-for-staff",
	"/admin/account/authenticator/confirm":      "second-factor-for-staff",
	"/admin/account/authenticator/remove":       "second-factor-for-staff",
	"/admin/account/passkeys":                   "second-factor-for-staff",
	"/admin/account/passkeys/add":               "second-factor-for-staff",
	"/admin/account/passkeys/{passkey}/rename":  "second-factor-for-staff",
	"/admin/account/passkeys/{passkey}/remove":  "second-factor-for-staff",
	"/admin/account/recovery-codes":             "second-factor-for-staff",
	"/admin/passkey":                            "second-factor-for-staff",

	"/student/login": "student-logins",
	"/student/{$}":   "student-logins",

	"/admin/students/{student}/history":                 "history-of-a-record",
	"/admin/students/{student}/contacts/{line}/changes": "history-of-a-record",
	"/admin/students/{student}/release":                 "history-of-a-record",
	"/admin/students/{student}/contacts/{line}/release": "history-of-a-record",
	"/admin/students/{student}/contacts/{line}/open":    "custody-and-restrictions",

	"/admin/students/adults":          "students-who-turn-18",
	"/admin/students/{student}/adult": "students-who-turn-18",

	"/admin/login":                              "locked-out",
	"/admin/new-password":                       "first-sign-in",
	"/admin/site/reset-parent-login":            "reset-parent-portal-login",
	"/admin/site/reset-parent-login/question":   "reset-parent-portal-login",
	"/admin/site/reset-student-login":           "reset-student-login",
	"/admin/site/reset-student-login/question":  "reset-student-login",
	"/admin/site/reset-student-login/{student}": "reset-student-login",
	"/admin/site/parent-accounts":               "manage-parent-accounts",
	"/admin/site/parent-accounts/question":      "manage-parent-accounts",
	"/admin/find":                               "find-a-family",
	"/admin/families/{contact}":                 "find-a-family",
	"/admin/families/{contact}/{act}":           "find-a-family",
	"/admin/site/requests":                      "registration-requests",
	"/admin/site/new-adults":                    "custody-and-restrictions",
	"/admin/site/not-come":                      "create-an-account",
	"/admin/site/letters":                       "create-an-account",
	"/admin/site/letters/text":                  "create-an-account",
	"/admin/site/mail":                          "mail-that-waits-or-is-refused",
	"/admin/site/mail/test":                     "mail-that-waits-or-is-refused",
	"/admin/site/mail/test/{mail}":              "mail-that-waits-or-is-refused",
	"/admin/site/settings":                      "run-and-back-up-the-server",
	"/admin/site/hold":                          "close-and-hold",
	"/admin/site/staff":                         "staff-roles",
	"/admin/site/staff/new":                     "staff-roles",
	"/admin/site/staff/{staff}":                 "staff-roles",
	"/admin/site/staff/{staff}/{act}":           "staff-roles",
	"/admin/site/settings/schools":              "run-and-back-up-the-server",
	"/admin/classes/{$}":                        "classes",
	"/admin/classes/{class}":                    "classes",
	"/admin/students/{student}/classes":         "classes",
	"/admin/records/quality":                    "data-quality",
	"/admin/records/export":                     "export-records",
	"/admin/records/quality/{flaw}":             "data-quality",
	"/admin/records/quality/{flaw}/address":     "data-quality",
	"/admin/records/quality/{flaw}/access":      "data-quality",
	"/admin/students/{$}":                       "import-a-roster",
	"/admin/students/new":                       "import-a-roster",
	"/admin/students/{student}":                 "names-exactly-as-recorded",
	"/admin/students/{student}/data":            "custody-and-restrictions",
	"/admin/students/{student}/contacts":        "custody-and-restrictions",
	"/admin/students/{student}/contacts/new":    "custody-and-restrictions",
	"/admin/students/{student}/contacts/{line}": "custody-and-restrictions",

	"/admin/students/{student}/contacts/{line}/code": "names-exactly-as-recorded",
	"/admin/students/{student}/contacts/{line}/data": "custody-and-restrictions",

	"/admin/students/{student}/contacts/{line}/remove": "custody-and-restrictions",
}

// helpLink is where the link "Help" of a page leads, and the title of the article there, "" where it leads to all articles.
func (s *Server) helpLink(x *exchange) (to, title string) {
	_, path, _ := strings.Cut(x.route.pattern, " ")
	if l, ok := s.Help.Lookup(helpFor[path], x.lang.Tag()); ok {
		return l.Address(), l.Title
	}
	return "/help/", ""
}
