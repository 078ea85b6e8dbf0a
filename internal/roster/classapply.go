package roster

import (
	"cmp"
	"context"
	"database/sql"
	"slices"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// classworkTable is how one kind stands in the database.
type classworkTable[T any] struct {
	source func(v *T) string
	school func(v *T) (source *string, id *int64) // nil for kinds of no school
	read   string                                 // the list of source ids follows
	scan   func(r *sql.Rows) (onRecord[T], error)
	same   func(a, b *T) bool
	look   func(ctx context.Context, l *lookup, all []pending[T]) error // finds what row asks for; nil for nothing
	settle func(v *T, l *lookup) bool                                   // false when the row names what is not on record; what may be missing is blanked
	upsert string
	after  string // on conflict
	row    func(v *T, l *lookup) []any
	setID  func(v *T, id int64) // nil where nothing hangs on it
}

// onRecord is a row as it stands.
type onRecord[T any] struct {
	value T
	ended bool
}

// pending is a row that is new or other than on record.
type pending[T any] struct {
	at    int
	value T
	known *onRecord[T]
}

// ApplyClasswork writes a part of a roster in the caller's transaction: new rows are added, others changed, rows that came back are no longer
// ended; what is on record as it is, is not written. It takes at most ClassworkAtOnce rows (fault.Invalid) and returns fault.Forbidden unless
// the actor may import. Rows may name only what is on record or comes before them in the same Classwork.
func (r *Roster) ApplyClasswork(ctx context.Context, tx *sqldb.Tx, actor access.Actor, w Classwork) (map[ClassworkKind]Tally, error) {
	return r.classwork(ctx, tx, actor, w, true)
}

// CompareClasswork says what ApplyClasswork would do, and writes nothing. It knows no row as Unknown: what it would name may come first.
func (r *Roster) CompareClasswork(ctx context.Context, tx *sqldb.Tx, actor access.Actor, w Classwork) (map[ClassworkKind]Tally, error) {
	return r.classwork(ctx, tx, actor, w, false)
}

func (r *Roster) classwork(ctx context.Context, tx *sqldb.Tx, actor access.Actor, w Classwork, write bool) (map[ClassworkKind]Tally, error) {
	if err := access.Check(actor, access.ImportRoster); err != nil {
		return nil, err
	}
	if n := len(w.Terms) + len(w.Courses) + len(w.Teachers) + len(w.Classes) + len(w.Enrolments); n > ClassworkAtOnce {
		return nil, fault.Invalidf("too many rows at once: %d", n)
	}
	l := &lookup{tx: tx, now: r.now().UnixMicro(), write: write, touched: map[int64]bool{}}
	tallies := map[ClassworkKind]Tally{}
	steps := []func() error{
		func() error { _, err := applyKind(ctx, l, termTable(), w.Terms, tallies, Terms); return err },
		func() error { _, err := applyKind(ctx, l, courseTable(), w.Courses, tallies, Courses); return err },
		func() error {
			changed, err := applyKind(ctx, l, teacherTable(), w.Teachers, tallies, Teachers)
			if err != nil {
				return err
			}
			return l.touchTaught(ctx, changed)
		},
		func() error {
			changed, err := applyKind(ctx, l, classTable(), w.Classes, tallies, Classes)
			if err != nil {
				return err
			}
			return l.placeInTerms(ctx, changed)
		},
		func() error {
			changed, err := applyKind(ctx, l, enrolmentTable(), w.Enrolments, tallies, Enrolments)
			for _, e := range changed {
				if e.Teacher != "" {
					l.touched[l.classes[e.Class]] = true
				}
			}
			return err
		},
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return tallies, l.reword(ctx)
}

// applyKind compares the rows of one kind with those on record, and writes the others. It returns the written ones with their ids.
func applyKind[T any](ctx context.Context, l *lookup, t classworkTable[T], all []T, tallies map[ClassworkKind]Tally, kind ClassworkKind) ([]T, error) {
	if len(all) == 0 {
		return nil, nil
	}
	tally := Tally{}
	stored, err := readKind(ctx, l, t, all)
	if err != nil {
		return nil, err
	}
	todo, err := differing(ctx, l, t, all, stored, &tally)
	if err == nil && len(todo) > 0 && t.look != nil {
		err = t.look(ctx, l, todo)
	}
	if err != nil {
		return nil, err
	}
	var added, changed []T
	for _, p := range todo {
		v := p.value
		known := t.settle == nil || t.settle(&v, l)
		switch {
		case l.write && !known:
			tally.Unknown = append(tally.Unknown, p.at)
		case p.known == nil:
			added = append(added, v)
		case !p.known.ended && t.same(&v, &p.known.value):
			tally.Same++
		default:
			changed = append(changed, v)
		}
	}
	tally.Added, tally.Changed = len(added), len(changed)
	tallies[kind] = tally
	if !l.write {
		return nil, nil
	}
	written := slices.Concat(added, changed)
	rows, bySource := make([][]any, len(written)), make(map[string]*T, len(written))
	for i := range written {
		rows[i], bySource[t.source(&written[i])] = t.row(&written[i], l), &written[i]
	}
	if t.setID == nil { // nobody asks for the ids of new ones
		if err := sqldb.InsertMany(ctx, l.tx, t.upsert, rows[:len(added)]); err != nil {
			return nil, err
		}
		rows = rows[len(added):]
	}
	return written, sqldb.InsertReturning(ctx, l.tx, func(r *sql.Rows) error {
		var id int64
		var source string
		err := r.Scan(&id, &source)
		if v := bySource[source]; v != nil && t.setID != nil {
			t.setID(v, id)
		}
		return err
	}, t.upsert, t.after+"\nreturning id, source_id", rows)
}

func readKind[T any](ctx context.Context, l *lookup, t classworkTable[T], all []T) (map[string]onRecord[T], error) {
	sources := make([]string, len(all))
	for i := range all {
		sources[i] = t.source(&all[i])
	}
	stored := make(map[string]onRecord[T], len(all))
	return stored, eachSource(ctx, l.tx, sources, t.read, func(r *sql.Rows) error {
		row, err := t.scan(r)
		stored[t.source(&row.value)] = row
		return err
	})
}

// differing returns the rows that are not on record as they are. Of rows with one source id the first counts.
func differing[T any](ctx context.Context, l *lookup, t classworkTable[T], all []T, stored map[string]onRecord[T], tally *Tally) ([]pending[T], error) {
	if t.school != nil {
		var named []string
		for i := range all {
			if source, id := t.school(&all[i]); *id == 0 {
				named = append(named, *source)
			}
		}
		if err := l.find(ctx, &l.schools, selectSchoolSources, named); err != nil {
			return nil, err
		}
	}
	var todo []pending[T]
	seen := make(map[string]bool, len(all))
	for i := range all {
		v := all[i]
		source := t.source(&v)
		if t.school != nil {
			if name, id := t.school(&v); *id == 0 {
				*id, *name = l.schools[*name], ""
			} else {
				*name = ""
			}
		}
		old, known := stored[source]
		if seen[source] || known && !old.ended && t.same(&v, &old.value) {
			tally.Same++
			continue
		}
		seen[source] = true
		p := pending[T]{at: i, value: v}
		if known {
			p.known = &old
		}
		todo = append(todo, p)
	}
	return todo, nil
}

// lookup is what the kinds have found out about each other in one transaction.
type lookup struct {
	tx    *sqldb.Tx
	now   int64
	write bool

	schools, courses, terms, classes, students, teachers map[string]int64
	touched                                              map[int64]bool // classes to be found by other words
}

// ask is a question for ids: which are known, and how to find the others.
type ask struct {
	known   *map[string]int64
	query   string
	sources []string
}

func (l *lookup) findAll(ctx context.Context, asks ...ask) error {
	for _, a := range asks {
		if err := l.find(ctx, a.known, a.query, a.sources); err != nil {
			return err
		}
	}
	return nil
}

// find looks up the ids of source ids that are not known yet.
func (l *lookup) find(ctx context.Context, known *map[string]int64, query string, sources []string) error {
	if *known == nil {
		*known = map[string]int64{}
	}
	sources = slices.DeleteFunc(sources, func(s string) bool { _, ok := (*known)[s]; return ok || s == "" })
	return eachSource(ctx, l.tx, sources, query, func(r *sql.Rows) error {
		var id int64
		var source string
		err := r.Scan(&id, &source)
		(*known)[source] = id
		return err
	})
}

// LiveRow is something that a roster still has. Print is that of an enrolment.
type LiveRow struct {
	SourceID string
	Print    int64
}

// LiveClasswork returns what a roster still has, in the order of the source ids and after the given one: of a school, or of all terms, which
// belong to no school. Teachers are none of it: they stay while somebody's class has them. Whoever knows which of them a whole roster holds
// ends the others with EndClasswork.
func (r *Roster) LiveClasswork(ctx context.Context, tx *sqldb.Tx, kind ClassworkKind, school int64, after string, limit int) ([]LiveRow, error) {
	query, args := selectLive(kind), []any{after, limit}
	if query == "" {
		return nil, nil
	}
	if kind != Terms {
		args = append(args, school)
	}
	return sqldb.All(ctx, tx, func(r *sql.Rows) (l LiveRow, err error) { return l, r.Scan(&l.SourceID, &l.Print) }, query, args...)
}

// EndClasswork marks what a roster has no more, at most ClassworkAtOnce rows (fault.Invalid), and returns how many were not marked yet. It
// returns fault.Forbidden unless the actor may import.
func (r *Roster) EndClasswork(ctx context.Context, tx *sqldb.Tx, actor access.Actor, kind ClassworkKind, sources []string) (int, error) {
	if err := access.Check(actor, access.ImportRoster); err != nil {
		return 0, err
	}
	table := map[ClassworkKind]string{Terms: "term", Courses: "course", Classes: "class", Enrolments: "enrolment"}[kind]
	if len(sources) > ClassworkAtOnce || table == "" {
		return 0, fault.Invalidf("not to be ended: %d of kind %s", len(sources), kind)
	}
	l := &lookup{tx: tx, now: r.now().UnixMicro(), write: true, touched: map[int64]bool{}}
	ended := 0
	touch := map[ClassworkKind]string{Classes: "id", Enrolments: "case when teacher_id is not null then class_id else 0 end"}[kind]
	err := eachSourceAfter(ctx, tx, sources, "update "+table+" set ended_at = $1, updated_at = $1 where ended_at is null and source_id in ",
		"\nreturning "+cmp.Or(touch, "0"), []any{l.now}, func(r *sql.Rows) error {
			var class int64
			err := r.Scan(&class)
			ended++
			if class != 0 {
				l.touched[class] = true
			}
			return err
		})
	if err != nil {
		return 0, err
	}
	if kind == Classes {
		if err := l.deleteTerms(ctx, idsIn(l.touched)); err != nil {
			return 0, err
		}
	}
	return ended, l.reword(ctx)
}

func idsIn(set map[int64]bool) []int64 {
	ids := make([]int64, 0, len(set))
	for id := range set {
		ids = append(ids, id)
	}
	return ids
}
