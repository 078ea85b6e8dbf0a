-- +goose Up
-- What the roster says about restrictions: file_restricted is its code, file_restriction its free text. The text holds the contact's
-- registration until staff have read it (file_restriction_read_at); another text holds it again.
alter table student_contact add column file_restricted {{text}} not null default 'unknown' check (file_restricted in ('yes', 'no', 'unknown'));
alter table student_contact add column file_restriction {{text}} not null default '';
alter table student_contact add column file_restriction_read_at {{int}};
alter table student_contact add column file_restriction_read_by {{text}} not null default '';

-- Which column of a file is which of ours, kept by an administrator for a format; school_id 0 is for every school. header is folded to
-- small letters and digits.
create table roster_mapping (
    format     {{text}} not null,
    school_id  {{int}} not null default 0,
    file       {{text}} not null check (file in ('students', 'contacts')),
    header     {{text}} not null,
    field      {{text}} not null,
    changed_at {{int}} not null,
    changed_by {{text}} not null default '',
    primary key (format, school_id, file, header)
);
