package family

const (
	// The list of contacts follows.
	selectHeldSince = `select contact_id from account_contact where held_at > $1 and contact_id in (`

	selectStudentOfAccount = `select student_id from student_login where account_id = $1`

	// The contact with an address that the account has held longest.
	selectAddressee = `select h.contact_id
from account_contact h
join contact c on c.id = h.contact_id
where h.account_id = $1 and c.email_key <> ''
order by h.held_at, h.contact_id
limit 1`
)
