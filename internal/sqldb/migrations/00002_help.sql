-- +goose Up
-- Help articles that a school wrote itself, or in place of one that Schoolgate ships: the version that readers see, as a text with its
-- fields at the top. Articles that Schoolgate ships stand in the program.
create table help_article (
    id         {{id}},
    language   {{text}} not null,
    slug       {{text}} not null,
    version    {{int}} not null,
    published  {{bool}} not null,
    source     {{text}} not null,
    updated_at {{int}} not null,
    updated_by {{text}} not null default '',
    unique (slug, language)
);

-- Every version of those articles, to look at and to put back.
create table help_revision (
    article_id {{int}} not null references help_article (id) on delete cascade,
    version    {{int}} not null,
    published  {{bool}} not null,
    source     {{text}} not null,
    at         {{int}} not null,
    by_whom    {{text}} not null default '',
    primary key (article_id, version)
);

-- One row: rises with every change of an article, so that every node notices.
create table help_change (
    id      {{int}} primary key check (id = 1),
    version {{int}} not null
);
insert into help_change (id, version) values (1, 0);

-- "Was this article helpful?", counted by month. Who answered is not kept.
create table help_vote (
    month    {{text}} not null,
    slug     {{text}} not null,
    language {{text}} not null,
    yes      {{int}} not null default 0,
    no       {{int}} not null default 0,
    primary key (month, slug, language)
);
create index help_vote_slug on help_vote (slug, month);

-- What readers typed to make an article more useful, and nothing about who they are.
create table help_comment (
    id       {{id}},
    slug     {{text}} not null,
    language {{text}} not null,
    helpful  {{bool}} not null,
    words    {{text}} not null,
    at       {{int}} not null,
    done_at  {{int}},
    done_by  {{text}} not null default ''
);
create index help_comment_open on help_comment (id) where done_at is null;
create index help_comment_slug on help_comment (slug, id);
create index help_comment_done on help_comment (done_at) where done_at is not null;

-- Searches that found nothing. At most a thousand different ones are kept.
create table help_missed (
    language {{text}} not null,
    query    {{text}} not null,
    times    {{int}} not null,
    first_at {{int}} not null,
    last_at  {{int}} not null,
    primary key (language, query)
);
create index help_missed_last on help_missed (last_at);
