package sqldb_test

import (
	"context"
	"database/sql"
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/schoolgate/schoolgate/internal/sqldb"
	"github.com/schoolgate/schoolgate/internal/sqldb/sqldbtest"
)

var update = flag.Bool("update", false, "write docs/schema.md anew")

const schemaPage = "../../docs/schema.md"

func TestTheSchemaPageIsWhatTheMigrationsMake(t *testing.T) {
	page, err := schema(t.Context(), sqldbtest.SQLite(t))
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(schemaPage, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	written, err := os.ReadFile(schemaPage)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(written), page); diff != "" {
		t.Errorf("docs/schema.md is out of date: run make generate (-written +made):\n%s", diff)
	}
}

// schema describes every table of a migrated SQLite database, with what the migrations say about it.
func schema(ctx context.Context, url string) (string, error) {
	migrations, err := sqldb.Schema("sqlite")
	if err != nil {
		return "", err
	}
	said := map[string]string{}
	for _, m := range regexp.MustCompile(`((?:-- .*\n)+)create table (\w+)`).FindAllStringSubmatch(migrations, -1) {
		said[m[2]] = strings.TrimSpace(strings.ReplaceAll("\n"+m[1], "\n-- ", " "))
	}
	db, err := sqldb.Open(ctx, url, sqldb.Options{Connections: 1, Fast: true})
	if err != nil {
		return "", err
	}
	defer func() { _ = db.Close() }()
	var b strings.Builder
	b.WriteString("# Schema\n\nMade from the migrations by `make generate`; do not edit. Types are SQLite's: on PostgreSQL `integer` is\n" +
		"`bigint`, `text` is `text collate \"C\"` and `blob` is `bytea`. Times are microseconds since 1970 (UTC), dates are text such as\n`2026-11-23`.\n")
	err = db.Read(ctx, func(tx *sqldb.Tx) error {
		tables, err := sqldb.All(ctx, tx, scan, `select name, '' from sqlite_master
			where type = 'table' and name not like 'sqlite%' and name not like 'goose%' order by name`)
		for _, t := range tables {
			if err == nil {
				fmt.Fprintf(&b, "\n## %s\n\n", t[0])
				if said[t[0]] != "" {
					fmt.Fprintf(&b, "%s\n\n", said[t[0]])
				}
				err = describe(ctx, tx, &b, t[0])
			}
		}
		return err
	})
	return b.String(), err
}

// describe writes the columns and indexes of a table.
func describe(ctx context.Context, tx *sqldb.Tx, b *strings.Builder, table string) error {
	columns, err := sqldb.All(ctx, tx, scan, `select c.name, lower(c.type) || case when c.pk > 0 then ', primary key' when c."notnull" then '' else ', may be null' end
			|| coalesce(', default ' || c.dflt_value, '') || coalesce(', refers to ' || f."table", '')
			|| case f.on_delete when 'CASCADE' then ', goes with it' when 'SET NULL' then ', emptied with it' else '' end
		from pragma_table_info($1) c left join pragma_foreign_key_list($1) f on f."from" = c.name order by c.cid`, table)
	if err != nil {
		return err
	}
	b.WriteString("| column | what it holds |\n|---|---|\n")
	for _, c := range columns {
		fmt.Fprintf(b, "| %s | %s |\n", c[0], c[1])
	}
	indexes, err := sqldb.All(ctx, tx, scan, `select case when l."unique" then 'unique ' else '' end || group_concat(i.name, ', ' order by i.seqno),
			case when l.partial then ' (some rows)' else '' end
		from pragma_index_list($1) l, pragma_index_info(l.name) i where l.origin <> 'pk' group by l.name order by l.name`, table)
	for i, x := range indexes {
		if i == 0 {
			b.WriteString("\nIndexes:\n\n")
		}
		fmt.Fprintf(b, "- %s%s\n", x[0], x[1])
	}
	return err
}

func scan(r *sql.Rows) (pair [2]string, err error) { return pair, r.Scan(&pair[0], &pair[1]) }
