package web

import (
	"html/template"
	"strconv"
	"strings"

	"github.com/schoolgate/schoolgate/internal/family"
	"github.com/schoolgate/schoolgate/internal/lang"
	"github.com/schoolgate/schoolgate/internal/roster"
)

// markup builds the parts of the two busiest pages that repeat themselves most. A template calls its escaper by reflection for every
// value; for a grid of fifty rows that costs more than everything else together. Whatever is not a constant goes through text.
type markup struct{ strings.Builder }

// text writes a value, escaped for the text and for quoted attributes alike.
func (m *markup) text(s string) { template.HTMLEscape(m, []byte(s)) }

// put writes constants and values in turn, beginning with a constant.
func (m *markup) put(parts ...string) {
	for i, p := range parts {
		if i%2 == 0 {
			m.WriteString(p)
		} else {
			m.text(p)
		}
	}
}

func (m *markup) html() template.HTML { return template.HTML(m.String()) } //nolint:gosec // every value went through text

// gridRows renders the rows of Reset Parent Login: with what resets them for those who may, and links to records for those who may see them.
func gridRows(l *lang.Language, rows []gridRow, resets, records bool) template.HTML {
	var m markup
	m.Grow(900 * len(rows))
	reset := l.T("admin.reset.reset")
	for _, r := range rows {
		line, class := strconv.FormatInt(r.Line, 10), ""
		if r.Again {
			class = "again"
		}
		m.put(`<tr class="`, class, `"><td class="tick-cell">`)
		if resets {
			m.put(`<label><input type="checkbox" name="line" value="`, line, `" aria-label="`, r.SelectLabel, `"></label>`)
		}
		m.put(`</td><td class="parent">`)
		if r.Again {
			m.text(r.Parent)
		} else {
			m.put(`<a href="`, familyPath(r.Contact), `">`, r.Parent, `</a>`)
		}
		m.put(`</td><td>`, r.Relation, `</td><td>`)
		if records {
			m.put(`<a href="/admin/students/`, strconv.FormatInt(r.Student, 10), `/contacts">`, r.Child, `</a>`)
		} else {
			m.text(r.Child)
		}
		m.put(`</td><td>`, r.IDNumber, `</td><td>`, r.School, `</td><td>`, r.Username, `</td><td class="nowrap"><span class="state `, r.State, `">`,
			r.StateText, `</span></td><td class="nowrap">`, r.LastSignIn, `</td><td class="row-action">`)
		if resets {
			m.put(`<button name="only" value="`, line, `" aria-label="`, r.ResetLabel, `">`, reset, `</button>`)
		}
		m.put("</td></tr>\n")
	}
	return m.html()
}

// letterLinks renders the letters above the grid.
func letterLinks(l *lang.Language, letters []letterLink) template.HTML {
	var m markup
	for _, a := range letters {
		switch {
		case a.URL == "":
			m.put(`<span title="`, l.T("admin.reset.no_parent"), `">`, a.Letter, "</span>\n")
		case a.Current:
			m.put(`<a href="`, a.URL, `" aria-current="page">`, a.Letter, "</a>\n")
		case a.Letter == "#":
			m.put(`<a href="`, a.URL, `" title="`, l.T("admin.reset.other_letters"), `">`, a.Letter, "</a>\n")
		default:
			m.put(`<a href="`, a.URL, `">`, a.Letter, "</a>\n")
		}
	}
	return m.html()
}

// fact writes a name and its value into a list of facts; an empty value is left out.
func (m *markup) fact(name, value string) {
	if value != "" {
		m.put(`<div><dt>`, name, `</dt><dd>`, value, "</dd></div>\n")
	}
}

// childFacts renders a child's biographical data.
func childFacts(l *lang.Language, c *family.Child) template.HTML {
	var m markup
	m.WriteString(`<dl class="facts">`)
	if c.School != "" {
		m.put(`<div><dt>`, l.T("record.school"), `</dt><dd>`, c.School)
		if c.SchoolPhone != "" {
			m.put(`<br><a href="tel:`, c.SchoolPhone, `">`, c.SchoolPhone, `</a>`)
		}
		if c.Hours != "" {
			m.put(`<br>`, c.Hours)
		}
		m.WriteString("</dd></div>\n")
	}
	m.fact(l.T("record.grade"), c.Grade)
	m.fact(l.T("record.homeroom"), c.Homeroom)
	m.fact(l.T("record.id_number"), c.IDNumber)
	m.fact(l.T("record.birth_date"), l.Date(c.BirthDate))
	m.WriteString(`</dl>`)
	return m.html()
}

// ownFacts renders the parent's own line and contact record, in full.
func ownFacts(l *lang.Language, o family.OwnLine) template.HTML {
	var m markup
	m.WriteString(`<dl class="facts">`)
	m.fact(l.T("record.name"), l.FullName(o.First, o.Middle, o.Last))
	m.fact(l.T("record.relationship"), l.T(relationKey(o.Relationship)))
	email := o.Email
	if email == "" {
		email = l.T("common.none")
	}
	m.fact(l.T("record.email"), email)
	m.fact(l.T("record.mobile_phone"), o.Mobile)
	m.fact(l.T("record.home_phone"), o.Home)
	m.fact(l.T("record.work_phone"), o.Work)
	for _, f := range []struct {
		key  string
		flag roster.Flag
	}{
		{"record.legal_guardian", o.LegalGuardian}, {"record.lives_with", o.LivesWith}, {"record.emergency", o.Emergency},
		{"record.pickup", o.Pickup}, {"record.mailing", o.Mailing},
	} {
		m.fact(l.T(f.key), l.T("flag."+string(f.flag)))
	}
	m.WriteString(`</dl>`)
	return m.html()
}
