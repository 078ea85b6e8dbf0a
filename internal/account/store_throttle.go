package account

const (
	// One statement raises the counter and sets the delay; a closed bucket stays as it is and gives back no row.
	attempt = `insert into throttle as t (key, count, window_start, blocked_until)
select cast($1 as text), 1, cast($2 as bigint), 0
where not exists (select 1 from throttle c where c.key = $3 and c.count >= 100)
on conflict (key) do update set
count = t.count + 1,
window_start = excluded.window_start,
blocked_until = case
  when t.count + 1 >= 100 then 9223372036854775807
  when t.count + 1 >= 15 then excluded.window_start + 900000000
  when t.count + 1 >= 5 then excluded.window_start + (cast(1000000 as bigint) << cast(t.count - 4 as int))
  else 0 end
where t.blocked_until <= excluded.window_start
returning count`

	// The attempt that was reserved turned out to be no failure.
	uncount = `update throttle set count = count - 1, blocked_until = 0 where key = $1`

	// A window begins with the first event after the one before has ended.
	count = `insert into throttle as t (key, count, window_start) values ($1, 1, $2)
on conflict (key) do update set
count = case when t.window_start <= $3 then 1 else t.count + 1 end,
window_start = case when t.window_start <= $3 then excluded.window_start else t.window_start end
returning count`

	counted = `select cast(coalesce(sum(count), 0) as bigint) from throttle where key = $1 and window_start > $2`

	deleteThrottles = `delete from throttle where key in ($1, $2, $3)`

	selectLocked = `select key, blocked_until from throttle where blocked_until > $1 and key in (`

	// Failures in a row of an account and of its second step are kept until it signs in; unknown names a day, whatever else is counted a week.
	oldThrottles = `delete from throttle where key in (select key from throttle
where window_start <= $1 and blocked_until <= $2 and (key < 'sign_in:' or key >= 'sign_in;')
and (key < 'sign_in_second' or key >= 'sign_in_seconds')
and (window_start <= $3 or key like 'sign_in_unknown:%') limit $4)`
)
