package family

import (
	"testing"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// worded makes the search words of a crowd, which was written past package roster, and gives everybody a telephone.
func (w *town) worded() {
	w.t.Helper()
	w.write(func(tx *sqldb.Tx) error {
		for _, query := range []string{
			`update contact set mobile_phone = '202555' || substr('000' || (id % 10000), -4) where id % 3 > 0`,
			`update contact set email = 'office@x.example', email_key = 'office@x.example' where id % 50 = 7`,
			"update line_word_rule set rule = 0",
		} {
			if w.db.Dialect() == "postgres" && query[:14] == "update contact" {
				query = `update contact set mobile_phone = '202555' || right('000' || (id % 10000), 4) where id % 3 > 0`
			}
			if _, err := tx.Exec(w.ctx, query); err != nil {
				return err
			}
		}
		return nil
	})
	w.ok(w.roster.KeepWords(w.ctx))
}

// BenchmarkFind finds families over 100,000 lines on SQLite, for staff of all schools and of one in forty.
func BenchmarkFind(b *testing.B) {
	w := benchTown(b, 50_000)
	w.worded()
	one := w.clerk
	one.Schools = access.Schools{IDs: []int64{7}}
	for _, typed := range []string{
		"s", "smith", "stone11", "pat smith", "pat4010 smith", "smith lopez", "kid1", "last", "smiht", "zzzz", "0142", "202-555-0142", "5555555555", "4711",
		"999999999", "user77", "p77@x.example", "office@x.example", "p77@y.example", "K7M-4QD",
	} {
		for name, actor := range map[string]access.Actor{"": w.clerk, " at one school": one} {
			b.Run(typed+name, func(b *testing.B) {
				for b.Loop() {
					if _, err := w.FindFamily(w.ctx, actor, FindQuery{Typed: typed}); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkSearchWords makes the words of 100,000 lines anew, as the first start after an upgrade does in the background.
func BenchmarkSearchWords(b *testing.B) {
	w := benchTown(b, 50_000)
	for b.Loop() {
		w.worded()
	}
}
