package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/schoolgate/schoolgate/internal/fault"
)

// grants are the tables of which the role that serves gets less than all: what the log says can be added to and read, and not changed.
var grants = map[string]string{
	"audit_event":      "select, insert",
	"audit_seal":       "select, insert",
	"audit_detail":     "select, insert, delete",
	"audit_pending":    "select, insert, delete",
	"schema_checksum":  "select",
	"goose_db_version": "select",
}

var roleName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]{0,62}$`)

// Grant gives a PostgreSQL role exactly what serving needs: all rows of all tables, but of the log only to add and to read. The connection's
// own role must own the tables. It returns fault.Invalid on SQLite, which has no roles, and for a name that none can have; fault.NotFound for
// a role that does not exist.
func (d *DB) Grant(ctx context.Context, role string) error {
	if d.Dialect() != "postgres" {
		return fault.Invalidf("SQLite has no roles: whoever can write the file can change the log, and audit verify will find it")
	}
	if !roleName.MatchString(role) {
		return fault.Invalidf("a role's name has letters, digits, hyphens and underlines")
	}
	return d.Write(ctx, func(tx *Tx) error {
		known, err := Value[int64](ctx, tx, "select count(*) from pg_roles where rolname = $1", role)
		if err != nil {
			return err
		}
		if known == 0 {
			return fault.NotFoundf("there is no role %s: create it first", role)
		}
		own, err := Value[bool](ctx, tx, `select $1 = current_user`, role)
		if err != nil {
			return err
		}
		if own {
			return fault.Invalidf("%s owns the tables: what it may do to the log cannot be taken from it; name another role", role)
		}
		tables, err := All(ctx, tx, func(r *sql.Rows) (t string, err error) { return t, r.Scan(&t) },
			"select cast(tablename as text) from pg_tables where schemaname = current_schema() order by tablename")
		if err != nil {
			return err
		}
		statements := []string{"revoke create on schema public from " + quoted(role), "grant usage on schema public to " + quoted(role)}
		for _, t := range tables {
			may, less := grants[t]
			if !less {
				may = "select, insert, update, delete"
			}
			statements = append(statements, "revoke all on "+quoted(t)+" from "+quoted(role), "grant "+may+" on "+quoted(t)+" to "+quoted(role))
		}
		for _, q := range statements {
			if _, err := tx.Exec(ctx, q); err != nil {
				return err
			}
		}
		return nil
	})
}

// quoted makes a name that has no quotes an SQL identifier.
func quoted(name string) string { return `"` + name + `"` }

// lacksPrivilege reports whether PostgreSQL refused because the role may not.
func lacksPrivilege(err error) bool {
	e, ok := errors.AsType[*pgconn.PgError](err)
	return ok && e.Code == "42501"
}

// pending says that there are migrations which the role may not run.
func pending(err error, current, target int64) error {
	return fault.Wrap(fault.Forbidden, err, fmt.Sprintf("the database has schema %d and needs %d, which this role may not make: "+
		"run schoolgate migrate with the owner's --database, and with --grant-to for this role", current, target))
}
