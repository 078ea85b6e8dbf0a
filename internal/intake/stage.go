package intake

import (
	"context"
	"database/sql"
	"encoding/json"
	"math"
	"slices"

	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// stage is where a roster and what is on record meet: a private scratch database, outside of everybody's way, so that nothing here depends
// on how big either is. What is put is written in batches, while whoever puts goes on; flush before a query that must see it.
type stage struct {
	db      *sqldb.DB
	pending []put
	rows    int
	bytes   int        // of the texts in them
	writing chan error // what becomes of the batch that is being written; nil while there is none
}

// put is rows for one table, or one statement that is no insert.
type put struct {
	query string
	width int // columns; 0 for a statement
	args  []any
}

const (
	putAtOnce  = 2000    // rows
	putAtMost  = 4 << 20 // bytes
	readAtOnce = 1000

	lookedUpAtOnce = 512 // ids
)

// newStage opens an empty stage.
func newStage(ctx context.Context) (*stage, error) {
	db, err := sqldb.Scratch(ctx, stageSchema)
	if err != nil {
		return nil, err
	}
	return &stage{db: db}, nil
}

// Close throws everything away.
func (s *stage) Close() error {
	_ = s.written() // whoever needed it has flushed
	return s.db.Close()
}

// insert puts a row: query ends with "values ".
func (s *stage) insert(ctx context.Context, query string, args ...any) error {
	last := len(s.pending) - 1
	if last >= 0 && s.pending[last].query == query {
		s.pending[last].args = append(s.pending[last].args, args...)
	} else if at := slices.IndexFunc(s.pending, func(p put) bool { return p.query == query }); at >= 0 && !s.ordered() {
		s.pending[at].args = append(s.pending[at].args, args...)
	} else {
		s.pending = append(s.pending, put{query, len(args), slices.Clone(args)})
	}
	for _, a := range args {
		if text, ok := a.(string); ok {
			s.bytes += len(text)
		}
	}
	return s.counted(ctx)
}

// ordered reports whether a statement waits that must not be overtaken.
func (s *stage) ordered() bool {
	return slices.ContainsFunc(s.pending, func(p put) bool { return p.width == 0 })
}

// exec puts a statement that runs after what was put before.
func (s *stage) exec(ctx context.Context, query string, args ...any) error {
	s.pending = append(s.pending, put{query, 0, args})
	return s.counted(ctx)
}

func (s *stage) counted(ctx context.Context) error {
	if s.rows++; s.rows < putAtOnce && s.bytes < putAtMost {
		return nil
	}
	return s.hand(ctx)
}

// flush writes what was put.
func (s *stage) flush(ctx context.Context) error {
	if err := s.hand(ctx); err != nil {
		return err
	}
	return s.written()
}

// hand has what was put written in the background, one batch at a time.
func (s *stage) hand(ctx context.Context) error {
	if s.rows == 0 {
		return nil
	}
	if err := s.written(); err != nil {
		return err
	}
	batch, done := s.pending, make(chan error, 1)
	s.pending, s.rows, s.bytes, s.writing = nil, 0, 0, done
	go func() {
		done <- s.db.Write(ctx, func(tx *sqldb.Tx) error {
			for _, p := range batch {
				if err := write(ctx, tx, p); err != nil {
					return err
				}
			}
			return nil
		})
	}()
	return nil
}

// written waits for the batch that is being written.
func (s *stage) written() error {
	if s.writing == nil {
		return nil
	}
	err := <-s.writing
	s.writing = nil
	return err
}

func write(ctx context.Context, tx *sqldb.Tx, p put) error {
	if p.width == 0 {
		_, err := tx.Exec(ctx, p.query, p.args...)
		return err
	}
	for args := p.args; len(args) > 0; {
		n := 1
		for _, size := range []int{100, 10} {
			if len(args) >= size*p.width {
				n = size
				break
			}
		}
		if _, err := tx.Exec(ctx, p.query+sqldb.Values(n, p.width)+" on conflict do nothing", args[:n*p.width]...); err != nil {
			return err
		}
		args = args[n*p.width:]
	}
	return nil
}

// value returns the single number that a query finds.
func (s *stage) value(ctx context.Context, query string, args ...any) (n int64, err error) {
	if err := s.flush(ctx); err != nil {
		return 0, err
	}
	err = s.db.Read(ctx, func(tx *sqldb.Tx) error {
		n, err = sqldb.Value[int64](ctx, tx, query, args...)
		return err
	})
	return n, err
}

// list returns the rows of a query that are known to be few.
func list[T any](ctx context.Context, s *stage, scan func(*sql.Rows) (T, error), query string, args ...any) (all []T, err error) {
	if err := s.flush(ctx); err != nil {
		return nil, err
	}
	return page(ctx, s, scan, query, args...)
}

// page is list for a query that does not see what waits to be written.
func page[T any](ctx context.Context, s *stage, scan func(*sql.Rows) (T, error), query string, args ...any) (all []T, err error) {
	err = s.db.Read(ctx, func(tx *sqldb.Tx) error {
		all, err = sqldb.All(ctx, tx, scan, query, args...)
		return err
	})
	return all, err
}

// each calls fn for the rows of a query, which does not see what waits to be written.
func (s *stage) each(ctx context.Context, fn func(*sql.Rows) error, query string, args ...any) error {
	return s.db.Read(ctx, func(tx *sqldb.Tx) error { return sqldb.Each(ctx, tx, fn, query, args...) })
}

// eachIn is each for a query behind which a list of ids is missing. There are few different statement texts.
func (s *stage) eachIn(ctx context.Context, ids []string, fn func(*sql.Rows) error, query string) error {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	for part := range slices.Chunk(slices.Compact(ids), lookedUpAtOnce) {
		n := lookedUpAtOnce
		for n > 8 && n/4 >= len(part) {
			n /= 4
		}
		args := make([]any, n)
		for i := range args {
			args[i] = part[min(i, len(part)-1)]
		}
		if err := s.each(ctx, fn, query+sqldb.Values(1, n), args...); err != nil {
			return err
		}
	}
	return nil
}

// walk calls fn for every row of a query, some at a time, so that fn may put. The query takes the key of the last row ($1) and how many ($2),
// and is in the order of the keys. It may not rest on what fn puts: that is written while fn goes on.
func walk[T any](ctx context.Context, s *stage, query string, scan func(*sql.Rows) (T, error), key func(T) int64, fn func(T) error, args ...any) error {
	return walkPages(ctx, s, query, scan, key, func(some []T) error {
		for _, row := range some {
			if err := fn(row); err != nil {
				return err
			}
		}
		return nil
	}, args...)
}

// walkPages is walk by pages.
func walkPages[T any](ctx context.Context, s *stage, query string, scan func(*sql.Rows) (T, error), key func(T) int64, fn func([]T) error, args ...any) error {
	if err := s.flush(ctx); err != nil {
		return err
	}
	after := int64(math.MinInt64)
	for {
		some, err := page(ctx, s, scan, query, append([]any{after, readAtOnce}, args...)...)
		if err != nil || len(some) == 0 {
			return err
		}
		after = key(some[len(some)-1])
		if err := fn(some); err != nil {
			return err
		}
	}
}

// encode writes a record as it is kept beside the columns that queries need.
func encode(v any) (string, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return "", err
	}
	return string(compact(data)), nil
}

func unpack(data string, v any) error {
	if data == "" {
		return nil
	}
	return json.Unmarshal([]byte(data), v)
}

// stageSchema: f_ is what the file has, r_ what is on record (new records with negative ids) with what becomes of it (after). seen says that the file
// has the person whole; whole, that the person was read with a whole school, and so with all lines; leaves, that the person is missing from the
// file (1) or that it says so itself (2). step is the plan in the order in which it is applied, note what people want to know of it.
const stageSchema = `
create table f_student (seq integer primary key, source_id text not null unique, school text not null, unknown text not null, id_key text not null,
  email_key text not null, partial integer not null, role_of integer not null, file text not null, line integer not null, print integer not null,
  data text not null);
create table f_contact (seq integer primary key, source_id text not null unique, relationship text not null, email text not null,
  email_key text not null, derived integer not null, name text not null, file text not null, line integer not null, print integer not null,
  said_print integer not null, facts text not null, data text not null);
create table f_line (seq integer primary key, student text not null, contact text not null, file text not null, line integer not null,
  print integer not null, data text not null, unique (student, contact));
create table u_person (seq integer primary key, id text not null, line integer not null, gone integer not null, sort integer not null, role text not null,
  own_role text not null, able integer not null, says_able integer not null, identifier text not null, user_ids text not null, orgs text not null,
  agents text not null, first text not null, middle text not null, last text not null, preferred_first text not null, preferred_last text not null,
  email text not null, sms text not null, phone text not null, grade text not null);
create index u_person_id on u_person (id, seq);
create table u_twice (id text primary key) without rowid;
create table u_role (seq integer primary key, person text not null, id text not null, name text not null, org text not null, main integer not null, begin text not null,
  "end" text not null, gone integer not null);
create index u_role_person on u_role (person);
create table u_birth (seq integer primary key, id text not null, born text not null, dated integer not null, line integer not null);
create index u_birth_id on u_birth (id);
create table u_linked (id text primary key) without rowid;
create table f_gone (source_id text primary key) without rowid;
create table f_kept (source_id text primary key) without rowid;
create table f_class (seq integer primary key, kind text not null, source_id text not null, class text not null, person text not null,
  school text not null, gone integer not null, print integer not null, data text not null, unique (kind, source_id));
create table live (source_id text primary key, school_id integer not null, print integer not null) without rowid;

create table r_student (id integer primary key, source_id text not null, school_id integer not null, moves integer not null default 0,
  status text not null, after text not null, dates text not null, dates_after text not null, seen integer not null default 0, whole integer not null, spoken integer not null default 0,
  leaves integer not null default 0, name text not null, email_key text not null, print integer not null);
create index r_student_source on r_student (source_id);
create table r_contact (id integer primary key, source_id text not null, gone integer not null, after integer not null,
  seen integer not null default 0, whole integer not null, leaves integer not null default 0, name text not null, sort text not null,
  email text not null, email_key text not null, print integer not null);
create index r_contact_source on r_contact (source_id);
create table r_line (id integer primary key, student_id integer not null, contact_id integer not null, relationship text not null,
  from_file integer not null, ended integer not null, refused integer not null, may integer not null, position integer not null,
  print integer not null, unique (student_id, contact_id));
create index r_line_contact on r_line (contact_id);
create table new_line (seq integer primary key, line integer not null, position integer not null, fate integer not null);
create table school (source_id text primary key, id integer not null) without rowid;
create table reprint (kind text not null, id integer not null, version integer not null, print integer not null, primary key (kind, id)) without rowid;
create table covered (school_id integer primary key);
create table holder (email_key text not null, kind text not null, id integer not null, primary key (email_key, kind, id)) without rowid;

create table step (phase integer not null, pos integer not null, student_id integer not null, contact_id integer not null, name text not null,
  data text not null, primary key (phase, pos)) without rowid;
create table note (list text not null, pos integer not null, student_id integer not null, contact_id integer not null, student text not null,
  contact text not null, detail text not null, primary key (list, pos)) without rowid;
create table may_register (contact_id integer primary key);
`
