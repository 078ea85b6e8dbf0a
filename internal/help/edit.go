package help

import (
	"context"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// Revision is one version of an article that the school wrote.
type Revision struct {
	Version   int64
	Published bool
	At        time.Time
	By        string // username
	Article   Article

	source string
}

// Draft is what the editor works on. Version is 0 while the school has no version of its own. Shipped says that Schoolgate ships an article
// under the slug, which readers see while the school's is not published.
type Draft struct {
	Article
	Version   int64
	Published bool
	Shipped   bool
}

// Draft returns an article for the editor: the school's newest version, else the shipped one, else that of another language as a beginning
// for a translation. It returns fault.Forbidden for an actor who may not, fault.NotFound for a slug that no language has.
func (l *Library) Draft(ctx context.Context, actor access.Actor, slug, language string) (Draft, error) {
	if err := access.Check(actor, access.SeeHelp); err != nil {
		return Draft{}, err
	}
	if l.shipped[language] == nil {
		return Draft{}, fault.NotFoundf("no such language")
	}
	ours := l.shipped[language][slug]
	d := Draft{Shipped: ours != nil}
	var w row
	err := l.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		w, err = sqldb.One(ctx, tx, scanRow, selectArticle, slug, language)
		return err
	})
	switch {
	case err == nil:
		d.Version, d.Published = w.version, w.published
		d.Article, err = Parse(slug, language, w.source)
		return d, err
	case !fault.Is(err, fault.NotFound):
		return d, err
	}
	if p := l.fresh().find(slug, language); p != nil {
		d.Article = p.Article
		d.Language = language
		return d, nil
	}
	return d, err
}

// Save publishes an article as its next version; version is the one that the editor began with, 0 for none. It returns fault.Forbidden for an
// actor who may not, fault.Invalid with the problems of fields, fault.Conflict when someone else saved meanwhile or the address is taken.
func (l *Library) Save(ctx context.Context, actor access.Actor, a Article, version int64) error {
	if err := access.Check(actor, access.EditHelp); err != nil {
		return err
	}
	a = tidy(a)
	if err := fault.InvalidFields(check(a)...); err != nil {
		return err
	}
	action := "help.save"
	if version == 0 {
		action = "help.create"
	}
	return l.change(ctx, actor, action, a.Slug, a.Language, version, func(*row) (string, bool, error) { return Format(a), true, nil })
}

// PutBack publishes an older version again, as the newest. It returns fault.Forbidden, fault.NotFound for a version that never was, and
// fault.Conflict when someone else saved meanwhile.
func (l *Library) PutBack(ctx context.Context, actor access.Actor, slug, language string, version, older int64) error {
	if err := access.Check(actor, access.EditHelp); err != nil {
		return err
	}
	history, err := l.History(ctx, actor, slug, language)
	if err != nil {
		return err
	}
	for _, v := range history {
		if v.Version == older {
			return l.change(ctx, actor, "help.put_back", slug, language, version, func(*row) (string, bool, error) { return v.source, true, nil })
		}
	}
	return fault.NotFoundf("no such version")
}

// Unpublish takes the school's version away from readers, who see the shipped article again if there is one. It returns fault.Forbidden,
// fault.NotFound, and fault.Conflict when someone else saved meanwhile.
func (l *Library) Unpublish(ctx context.Context, actor access.Actor, slug, language string, version int64) error {
	if err := access.Check(actor, access.EditHelp); err != nil {
		return err
	}
	return l.change(ctx, actor, "help.unpublish", slug, language, version, func(w *row) (string, bool, error) {
		if w.id == 0 {
			return "", false, fault.NotFoundf("no such article")
		}
		return w.source, false, nil
	})
}

// change writes the next version of an article, audited, and lets this node's readers see it.
func (l *Library) change(ctx context.Context, actor access.Actor, action, slug, language string, version int64,
	next func(*row) (source string, published bool, err error)) error {
	err := l.db.Write(ctx, func(tx *sqldb.Tx) error {
		w, err := sqldb.One(ctx, tx, scanRow, selectArticle, slug, language)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		if w.version != version {
			return fault.Conflictf("someone else changed this article meanwhile")
		}
		w.slug, w.language = slug, language
		if w.source, w.published, err = next(&w); err != nil {
			return err
		}
		w.at, w.by = l.now(), actor.Username
		id, ok, err := put(ctx, tx, w)
		if err != nil {
			return err
		}
		if !ok {
			return fault.Conflictf("someone else changed this article meanwhile")
		}
		return l.audit.Record(ctx, tx, audit.Event{
			Actor: actor, Action: action, TargetKind: "help_article", TargetID: id,
			Detail: map[string]any{"article": language + "/" + slug, "version": version + 1},
		})
	})
	if err != nil {
		return err
	}
	return l.load(ctx)
}

// History returns every version of an article that the school wrote, the newest first; none for a shipped one. It returns fault.Forbidden
// for an actor who may not.
func (l *Library) History(ctx context.Context, actor access.Actor, slug, language string) ([]Revision, error) {
	if err := access.Check(actor, access.SeeHelp); err != nil {
		return nil, err
	}
	var all []Revision
	err := l.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		all, err = sqldb.All(ctx, tx, scanRevision, selectRevisions, slug, language)
		return err
	})
	for i := range all {
		if err == nil {
			all[i].Article, err = Parse(slug, language, all[i].source)
		}
	}
	return all, err
}

// Preview returns an article as readers would see it. It returns fault.Forbidden for an actor who may not, and fault.Invalid with the
// problems of fields.
func (l *Library) Preview(actor access.Actor, a Article) (*Published, error) {
	if err := access.Check(actor, access.EditHelp); err != nil {
		return nil, err
	}
	a = tidy(a)
	if err := fault.InvalidFields(check(a)...); err != nil {
		return nil, err
	}
	return l.publish(a, newMemory(a.Language))
}
