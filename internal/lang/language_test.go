package lang

import (
	"testing"
	"time"
)

func TestDatesInTheReadersWay(t *testing.T) {
	c := loaded(t)
	loc, err := time.LoadLocation("America/Chicago")
	if err != nil {
		t.Fatal(err)
	}
	en, es := c.Language("en"), c.Language("es")
	now := time.Date(2026, 11, 24, 8, 0, 0, 0, loc) // a Tuesday
	at := func(y, m, d, h, min int) time.Time { return time.Date(y, time.Month(m), d, h, min, 0, 0, loc).UTC() }
	tests := []struct{ name, got, want string }{
		{"date", en.Date("2026-11-23"), "November 23, 2026"},
		{"date in Spanish", es.Date("2026-11-23"), "23 de noviembre de 2026"},
		{"first of January", es.Date("2027-01-01"), "1 de enero de 2027"},
		{"no date", en.Date("soon"), "soon"},
		{"impossible date", en.Date("2026-02-30"), "2026-02-30"},
		{"date and time in the school's zone", en.DateTime(time.Date(2026, 11, 24, 4, 5, 0, 0, time.UTC), loc), "November 23, 2026, 10:05 PM"},
		{"date and time in Spanish", es.DateTime(at(2026, 11, 23, 10, 42), loc), "23 de noviembre de 2026, 10:42 a. m."},
		{"clock", en.Clock(at(2026, 11, 23, 10, 42), loc), "10:42 AM"},
		{"clock at noon", en.Clock(at(2026, 11, 23, 12, 0), loc), "12:00 PM"},
		{"clock at midnight", en.Clock(at(2026, 11, 23, 0, 7), loc), "12:07 AM"},
		{"clock in Spanish", es.Clock(at(2026, 11, 23, 18, 2), loc), "6:02 p. m."},
		{"earlier today", en.ShortWhen(at(2026, 11, 24, 0, 1), now, loc), "today 00:01"},
		{"later today, in Spanish", es.ShortWhen(at(2026, 11, 24, 18, 2), now, loc), "hoy 18:02"},
		{"yesterday", en.ShortWhen(at(2026, 11, 23, 23, 59), now, loc), "Mon 23:59"},
		{"six days ago", es.ShortWhen(at(2026, 11, 18, 18, 2), now, loc), "mié 18:02"},
		{"a week ago is a date, not the same weekday", en.ShortWhen(at(2026, 11, 17, 18, 2), now, loc), "Nov 17"},
		{"three weeks ago", en.ShortWhen(at(2026, 11, 3, 9, 0), now, loc), "Nov 3"},
		{"three weeks ago in Spanish", es.ShortWhen(at(2026, 11, 3, 9, 0), now, loc), "3 nov"},
		{"tomorrow", en.ShortWhen(at(2026, 11, 25, 9, 0), now, loc), "Nov 25"},
		{"another year", en.ShortWhen(at(2025, 11, 3, 9, 0), now, loc), "Nov 3, 2025"},
		{"another year in Spanish", es.ShortWhen(at(2025, 11, 3, 9, 0), now, loc), "3 nov 2025"},
		{"across the clock change", en.ShortWhen(at(2026, 10, 28, 23, 30), at(2026, 11, 2, 0, 30), loc), "Wed 23:30"},
		{"never", en.ShortWhen(time.Time{}, now, loc) + en.Clock(time.Time{}, loc) + es.DateTime(time.Time{}, loc), ""},
	}
	for _, tt := range tests {
		if tt.got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, tt.got, tt.want)
		}
	}
}

func TestNumbersListsAndNames(t *testing.T) {
	c := loaded(t)
	en, es := c.Language("en"), c.Language("es")
	tests := []struct{ name, got, want string }{
		{"zero", en.Number(0), "0"},
		{"three digits", en.Number(999), "999"},
		{"four digits", es.Number(1204), "1,204"},
		{"seven digits", en.Number(5500000), "5,500,000"},
		{"negative", en.Number(-120450), "-120,450"},
		{"negative, three digits", en.Number(-120), "-120"},
		{"no items", en.List(nil), ""},
		{"one item", en.List([]string{"a"}), "a"},
		{"two items", en.List([]string{"a", "b"}), "a and b"},
		{"three items", en.List([]string{"a", "b", "c"}), "a, b and c"},
		{"three items in Spanish", es.List([]string{"a", "b", "c"}), "a, b y c"},
		{"Spanish before i", es.List([]string{"Ana", "Inés"}), "Ana e Inés"},
		{"Spanish before accented i", es.List([]string{"Ana", "Íñigo"}), "Ana e Íñigo"},
		{"Spanish before hi", es.List([]string{"Ana", "Hilda Ruiz"}), "Ana e Hilda Ruiz"},
		{"Spanish before hie", es.List([]string{"agua", "hielo"}), "agua y hielo"},
		{"Spanish before ia", es.List([]string{"Ana", "Ian"}), "Ana y Ian"},
		{"English before i", en.List([]string{"Ana", "Inés"}), "Ana and Inés"},
		{"full name", en.FullName("Maria", " ", "Lopez"), "Maria Lopez"},
		{"full name with middle", es.FullName("José", "M.", "López"), "José M. López"},
		{"name in a list", en.ListName("Lopez", "Maria", ""), "Lopez, Maria"},
		{"name in a list with middle", en.ListName("López", "José", "M."), "López, José M."},
		{"last name alone", en.ListName("Suharto", "", ""), "Suharto"},
		{"first name alone", en.ListName("", "Suharto", ""), "Suharto"},
	}
	for _, tt := range tests {
		if tt.got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, tt.got, tt.want)
		}
	}
}
