package web

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/lang"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/settings"
)

// settingsPage is what the school decides: every setting of the table, group by group.
type settingsPage struct {
	Page
	Version  int64
	Conflict bool // someone else saved meanwhile
	Groups   []settingGroup
	Schools  []schoolField
}

type settingGroup struct {
	Name string
	Rows []settingRow
}

// settingRow is one setting in the reader's language.
type settingRow struct {
	Key, Kind           string
	Label, Effect, Unit string
	Range               string // "" where there is none
	Value, Default      string
	IsDefault           bool
	Changed             bool // someone else saved another value
	Now                 string
	Problem             string
	Choices             []settingChoice
}

// settingChoice is one box of a setting with several.
type settingChoice struct {
	Value   string
	Label   string
	Checked bool
}

// schoolField is a school's telephone and hours, and whether its students may sign in.
type schoolField struct {
	ID                 int64
	Name, Phone, Hours string
	Students           []bulkChoice
}

// settingsForm is the page as the database has it.
func (s *Server) settingsForm(x *exchange) (settingsPage, error) {
	p := settingsPage{Page: s.page(x, "admin.settings.title")}
	v, version := s.Settings.Form()
	p.Version = version
	for _, g := range settings.Groups() {
		group := settingGroup{Name: x.lang.T("settings.group." + string(g))}
		for _, f := range settings.Fields() {
			if f.Group == g {
				group.Rows = append(group.Rows, newSettingRow(x.lang, f, &v))
			}
		}
		if len(group.Rows) > 0 {
			p.Groups = append(p.Groups, group)
		}
	}
	schools, err := s.Roster.Schools(x.r.Context())
	if err != nil {
		return p, err
	}
	for _, c := range schools {
		p.Schools = append(p.Schools, schoolField{c.ID, c.Name, c.Phone, c.Hours, studentChoices(x.lang, c.StudentLogins, v.StudentLogins)})
	}
	return p, nil
}

// studentChoices are what a school may say of student logins.
func studentChoices(l *lang.Language, school string, district bool) []bulkChoice {
	now := l.T("settings.no")
	if district {
		now = l.T("settings.yes")
	}
	return []bulkChoice{
		{"", l.T("settings.school_as_district", "Now", now), school == ""}, {"yes", l.T("settings.yes"), school == "yes"}, {"no", l.T("settings.no"), school == "no"},
	}
}

func newSettingRow(l *lang.Language, f settings.Field, v *settings.Values) settingRow {
	defaults := settings.Defaults()
	r := settingRow{
		Key: f.Key, Kind: string(f.Kind), Label: l.T("settings." + f.Key), Effect: l.T("settings." + f.Key + "_effect"), Value: f.Text(v),
		Default: settingWords(l, f, f.Text(&defaults)),
	}
	r.IsDefault = f.Text(&defaults) == r.Value
	if f.Unit != settings.NoUnit {
		r.Unit = l.T("settings.unit." + string(f.Unit))
	}
	if f.Low != f.High {
		r.Range = l.T("settings.range", "Low", f.Low, "High", f.High)
	}
	r.choose(l, f)
	return r
}

// choose sets the boxes of a setting with several by its value.
func (r *settingRow) choose(l *lang.Language, f settings.Field) {
	r.Choices = nil
	for _, o := range f.Options {
		r.Choices = append(r.Choices, settingChoice{o, l.T("settings." + f.Key + "_" + o), o == r.Value})
	}
	if f.Kind != settings.Choices {
		return
	}
	chosen := strings.Split(r.Value, ",")
	for _, code := range roster.Relationships() {
		r.Choices = append(r.Choices, settingChoice{code, l.T(relationKey(code)), slices.Contains(chosen, code)})
	}
}

// settingWords is a value as a reader says it.
func settingWords(l *lang.Language, f settings.Field, text string) string {
	switch {
	case f.Kind == settings.Flag:
		return l.T(map[string]string{"true": "settings.yes"}[text] + map[string]string{"false": "settings.no"}[text])
	case text == "":
		return l.T("common.none")
	case f.Kind == settings.Choice:
		return l.T("settings." + f.Key + "_" + text)
	case f.Kind == settings.Choices:
		var words []string
		for code := range strings.SplitSeq(text, ",") {
			words = append(words, l.T(relationKey(code)))
		}
		return l.List(words)
	case f.Unit != settings.NoUnit:
		return text + " " + l.T("settings.unit."+string(f.Unit))
	}
	return text
}

func (s *Server) settingsPage(x *exchange) error {
	p, err := s.settingsForm(x)
	if err != nil {
		return err
	}
	return s.render(x, http.StatusOK, "admin/settings", p)
}

// typedSettings reads the form; a box that is not ticked is not sent.
func typedSettings(x *exchange) settings.Typed {
	version, err := strconv.ParseInt(x.field("version"), 10, 64)
	if err != nil {
		version = -1 // of no page of ours
	}
	t := settings.Typed{Version: version, Texts: map[string]string{}}
	for _, f := range settings.Fields() {
		switch f.Kind {
		case settings.Flag:
			t.Texts[f.Key] = strconv.FormatBool(x.field(f.Key) != "")
		case settings.Choices:
			t.Texts[f.Key] = strings.Join(x.r.PostForm[f.Key], ",")
		default:
			t.Texts[f.Key] = x.trimmed(f.Key)
		}
		if x.field("default_"+f.Key) != "" {
			t.Defaults = append(t.Defaults, f.Key)
		}
	}
	return t
}

func (s *Server) saveSettings(x *exchange) error {
	typed := typedSettings(x)
	err := s.Settings.Save(x.r.Context(), x.actor, typed)
	if err == nil {
		s.setFlash(x, "flash.saved")
		return x.redirect("/admin/site/settings")
	}
	p, formErr := s.settingsForm(x)
	if formErr != nil {
		return formErr
	}
	p.Path = "/admin/site/settings"
	status := http.StatusConflict
	if p.Conflict = fault.Is(err, fault.Conflict); !p.Conflict {
		status = http.StatusUnprocessableEntity
		p.Version = typed.Version
		if err := s.problems(x, &p.Page, err); err != nil {
			return err
		}
	}
	p.retype(x.lang, typed)
	return s.render(x, status, "admin/settings", p)
}

// retype shows what was typed, and beside it what is on record where someone else changed that.
func (p *settingsPage) retype(l *lang.Language, t settings.Typed) {
	fields := map[string]settings.Field{}
	for _, f := range settings.Fields() {
		fields[f.Key] = f
	}
	for _, g := range p.Groups {
		for i := range g.Rows {
			r := &g.Rows[i]
			f, now := fields[r.Key], r.Value
			r.Value, r.Problem = t.Texts[r.Key], p.Problem(r.Key)
			if p.Conflict && r.Value != now {
				r.Changed, r.Now = true, settingWords(l, f, now)
			}
			r.choose(l, f)
		}
	}
}

// saveSchools changes the schools' telephones and hours.
func (s *Server) saveSchools(x *exchange) error {
	schools, err := s.Roster.Schools(x.r.Context())
	if err != nil {
		return err
	}
	for _, c := range schools {
		n := strconv.FormatInt(c.ID, 10)
		phone, hours := x.trimmed("phone_"+n), x.trimmed("hours_"+n)
		if may := x.field("students_" + n); x.r.PostForm.Has("students_"+n) && may != c.StudentLogins {
			if err := s.Roster.SetStudentLogins(x.r.Context(), x.actor, c.ID, may); err != nil {
				return err
			}
		}
		if !x.r.PostForm.Has("phone_"+n) || (phone == c.Phone && hours == c.Hours) {
			continue
		}
		c.Phone, c.Hours = phone, hours
		if err := s.Roster.SaveSchool(x.r.Context(), x.actor, c); err != nil {
			return err
		}
	}
	s.setFlash(x, "flash.saved")
	return x.redirect("/admin/site/settings")
}
