-- +goose Up
-- Other schools are also told that a login was unlocked. The column is made anew, so that the notices keep their ids.
alter table school_notice add column told {{text}} not null default '' check (told in ('', 'reset_whole', 'reset_part', 'password_sent',
    'password_ended', 'disabled', 'enabled', 'unlocked'));
update school_notice set told = what;
alter table school_notice drop column what;
alter table school_notice rename column told to what;
