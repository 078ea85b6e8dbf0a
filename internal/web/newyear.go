package web

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"

	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/roster"
)

const newYearPath = "/admin/site/school-year"

// newYearPage is the step into a new school year: what would move, then the press that begins it.
type newYearPage struct {
	Page
	Rows      []yearRow
	Day       string
	Homerooms bool
	Counted   string // stands for the plan below, which was counted: it can begin
	Moved     bool   // something else would be done than was counted before
	Moving    int
	Last      *roster.Rollover
}

// Busy reports whether a step is taken at the moment.
func (p newYearPage) Busy() bool {
	return p.Last != nil && (p.Last.State == "running" || p.Last.State == "undoing")
}

// yearRow is one school with its choices.
type yearRow struct {
	School roster.School
	Fed    bool
	Part   roster.RolloverSchool
	Tops   []string
	Others []roster.School
	Grades []yearGrade
}

// yearGrade is what becomes of a grade, in words.
type yearGrade struct {
	Grade string
	Count int
	Words string
	Stays bool
}

func (s *Server) newYear(x *exchange) error {
	rec, err := s.Roster.NewYear(x.r.Context(), x.actor)
	if err != nil {
		return err
	}
	return s.render(x, http.StatusOK, "admin/new-year", s.yearPage(x, rec, rec.Plan))
}

// yearPage shows a plan with what it makes of every grade.
func (s *Server) yearPage(x *exchange, rec roster.RolloverPage, plan roster.RolloverPlan) newYearPage {
	p := newYearPage{Page: s.page(x, "newyear.title"), Day: plan.Day, Homerooms: plan.Homerooms, Last: rec.Last}
	p.Moving = rec.Count(plan)
	names := map[int64]string{}
	for _, o := range rec.Schools {
		names[o.ID] = o.Name
	}
	for _, o := range rec.Schools {
		row := yearRow{School: o, Fed: rec.Fed[o.ID], Part: roster.RolloverSchool{ID: o.ID}}
		for _, part := range plan.Schools {
			if part.ID == o.ID {
				row.Part = part
			}
		}
		for _, other := range rec.Schools {
			if other.ID != o.ID {
				row.Others = append(row.Others, other)
			}
		}
		for _, g := range rec.Grades[o.ID] {
			if _, ok := roster.GradeNumber(g.Grade); ok {
				row.Tops = append(row.Tops, g.Grade)
			}
			row.Grades = append(row.Grades, yearGrade{
				Grade: g.Grade, Count: g.Count, Stays: g.Move == roster.Stays,
				Words: x.lang.T("newyear.move_"+string(g.Move), "Grade", g.To, "School", names[g.Next], "Date", x.lang.Date(plan.Day)),
			})
		}
		p.Rows = append(p.Rows, row)
	}
	return p
}

// typedYear is the plan as the form has it.
func typedYear(x *exchange, rec roster.RolloverPage) roster.RolloverPlan {
	plan := roster.RolloverPlan{Day: x.trimmed("day"), Homerooms: x.field("homerooms") != ""}
	for _, o := range rec.Schools {
		id := strconv.FormatInt(o.ID, 10)
		part := roster.RolloverSchool{ID: o.ID, Take: x.field("take_"+id) != "", Top: x.trimmed("top_" + id)}
		part.Next = x.number("next_" + id) // none: they graduate
		plan.Schools = append(plan.Schools, part)
	}
	return plan
}

// countYear shows what a plan would do, or begins it when this very plan was counted before and still moves as many.
func (s *Server) countYear(x *exchange) error {
	rec, err := s.Roster.NewYear(x.r.Context(), x.actor)
	if err != nil {
		return err
	}
	plan := typedYear(x, rec)
	p := s.yearPage(x, rec, plan)
	p.Path = newYearPath
	if err := plan.Check(); err != nil {
		if err := s.problems(x, &p.Page, err); err != nil {
			return err
		}
		return s.render(x, http.StatusUnprocessableEntity, "admin/new-year", p)
	}
	begins, mark := x.field("act") == "begin" && p.Moving > 0, countedMark(plan, p.Moving)
	if begins && x.field("counted") == mark {
		if err := s.Family.BeginNewYear(x.r.Context(), x.actor, plan, p.Moving); err != nil {
			return s.overtaken(x, err, "flash.changed_meanwhile", newYearPath)
		}
		s.setFlash(x, "flash.year_begun")
		return x.redirect(newYearPath)
	}
	if p.Moving > 0 {
		p.Counted, p.Moved = mark, begins
	}
	return s.render(x, http.StatusOK, "admin/new-year", p)
}

// countedMark stands for a plan and how many it moved when they were counted.
func countedMark(plan roster.RolloverPlan, moving int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %+v", moving, plan))
	return hex.EncodeToString(sum[:8])
}

func (s *Server) undoYear(x *exchange) error {
	id, err := strconv.ParseInt(x.field("rollover"), 10, 64)
	if err != nil {
		return fault.NotFoundf("no such step")
	}
	if err := s.Family.UndoNewYear(x.r.Context(), x.actor, id); err != nil {
		return s.overtaken(x, err, "flash.changed_meanwhile", newYearPath)
	}
	s.setFlash(x, "flash.year_undoing")
	return x.redirect(newYearPath)
}
