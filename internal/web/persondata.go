package web

import (
	"archive/zip"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/schoolgate/schoolgate/internal/family"
	"github.com/schoolgate/schoolgate/internal/lang"
)

// dataPage is the file with a person's data for people: one page that needs nothing else.
type dataPage struct {
	Tag, Title, District string
	Made, Lead           string
	Sections             []dataSection
}

type dataSection struct {
	Title   string
	Empty   string // said in place of a table without rows
	Single  bool
	Columns []string
	Rows    [][]string
	Facts   []dataFact // of a single one
}

type dataFact struct{ Name, Value string }

func (s *Server) studentData(x *exchange) error {
	id, err := x.id("student")
	if err != nil {
		return err
	}
	data, err := s.Family.StudentData(x.r.Context(), x.actor, id)
	if err != nil {
		return err
	}
	return s.sendData(x, data)
}

func (s *Server) contactData(x *exchange) error {
	student, err := x.id("student")
	if err != nil {
		return err
	}
	line, err := x.id("line")
	if err != nil {
		return err
	}
	data, err := s.Family.ContactData(x.r.Context(), x.actor, student, line)
	if err != nil {
		return err
	}
	return s.sendData(x, data)
}

// sendData answers with a ZIP of the data for people and for programs. Names of people stand in no file's name.
func (s *Server) sendData(x *exchange, data family.PersonData) error {
	name := fmt.Sprintf("%s-%d", data.Kind, data.ID)
	h := x.w.Header()
	h.Set("Content-Type", "application/zip")
	h.Set("Content-Disposition", `attachment; filename="`+name+`.zip"`)
	h["Cache-Control"] = noStore
	z := zip.NewWriter(x.w)
	err := s.zipData(z, name, x.lang, data)
	if err == nil {
		err = z.Close()
	}
	if err != nil { // the head is sent: a broken ZIP is all that can be said now
		s.Log.Error("export not finished", "req", x.client.RequestID, "err", err)
	}
	return nil
}

func (s *Server) zipData(z *zip.Writer, name string, l *lang.Language, data family.PersonData) error {
	file := func(end string) (io.Writer, error) {
		return z.CreateHeader(&zip.FileHeader{Name: name + end, Method: zip.Deflate, Modified: data.At})
	}
	w, err := file(".html")
	if err != nil {
		return err
	}
	if err := s.pages.execute(w, l.Tag(), "person-data", s.dataPage(l, data)); err != nil {
		return err
	}
	if w, err = file(".json"); err != nil {
		return err
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(dataForPrograms(data))
}

// dataForPrograms has a section under each name: an object, or a list of them.
func dataForPrograms(data family.PersonData) map[string]any {
	all := map[string]any{"kind": data.Kind, "number": data.ID, "made": data.At.UTC().Format(time.RFC3339)}
	for _, s := range data.Sections {
		rows := make([]map[string]string, len(s.Rows))
		for i, r := range s.Rows {
			rows[i] = map[string]string{}
			for n, c := range s.Columns {
				rows[i][c.Name] = r[n]
			}
		}
		if s.Single {
			all[s.Name] = rows[0]
		} else {
			all[s.Name] = rows
		}
	}
	return all
}

func (s *Server) dataPage(l *lang.Language, data family.PersonData) dataPage {
	p := dataPage{
		Tag: l.Tag(), Title: l.T("persondata.title." + data.Kind), District: s.Settings.Values().DistrictName,
		Made: l.T("persondata.made", "When", l.DateTime(data.At, s.Settings.Location())), Lead: l.T("persondata.lead." + data.Kind),
	}
	for _, section := range data.Sections {
		p.Sections = append(p.Sections, s.dataSection(l, section))
	}
	return p
}

func (s *Server) dataSection(l *lang.Language, section family.Section) dataSection {
	d := dataSection{Title: l.T("persondata.section." + section.Name), Single: section.Single, Empty: l.T("persondata.empty")}
	for _, c := range section.Columns {
		d.Columns = append(d.Columns, l.T("persondata.column."+c.Name))
	}
	for _, r := range section.Rows {
		row := make([]string, len(r))
		for i, v := range r {
			row[i] = s.dataWords(l, section.Columns[i].Kind, v)
		}
		d.Rows = append(d.Rows, row)
	}
	if section.Single {
		for i, name := range d.Columns {
			d.Facts = append(d.Facts, dataFact{name, d.Rows[0][i]})
		}
	}
	return d
}

// dataWords writes a value for people. A code without words stands as it is: nothing is left out.
func (s *Server) dataWords(l *lang.Language, kind family.Cell, v string) string {
	if v == "" {
		return ""
	}
	switch kind {
	case family.AsTime:
		if t, err := time.Parse(time.RFC3339, v); err == nil {
			return l.DateTime(t, s.Settings.Location())
		}
	case family.AsDate:
		return l.Date(v)
	case family.AsRelationship:
		return l.T(relationKey(v))
	case family.AsEvent:
		if key := "log.event." + v; l.Has(key) {
			return l.T(key, "Who", l.T("persondata.somebody"), "Whom", l.T("persondata.this_person"))
		}
	case family.AsMail:
		return wordOr(l, "admin.mail.template."+v, v)
	}
	prefix, isCode := map[family.Cell]string{
		family.AsFlag: "flag.", family.AsStatus: "status.", family.AsOutcome: "request.outcome.", family.AsPurpose: "request.purpose.",
		family.AsActor: "persondata.actor.", family.AsState: "login_state.", family.AsCode: "persondata.word.",
	}[kind]
	if !isCode {
		return v
	}
	return wordOr(l, prefix+v, v)
}
