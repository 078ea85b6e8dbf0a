package family

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// Opening is one day on which somebody opened, or took out, a child's record (34 CFR 99.32).
type Opening struct {
	Day         string
	Who         Person
	How         audit.How
	First, Last time.Time
	Count       int64
}

// Openings are who opened a child's record, the newest days first.
type Openings struct {
	Student Person
	All     []Opening
	Next    string // the day before which there is more, "" for none
}

const openingsRead = 300

// Opened notes that the actor was shown the child's record; it is for pages that choose among the children of Home.
func (f *Family) Opened(actor access.Actor, student int64) { f.audit.Views.Note(actor, student) }

// WhoOpened returns who opened a student's record, for staff. It returns fault.NotFound for a student of a school where the actor does not work.
func (f *Family) WhoOpened(ctx context.Context, actor access.Actor, student int64, before string) (Openings, error) {
	if err := access.Check(actor, access.SeeRecords); err != nil {
		return Openings{}, err
	}
	return f.openings(ctx, student, before, func(ctx context.Context, tx *sqldb.Tx) error {
		school, err := sqldb.Value[int64](ctx, tx, selectSchoolOfStudent, student)
		if err != nil {
			return err
		}
		return access.CheckAt(actor, access.SeeRecords, school)
	})
}

// WhoOpenedMine returns who opened the record of the actor's own child, where the school lets families see it (fault.Forbidden otherwise). Other
// families' people have no names in it. It returns fault.NotFound for a child that is not open to the actor.
func (f *Family) WhoOpenedMine(ctx context.Context, actor access.Actor, student int64, before string) (Openings, error) {
	if !f.settings.Values().FamiliesSeeViews {
		return Openings{}, fault.Forbiddenf("the school does not show families who opened a record")
	}
	home, err := f.Home(ctx, actor)
	if err != nil {
		return Openings{}, err
	}
	if !slices.ContainsFunc(home.Children, func(c Child) bool { return c.StudentID == student }) {
		return Openings{}, fault.NotFoundf("no such child")
	}
	all, err := f.openings(ctx, student, before, func(context.Context, *sqldb.Tx) error { return nil })
	for i := range all.All {
		who := &all.All[i].Who
		if who.Kind == string(access.Parent) && who.ID != actor.AccountID {
			*who = Person{Kind: string(access.Parent)}
		}
	}
	return all, err
}

func (f *Family) openings(ctx context.Context, student int64, before string, may func(context.Context, *sqldb.Tx) error) (Openings, error) {
	q := audit.ViewQuery{StudentID: student, Limit: openingsRead}
	if before != "" {
		end, err := time.Parse(time.DateOnly, before)
		if err != nil {
			return Openings{}, fault.NotFoundf("no such day")
		}
		q.To = end.Add(-time.Microsecond)
	}
	var o Openings
	err := f.db.Read(ctx, func(tx *sqldb.Tx) error {
		o = Openings{Student: Person{Kind: pupil, ID: student}}
		if err := may(ctx, tx); err != nil {
			return err
		}
		views, err := f.audit.Seen(ctx, tx, q)
		if err != nil {
			return err
		}
		if len(views) == openingsRead { // the last day may go on: it begins the next page, unless it is the only one
			last := views[len(views)-1].Day
			whole := slices.DeleteFunc(slices.Clone(views), func(v audit.View) bool { return v.Day == last })
			if len(whole) > 0 {
				views = whole
			}
			o.Next = views[len(views)-1].Day
		}
		o.All = byViewer(views)
		names := newNames()
		names.want(&o.Student)
		for i := range o.All {
			names.want(&o.All[i].Who)
		}
		return names.fill(ctx, tx)
	})
	return o, err
}

// byViewer puts the addresses of one viewer and day together.
func byViewer(views []audit.View) []Opening {
	type key struct {
		day  string
		kind access.Kind
		id   int64
		how  audit.How
	}
	at := map[key]int{}
	var all []Opening
	for _, v := range views {
		k := key{v.Day, v.ViewerKind, v.ViewerID, v.How}
		i, known := at[k]
		if !known {
			at[k] = len(all)
			all = append(all, Opening{v.Day, Person{Kind: string(v.ViewerKind), ID: v.ViewerID}, v.How, v.First, v.Last, v.Count})
			continue
		}
		o := &all[i]
		o.Count += v.Count
		if v.First.Before(o.First) {
			o.First = v.First
		}
		if v.Last.After(o.Last) {
			o.Last = v.Last
		}
	}
	slices.SortStableFunc(all, func(a, b Opening) int { return cmp.Or(cmp.Compare(b.Day, a.Day), b.Last.Compare(a.Last)) })
	return all
}
