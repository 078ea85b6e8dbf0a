package intake

import (
	"context"
	"database/sql"
	"maps"
	"slices"

	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// A roster goes on naming a record that staff put together with another one of the same person. What it says of either is then said of the one on
// record: the lines of both, each with what the file says of it on its own row; of two lines to one child the stricter word holds. The record's own
// fields come from its own row, and from the other's only where the file has no row of its own.

// followMerges rewrites the stage so that it names records put together by the id under which they are on record.
func (i *Intake) followMerges(ctx context.Context, p *plan) error {
	var away map[string]string
	err := i.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		away, err = i.roster.MergedAway(ctx, tx)
		return err
	})
	if err != nil || len(away) == 0 {
		return err
	}
	p.away = away
	s := p.stage
	for _, query := range []string{`create table away (source text primary key, other text not null) without rowid`, `create index f_line_contact_away on f_line (contact)`} {
		if err := s.exec(ctx, query); err != nil {
			return err
		}
	}
	for _, source := range slices.Sorted(maps.Keys(away)) {
		if err := s.insert(ctx, `insert into away (source, other) values `, source, away[source]); err != nil {
			return err
		}
	}
	if err := p.followLines(ctx); err != nil {
		return err
	}
	n, err := followContacts(ctx, s, p.rec.whole)
	if err != nil {
		return err
	}
	gone, err := s.value(ctx, `select count(*) from f_gone where source_id in (select source from away)`)
	if err != nil {
		return err
	}
	if gone > 0 {
		if err := s.exec(ctx, `delete from f_gone where source_id in (select source from away)`); err != nil {
			return err
		}
		p.f.count(Finding{Level: Warning, Count: int(gone), Code: sayMergedGone})
	}
	if err := s.exec(ctx, `insert into f_kept (source_id) select other from away where source in (select source_id from f_kept) on conflict do nothing`); err != nil {
		return err
	}
	if n > 0 {
		p.f.count(Finding{Level: Note, Count: n, Code: sayMerged})
	}
	return s.flush(ctx)
}

const (
	selectAwayLines = `select a.other, l.seq, l.student, coalesce(s.school, ''), l.data, l.file, l.line, coalesce(f.facts, ''), coalesce(k.seq, 0), coalesce(k.data, ''),
  coalesce(o.facts, '')
from away a
join f_line l on l.contact = a.source
left join f_student s on s.source_id = l.student
left join f_contact f on f.source_id = a.source
left join f_line k on k.student = l.student and k.contact = a.other
left join f_contact o on o.source_id = a.other
order by l.seq`

	selectAwayContacts = `select a.other, f.seq, f.data, f.facts, o.seq is not null
from away a
join f_contact f on f.source_id = a.source
left join f_contact o on o.source_id = a.other
order by f.seq`
)

// awayLine is a line that the file has to a record put together with another one.
type awayLine struct {
	other, student       string
	school               string // the student's
	seq, kept            int64  // kept: the line to the other one; 0 for none
	own, said            string
	keptOwn, keptSaid    string
	from                 place
	combined             facts
	combinedWith, become int64
}

// followLines gives the lines to the one on record. Each says for itself what the row of its own contact says.
func (p *plan) followLines(ctx context.Context) error {
	s := p.stage
	lines, err := list(ctx, s, func(r *sql.Rows) (l awayLine, err error) {
		return l, r.Scan(&l.other, &l.seq, &l.student, &l.school, &l.own, &l.from.file, &l.from.line, &l.said, &l.kept, &l.keptOwn, &l.keptSaid)
	}, selectAwayLines)
	if err != nil {
		return err
	}
	type key struct{ other, student string }
	first := map[key]int{}
	for n := range lines {
		l := &lines[n]
		if l.combined, err = p.factsFrom(l.said, l.own, l.school); err != nil {
			return err
		}
		at, twice := first[key{l.other, l.student}]
		if twice {
			lines[at].combined = bothFacts(lines[at].combined, l.combined)
			l.combinedWith = lines[at].seq
			continue
		}
		first[key{l.other, l.student}] = n
		l.become = l.seq
		if l.kept != 0 {
			own, err := p.factsFrom(l.keptSaid, l.keptOwn, l.school)
			if err != nil {
				return err
			}
			l.combined, l.become = bothFacts(own, l.combined), l.kept
		}
	}
	for _, l := range lines {
		if l.become != l.seq {
			if err := s.exec(ctx, `delete from f_line where seq = $1`, l.seq); err != nil {
				return err
			}
		}
		if l.combinedWith != 0 {
			continue
		}
		data, err := encode(l.combined.pack())
		if err != nil {
			return err
		}
		if err := s.exec(ctx, `update f_line set contact = $1, data = $2, print = 0 where seq = $3`, l.other, data, l.become); err != nil {
			return err
		}
	}
	return s.flush(ctx)
}

// factsFrom is what a file says of a line to a student of a school: by the contact's row and by the line's own.
func (p *plan) factsFrom(said, own, school string) (facts, error) {
	var a, b packedFacts
	if err := unpack(said, &a); err != nil {
		return facts{}, err
	}
	err := unpack(own, &b)
	return a.facts().at(school, p.isSchool, p.rule.Today).and(b.facts()), err
}

// bothFacts is what holds where a file speaks of one line twice: the stricter word.
func bothFacts(a, b facts) facts {
	next, _, _ := roster.TakeLine(a.Line, b.Line, b.carried)
	both := slices.DeleteFunc(slices.Clone(a.carried), func(f string) bool { return !slices.Contains(b.carried, f) })
	next, _, _ = roster.TakeLine(next, roster.Stricter(a.Line, b.Line), both)
	carried := slices.Concat(a.carried, b.carried)
	slices.Sort(carried)
	return facts{Line: next, carried: slices.Compact(carried)}
}

// followContacts leaves each person one row: the one on record's own, or else the first other one. A file of changes that has not the own row does
// not change the record by another one's; only that the other one may not sign in is taken, for all children. It returns how many rows there were
// beside.
func followContacts(ctx context.Context, s *stage, whole bool) (int, error) {
	type row struct {
		other string
		seq   int64
		data  string
		said  string
		own   bool
	}
	rows, err := list(ctx, s, func(r *sql.Rows) (w row, err error) {
		return w, r.Scan(&w.other, &w.seq, &w.data, &w.said, &w.own)
	}, selectAwayContacts)
	if err != nil {
		return 0, err
	}
	taken := map[string]bool{}
	for _, w := range rows {
		var row packedFacts
		if err := unpack(w.said, &row); err != nil {
			return 0, err
		}
		said := row.facts()
		refused := said.says("portal_access") && said.PortalAccess == roster.No
		if w.own || taken[w.other] || !whole && !refused {
			if err := s.exec(ctx, `delete from f_contact where seq = $1`, w.seq); err != nil {
				return 0, err
			}
			continue
		}
		taken[w.other] = true
		var c packedContact
		if err := unpack(w.data, &c); err != nil {
			return 0, err
		}
		c.SourceID = w.other
		if !whole {
			c.Carried = nil
			said = facts{Line: roster.Line{PortalAccess: roster.No}, carried: []string{"portal_access"}}
		}
		data, err := encode(c)
		if err != nil {
			return 0, err
		}
		facts, err := encode(said.pack())
		if err != nil {
			return 0, err
		}
		if err := s.exec(ctx, `update f_contact set source_id = $1, data = $2, facts = $3, print = 0, said_print = 0 where seq = $4`, w.other, data, facts, w.seq); err != nil {
			return 0, err
		}
		if err := s.exec(ctx, `delete from f_gone where source_id = $1`, w.other); err != nil { // the file still has the person
			return 0, err
		}
	}
	return len(rows), nil
}
