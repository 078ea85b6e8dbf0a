package family

const helpStaffRoles = "/help/information/staff-roles"

// mailHelp says which page of the help tells what to do after a mail.
var mailHelp = map[string]string{
	mailStaffInvited:      helpStaffRoles,
	mailStaffPassword:     helpStaffRoles,
	mailStaffChanged:      helpStaffRoles,
	mailStaffRecovered:    helpStaffRoles,
	mailStaffRecovery:     helpStaffRoles,
	mailTemporary:         "/help/how-to/first-sign-in",
	mailForgotPassword:    "/help/how-to/forgot-password-or-username",
	mailAlready:           "/help/how-to/forgot-password-or-username",
	mailAlreadyClosedLine: "/help/how-to/add-another-child",
	mailNameDiffers:       "/help/information/names-exactly-as-recorded",
	mailYourUsername:      "/help/how-to/forgot-password-or-username",
	mailReset:             "/help/how-to/create-an-account",
	mailResetPart:         "/help/how-to/add-another-child",
	mailAddressChanged:    "/help/how-to/change-of-e-mail-address",
	mailPasswordChanged:   "/help/how-to/forgot-password-or-username",
	mailUsernameChanged:   "/help/how-to/forgot-password-or-username",
	mailNewDevice:         "/help/faq/locked-out",
	mailLocked:            "/help/faq/locked-out",
	mailFactorAdded:       "/help/faq/locked-out",
	mailFactorRemoved:     "/help/faq/locked-out",
	mailRecoveryCodesMade: "/help/faq/locked-out",
	mailRecoveryCodeUsed:  "/help/faq/locked-out",
	mailCodesRefused:      "/help/faq/locked-out",
	mailSentByStaff:       "/help/how-to/first-sign-in",
	mailRequired:          "/help/how-to/first-sign-in",
	mailNewcomer:          "/help/how-to/someone-you-do-not-know",
	mailRemindRegister:    "/help/how-to/create-an-account",
	mailRemindSignIn:      "/help/how-to/forgot-password-or-username",
	mailCodeGiven:         "/help/faq/locked-out",
	mailRecordsJoined:     "/help/how-to/add-another-child",
	mailLoginsJoined:      "/help/how-to/forgot-password-or-username",
	mailComing:            "/help/information/students-who-turn-18",
	mailStudentPassword:   "/help/how-to/student-logins",
}

// HelpOfMails returns the pages of the help that mails link, for the test that each exists.
func HelpOfMails() []string {
	var all []string
	for _, to := range mailHelp {
		all = append(all, to)
	}
	return all
}
