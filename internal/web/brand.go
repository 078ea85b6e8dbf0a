package web

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/settings"
)

// The stylesheet with the school's accent has the colour in its address, so that any node can make it, whenever it hears of the setting; it
// is one sheet with the other rules: a page needs no further request.
const (
	sheetStart = "/static/accent-"
	brandStart = "/brand/mark-"
)

// sheets keeps the newest sheet that was made.
type sheets struct{ last atomic.Pointer[styleSheet] }

type styleSheet struct {
	url string
	asset
}

// accentRules are the rules that change with the accent; a later rule of the same layer wins.
func accentRules(p settings.Palette) string {
	return "\n@layer tokens{:root{--accent:light-dark(" + p.Light + "," + p.Dark + ");--on-accent:light-dark(" + p.OnLight + "," + p.OnDark +
		");--wash:light-dark(" + p.WashLight + "," + p.WashDark + ")}}\n"
}

// sheetURL is the address of the stylesheet for an accent, "" for the one that comes with the program.
func (s *Server) sheetURL(accent string) string {
	plain := s.assets.urls["app.css"]
	if accent == "" {
		return plain
	}
	return sheetStart + strings.TrimPrefix(strings.ToLower(accent), "#") + "-" + strings.TrimPrefix(plain, "/static/app.")
}

// themed makes the sheet at an address, if it is one of ours.
func (s *Server) themed(url string) (asset, bool) {
	if l := s.sheets.last.Load(); l != nil && l.url == url {
		return l.asset, true
	}
	colour, _, ok := strings.Cut(strings.TrimPrefix(url, sheetStart), "-")
	p, valid := settings.PaletteOf("#" + colour)
	if !ok || !valid || s.sheetURL("#"+colour) != url {
		return asset{}, false
	}
	base := s.assets.byURL[s.assets.urls["app.css"]]
	made := asset{mime: base.mime, plain: append(append([]byte{}, base.plain...), accentRules(p)...)}
	if "#"+colour != strings.ToLower(s.Settings.Values().Accent) { // somebody made it up, or another node knows more: not kept
		made.zipped = made.plain
		made.loose = true
		return made, true
	}
	zipped, err := compress(made.plain)
	if err != nil {
		return asset{}, false
	}
	made.zipped = zipped
	s.sheets.last.Store(&styleSheet{url, made})
	return made, true
}

// static serves what comes with the program, and the sheet with the accent.
func (s *Server) static(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, sheetStart) {
		if a, ok := s.themed(r.URL.Path); ok {
			a.serve(w, r)
			return
		}
	}
	s.assets.serve(w, r)
}

// pageMark is the mark on a page; the zero value is none.
type pageMark struct {
	URL           string
	Width, Height int
}

// markHeight is how high the mark stands on a page, in CSS pixels.
const markHeight = 32

func markOf(m settings.Mark) pageMark {
	if m.Height == 0 {
		return pageMark{}
	}
	return pageMark{brandStart + strconv.FormatInt(m.Changed, 36), max(1, m.Width*markHeight/m.Height), markHeight}
}

// brand serves the mark.
func (s *Server) brand(w http.ResponseWriter, r *http.Request) {
	changed, err := strconv.ParseInt(strings.TrimPrefix(r.URL.Path, brandStart), 36, 64)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	picture, m, err := s.Settings.MarkPicture(r.Context(), changed)
	if err != nil {
		if !fault.Is(err, fault.NotFound) {
			s.Log.Error("the mark cannot be read", "error", err)
		}
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", m.Mime)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Content-Length", strconv.Itoa(len(picture)))
	_, _ = w.Write(picture) // an error means that the reader went away
}

// saveMark takes a new mark, or takes the one there is away.
func (s *Server) saveMark(x *exchange) error {
	if x.field("act") == "remove" {
		if err := s.Settings.RemoveMark(x.r.Context(), x.actor); err != nil {
			return err
		}
		s.setFlash(x, "flash.saved")
		return x.redirect("/admin/site/settings")
	}
	err := s.takeMark(x)
	if err == nil {
		s.setFlash(x, "flash.saved")
		return x.redirect("/admin/site/settings")
	}
	p, formErr := s.settingsForm(x)
	if formErr != nil {
		return formErr
	}
	p.Path = "/admin/site/settings"
	if err := s.problems(x, &p.Page, err); err != nil {
		return err
	}
	for i := range p.Problems {
		p.Problems[i].Label = x.lang.T("settings.mark")
	}
	return s.render(x, http.StatusUnprocessableEntity, "admin/settings", p)
}

func (s *Server) takeMark(x *exchange) error {
	file, _, err := x.r.FormFile("mark")
	if errors.Is(err, http.ErrMissingFile) || errors.Is(err, http.ErrNotMultipart) {
		return fault.InvalidFields(fault.Problem{Field: "mark", Key: "problem.empty"})
	}
	if err != nil {
		return fault.Invalidf("the form cannot be read")
	}
	defer func() { _ = file.Close() }()
	data, err := io.ReadAll(io.LimitReader(file, settings.MarkMost+1))
	if err != nil {
		return fault.Invalidf("the form cannot be read")
	}
	if len(data) == 0 {
		return fault.InvalidFields(fault.Problem{Field: "mark", Key: "problem.empty"})
	}
	return s.Settings.SetMark(x.r.Context(), x.actor, data)
}
