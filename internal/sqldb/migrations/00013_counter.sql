-- +goose Up
-- The school's own words for its letters, one row for a language; a missing one means the words that come with the program.
create table letter_text (
    language   {{text}} primary key,
    subject    {{text}} not null,
    body       {{text}} not null,
    changed_at {{int}} not null,
    changed_by {{text}} not null default ''
);

-- One-time codes given at the counter, found by a keyed hash. A code works while the temporary password with its serial does, which it is.
create table counter_code (
    code_hash  {{blob}} primary key,
    account_id {{int}} not null unique references account (id) on delete cascade,
    serial     {{text}} not null
);
