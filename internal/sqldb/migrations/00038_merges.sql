-- +goose Up
-- Records of one person that were put together. gone_id is the record that has no lines any more; before and after are both records with their
-- lines as they were and as they were left, logins is what was done to the logins: enough to take it back while nothing has changed since.
create table contact_merge (
    id         {{id}},
    kept_id    {{int}} not null references contact (id) on delete cascade,
    gone_id    {{int}} not null references contact (id) on delete cascade,
    before     {{text}} not null,
    after      {{text}} not null,
    logins     {{text}} not null default '',
    merged_at  {{int}} not null,
    merged_by  {{text}} not null default '',
    undone_at  {{int}},
    undone_by  {{text}} not null default ''
);
create index contact_merge_newest on contact_merge (merged_at, id);
create index contact_merge_kept on contact_merge (kept_id);
create index contact_merge_gone on contact_merge (gone_id);

-- The ids under which rosters know records that were put together with another one: what a roster says of the id, it says of that contact.
create table contact_alias (
    source_id  {{text}} primary key,
    contact_id {{int}} not null references contact (id) on delete cascade
);
create index contact_alias_contact on contact_alias (contact_id);
