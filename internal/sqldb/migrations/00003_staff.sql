-- +goose Up
-- Staff: at which schools they work ("*" for all, else school ids with commas between), and when the account ends by itself.
alter table account add column schools {{text}} not null default '';
alter table account add column ends_at {{int}};
update account set schools = '*' where kind = 'staff';
create index account_staff on account (kind, id) where kind = 'staff';

-- Sessions as they are now: the stage says how far a sign-in has come, proved_at when password and second factor were last given.
-- Whoever was signed in signs in again.
drop table session;
create table session (
    id_hash            {{blob}} primary key,
    account_id         {{int}} not null references account (id) on delete cascade,
    number             {{text}} not null,
    stage              {{text}} not null check (stage in ('full', 'password', 'second', 'enrol')),
    credential_version {{int}} not null,
    serial             {{text}} not null default '',
    keep               {{bool}} not null,
    user_agent         {{text}} not null default '',
    address            {{text}} not null default '',
    created_at         {{int}} not null,
    seen_at            {{int}} not null,
    proved_at          {{int}} not null,
    expires_at         {{int}} not null
);
create index session_account on session (account_id, created_at);
create index session_expires on session (expires_at);

-- Authenticator apps (RFC 6238). The secret is encrypted with the key file; last_step is the newest time step whose code was taken; session is
-- the number of the session that sets it up: nobody else is shown its secret.
create table authenticator (
    account_id   {{int}} primary key references account (id) on delete cascade,
    secret       {{blob}} not null,
    last_step    {{int}} not null default 0,
    session      {{text}} not null,
    created_at   {{int}} not null,
    confirmed_at {{int}}
);
create index authenticator_pending on authenticator (created_at) where confirmed_at is null;

-- Recovery codes, as keyed hashes; a used one is deleted.
create table recovery_code (
    account_id {{int}} not null references account (id) on delete cascade,
    hash       {{blob}} not null,
    primary key (account_id, hash)
);

-- Passkeys (WebAuthn credentials) as the library wants them back.
create table passkey (
    id            {{id}},
    account_id    {{int}} not null references account (id) on delete cascade,
    credential_id {{blob}} not null unique,
    name          {{text}} not null,
    credential    {{text}} not null,
    created_at    {{int}} not null,
    used_at       {{int}}
);
create index passkey_account on passkey (account_id, id);

-- WebAuthn ceremonies under way: what the browser was asked, to be answered once, and by the session that asked ('' for a sign-in).
create table ceremony (
    id_hash    {{blob}} primary key,
    account_id {{int}} references account (id) on delete cascade,
    session    {{text}} not null,
    purpose    {{text}} not null,
    data       {{text}} not null,
    expires_at {{int}} not null
);
create index ceremony_expires on ceremony (expires_at);
create index ceremony_account on ceremony (account_id);

-- A form that was interrupted to ask for password and second factor again: sent once more, once, when they are given. What was typed is
-- encrypted with the key file and the session's token.
create table interrupted_form (
    session_hash {{blob}} primary key references session (id_hash) on delete cascade,
    sealed       {{blob}} not null,
    created_at   {{int}} not null
);
create index interrupted_form_created on interrupted_form (created_at);
