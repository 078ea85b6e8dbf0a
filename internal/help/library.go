package help

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/lang"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// Counter counts what one source does within a window of time; the count includes this one. Whom is kept hashed.
type Counter interface {
	Count(ctx context.Context, tx *sqldb.Tx, what, whom string, window time.Duration) (int64, error)
}

// Library holds all articles in memory, with the index of the search, and notices at most a second later what another node changed. It
// is safe for concurrent use.
type Library struct {
	db      *sqldb.DB
	audit   *audit.Log
	counter Counter
	log     *slog.Logger
	now     func() time.Time
	base    context.Context // for refreshes, which belong to no caller

	md      *markdown
	shipped map[string]map[string]*Published // by language and slug

	current    atomic.Pointer[shelf]
	refreshing atomic.Bool
	loading    sync.Mutex // keeps an older reading from replacing a newer one
	missed     missed
}

// Published is an article as readers see it. Own says that the school wrote it, Version which of its versions it is.
type Published struct {
	Article
	Own     bool
	Version int64

	// Pages of the Markdown fields: safe HTML, "" for an empty field.
	PriorHTML, BodyHTML, AdditionalHTML string
	// Printable says that the PDF can show every character.
	Printable bool

	doc *document
	pdf atomic.Pointer[printed]
}

// Link leads to an article.
type Link struct {
	Slug, Title, Language string
	Kind                  Kind
	Audience              Audience
}

// Address is where the article is read.
func (l Link) Address() string { return address(l.Kind, l.Slug) }

// Link returns a link to the article.
func (a Article) Link() Link {
	return Link{Slug: a.Slug, Title: a.Title, Language: a.Language, Kind: a.Kind, Audience: a.Audience}
}

// shelf is all that is published at one time. It does not change but for checked.
type shelf struct {
	version  int64
	checked  atomic.Int64                     // when, in microseconds
	articles map[string]map[string]*Published // by language and slug
	sorted   map[string][]*Published          // by language: every slug once, by title; articles without a translation too
	indexes  map[string]*index                // by language
	moved    map[string]string                // kind/slug that an article had -> its slug
}

// Open reads the shipped articles and the school's. It fails when a shipped one cannot be read.
func Open(ctx context.Context, db *sqldb.DB, a *audit.Log, c Counter, log *slog.Logger, now func() time.Time) (*Library, error) {
	articles, pictures, err := shipped()
	if err != nil {
		return nil, err
	}
	l := &Library{
		db: db, audit: a, counter: c, log: log, now: now, base: context.WithoutCancel(ctx), md: newMarkdown(pictures), shipped: map[string]map[string]*Published{},
	}
	memories := map[string]*memory{}
	for _, tag := range lang.Tags() {
		l.shipped[tag], memories[tag] = map[string]*Published{}, newMemory(tag)
	}
	for _, a := range articles {
		if l.shipped[a.Language][a.Slug], err = l.publish(a, memories[a.Language]); err != nil {
			return nil, err
		}
	}
	return l, l.load(ctx)
}

// publish makes the page of an article and reads its words.
func (l *Library) publish(a Article, m *memory) (*Published, error) {
	p := &Published{Article: a, Printable: printable(a)}
	body := ""
	for _, f := range []struct {
		markdown string
		html     *string
	}{{a.Prior, &p.PriorHTML}, {a.Body, &p.BodyHTML}, {a.Additional, &p.AdditionalHTML}} {
		if f.markdown == "" {
			continue
		}
		source := []byte(f.markdown)
		doc := l.md.parse(source, a.Language)
		var err error
		if *f.html, err = l.md.render(source, doc); err != nil {
			return nil, err
		}
		body += plain(source, doc) + "\n"
	}
	p.doc = m.read(p, body)
	return p, nil
}

// maxAge is for how long what another node may have changed is not asked for.
const maxAge = time.Second

// fresh returns what is published. When it was last looked at maxAge ago, it is looked at again beside the caller, who does not wait: an
// article may be a moment old.
func (l *Library) fresh() *shelf {
	s := l.current.Load()
	age := l.now().UnixMicro() - s.checked.Load()
	if age >= 0 && age < maxAge.Microseconds() || !l.refreshing.CompareAndSwap(false, true) {
		return s
	}
	go func() {
		defer l.refreshing.Store(false)
		ctx, cancel := context.WithTimeout(l.base, 10*time.Second)
		defer cancel()
		if err := l.load(ctx); err != nil {
			l.log.Warn("help articles not read", "err", err)
			s.checked.Store(l.now().UnixMicro()) // the last good ones stay; the next reading is a second away
		}
	}()
	return s
}

// Version rises with every change of an article, on all nodes alike, for caches of rendered pages.
func (l *Library) Version() int64 { return l.fresh().version }

// load reads what is published, if it changed, and makes it what readers see.
func (l *Library) load(ctx context.Context) error {
	l.loading.Lock()
	defer l.loading.Unlock()
	old, now := l.current.Load(), l.now()
	var version int64
	var rows []row
	err := l.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		if version, err = sqldb.Value[int64](ctx, tx, selectChange); err != nil || old != nil && old.version == version {
			return err
		}
		rows, err = sqldb.All(ctx, tx, scanRow, selectPublished)
		return err
	})
	if err != nil {
		return err
	}
	next := old
	if old == nil || old.version != version {
		if next, err = l.build(version, rows, old); err != nil {
			return err
		}
	}
	next.checked.Store(now.UnixMicro())
	l.current.Store(next)
	return nil
}

// build puts the school's articles in front of the shipped ones. What did not change is taken from the old shelf.
func (l *Library) build(version int64, rows []row, old *shelf) (*shelf, error) {
	s := &shelf{version: version, articles: map[string]map[string]*Published{}, sorted: map[string][]*Published{}, indexes: map[string]*index{},
		moved: map[string]string{}}
	memories := map[string]*memory{}
	for _, tag := range lang.Tags() {
		s.articles[tag], memories[tag] = map[string]*Published{}, newMemory(tag)
		for slug, p := range l.shipped[tag] {
			s.articles[tag][slug] = p
		}
	}
	for _, r := range rows {
		if s.articles[r.language] == nil {
			continue // of a language that this program does not speak
		}
		if old != nil {
			if p := old.articles[r.language][r.slug]; p != nil && p.Own && p.Version == r.version {
				s.articles[r.language][r.slug] = p
				continue
			}
		}
		a, err := Parse(r.slug, r.language, r.source)
		if err != nil {
			return nil, err
		}
		p, err := l.publish(a, memories[r.language])
		if err != nil {
			return nil, err
		}
		p.Own, p.Version = true, r.version
		s.articles[r.language][r.slug] = p
	}
	s.arrange()
	return s, nil
}

// arrange makes the lists and the indexes of the articles on a shelf.
func (s *shelf) arrange() {
	for _, tag := range lang.Tags() {
		var docs []*document
		var all []*Published
		for _, p := range s.articles[tag] {
			docs, all = append(docs, p.doc), append(all, p)
			for _, from := range p.MovedFrom {
				s.moved[from] = p.Slug
			}
		}
		for slug := range s.slugs() {
			if s.articles[tag][slug] == nil {
				all = append(all, s.find(slug, tag))
			}
		}
		slices.SortFunc(docs, func(a, b *document) int { return cmp.Compare(a.article.Slug, b.article.Slug) })
		keys := map[*Published]string{}
		for _, p := range all {
			keys[p] = lang.SortKey(p.Title, p.Slug, "")
		}
		slices.SortFunc(all, func(a, b *Published) int { return cmp.Or(cmp.Compare(keys[a], keys[b]), cmp.Compare(a.Slug, b.Slug)) })
		s.sorted[tag], s.indexes[tag] = all, newIndex(tag, docs)
	}
}

// slugs is every slug that any language has.
func (s *shelf) slugs() map[string]bool {
	all := map[string]bool{}
	for _, bySlug := range s.articles {
		for slug := range bySlug {
			all[slug] = true
		}
	}
	return all
}

// find returns an article in the reader's language, else in one that has it; nil if there is none.
func (s *shelf) find(slug, language string) *Published {
	for _, tag := range languagesFrom(language) {
		if p := s.articles[tag][slug]; p != nil {
			return p
		}
	}
	return nil
}

// Articles returns every article once, by title: in the reader's language, or in another where it exists in no other.
func (l *Library) Articles(language string) []*Published { return l.fresh().sorted[language] }

// Has reports whether an article exists in a language.
func (l *Library) Has(slug, language string) bool { return l.fresh().articles[language][slug] != nil }

// Article returns the article at /help/{kind}/{slug} in the reader's language, or in another if there is none. Where the address is an old
// one the article is found too: its own Address then differs. It returns fault.NotFound for an address that never was one.
func (l *Library) Article(kind, slug, language string) (*Published, error) {
	s := l.fresh()
	if p := s.find(slug, language); p != nil {
		return p, nil
	}
	if p := s.find(s.moved[kind+"/"+slug], language); p != nil {
		return p, nil
	}
	return nil, fault.NotFoundf("no such article")
}

// Lookup returns a link to the article with the slug, and whether there is one.
func (l *Library) Lookup(slug, language string) (Link, bool) {
	if p := l.fresh().find(slug, language); p != nil {
		return p.Link(), true
	}
	return Link{}, false
}

const mostRelated = 5

// Related returns what an article names as related, and after that what others name it.
func (l *Library) Related(a *Published, language string) []Link {
	s := l.fresh()
	var all []Link
	add := func(slug string) {
		p := s.find(slug, language)
		if p != nil && slug != a.Slug && len(all) < mostRelated && !slices.ContainsFunc(all, func(k Link) bool { return k.Slug == slug }) {
			all = append(all, p.Link())
		}
	}
	for _, slug := range a.Article.Related {
		add(slug)
	}
	for _, p := range s.sorted[language] {
		if slices.Contains(p.Article.Related, a.Slug) {
			add(p.Slug)
		}
	}
	return all
}
