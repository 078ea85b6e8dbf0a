package help

import (
	"context"

	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// Nearby, Stem and Words show the parts of the search to tests.
var (
	Nearby = func(a, b string) bool { return nearby([]rune(a), []rune(b)) }
	Stem   = stem
)

// Refresh does at once what a reader's request sets going.
func (l *Library) Refresh(ctx context.Context) error { return l.load(ctx) }

// Render makes the page of a Markdown text.
func (l *Library) Render(markdown string) (string, error) {
	source := []byte(markdown)
	return l.md.render(source, l.md.parse(source, "en"))
}

// Links returns every link of an article's texts.
func (l *Library) Links(a Article) []string {
	var all []string
	for _, s := range []string{a.Prior, a.Body, a.Additional} {
		all = append(all, links([]byte(s), l.md.parse([]byte(s), a.Language))...)
	}
	return all
}

// Shipped returns the articles in the program, and whether there is a picture of a name.
func Shipped() ([]Article, func(name string) bool, error) {
	all, pictures, err := shipped()
	return all, func(name string) bool { _, ok := pictures[name]; return ok }, err
}

// Fill publishes many articles at once.
func (l *Library) Fill(ctx context.Context, articles []Article) error {
	return l.db.Write(ctx, func(tx *sqldb.Tx) error {
		for _, a := range articles {
			_, _, err := put(ctx, tx, row{slug: a.Slug, language: a.Language, published: true, source: Format(a), at: l.now(), by: "office"})
			if err != nil {
				return err
			}
		}
		return nil
	})
}
