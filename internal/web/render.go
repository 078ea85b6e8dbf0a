package web

import (
	"bytes"
	"compress/gzip"
	"embed"
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/family"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/lang"
)

//go:embed templates
var templateFiles embed.FS

// Page is what every page has. Page structs embed it.
type Page struct {
	Title        string
	Path         string // for the language switch to come back to
	Portal       portal
	Tag          string // language
	OtherTag     string
	DistrictName string
	OfficePhone  string
	OfficeHours  string
	Sheet        string // the stylesheet's address
	Mark         pageMark
	Demo         bool
	SignedIn     bool
	Limited      bool
	Who          string // the signed-in person's username
	Desk         *Menu  // of the Administrator Portal; nil elsewhere
	Flash        *Flash
	HelpURL      string // the article about this page, or all of them
	HelpTitle    string // the article's title; "" for all of them
	Problems     []Problem
	Typed        map[string]string // what was typed, to show it again
}

// Problem is a field problem in the reader's language. Label is the field's name, for the summary above the form.
type Problem struct{ Field, Label, Text string }

// Problem returns the text of the first problem with a field, "" for none.
func (p Page) Problem(field string) string {
	for _, q := range p.Problems {
		if q.Field == field {
			return q.Text
		}
	}
	return ""
}

// Value returns what was typed into a field, or otherwise if nothing was.
func (p Page) Value(field, otherwise string) string {
	if v, ok := p.Typed[field]; ok {
		return v
	}
	return otherwise
}

// SeesRecords reports whether the reader may open students' records.
func (p Page) SeesRecords() bool { return p.Desk != nil && p.Desk.Record }

// EditsHelp reports whether the reader may write articles.
func (p Page) EditsHelp() bool { return p.Desk != nil && p.Desk.EditHelp }

// pages are the parsed templates: one set for each language, in which each page has its name.
type pages struct {
	byLang map[string]*template.Template
}

// parsePages parses templates/PORTAL/NAME.html, whose "main" becomes the page PORTAL/NAME within the frame of templates/layout.html.
func parsePages(catalog *lang.Catalog, a *assets, c clock) (*pages, error) {
	p := &pages{byLang: map[string]*template.Template{}}
	files, err := fs.Glob(templateFiles, "templates/*/*.html")
	if err != nil {
		return nil, err
	}
	for _, tag := range lang.Tags() {
		l := catalog.Language(tag)
		set := template.New("").Funcs(functions(l, a, c))
		frame, err := source("templates/layout.html", l)
		if err != nil {
			return nil, err
		}
		top, bottom, _ := strings.Cut(frame, `{{template "main" .}}`)
		parts, err := source("templates/parts.html", l)
		if err != nil {
			return nil, err
		}
		data, err := source("templates/person-data.html", l)
		if err != nil {
			return nil, err
		}
		texts := []string{parts, data, `{{define "top"}}` + top + `{{end}}{{define "bottom"}}` + bottom + `{{end}}`}
		for _, file := range files {
			text, err := source(file, l)
			if err != nil {
				return nil, err
			}
			name := strings.TrimSuffix(strings.TrimPrefix(file, "templates/"), ".html")
			texts = append(texts, strings.Replace(text, `{{define "main"}}`, `{{define "`+name+`/main"}}`, 1),
				`{{define "`+name+`"}}{{template "top" .Page}}{{template "`+name+`/main" .}}{{template "bottom" .Page}}{{end}}`)
		}
		for _, text := range texts {
			if _, err := set.Parse(text); err != nil {
				return nil, fmt.Errorf("web: %w", err)
			}
		}
		p.byLang[tag] = set
	}
	return p, nil
}

// execute writes a page.
func (p *pages) execute(w io.Writer, tag, name string, data any) error {
	if err := p.byLang[tag].ExecuteTemplate(w, name, data); err != nil {
		return fmt.Errorf("web: page %s: %w", name, err)
	}
	return nil
}

var constantMessage = regexp.MustCompile(`{{t "([a-z0-9_.]+)"}}`)

// source reads a template. A message without placeholders is put into the text here, once, instead of into every page.
func source(file string, l *lang.Language) (string, error) {
	data, err := templateFiles.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("web: %w", err)
	}
	return constantMessage.ReplaceAllStringFunc(string(data), func(m string) string {
		return template.HTMLEscapeString(l.T(constantMessage.FindStringSubmatch(m)[1]))
	}), nil
}

// clock is the time in the school's zone, for templates.
type clock struct {
	now  func() time.Time
	zone func() *time.Location
}

// functions are what templates may call.
func functions(l *lang.Language, a *assets, c clock) template.FuncMap {
	return template.FuncMap{
		"t":        l.T,
		"date":     l.Date,
		"number":   l.Number,
		"fullName": l.FullName,
		"listName": l.ListName,
		"asset":    a.url,
		"initial":  initial,
		"device":   device,
		"relation": func(code string) string { return l.T(relationKey(code)) },
		"flashText": func(f *Flash) string {
			var args []any
			for k, v := range f.Args {
				args = append(args, k, v)
			}
			return l.T(f.Key, args...)
		},
		"when":       func(t time.Time) string { return l.ShortWhen(t, c.now(), c.zone()) },
		"clock":      func(t time.Time) string { return l.Clock(t, c.zone()) },
		"day":        func(t time.Time) string { return l.Date(t.In(c.zone()).Format(time.DateOnly)) },
		"gridRows":   func(rows []gridRow, resets, records bool) template.HTML { return gridRows(l, rows, resets, records) },
		"letters":    func(links []letterLink) template.HTML { return letterLinks(l, links) },
		"childFacts": func(c *family.Child) template.HTML { return childFacts(l, c) },
		"ownFacts":   func(o family.OwnLine) template.HTML { return ownFacts(l, o) },
		"fieldName":  func(name string) string { return fieldName(l, name) },
		"caseBlock":  newCaseBlock,
		"caseInput":  newCaseInput,
		"field":      field,
		"fieldNow":   fieldNow,
	}
}

// relationKey is the catalogue key of a relationship; no key may end in "other", which is a plural form.
func relationKey(code string) string {
	if code == "other" {
		code = "other_person"
	}
	return "relationship." + code
}

func initial(name string) string {
	for _, r := range name {
		return strings.ToUpper(string(r))
	}
	return "?"
}

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// page fills in what every page has.
func (s *Server) page(x *exchange, titleKey string) Page {
	v := s.Settings.Values()
	p := Page{
		Title: x.lang.T(titleKey), Path: x.r.URL.RequestURI(), Portal: x.route.portal, Tag: x.lang.Tag(), OtherTag: "es",
		DistrictName: v.DistrictName, OfficePhone: v.OfficePhone, OfficeHours: v.OfficeHours, Demo: s.Demo != nil, Flash: s.takeFlash(x),
		Sheet: s.sheetURL(v.Accent), Mark: markOf(s.Settings.Mark()),
	}
	if p.Tag == "es" {
		p.OtherTag = "en"
	}
	if x.r.Method == http.MethodPost {
		p.Path = x.route.portal.home()
	}
	p.HelpURL, p.HelpTitle = s.helpLink(x)
	if x.session != nil {
		p.SignedIn, p.Limited, p.Who = true, x.session.Stage != account.Full, x.session.Username
		if p.Portal == admin && !p.Limited {
			p.Desk = menuFor(x.lang, x.actor, x.r.URL.Path)
			p.Desk.Shut = s.shut(x)
		}
	}
	return p
}

// render writes a page: nothing is sent until the whole template ran.
func (s *Server) render(x *exchange, status int, name string, data any) error {
	b := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(b)
	b.Reset()
	if err := s.pages.execute(b, x.lang.Tag(), name, data); err != nil {
		return err
	}
	h := x.w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(b.Len()))
	if h.Get("Cache-Control") == "" {
		h["Cache-Control"] = noStore
	}
	x.w.WriteHeader(status)
	if x.r.Method == http.MethodHead {
		return nil
	}
	_, err := x.w.Write(b.Bytes())
	if err != nil { // the reader went away
		s.Log.Debug("answer not taken", "req", x.client.RequestID, "err", err)
	}
	return nil
}

// problems puts the field problems of an Invalid fault on the page in the reader's language; any other error is returned.
func (s *Server) problems(x *exchange, p *Page, err error, fields ...string) error {
	if !fault.Is(err, fault.Invalid) || len(fault.ProblemsOf(err)) == 0 {
		return err
	}
	p.Typed = map[string]string{}
	for _, f := range fields {
		p.Typed[f] = x.field(f)
	}
	for _, q := range fault.ProblemsOf(err) {
		p.Problems = append(p.Problems, Problem{Field: q.Field, Label: label(x, q.Field), Text: x.lang.T(q.Key, q.Args...)})
	}
	return nil
}

// label is what the form calls a field, "" when the catalogue has no word for it.
func label(x *exchange, field string) string {
	named := map[string]string{"new_password": "password.new_password", "confirm_password": "password.confirm", "current_password": "password.current", "role": "staff.role_label",
		"code": "factor.code"}
	keys := []string{named[field], "login." + field, "record." + field, "settings." + field, "staff." + field}
	if x.route.portal == parent {
		keys = append([]string{"parent.register." + field}, keys...)
	}
	for _, key := range keys {
		if x.lang.Has(key) {
			return x.lang.T(key)
		}
	}
	return ""
}

// pageCache keeps pages that are the same for every visitor: rendered once for a language and a version of the settings.
type pageCache struct{ m sync.Map }

type cacheKey struct {
	path, tag string
	version   int64
}

type cachedPage struct{ plain, zipped []byte }

// renderCached is render for pages that depend on nothing but path and language.
func (s *Server) renderCached(x *exchange, name string, data func() any) error {
	if x.session != nil || s.cookie(x.r, x.route.portal, "flash") != "" {
		return s.render(x, http.StatusOK, name, data())
	}
	key := cacheKey{x.r.URL.Path, x.lang.Tag(), s.Settings.Version() + s.Help.Version()} // both only rise: no sum comes twice
	v, ok := s.cache.m.Load(key)
	if !ok {
		var b bytes.Buffer
		if err := s.pages.execute(&b, key.tag, name, data()); err != nil {
			return err
		}
		zipped, err := compress(b.Bytes())
		if err != nil {
			return err
		}
		s.cache.m.Range(func(k, _ any) bool { // an older version is never asked for again
			if k.(cacheKey).version != key.version {
				s.cache.m.Delete(k)
			}
			return true
		})
		v, _ = s.cache.m.LoadOrStore(key, &cachedPage{plain: b.Bytes(), zipped: zipped})
	}
	c := v.(*cachedPage)
	h := x.w.Header()
	h["Content-Type"] = htmlType
	h["Cache-Control"] = noStore
	h["Vary"] = varyLanguage
	body := c.plain
	if strings.Contains(x.r.Header.Get("Accept-Encoding"), "gzip") {
		h["Content-Encoding"] = gzipped
		body = c.zipped
	}
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	_, _ = x.w.Write(body) // an error means that the reader went away
	return nil
}

var (
	htmlType     = []string{"text/html; charset=utf-8"}
	varyLanguage = []string{"Accept-Encoding, Accept-Language, Cookie"}
	gzipped      = []string{"gzip"}
)

func compress(data []byte) ([]byte, error) {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := z.Write(data); err != nil {
		return nil, err
	}
	err = z.Close()
	return b.Bytes(), err
}
