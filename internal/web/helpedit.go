package web

import (
	"html/template"
	"net/http"
	"slices"
	"strings"

	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/help"
	"github.com/schoolgate/schoolgate/internal/lang"
)

// helpEditPage is the editor of one article.
type helpEditPage struct {
	Page
	New      bool
	Draft    help.Draft
	Preview  *help.Published // nil until it is asked for
	Conflict bool            // someone else saved meanwhile
	Said     help.Said
}

// Kinds, Audiences and Languages are the choices of the form.
func (helpEditPage) Kinds() []help.Kind { return help.Kinds() }

// Audiences are whom an article can be for.
func (helpEditPage) Audiences() []help.Audience { return help.Audiences() }

// Languages are the languages an article can be in.
func (helpEditPage) Languages() []string { return lang.Tags() }

// Action is where the form goes.
func (p helpEditPage) Action() string {
	if p.New {
		return helpPath + "/new"
	}
	return editPath(p.Draft.Language, p.Draft.Slug)
}

// List writes key words and slugs as they are typed.
func (helpEditPage) List(items []string) string { return strings.Join(items, ", ") }

// Shown is the preview's text. It comes from package help, which takes everything out that was typed as markup.
func (p helpEditPage) Shown() template.HTML { return shown(p.Preview) }

func shown(a *help.Published) template.HTML {
	return template.HTML(a.PriorHTML + a.BodyHTML + a.AdditionalHTML) //nolint:gosec // safe by package help
}

func editPath(language, slug string) string { return helpPath + "/" + language + "/" + slug }

func (s *Server) newArticlePage(x *exchange) error {
	p := helpEditPage{Page: s.page(x, "help.edit.new"), New: true}
	p.Draft.Article = help.Article{Language: x.lang.Tag(), Kind: help.HowTo, Audience: help.ForParents, Date: s.Settings.Today()}
	return s.render(x, http.StatusOK, "admin/help-edit", p)
}

func (s *Server) editArticlePage(x *exchange) error {
	p := helpEditPage{Page: s.page(x, "help.edit.title")}
	var err error
	if p.Draft, err = s.Help.Draft(x.r.Context(), x.actor, x.r.PathValue("article"), x.r.PathValue("language")); err != nil {
		return err
	}
	if p.Said, err = s.Help.Said(x.r.Context(), x.actor, p.Draft.Slug); err != nil {
		return err
	}
	return s.render(x, http.StatusOK, "admin/help-edit", p)
}

// typedArticle is the article as the form has it.
func typedArticle(x *exchange) help.Article {
	return help.Article{
		Slug: x.r.PathValue("article"), Language: x.r.PathValue("language"), Kind: help.Kind(x.field("kind")), Audience: help.Audience(x.field("audience")),
		Title: x.trimmed("title"), Summary: strings.Join(strings.Fields(x.field("summary")), " "), Prior: x.field("prior"), Body: x.field("body"), Additional: x.field("additional"),
		Applies: x.trimmed("applies"), Keywords: help.List(x.field("keywords")), Date: x.trimmed("date"), Related: help.List(x.field("related")),
		MovedFrom: help.List(x.field("moved_from")),
	}
}

func (s *Server) newArticle(x *exchange) error {
	a := typedArticle(x)
	a.Slug, a.Language = x.trimmed("slug"), x.field("language")
	p := helpEditPage{Page: s.page(x, "help.edit.new"), New: true, Draft: help.Draft{Article: a}}
	_, taken := s.Help.Lookup(a.Slug, a.Language)
	if taken && slices.Contains(lang.Tags(), a.Language) && s.Help.Has(a.Slug, a.Language) {
		p.Path = p.Action()
		return s.articleAgain(x, p, fault.InvalidFields(fault.Problem{Field: "slug", Key: "problem.slug_taken"}))
	}
	return s.saveOrPreview(x, p, 0)
}

func (s *Server) editArticle(x *exchange) error {
	a := typedArticle(x)
	now, err := s.Help.Draft(x.r.Context(), x.actor, a.Slug, a.Language)
	if err != nil {
		return err
	}
	version := x.number("version") // none: a conflict, as it should be
	now.Article = a
	p := helpEditPage{Page: s.page(x, "help.edit.title"), Draft: now}
	return s.saveOrPreview(x, p, version)
}

// saveOrPreview does what the button said.
func (s *Server) saveOrPreview(x *exchange, p helpEditPage, version int64) error {
	p.Path = p.Action()
	if x.field("do") == "preview" {
		shown, err := s.Help.Preview(x.actor, p.Draft.Article)
		if err != nil {
			return s.articleAgain(x, p, err)
		}
		p.Preview, p.Draft.Version = shown, version
		return s.render(x, http.StatusOK, "admin/help-edit", p)
	}
	if err := s.Help.Save(x.r.Context(), x.actor, p.Draft.Article, version); err != nil {
		return s.articleAgain(x, p, err)
	}
	s.setFlash(x, "flash.saved")
	return x.redirect(editPath(p.Draft.Language, p.Draft.Slug))
}

// articleAgain shows the form again as typed: with its problems, or saying that someone else saved meanwhile.
func (s *Server) articleAgain(x *exchange, p helpEditPage, err error) error {
	if fault.Is(err, fault.Conflict) {
		p.Conflict = true // the form now carries the newest version, so that saving again is a decision
		return s.render(x, http.StatusConflict, "admin/help-edit", p)
	}
	if err := s.problems(x, &p.Page, err); err != nil {
		return err
	}
	p.Draft.Version = x.number("version")
	return s.render(x, http.StatusUnprocessableEntity, "admin/help-edit", p)
}

// helpHistoryPage is every version of an article that the school wrote, and one of them to look at.
type helpHistoryPage struct {
	Page
	Draft    help.Draft
	Versions []help.Revision
	Looking  int64 // version that is shown; 0 for none
	Preview  *help.Published
}

// Action is the article's path in the editor.
func (p helpHistoryPage) Action() string { return editPath(p.Draft.Language, p.Draft.Slug) }

// Shown is the version's text.
func (p helpHistoryPage) Shown() template.HTML { return shown(p.Preview) }

func (s *Server) helpHistory(x *exchange) error {
	slug, language := x.r.PathValue("article"), x.r.PathValue("language")
	p := helpHistoryPage{Page: s.page(x, "help.edit.history")}
	var err error
	if p.Draft, err = s.Help.Draft(x.r.Context(), x.actor, slug, language); err != nil {
		return err
	}
	if p.Versions, err = s.Help.History(x.r.Context(), x.actor, slug, language); err != nil {
		return err
	}
	looking := x.place("version") // none: no version is shown
	for _, v := range p.Versions {
		if v.Version != looking {
			continue
		}
		p.Looking = looking
		if p.Preview, err = s.Help.Preview(x.actor, v.Article); err != nil {
			return err
		}
	}
	return s.render(x, http.StatusOK, "admin/help-history", p)
}

func (s *Server) helpPutBack(x *exchange) error {
	version := x.number("version") // none: a conflict
	older := x.number("older")
	if err := s.Help.PutBack(x.r.Context(), x.actor, x.r.PathValue("article"), x.r.PathValue("language"), version, older); err != nil {
		return err
	}
	s.setFlash(x, "flash.help_put_back")
	return x.redirect(editPath(x.r.PathValue("language"), x.r.PathValue("article")))
}

func (s *Server) helpUnpublish(x *exchange) error {
	version := x.number("version") // none: a conflict
	if err := s.Help.Unpublish(x.r.Context(), x.actor, x.r.PathValue("article"), x.r.PathValue("language"), version); err != nil {
		return err
	}
	s.setFlash(x, "flash.help_unpublished")
	return x.redirect(helpPath)
}
