package intake

const (
	endedWithoutEnd = `select 'import ' || id as broken from import where (state in ('done', 'failed', 'stopped')) <> (finished_at is not null)`

	aloneUncounted = `select 'import ' || id as broken from import where alone > done`

	uploadWithoutFile = `select 'import ' || m.id as broken from import m
where m.state in ('waiting', 'planning') and m.origin in ('page', 'folder') and not exists (select 1 from import_chunk c where c.import_id = m.id)`

	partWithoutImport = `select 'import ' || p.import_id as broken
from (select import_id from import_chunk union select import_id from import_step union select import_id from import_note union select import_id from import_finding) p
left join import m on m.id = p.import_id
where m.id is null`

	turnWithoutEnd = `select 'turn ' || id as broken from import_turn where (holder = '') <> (until = 0) or holder = '' and import_id <> 0`
)
