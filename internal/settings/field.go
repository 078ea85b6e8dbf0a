package settings

import (
	"slices"
	"strings"
	"time"

	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/lang"
)

const day = 24 * time.Hour

// Group is what settings are about that stand together on the page.
type Group string

// The groups, in the order of the page.
const (
	Names         Group = "names"        // names, telephones and hours
	Registration  Group = "registration" // who may register
	Passwords     Group = "passwords"    // passwords and how long temporary ones live
	Sessions      Group = "sessions"     // how long people stay signed in
	Mail          Group = "mail"         // how much is mailed
	Privacy       Group = "privacy"      // who is told, and how long what is kept
	StudentLogins Group = "students"     // student logins
	Staff         Group = "staff"        // staff
)

// Groups lists the groups in the order of the page.
func Groups() []Group {
	return []Group{Names, Registration, StudentLogins, Passwords, Sessions, Mail, Staff, Privacy}
}

// Field is one setting: its key, how people type it, and what is wrong with a value.
type Field struct {
	Key       string // also the end of its catalogue keys: "settings.KEY" is its name, "settings.KEY_effect" what it does
	Group     Group
	Kind      Kind
	Unit      Unit     // of numbers and spans; NoUnit where there is none
	Low, High int      // of numbers and spans, in Unit
	Options   []string // of a Choice; "settings.KEY_OPTION" are their words

	get   func(*Values) string // as the database has it
	set   func(*Values, string) error
	show  func(*Values) string // as people read and type it
	take  func(*Values, string) bool
	check func(*Values) []fault.Problem
}

// Text returns the field's value as people type it: a number in the field's unit, "true" or "false", relationships with commas between.
func (f Field) Text(v *Values) string { return f.show(v) }

// Fields is the table of all settings, group by group. A setting is on the page by being here and having its words in the catalogue.
func Fields() []Field {
	return slices.Concat(
		in(Names,
			text("district_name", func(v *Values) *string { return &v.DistrictName }, true, 100),
			text("office_phone", func(v *Values) *string { return &v.OfficePhone }, false, 60),
			text("office_hours", func(v *Values) *string { return &v.OfficeHours }, false, 200),
			email("office_email", func(v *Values) *string { return &v.OfficeEmail }),
			zone(),
			choice("language", func(v *Values) *string { return &v.Language }, lang.Tags()...),
			accent(),
		),
		in(Registration,
			text("id_number_hint", func(v *Values) *string { return &v.IDNumberHint }, false, 300),
			relationships(),
			number("grace_days", func(v *Values) *int { return &v.GraceDays }, 0, 365),
			flag("hold_new_schools", func(v *Values) *bool { return &v.HoldNewSchools }),
			span("claim_within", func(v *Values) *time.Duration { return &v.ClaimWithin }, Days, 1, 90),
		),
		in(StudentLogins,
			flag("student_logins", func(v *Values) *bool { return &v.StudentLogins }),
		),
		in(Passwords,
			number("min_password", func(v *Values) *int { return &v.MinPassword }, 8, 64),
			number("min_student_password", func(v *Values) *int { return &v.MinStudentPassword }, 8, 64),
			span("temporary_life", func(v *Values) *time.Duration { return &v.TemporaryLife }, Hours, 1, 72),
			span("printed_code_life", func(v *Values) *time.Duration { return &v.PrintedCodeLife }, Hours, 1, 72),
		),
		in(Sessions,
			span("parent_idle", func(v *Values) *time.Duration { return &v.ParentIdle }, Minutes, 5, 120),
			span("staff_idle", func(v *Values) *time.Duration { return &v.StaffIdle }, Minutes, 5, 60),
			span("session_life", func(v *Values) *time.Duration { return &v.SessionLife }, Hours, 1, 24),
			span("keep_signed_in", func(v *Values) *time.Duration { return &v.KeepSignedIn }, Days, 1, 30),
		),
		in(Mail,
			number("mails_per_hour", func(v *Values) *int { return &v.MailsPerHour }, 1, 20),
			number("mails_per_day", func(v *Values) *int { return &v.MailsPerDay }, 1, 50),
			number("mails_per_minute", func(v *Values) *int { return &v.MailsPerMinute }, 1, 10_000),
			number("mails_a_day", func(v *Values) *int { return &v.MailsADay }, 0, 1_000_000),
		),
		in(Staff,
			number("bulk_size", func(v *Values) *int { return &v.BulkSize }, 1, 500),
			number("bulk_approval", func(v *Values) *int { return &v.BulkApproval }, 0, 100_000),
			number("staff_searches", func(v *Values) *int { return &v.StaffSearches }, 60, 1_000_000),
		),
		in(Privacy,
			flag("tell_parents", func(v *Values) *bool { return &v.TellParents }),
			span("requests_kept", func(v *Values) *time.Duration { return &v.RequestsKept }, Days, 7, 730),
			choice("adult_students", func(v *Values) *string { return &v.AdultStudents }, "nothing", "ask", "end"),
			number("adult_notice", func(v *Values) *int { return &v.AdultNotice }, 0, 365),
			flag("families_see_views", func(v *Values) *bool { return &v.FamiliesSeeViews }),
			span("audit_detail_kept", func(v *Values) *time.Duration { return &v.AuditDetailKept }, Days, 90, 3650),
			span("records_kept", func(v *Values) *time.Duration { return &v.RecordsKept }, Days, 30, 3650),
		),
	)
}

// in puts fields into a group.
func in(g Group, fields ...Field) []Field {
	for i := range fields {
		fields[i].Group = g
	}
	return fields
}

// check returns what is wrong with the values.
func check(v *Values) []fault.Problem {
	var all []fault.Problem
	for _, f := range Fields() {
		if f.check != nil {
			all = append(all, f.check(v)...)
		}
	}
	return all
}

// tidy takes the blanks off what people typed.
func tidy(v Values) Values {
	for _, s := range []*string{&v.DistrictName, &v.OfficePhone, &v.OfficeHours, &v.OfficeEmail, &v.IDNumberHint, &v.TimeZone, &v.Accent} {
		*s = strings.TrimSpace(*s)
	}
	return v
}

func problem(field, key string, args ...any) []fault.Problem {
	return []fault.Problem{{Field: field, Key: key, Args: args}}
}
