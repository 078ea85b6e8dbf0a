package family

import (
	"context"
	"database/sql"

	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

const (
	selectGate = `select next_at, plan_day, plan_count, stopped_at, stopped_by, down_since, down_words, probe_at from mail_gate where id = 1`

	updatePlan = `update mail_gate set next_at = $1, plan_day = $2, plan_count = $3 where id = 1`

	sumSeconds = `select coalesce(sum(begun), 0) from mail_second where second >= $1`

	upsertSecond = `insert into mail_second (second, begun) values ($1, $2) on conflict (second) do update set begun = mail_second.begun + excluded.begun`

	deleteSeconds = `delete from mail_second where second < $1`

	selectMailDay = `select urgent, later from mail_day where day = $1`

	upsertMailDay = `insert into mail_day (day, urgent, later) values ($1, $2, $3)
on conflict (day) do update set urgent = mail_day.urgent + excluded.urgent, later = mail_day.later + excluded.later`

	lowerMailDay = `update mail_day set urgent = urgent - $2, later = later - $3 where day = $1 and urgent >= $2 and later >= $3`

	deleteMailDays = `delete from mail_day where day < $1`

	updateProbe = `update mail_gate set probe_at = $1 where id = 1 and down_since > 0`

	updateProbeNow = `update mail_gate set probe_at = 0 where id = 1 and down_since > 0`

	updateDown = `update mail_gate set down_since = case when down_since = 0 then $1 else down_since end, down_words = $2, probe_at = $3 where id = 1`

	updateUp = `update mail_gate set down_since = 0, down_words = '', probe_at = 0 where id = 1`

	updateStopped = `update mail_gate set stopped_at = $1, stopped_by = $2 where id = 1`
)

func readGate(ctx context.Context, tx *sqldb.Tx) (gateState, error) {
	return sqldb.One(ctx, tx, func(r *sql.Rows) (g gateState, err error) {
		var next, stopped, down, probe int64
		err = r.Scan(&next, &g.planDay, &g.planCount, &stopped, &g.stoppedBy, &down, &g.words, &probe)
		g.next, g.stopped, g.down, g.probe = moment(next), moment(stopped), moment(down), moment(probe)
		return g, err
	}, selectGate)
}

// mailDay is how many mails were begun on a day.
type mailDay struct{ urgent, later int }

func mailsOn(ctx context.Context, tx *sqldb.Tx, day string) (mailDay, error) {
	d, err := sqldb.One(ctx, tx, func(r *sql.Rows) (d mailDay, err error) { return d, r.Scan(&d.urgent, &d.later) }, selectMailDay, day)
	if fault.Is(err, fault.NotFound) {
		return mailDay{}, nil
	}
	return d, err
}
