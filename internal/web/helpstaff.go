package web

import (
	"net/http"
	"net/url"
	"strconv"

	"github.com/schoolgate/schoolgate/internal/help"
)

const helpPath = "/admin/site/help"

// helpListPage is every article with what readers said about it.
type helpListPage struct {
	Page
	Articles []help.Overview
}

// Tab is the tab of the help pages this one is on.
func (helpListPage) Tab() string { return "articles" }

func (s *Server) helpList(x *exchange) error {
	p := helpListPage{Page: s.page(x, "help.staff.title")}
	var err error
	if p.Articles, err = s.Help.Overviews(x.r.Context(), x.actor, x.lang.Tag()); err != nil {
		return err
	}
	return s.render(x, http.StatusOK, "admin/help", p)
}

// helpRemarksPage is what readers typed.
type helpRemarksPage struct {
	Page
	Done    bool // those that were seen to
	Remarks []help.Remark
	Next    string
}

// Tab is the tab of the help pages this one is on.
func (helpRemarksPage) Tab() string { return "comments" }

func (s *Server) helpRemarks(x *exchange) error {
	q := x.r.URL.Query()
	p := helpRemarksPage{Page: s.page(x, "help.staff.comments"), Done: q.Get("done") != ""}
	before := number(q.Get("before")) // a broken cursor is the start
	var err error
	if p.Remarks, err = s.Help.Remarks(x.r.Context(), x.actor, p.Done, before, listPage+1); err != nil {
		return err
	}
	if len(p.Remarks) > listPage {
		p.Remarks = p.Remarks[:listPage]
		next := url.Values{"before": {strconv.FormatInt(p.Remarks[listPage-1].ID, 10)}}
		if p.Done {
			next.Set("done", "1")
		}
		p.Next = next.Encode()
	}
	return s.render(x, http.StatusOK, "admin/help-comments", p)
}

func (s *Server) helpRemarkDone(x *exchange) error {
	id := x.number("comment") // no number: no such comment
	if err := s.Help.MarkDone(x.r.Context(), x.actor, id); err != nil {
		return err
	}
	s.setFlash(x, "flash.help_done")
	return x.redirect(helpPath + "/comments")
}

// helpMissedPage is the searches that found nothing.
type helpMissedPage struct {
	Page
	Searches []help.Missed
}

// Tab is the tab of the help pages this one is on.
func (helpMissedPage) Tab() string { return "searches" }

func (s *Server) helpMissed(x *exchange) error {
	p := helpMissedPage{Page: s.page(x, "help.staff.searches")}
	var err error
	if p.Searches, err = s.Help.MissedSearches(x.r.Context(), x.actor); err != nil {
		return err
	}
	return s.render(x, http.StatusOK, "admin/help-searches", p)
}

func (s *Server) forgetMissed(x *exchange) error {
	if err := s.Help.ForgetMissed(x.r.Context(), x.actor, x.field("language"), x.field("query")); err != nil {
		return err
	}
	return x.redirect(helpPath + "/searches")
}
