package web

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"strconv"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/intake"
	"github.com/schoolgate/schoolgate/internal/lang"
)

const importsPath = "/admin/site/imports"

// importsPage lists imports and takes the file of a new one.
type importsPage struct {
	Page
	Imports []importEntry
	Formats []bulkChoice
	School  string // as typed
	Schools []string
	Max     string
	Next    string // query of the next page
	Folder  string // says whether a folder is watched
}

// importEntry is an import in the list.
type importEntry struct{ URL, What, From, Who, When, State, Numbers, Label string }

func (s *Server) imports(x *exchange) error {
	p, err := s.importsForm(x, intake.Options{})
	if err != nil {
		return err
	}
	return s.render(x, http.StatusOK, "admin/imports", p)
}

// importsForm is the page with what was typed into the form of a new import.
func (s *Server) importsForm(x *exchange, typed intake.Options) (importsPage, error) {
	p := importsPage{Page: s.page(x, "imports.title"), Max: x.lang.Number(int(s.Imports.UploadLimit() >> 20))}
	p.Path = importsPath
	all, err := s.Imports.Imports(x.r.Context(), x.actor, cursor(x.r.URL.Query()), listPage+1)
	if err != nil {
		return p, err
	}
	if len(all) > listPage {
		all = all[:listPage]
		last := all[listPage-1]
		p.Next = cursorQuery(last.StartedAt, last.ID)
	}
	for _, m := range all {
		p.Imports = append(p.Imports, s.importEntry(x.lang, m))
	}
	for _, f := range intake.Formats() {
		p.Formats = append(p.Formats, bulkChoice{f, formatName(x.lang, f), f == typed.Format})
	}
	switch at, ok := s.Imports.Watches(); {
	case !ok:
		p.Folder = x.lang.T("imports.no_folder")
	case at == "":
		p.Folder = x.lang.T("imports.folder")
	default:
		p.Folder = x.lang.T("imports.folder_at", "At", at)
	}
	p.School = typed.School
	p.Schools, err = s.schoolsToName(x)
	return p, err
}

// schoolsToName are the names of the reader's schools, to choose from.
func (s *Server) schoolsToName(x *exchange) (names []string, err error) {
	schools, err := s.Roster.SchoolsOf(x.r.Context(), x.actor)
	for _, o := range schools {
		if o.Kind == "school" {
			names = append(names, o.Name)
		}
	}
	return names, err
}

func (s *Server) importEntry(l *lang.Language, m intake.Import) importEntry {
	e := importEntry{URL: importURL(m.ID), What: m.FileName, From: l.T("imports.origin." + string(m.Origin)), Who: importOwner(l, m),
		When: l.ShortWhen(m.StartedAt, s.Now(), s.Settings.Location()), State: importState(l, m)}
	if m.Origin == intake.FromUndo {
		e.What = l.T("imports.undo_of", "What", m.FileName)
	}
	if m.Steps > 0 {
		e.Numbers = l.T("imports.steps", "Count", m.Steps)
	}
	e.Label = l.T("imports.open_row", "What", e.What, "When", e.When)
	return e
}

// importOwner is who brought the file, in words.
func importOwner(l *lang.Language, m intake.Import) string {
	switch m.Origin {
	case intake.FromFolder:
		return l.T("imports.by_folder")
	case intake.FromCommand:
		return l.T("log.page.command_line", "Name", m.Owner)
	}
	return m.Owner
}

func importState(l *lang.Language, m intake.Import) string {
	if m.UndoneBy != 0 {
		return l.T("imports.state.undone")
	}
	return l.T("imports.state." + string(m.State))
}

func importURL(id int64) string { return importsPath + "/" + strconv.FormatInt(id, 10) }

// uploadTime is what a slow line gets for a whole upload.
const uploadTime = 30 * time.Minute

// upload takes the file as it arrives: it is never whole in memory. The fields that steer it stand before it in the form.
func (s *Server) upload(x *exchange) error {
	var typed intake.Options
	id, err := s.takeUpload(x, &typed)
	if err == nil {
		s.setFlash(x, "flash.import_uploaded")
		return x.redirect(importURL(id))
	}
	if !fault.Is(err, fault.Invalid) {
		return err
	}
	p, formErr := s.importsForm(x, typed)
	if formErr != nil {
		return formErr
	}
	if len(fault.ProblemsOf(err)) == 0 {
		err = fault.InvalidFields(fault.Problem{Field: "file", Key: "problem.upload_broken"})
	}
	if err := s.problems(x, &p.Page, err); err != nil {
		return err
	}
	for i := range p.Problems {
		p.Problems[i].Label = x.lang.T("imports.file")
	}
	return s.render(x, http.StatusUnprocessableEntity, "admin/imports", p)
}

// takeUpload keeps the file and notes what was typed beside it.
func (s *Server) takeUpload(x *exchange, o *intake.Options) (int64, error) {
	if err := access.Check(x.actor, access.ImportRoster); err != nil {
		return 0, err
	}
	none := fault.InvalidFields(fault.Problem{Field: "file", Key: "problem.choose_file"})
	if !isMultipart(x.r) {
		return 0, none
	}
	control := http.NewResponseController(x.w)
	deadline := time.Now().Add(uploadTime)
	if err := errors.Join(control.SetReadDeadline(deadline), control.SetWriteDeadline(deadline)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return 0, err
	}
	parts, err := x.r.MultipartReader()
	if err != nil {
		return 0, fault.Wrap(fault.Invalid, err, "the form cannot be read")
	}
	steers := map[string]*string{"school": &o.School, "format": &o.Format}
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return 0, none
		}
		if err != nil {
			return 0, fault.Wrap(fault.Invalid, err, "the upload did not arrive whole")
		}
		if field, ok := steers[part.FormName()]; ok {
			text, err := io.ReadAll(io.LimitReader(part, 300))
			if err != nil {
				return 0, fault.Wrap(fault.Invalid, err, "the upload did not arrive whole")
			}
			*field = string(text)
		}
		if part.FormName() == "file" {
			if part.FileName() == "" {
				return 0, none
			}
			return s.Imports.Upload(x.r.Context(), x.actor, filepath.Base(part.FileName()), intake.FromPage, *o, part)
		}
	}
}

func (s *Server) applyImport(x *exchange) error {
	id, err := x.id("import")
	if err != nil {
		return err
	}
	allowed := x.field("allow") == "yes"
	if err := s.Imports.Begin(x.r.Context(), x.actor, id, allowed); err != nil {
		if m, readErr := s.Imports.One(x.r.Context(), x.actor, id); readErr == nil && !allowed && m.State == intake.Planned && len(m.Plan().Over) > 0 &&
			fault.Is(err, fault.Conflict) {
			return s.importWith(x, http.StatusUnprocessableEntity, id, fault.InvalidFields(fault.Problem{Field: "allow", Key: "problem.import_guard"}))
		}
		return s.importConflict(x, id, err)
	}
	s.setFlash(x, "flash.import_begun")
	return x.redirect(importURL(id))
}

func (s *Server) stopImport(x *exchange) error {
	id, err := x.id("import")
	if err != nil {
		return err
	}
	if err := s.Imports.Stop(x.r.Context(), x.actor, id); err != nil {
		return s.importConflict(x, id, err)
	}
	return s.importStopped(x, id)
}

func (s *Server) undoImport(x *exchange) error {
	id, err := x.id("import")
	if err != nil {
		return err
	}
	undo, err := s.Imports.Undo(x.r.Context(), x.actor, id)
	if err != nil {
		return s.importConflict(x, id, err)
	}
	return x.redirect(importURL(undo))
}

// importConflict shows the import as it is now, where it is no longer what the reader saw.
func (s *Server) importConflict(x *exchange, id int64, err error) error {
	return s.overtaken(x, err, "flash.import_moved", importURL(id))
}

// importList is where a list of an import is read from.
func importList(id int64, name string, after int) string {
	q := url.Values{"list": {name}}
	if after > 0 {
		q.Set("after", strconv.Itoa(after))
	}
	return importURL(id) + "?" + q.Encode()
}
