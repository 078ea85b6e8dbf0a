package family

import (
	"context"
	"database/sql"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// pupil is a student on record, as against a student's login.
const pupil = "pupil"

// names finds out who the people are whom numbers stand for, with one query for each kind, however many they are.
type names struct {
	accounts, contacts, students, lines map[int64][]*Person
}

func newNames() *names {
	return &names{accounts: map[int64][]*Person{}, contacts: map[int64][]*Person{}, students: map[int64][]*Person{}, lines: map[int64][]*Person{}}
}

// want asks for the name of a person, who is filled in by fill.
func (n *names) want(p *Person) {
	if p.ID == 0 {
		return
	}
	of := map[string]map[int64][]*Person{
		"account": n.accounts, string(access.Staff): n.accounts, string(access.Parent): n.accounts, string(access.Student): n.accounts,
		"contact": n.contacts, pupil: n.students, "line": n.lines,
	}[p.Kind]
	if of != nil {
		of[p.ID] = append(of[p.ID], p)
	}
}

// fill fills in everybody asked for. Who is no longer on record is marked as gone.
func (n *names) fill(ctx context.Context, tx *sqldb.Tx) error {
	for _, q := range []struct {
		people map[int64][]*Person
		query  string
	}{
		{n.accounts, selectAccountPeople}, {n.contacts, selectContactPeople}, {n.students, selectStudentPeople}, {n.lines, selectLinePeople},
	} {
		ids := make([]int64, 0, len(q.people))
		for id, all := range q.people {
			ids = append(ids, id)
			for _, p := range all {
				p.Gone = true
			}
		}
		err := inChunks(ids, 1, func(list string, args []any) error {
			return sqldb.Each(ctx, tx, func(r *sql.Rows) error {
				var found Person
				if err := r.Scan(&found.ID, &found.Kind, &found.Username, &found.Role, &found.First, &found.Middle, &found.Last); err != nil {
					return err
				}
				for _, p := range q.people[found.ID] {
					if p.Gone { // of several contacts of one login the first
						kind := p.Kind
						*p = found
						if kind == pupil || kind == "line" {
							p.Kind = kind
						}
					}
				}
				return nil
			}, q.query+list+")", args...)
		})
		if err != nil {
			return err
		}
	}
	return nil
}
