package settings

import (
	"math"
	"net/mail"
	"slices"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // a school's machine may have no time zones
	"unicode"
	"unicode/utf8"

	"github.com/schoolgate/schoolgate/internal/fault"
)

// Kind is how a setting is shown and typed.
type Kind string

// The kinds of settings.
const (
	Text    Kind = "text"
	Number  Kind = "number" // whole
	Span    Kind = "span"   // a time, typed in the field's unit
	Flag    Kind = "flag"   // "true" or "false"
	Choices Kind = "choices"
	Choice  Kind = "choice" // one of the field's Options
)

// Unit is what a number counts.
type Unit string

// The units. NoUnit's numbers say by the field's name what they count.
const (
	NoUnit  Unit = ""
	Minutes Unit = "minutes"
	Hours   Unit = "hours"
	Days    Unit = "days"
)

func (u Unit) duration() time.Duration {
	return map[Unit]time.Duration{Minutes: time.Minute, Hours: time.Hour, Days: day}[u]
}

func text(key string, at func(*Values) *string, required bool, longest int) Field {
	f := plain(key, at)
	f.check = func(v *Values) []fault.Problem {
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
	}
	return f
}

// plain is a text that is typed as it is kept.
func plain(key string, at func(*Values) *string) Field {
	get := func(v *Values) string { return *at(v) }
	return Field{
		Key: key, Kind: Text, get: get, show: get,
		set:  func(v *Values, s string) error { *at(v) = s; return nil },
		take: func(v *Values, s string) bool { *at(v) = s; return true },
	}
}

// choice is one of a few words.
func choice(key string, at func(*Values) *string, options ...string) Field {
	f := plain(key, at)
	f.Kind, f.Options = Choice, options
	f.check = func(v *Values) []fault.Problem {
		if slices.Contains(options, *at(v)) {
			return nil
		}
		return problem(key, "problem.choose")
	}
	return f
}

// email is one bare address, or none.
func email(key string, at func(*Values) *string) Field {
	const longest = 254 // RFC 5321, 4.5.3.1.3, without the angle brackets
	f := plain(key, at)
	f.check = func(v *Values) []fault.Problem {
		s := *at(v)
		if s == "" {
			return nil
		}
		if a, err := mail.ParseAddress(s); err != nil || a.Address != s || len(s) > longest {
			return problem(key, "problem.email_invalid")
		}
		return nil
	}
	return f
}

func zone() Field {
	const key = "time_zone"
	f := plain(key, func(v *Values) *string { return &v.TimeZone })
	f.check = func(v *Values) []fault.Problem {
		// "" and "Local" would mean UTC and the machine's zone.
		if _, err := time.LoadLocation(v.TimeZone); err != nil || v.TimeZone == "" || v.TimeZone == "Local" {
			return problem(key, "problem.time_zone")
		}
		return nil
	}
	return f
}

func relationships() Field {
	const key = "relationships"
	isCode := func(s string) bool { return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz_") == "" }
	get := func(v *Values) string { return strings.Join(v.Relationships, ",") }
	take := func(v *Values, s string) bool {
		v.Relationships = nil
		if s != "" {
			v.Relationships = strings.Split(s, ",")
		}
		return true
	}
	return Field{
		Key: key, Kind: Choices, get: get, show: get, take: take,
		set: func(v *Values, s string) error { take(v, s); return nil },
		check: func(v *Values) []fault.Problem {
			if !slices.ContainsFunc(v.Relationships, func(s string) bool { return !isCode(s) }) {
				return nil
			}
			return problem(key, "problem.relationship")
		},
	}
}

func number(key string, at func(*Values) *int, low, high int) Field {
	get := func(v *Values) string { return strconv.Itoa(*at(v)) }
	set := func(v *Values, s string) (err error) { *at(v), err = strconv.Atoi(s); return err }
	return Field{
		Key: key, Kind: Number, Low: low, High: high, get: get, show: get, set: set,
		take: func(v *Values, s string) bool { return set(v, strings.TrimSpace(s)) == nil },
		check: func(v *Values) []fault.Problem {
			if n := *at(v); n < low || n > high {
				return problem(key, "problem.out_of_range", "Min", low, "Max", high)
			}
			return nil
		},
	}
}

// span is a time of at least a minute, typed in its unit; parts of a unit are typed as decimals.
func span(key string, at func(*Values) *time.Duration, unit Unit, low, high int) Field {
	each := unit.duration()
	return Field{
		Key: key, Kind: Span, Unit: unit, Low: low, High: high,
		get: func(v *Values) string { return at(v).String() },
		set: func(v *Values, s string) (err error) { *at(v), err = time.ParseDuration(s); return err },
		show: func(v *Values) string {
			return strconv.FormatFloat(float64(*at(v))/float64(each), 'f', -1, 64)
		},
		take: func(v *Values, s string) bool {
			n, err := strconv.ParseFloat(strings.Replace(strings.TrimSpace(s), ",", ".", 1), 64)
			if err != nil || math.IsNaN(n) {
				return false
			}
			n = max(-1e5, min(n, 1e5)) // beyond every range, and still a duration
			*at(v) = time.Duration(math.Round(n * float64(each)))
			return true
		},
		check: func(v *Values) []fault.Problem {
			if d := *at(v); d < time.Duration(low)*each || d > time.Duration(high)*each {
				return problem(key, "problem.out_of_range", "Min", low, "Max", high)
			}
			return nil
		},
	}
}

func flag(key string, at func(*Values) *bool) Field {
	get := func(v *Values) string { return strconv.FormatBool(*at(v)) }
	set := func(v *Values, s string) (err error) { *at(v), err = strconv.ParseBool(s); return err }
	return Field{Key: key, Kind: Flag, get: get, show: get, set: set, take: func(v *Values, s string) bool { return set(v, s) == nil }}
}
