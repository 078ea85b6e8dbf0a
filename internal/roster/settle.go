package roster

import (
	"context"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// settledAtOnce bounds one transaction, so that nobody waits behind it.
const settledAtOnce = 20

const selectGoing = `select ` + studentColumns + `
from student s left join school o on o.id = s.school_id
where s.gone_on > '' and s.gone_on <= $1 and s.gone_on <> '' and s.status = 'enrolled' and s.gone_as <> ''
order by s.gone_on, s.id
limit $2`

// SettleStatuses gives students whose day of leaving has come the status that was set for it, in short transactions. Access has ended
// with the day already, by Rule.May; logins that rest on it end here.
func (r *Roster) SettleStatuses(ctx context.Context) error {
	for more := true; more; {
		err := r.db.Write(ctx, func(tx *sqldb.Tx) error {
			e := &edit{Roster: r, tx: tx, actor: access.Actor{Kind: access.System}}
			going, err := sqldb.All(ctx, tx, scanStudent, selectGoing, r.today(), settledAtOnce)
			if err != nil {
				return err
			}
			more = len(going) == settledAtOnce
			for _, was := range going {
				next := was
				next.Status = was.GoneAs
				if err := r.putStudent(ctx, tx, &next); err != nil {
					return err
				}
				cs := between(studentFields(), &was, &next)
				e.note(kindStudent, was.ID, cs)
				if err := e.record(ctx, "student.left", "student", was.ID, cs.detail()); err != nil {
					return err
				}
				lines, err := sqldb.All(ctx, tx, scanID, selectLineIDsOfStudent, was.ID)
				if err != nil {
					return err
				}
				e.change.LineIDs = append(e.change.LineIDs, lines...)
			}
			if err := e.writeHistory(ctx); err != nil {
				return err
			}
			return e.tell(ctx)
		})
		if err != nil {
			return err
		}
	}
	return nil
}
