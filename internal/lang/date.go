package lang

import (
	"strconv"
	"time"
)

// Date writes a date given as 2026-11-23: "November 23, 2026". What is no such date is returned as it is.
func (l *Language) Date(isoDate string) string {
	t, err := time.Parse(time.DateOnly, isoDate)
	if err != nil {
		return isoDate
	}
	return l.longDate(t)
}

// DateTime writes a moment in the time zone given: "November 23, 2026, 10:42 AM". The zero time is "".
func (l *Language) DateTime(t time.Time, loc *time.Location) string {
	if t.IsZero() {
		return ""
	}
	t = t.In(loc)
	return l.T("format.date_time", "Date", l.longDate(t), "Clock", l.Clock(t, loc))
}

// Clock writes the time of day in the time zone given: "10:42 AM". The zero time is "".
func (l *Language) Clock(t time.Time, loc *time.Location) string {
	if t.IsZero() {
		return ""
	}
	t = t.In(loc)
	key := "format.am"
	if t.Hour() >= 12 {
		key = "format.pm"
	}
	return l.T(key, "Clock", t.Format("3:04"))
}

// ShortWhen writes a moment as a narrow column wants it, seen from now in the time zone given: "today 18:02", "Tue 18:02" for the
// six days before, "Nov 3" in this year, "Nov 3, 2025" otherwise. The zero time is "".
func (l *Language) ShortWhen(t, now time.Time, loc *time.Location) string {
	if t.IsZero() {
		return ""
	}
	t, now = t.In(loc), now.In(loc)
	switch days := dayNumber(now) - dayNumber(t); {
	case days == 0:
		return l.T("format.today", "Clock", t.Format("15:04"))
	case days > 0 && days < 7:
		return l.T("format.weekday", "Weekday", l.T("weekday.short."+strconv.Itoa(int(t.Weekday()))), "Clock", t.Format("15:04"))
	}
	month, day := l.T("month.short."+strconv.Itoa(int(t.Month()))), strconv.Itoa(t.Day())
	if t.Year() == now.Year() {
		return l.T("format.short_date", "Month", month, "Day", day)
	}
	return l.T("format.short_date_year", "Month", month, "Day", day, "Year", strconv.Itoa(t.Year()))
}

func (l *Language) longDate(t time.Time) string {
	month := l.T("month.long." + strconv.Itoa(int(t.Month())))
	return l.T("format.date", "Month", month, "Day", strconv.Itoa(t.Day()), "Year", strconv.Itoa(t.Year()))
}

// dayNumber counts calendar days; a day of 23 or 25 hours is one day.
func dayNumber(t time.Time) int64 {
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / (24 * 60 * 60)
}
