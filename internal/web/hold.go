package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/schoolgate/schoolgate/internal/family"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/lang"
	"github.com/schoolgate/schoolgate/internal/roster"
)

const holdPath = "/admin/site/hold"

// closedPage answers every page of a portal that is closed for everybody.
type closedPage struct {
	Page
	Message string
}

// closedPortal answers with the school's message while the portal is closed for all schools. Nobody is signed out and nobody is let in.
func (s *Server) closedPortal(x *exchange) (bool, error) {
	if x.route.portal != parent && x.route.portal != student {
		return false, nil
	}
	c, closed, err := s.Family.PortalClosed(x.r.Context())
	if err != nil || !closed {
		return false, err
	}
	x.w.Header()["Cache-Control"] = noStore
	p := closedPage{s.page(x, "closed.title"), c.Message}
	p.Path = "/"
	return true, s.render(x, http.StatusServiceUnavailable, "shared/closed", p)
}

// shut is what staff are told on every page. That it cannot be read is for the page itself to say.
func (s *Server) shut(x *exchange) family.Shut {
	shut, err := s.Family.Shut(x.r.Context(), x.actor)
	if err != nil {
		s.Log.Error("what is closed cannot be read", "req", x.client.RequestID, "err", err)
	}
	return shut
}

// holdPage is "Close and hold".
type holdPage struct {
	Page
	Everywhere bool // the reader may close all schools at once
	All        holdRow
	Questions  []custodyRow
	More       int
	Rows       []holdRow
	Next       string
	Ticked     []int64
}

// holdRow is a school, or all of them, in the reader's language. Empty words mean open.
type holdRow struct {
	ID                   int64
	Name                 string
	Registration, Portal string
	Message              string
	Waiting              int
	Ticked               bool
}

// custodyRow asks about custody papers.
type custodyRow struct {
	ID           int64
	Name, Adults string
	Held         bool
}

const holdRows = 100

func (s *Server) hold(x *exchange) error {
	p, err := s.holdForm(x)
	if err != nil {
		return err
	}
	return s.render(x, http.StatusOK, "admin/hold", p)
}

func (s *Server) holdForm(x *exchange) (holdPage, error) {
	p := holdPage{Page: s.page(x, "hold.title"), Everywhere: x.actor.Schools.All}
	p.Path = holdPath
	found, err := s.Family.Closures(x.r.Context(), x.actor)
	if err != nil {
		return p, err
	}
	p.All, p.More = s.holdRow(x.lang, found.All), found.More
	for _, q := range found.Questions {
		p.Questions = append(p.Questions, custodyRow{q.ID, q.Name, upTo(x.lang, "hold.adults", q.Adults), q.Held})
	}
	after := x.place("after") // a broken cursor is the start
	from := slices.IndexFunc(found.Schools, func(o family.SchoolState) bool { return o.ID == after }) + 1
	rows := found.Schools[from:]
	if len(rows) > holdRows {
		rows = rows[:holdRows]
		p.Next = url.Values{"after": {strconv.FormatInt(rows[holdRows-1].ID, 10)}}.Encode()
	}
	ticked := x.ids("school")
	for _, o := range rows {
		row := s.holdRow(x.lang, o)
		row.Ticked = slices.Contains(ticked, o.ID)
		p.Rows = append(p.Rows, row)
	}
	return p, nil
}

func (s *Server) holdRow(l *lang.Language, o family.SchoolState) holdRow {
	row := holdRow{ID: o.ID, Name: o.Name, Waiting: o.Waiting}
	if c := o.Registration; c != nil {
		row.Registration = s.closingWords(l, *c)
	}
	if c := o.Portal; c != nil {
		row.Portal, row.Message = s.closingWords(l, *c), c.Message
	}
	return row
}

// closingWords says since when, by whom and why.
func (s *Server) closingWords(l *lang.Language, c roster.Closing) string {
	why := c.Why
	if c.ByFirstRoster() {
		why = l.T("hold.first_roster")
	}
	return l.T("hold.since", "When", l.ShortWhen(c.At, s.Now(), s.Settings.Location()), "Who", c.By, "Why", why)
}

// upTo is a counted message whose count stops at 1,000.
func upTo(l *lang.Language, key string, n int) string {
	if n >= roster.CountLimit {
		return l.T(key+"_more", "Most", l.Number(roster.CountLimit-1))
	}
	return l.T(key, "Count", n)
}

// holdActs are the presses of the page: what each opens or closes.
var holdActs = map[string]struct {
	order family.CloseOrder
	open  bool
}{
	"hold":               {family.CloseOrder{Registration: true}, false},
	"release":            {family.CloseOrder{Registration: true}, true},
	"close":              {family.CloseOrder{Portal: true}, false},
	"open":               {family.CloseOrder{Portal: true}, true},
	"all_hold":           {family.CloseOrder{Registration: true, All: true}, false},
	"all_release":        {family.CloseOrder{Registration: true, All: true}, true},
	"all_close":          {family.CloseOrder{Portal: true, All: true}, false},
	"all_open":           {family.CloseOrder{Portal: true, All: true}, true},
	"all_everything":     {family.CloseOrder{Registration: true, Portal: true, All: true}, false},
	"all_everything_end": {family.CloseOrder{Registration: true, Portal: true, All: true}, true},
	"custody_hold":       {family.CloseOrder{Registration: true}, false},
}

func (s *Server) changeHold(x *exchange) error {
	act := x.field("act")
	key, err := "flash.hold."+act, error(nil)
	do, known := holdActs[act]
	switch {
	case act == "custody_done":
		var ids = x.ids("school")
		if len(ids) != 1 {
			return fault.NotFoundf("no such school")
		}
		err = s.Family.AnswerCustody(x.r.Context(), x.actor, ids[0])
	case !known:
		err = fault.InvalidFields(fault.Problem{Field: "act", Key: "problem.no_act"})
	default:
		o := do.order
		prefix := ""
		if o.All {
			prefix = "all_"
		}
		o.Schools, o.Why, o.Message = x.ids("school"), x.field(prefix+"why"), x.field(prefix+"message")
		if act == "custody_hold" {
			o.Why = x.lang.T("hold.custody_first")
		}
		if !do.open {
			err = s.Family.Close(x.r.Context(), x.actor, o)
			break
		}
		var n int
		if n, err = s.Family.Open(x.r.Context(), x.actor, o); n == 0 {
			key = "flash.hold.nothing"
		}
	}
	if err == nil {
		s.setFlash(x, key)
		return x.redirect(holdPath)
	}
	return s.holdProblems(x, err, do.order.All)
}

// holdProblems shows the page again. The two forms have fields of the same meaning, so those of all schools have names of their own.
func (s *Server) holdProblems(x *exchange, err error, all bool) error {
	if !fault.Is(err, fault.Invalid) || len(fault.ProblemsOf(err)) == 0 {
		return err
	}
	p, formErr := s.holdForm(x)
	if formErr != nil {
		return formErr
	}
	if err := s.problems(x, &p.Page, err, "why", "message", "all_why", "all_message"); err != nil {
		return err
	}
	for i, q := range p.Problems {
		if q.Field == "why" || q.Field == "message" {
			p.Problems[i].Label = x.lang.T("hold." + q.Field)
			if all {
				p.Problems[i].Field = "all_" + q.Field
			}
		}
	}
	return s.render(x, http.StatusUnprocessableEntity, "admin/hold", p)
}
