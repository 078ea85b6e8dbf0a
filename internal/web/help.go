package web

import (
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/help"
	"github.com/schoolgate/schoolgate/internal/lang"
)

// helpPage is where help begins: the search, and all articles or what the search found.
type helpPage struct {
	Page
	Query   string
	Total   int // how many were found; Found holds the best of them
	Found   []helpItem
	Near    []helpItem // when nothing was found
	Shelves []helpShelf
}

// helpShelf is the articles for one audience.
type helpShelf struct {
	Audience help.Audience
	Articles []helpItem
}

// helpItem is an article in a list. In is its language where that is not the reader's.
type helpItem struct {
	Title, Summary string
	To, In         string
	Kind           help.Kind
	Passage        []help.Piece
}

// articleTo is the address of an article from the results of a search, to which "Go Back" returns; one in another language says in which.
func articleTo(l help.Link, language, query string) string {
	q := url.Values{}
	if query != "" {
		q.Set("q", query)
	}
	if l.Language != language {
		q.Set("in", l.Language)
	}
	if len(q) == 0 {
		return l.Address()
	}
	return l.Address() + "?" + q.Encode()
}

func newHelpItem(l help.Link, summary string, passage []help.Piece, language, query string) helpItem {
	item := helpItem{Title: l.Title, Summary: summary, To: articleTo(l, language, query), Kind: l.Kind, Passage: passage}
	if l.Language != language {
		item.In = l.Language
	}
	return item
}

func (s *Server) helpHome(x *exchange) error {
	q := x.r.URL.Query()
	if q.Has("reset") {
		return x.redirect("/help/")
	}
	query, tag := strings.TrimSpace(q.Get("q")), x.lang.Tag()
	if query == "" {
		return s.renderCached(x, "help/home", func() any { return helpPage{Page: s.page(x, "help.title"), Shelves: s.helpShelves(tag)} })
	}
	results := s.Help.Search(query, tag)
	p := helpPage{Page: s.page(x, "help.results"), Query: results.Query, Total: results.Total}
	for _, r := range results.Found {
		p.Found = append(p.Found, newHelpItem(r.Link, r.Summary, r.Passage, tag, p.Query))
	}
	for _, r := range results.Near {
		p.Near = append(p.Near, newHelpItem(r.Link, r.Summary, r.Passage, tag, p.Query))
	}
	return s.render(x, http.StatusOK, "help/home", p)
}

// helpShelves lists every article under whom it is for.
func (s *Server) helpShelves(language string) []helpShelf {
	var shelves []helpShelf
	for _, a := range help.Audiences() {
		shelf := helpShelf{Audience: a}
		for _, k := range help.Kinds() {
			for _, p := range s.Help.Articles(language) {
				if p.Audience == a && p.Kind == k {
					shelf.Articles = append(shelf.Articles, newHelpItem(p.Link(), p.Summary, nil, language, ""))
				}
			}
		}
		if len(shelf.Articles) > 0 {
			shelves = append(shelves, shelf)
		}
	}
	return shelves
}

// helpArticlePage is one article with the question whether it helped.
type helpArticlePage struct {
	Page
	Article *help.Published
	Related []help.Link
	Query   string // of the search that led here
	In      string // the language asked for, "" for the reader's
	Voted   string // "yes" or "no" once answered
	Words   string // what was typed and not taken
	Left    int    // how many characters of the comment remain
	Longest int
}

// Prior, Body and Additional are the article's parts. They come from package help, which takes everything out that was typed as markup.
func (p helpArticlePage) Prior() template.HTML { return template.HTML(p.Article.PriorHTML) } //nolint:gosec // see above

// Body is the article's text.
func (p helpArticlePage) Body() template.HTML { return template.HTML(p.Article.BodyHTML) } //nolint:gosec // see above

// Additional is what else is good to know.
func (p helpArticlePage) Additional() template.HTML { return template.HTML(p.Article.AdditionalHTML) } //nolint:gosec // see above

// KeyWords are the key words as one line.
func (p helpArticlePage) KeyWords() string { return strings.Join(p.Article.Keywords, ", ") }

// Back is where "Go Back" leads: to the results as they were, or to all articles.
func (p helpArticlePage) Back() string {
	if p.Query == "" {
		return "/help/"
	}
	return "/help/?" + url.Values{"q": {p.Query}}.Encode()
}

// To is the address of a related article, which keeps the search that led here.
func (p helpArticlePage) To(l help.Link) string {
	return articleTo(l, p.Tag, p.Query)
}

// findArticle is the article that the path names, in the language asked for. Where the path is an old one, it answers with the new one.
func (s *Server) findArticle(x *exchange) (*help.Published, string, error) {
	slug, pdf := strings.CutSuffix(x.r.PathValue("article"), ".pdf")
	in := x.r.FormValue("in")
	if !slices.Contains(lang.Tags(), in) {
		in = ""
	}
	language := in
	if in == "" {
		language = x.lang.Tag()
	}
	a, err := s.Help.Article(x.r.PathValue("kind"), slug, language)
	if err != nil {
		return nil, "", err
	}
	if was := "/help/" + x.r.PathValue("kind") + "/" + slug; was != a.Address() && x.r.Method != http.MethodPost {
		to := url.URL{Path: a.Address(), RawQuery: x.r.URL.RawQuery}
		if pdf {
			to.Path += ".pdf"
		}
		http.Redirect(x.w, x.r, to.String(), http.StatusMovedPermanently)
		return nil, "", errElsewhere
	}
	return a, in, nil
}

func (s *Server) helpArticleForm(x *exchange, a *help.Published, in string) helpArticlePage {
	p := helpArticlePage{
		Page: s.page(x, "help.title"), Article: a, Related: s.Help.Related(a, x.lang.Tag()), In: in, Left: help.LongestComment, Longest: help.LongestComment,
		Query: cut(strings.TrimSpace(x.r.FormValue("q")), 200),
	}
	p.Title = a.Title
	if v := x.r.FormValue("voted"); v == "yes" || v == "no" {
		p.Voted = v
	}
	return p
}

func (s *Server) helpArticle(x *exchange) error {
	a, in, err := s.findArticle(x)
	if err != nil {
		return err
	}
	if strings.HasSuffix(x.r.URL.Path, ".pdf") {
		return s.helpPDF(x, a)
	}
	if x.r.URL.RawQuery == "" {
		return s.renderCached(x, "help/article", func() any { return s.helpArticleForm(x, a, in) })
	}
	return s.render(x, http.StatusOK, "help/article", s.helpArticleForm(x, a, in))
}

// helpPicture serves a picture of an article.
func (s *Server) helpPicture(x *exchange) error {
	name, ok := strings.CutSuffix(x.r.PathValue("picture"), ".png")
	data, known := help.Picture(name)
	if !ok || !known {
		return fault.NotFoundf("no such picture")
	}
	h := x.w.Header()
	h.Set("Content-Type", "image/png")
	h.Set("Cache-Control", "public, max-age=3600")
	_, _ = x.w.Write(data) // an error means that the reader went away
	return nil
}

// helpVote takes the answer to "Was this article helpful?" and asks for a comment.
func (s *Server) helpVote(x *exchange) error {
	a, in, err := s.findArticle(x)
	if err != nil {
		return err
	}
	answer := x.field("helpful")
	if answer != "yes" && answer != "no" {
		return x.redirect(s.articleWith(a, in, x.field("q"), ""))
	}
	if err := s.Help.Vote(x.r.Context(), x.actor, a.Slug, a.Language, answer == "yes"); err != nil {
		return err
	}
	return x.redirect(s.articleWith(a, in, x.field("q"), answer) + "#helpful")
}

// articleWith is the address of an article with what is to be remembered on the way.
func (s *Server) articleWith(a *help.Published, in, query, voted string) string {
	q := url.Values{}
	for name, value := range map[string]string{"in": in, "q": query, "voted": voted} {
		if value != "" {
			q.Set(name, value)
		}
	}
	if len(q) == 0 {
		return a.Address()
	}
	return a.Address() + "?" + q.Encode()
}

// helpComment takes what would make an article more useful.
func (s *Server) helpComment(x *exchange) error {
	a, in, err := s.findArticle(x)
	if err != nil {
		return err
	}
	err = s.Help.Comment(x.r.Context(), x.actor, a.Slug, a.Language, x.field("voted") == "yes", x.field("comment"))
	if err != nil {
		p := s.helpArticleForm(x, a, in)
		p.Path, p.Words = a.Address(), x.field("comment")
		if p.Voted == "" {
			p.Voted = "no"
		}
		if err := s.problems(x, &p.Page, err); err != nil {
			return err
		}
		p.Left = help.LongestComment - help.Characters(strings.TrimSpace(p.Words))
		return s.render(x, http.StatusUnprocessableEntity, "help/article", p)
	}
	s.setFlash(x, "flash.help_thanks")
	return x.redirect(s.articleWith(a, in, x.field("q"), ""))
}

// helpPDF is an article on paper, for the counter.
func (s *Server) helpPDF(x *exchange, a *help.Published) error {
	v := s.Settings.Values()
	foot := v.DistrictName
	if v.OfficePhone != "" {
		foot += " · " + x.lang.T("common.office") + " " + v.OfficePhone
	}
	if v.OfficeHours != "" && v.OfficePhone != "" {
		foot += ", " + v.OfficeHours
	}
	words := s.Catalog.Language(a.Language)
	data, err := s.Help.PDF(a, help.Paper{
		Prior: words.T("help.prior"), Additional: words.T("help.additional"), Applies: words.T("help.applies"), Foot: foot,
		Base: s.BaseURL, Date: words.Date(a.Date),
	})
	if err != nil {
		return err
	}
	h := x.w.Header()
	h.Set("Content-Type", "application/pdf")
	h.Set("Content-Disposition", `inline; filename="`+a.Slug+`.pdf"`)
	_, _ = x.w.Write(data) // an error means that the reader went away
	return nil
}
