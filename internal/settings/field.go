package settings

import (
	"slices"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // a school's machine may have no time zones
	"unicode"
	"unicode/utf8"

	"github.com/schoolgate/schoolgate/internal/fault"
)

const day = 24 * time.Hour

// field is one setting: its key, how it is written in the database, and what is wrong with a value.
type field struct {
	key   string
	get   func(*Values) string
	set   func(*Values, string) error
	check func(*Values) []fault.Problem
}

// fields is the table of all settings.
func fields() []field {
	return []field{
		text("district_name", func(v *Values) *string { return &v.DistrictName }, true, 100),
		text("office_phone", func(v *Values) *string { return &v.OfficePhone }, false, 60),
		text("office_hours", func(v *Values) *string { return &v.OfficeHours }, false, 200),
		text("id_number_hint", func(v *Values) *string { return &v.IDNumberHint }, false, 300),
		zone(),
		relationships(),
		number("min_password", func(v *Values) *int { return &v.MinPassword }, 8, 64),
		number("min_student_password", func(v *Values) *int { return &v.MinStudentPassword }, 8, 64),
		number("mails_per_hour", func(v *Values) *int { return &v.MailsPerHour }, 1, 20),
		number("mails_per_day", func(v *Values) *int { return &v.MailsPerDay }, 1, 50),
		span("temporary_life", func(v *Values) *time.Duration { return &v.TemporaryLife }, time.Hour, 1, 72),
		span("claim_within", func(v *Values) *time.Duration { return &v.ClaimWithin }, day, 1, 90),
		span("parent_idle", func(v *Values) *time.Duration { return &v.ParentIdle }, time.Minute, 5, 120),
		span("staff_idle", func(v *Values) *time.Duration { return &v.StaffIdle }, time.Minute, 5, 60),
		span("session_life", func(v *Values) *time.Duration { return &v.SessionLife }, time.Hour, 1, 24),
		span("keep_signed_in", func(v *Values) *time.Duration { return &v.KeepSignedIn }, day, 1, 30),
		span("requests_kept", func(v *Values) *time.Duration { return &v.RequestsKept }, day, 7, 730),
		{
			key: "student_logins",
			get: func(v *Values) string { return strconv.FormatBool(v.StudentLogins) },
			set: func(v *Values, s string) (err error) { v.StudentLogins, err = strconv.ParseBool(s); return err },
		},
	}
}

// check returns what is wrong with the values.
func check(v *Values) []fault.Problem {
	var all []fault.Problem
	for _, f := range fields() {
		if f.check != nil {
			all = append(all, f.check(v)...)
		}
	}
	return all
}

// tidy takes the blanks off what people typed.
func tidy(v Values) Values {
	for _, s := range []*string{&v.DistrictName, &v.OfficePhone, &v.OfficeHours, &v.IDNumberHint, &v.TimeZone} {
		*s = strings.TrimSpace(*s)
	}
	return v
}

func text(key string, at func(*Values) *string, required bool, longest int) field {
	return field{
		key: key,
		get: func(v *Values) string { return *at(v) },
		set: func(v *Values, s string) error { *at(v) = s; return nil },
		check: func(v *Values) []fault.Problem {
			s := *at(v)
			switch {
			case required && s == "":
				return problem(key, "problem.empty")
			case utf8.RuneCountInString(s) > longest:
				return problem(key, "problem.too_long", "Max", longest)
			case !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl):
				return problem(key, "problem.characters") // the name stands in the headers of mails
			}
			return nil
		},
	}
}

func zone() field {
	const key = "time_zone"
	return field{
		key: key,
		get: func(v *Values) string { return v.TimeZone },
		set: func(v *Values, s string) error { v.TimeZone = s; return nil },
		check: func(v *Values) []fault.Problem {
			// "" and "Local" would mean UTC and the machine's zone.
			if _, err := time.LoadLocation(v.TimeZone); err != nil || v.TimeZone == "" || v.TimeZone == "Local" {
				return problem(key, "problem.time_zone")
			}
			return nil
		},
	}
}

func relationships() field {
	const key = "relationships"
	isCode := func(s string) bool { return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz_") == "" }
	return field{
		key: key,
		get: func(v *Values) string { return strings.Join(v.Relationships, ",") },
		set: func(v *Values, s string) error {
			v.Relationships = nil
			if s != "" {
				v.Relationships = strings.Split(s, ",")
			}
			return nil
		},
		check: func(v *Values) []fault.Problem {
			if !slices.ContainsFunc(v.Relationships, func(s string) bool { return !isCode(s) }) {
				return nil
			}
			return problem(key, "problem.relationship")
		},
	}
}

func number(key string, at func(*Values) *int, low, high int) field {
	return field{
		key: key,
		get: func(v *Values) string { return strconv.Itoa(*at(v)) },
		set: func(v *Values, s string) (err error) { *at(v), err = strconv.Atoi(s); return err },
		check: func(v *Values) []fault.Problem {
			if n := *at(v); n < low || n > high {
				return problem(key, "problem.out_of_range", "Min", low, "Max", high)
			}
			return nil
		},
	}
}

func span(key string, at func(*Values) *time.Duration, unit time.Duration, low, high int) field {
	return field{
		key: key,
		get: func(v *Values) string { return at(v).String() },
		set: func(v *Values, s string) (err error) { *at(v), err = time.ParseDuration(s); return err },
		check: func(v *Values) []fault.Problem {
			if d := *at(v); d < time.Duration(low)*unit || d > time.Duration(high)*unit {
				return problem(key, "problem.out_of_range", "Min", low, "Max", high)
			}
			return nil
		},
	}
}

func problem(field, key string, args ...any) []fault.Problem {
	return []fault.Problem{{Field: field, Key: key, Args: args}}
}
