package family

const (
	parentWithoutContact = `select 'account ' || a.id as broken
from account a left join account_contact h on h.account_id = a.id
where a.kind = 'parent' and h.account_id is null
and not exists (select 1 from audit_event e where e.at > $1 and e.action = 'contact.removed')`

	heldByAnother = `select 'contact ' || h.contact_id as broken
from account_contact h
left join account a on a.id = h.account_id
left join contact c on c.id = h.contact_id
where a.id is null or c.id is null or a.kind <> 'parent'`

	closedWithoutLogin = `select 'line ' || x.line_id as broken
from closed_line x
left join student_contact l on l.id = x.line_id
left join account_contact h on h.contact_id = l.contact_id
where h.account_id is null`

	studentLoginOfAnother = `select 'student ' || t.student_id as broken
from student_login t left join account a on a.id = t.account_id
where a.id is null or a.kind <> 'student'
union all
select 'account ' || a.id
from account a left join student_login t on t.account_id = a.id
where a.kind = 'student' and t.account_id is null`

	studentLoginWithoutLine = `select 'student ' || t.student_id as broken
from student_login t
join student s on s.id = t.student_id
left join student_contact l on l.student_id = t.student_id and l.contact_id = t.maker_contact_id
left join contact c on c.id = l.contact_id
left join account_contact h on h.contact_id = l.contact_id
left join closed_line x on x.line_id = l.id
where l.id is null or c.id is null or h.account_id is null or x.line_id is not null
or (c.left_at is not null or s.status <> 'enrolled') and l.grace_until = ''
or l.ended_at is not null or l.restricted = 'yes' or l.portal_access = 'no' or l.file_portal_access = 'no'`

	reservedInUse = `select 'account ' || a.id || ' has the username kept for contact ' || r.contact_id as broken
from reserved_username r
join account a on a.kind = r.kind and a.username_key = r.username_key
left join account_contact h on h.contact_id = r.contact_id and h.account_id = a.id
where r.until > $1 and h.account_id is null`

	requestWithoutEnd = `select 'request ' || id as broken from registration_request where (outcome = 'pending') <> (decided_at is null)`

	// The payload begins with the number of the request.
	pendingWithoutJob = `select 'request ' || r.id as broken
from registration_request r
where r.outcome = 'pending'
and not exists (select 1 from job j where j.kind = $1 and j.state = 'ready'
  and (j.payload like '{"request":' || r.id || '}%' or j.payload like '{"request":' || r.id || ',%'))`

	temporaryWithoutLogin = `select 'job ' || id as broken from job
where kind = $1 and state = 'ready' and with_secret and account_id is null`

	findingNotOnce = `select kind || ' ' || subject_id as broken from quality_finding
group by kind, subject_id, flaw
having sum(case when main then 1 else 0 end) <> 1`
)
