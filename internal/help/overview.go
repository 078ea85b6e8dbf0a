package help

import (
	"context"
	"database/sql"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// Overview is an article in the list of staff, all its languages together.
type Overview struct {
	Link
	Versions []OverviewVersion // by language
	Recent   Votes             // this month and the one before
	Year     Votes
	Open     int // comments that nobody has seen to
}

// OverviewVersion says where an article of one language comes from.
type OverviewVersion struct {
	Language string
	There    bool // published in this language
	Own      bool // the school's
	Hidden   bool // the school has one that is not published
	Version  int64
}

// Overviews returns every article, by title, with what readers said about it. It returns fault.Forbidden for an actor who may not.
func (l *Library) Overviews(ctx context.Context, actor access.Actor, language string) ([]Overview, error) {
	if err := access.Check(actor, access.SeeHelp); err != nil {
		return nil, err
	}
	var own []row
	var recent, year map[string]Votes
	var open map[string]int
	err := l.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		if own, err = sqldb.All(ctx, tx, scanRow, selectArticles); err != nil {
			return err
		}
		if recent, err = l.votesSince(ctx, tx, 1); err != nil {
			return err
		}
		if year, err = l.votesSince(ctx, tx, monthsOfArticle-1); err != nil {
			return err
		}
		open = map[string]int{}
		return sqldb.Each(ctx, tx, func(r *sql.Rows) error {
			var slug string
			var n int
			err := r.Scan(&slug, &n)
			open[slug] = n
			return err
		}, countOpen)
	})
	if err != nil {
		return nil, err
	}
	return l.overviews(language, own, func(slug string) Overview {
		return Overview{Recent: recent[slug], Year: year[slug], Open: open[slug]}
	})
}

func (l *Library) overviews(language string, own []row, said func(slug string) Overview) ([]Overview, error) {
	bySlug := map[string]map[string]row{}
	for _, w := range own {
		if bySlug[w.slug] == nil {
			bySlug[w.slug] = map[string]row{}
		}
		bySlug[w.slug][w.language] = w
	}
	s := l.fresh()
	var all []Overview
	add := func(k Link) {
		o := said(k.Slug)
		o.Link = k
		for _, tag := range languagesFrom(language) {
			p := s.articles[tag][k.Slug]
			w, has := bySlug[k.Slug][tag]
			o.Versions = append(o.Versions, OverviewVersion{Language: tag, There: p != nil, Own: p != nil && p.Own, Hidden: has && !w.published, Version: w.version})
		}
		delete(bySlug, k.Slug)
		all = append(all, o)
	}
	for _, p := range s.sorted[language] {
		add(p.Link())
	}
	for _, w := range own { // what is left was taken from readers
		if _, left := bySlug[w.slug]; !left {
			continue
		}
		a, err := Parse(w.slug, w.language, w.source)
		if err != nil {
			return nil, err
		}
		add(a.Link())
	}
	return all, nil
}

// votesSince sums the votes of each article from a month on, that many months before this one.
func (l *Library) votesSince(ctx context.Context, tx *sqldb.Tx, months int) (map[string]Votes, error) {
	votes := map[string]Votes{}
	err := sqldb.Each(ctx, tx, func(r *sql.Rows) error {
		var slug string
		var v Votes
		err := r.Scan(&slug, &v.Yes, &v.No)
		votes[slug] = v
		return err
	}, selectVotesSince, l.month(months))
	return votes, err
}

// month is the month that many months ago.
func (l *Library) month(ago int) string {
	now := l.now().UTC()
	return now.AddDate(0, -ago, 1-now.Day()).Format(monthFormat)
}

// Said is what readers said about an article: votes by month, the newest first, a year back, and the newest comments, at most a hundred.
type Said struct {
	Months  []Votes
	Remarks []Remark
}

// Said returns what readers said about an article. It returns fault.Forbidden for an actor who may not.
func (l *Library) Said(ctx context.Context, actor access.Actor, slug string) (Said, error) {
	if err := access.Check(actor, access.SeeHelp); err != nil {
		return Said{}, err
	}
	if !isSlug(slug) {
		return Said{}, fault.NotFoundf("no such article")
	}
	var s Said
	err := l.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		s.Months, err = sqldb.All(ctx, tx, func(r *sql.Rows) (Votes, error) {
			var v Votes
			return v, r.Scan(&v.Month, &v.Yes, &v.No)
		}, selectVotesOf, slug, l.month(monthsOfArticle-1))
		return err
	})
	if err != nil {
		return s, err
	}
	s.Remarks, err = l.remarks(ctx, selectCommentsOf, slug, mostComments)
	return s, err
}
