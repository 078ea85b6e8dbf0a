-- +goose Up
-- Terms of the calendar (OneRoster's academic sessions). end_date is the first day that is not in the term; parent is the source id of the term
-- around it; ended_at is set when the roster has the term no more.
create table term (
    id          {{id}},
    source_id   {{text}} not null unique,
    title       {{text}} not null default '',
    kind        {{text}} not null default 'term' check (kind in ('grading_period', 'semester', 'school_year', 'term')),
    begin_date  {{text}} not null default '',
    end_date    {{text}} not null default '',
    parent      {{text}} not null default '',
    school_year {{text}} not null default '',
    ended_at    {{int}},
    created_at  {{int}} not null,
    updated_at  {{int}} not null
);
create index term_end on term (end_date, id);

-- Courses: what a class teaches.
create table course (
    id          {{id}},
    source_id   {{text}} not null unique,
    school_id   {{int}} references school (id),
    title       {{text}} not null default '',
    code        {{text}} not null default '',
    grades      {{text}} not null default '',
    subjects    {{text}} not null default '',
    school_year {{text}} not null default '',
    ended_at    {{int}},
    created_at  {{int}} not null,
    updated_at  {{int}} not null
);
create index course_live on course (school_id, source_id) where ended_at is null;
create index course_ended on course (ended_at) where ended_at is not null;

-- Classes of a school. terms lists the source ids of the terms it is taught in, which class_term holds as far as they are known.
create table class (
    id         {{id}},
    source_id  {{text}} not null unique,
    school_id  {{int}} references school (id),
    course_id  {{int}} references course (id) on delete set null,
    title      {{text}} not null default '',
    code       {{text}} not null default '',
    kind       {{text}} not null default 'scheduled' check (kind in ('homeroom', 'scheduled', 'other')),
    location   {{text}} not null default '',
    grades     {{text}} not null default '',
    subjects   {{text}} not null default '',
    periods    {{text}} not null default '',
    terms      {{text}} not null default '',
    sort_key   {{text}} not null,
    ended_at   {{int}},
    created_at {{int}} not null,
    updated_at {{int}} not null
);
create index class_sort on class (sort_key, id) where ended_at is null;
create index class_school on class (school_id, sort_key, id) where ended_at is null;
create index class_live on class (school_id, source_id) where ended_at is null;
create index class_course on class (course_id) where course_id is not null;
create index class_ended on class (ended_at) where ended_at is not null;

-- In which terms a class is taught, in the order of the list of classes; classes that ended stand here no more.
create table class_term (
    class_id  {{int}} not null references class (id) on delete cascade,
    term_id   {{int}} not null references term (id) on delete cascade,
    sort_key  {{text}} not null,
    school_id {{int}},
    primary key (class_id, term_id)
);
create index class_term_sort on class_term (term_id, sort_key, class_id);
create index class_term_school on class_term (term_id, school_id, sort_key, class_id);

-- Staff as teachers of classes: a name for families to read. It is no login.
create table teacher (
    id         {{id}},
    source_id  {{text}} not null unique,
    first_name {{text}} not null default '',
    last_name  {{text}} not null default '',
    created_at {{int}} not null,
    updated_at {{int}} not null
);
create index teacher_updated on teacher (updated_at, id);

-- Who is in a class: a student or a teacher. end_date is the first day that does not count; ended_at is set when the roster has it no more.
create table enrolment (
    id         {{id}},
    source_id  {{text}} not null unique,
    class_id   {{int}} not null references class (id) on delete cascade,
    school_id  {{int}} references school (id),
    student_id {{int}} references student (id) on delete cascade,
    teacher_id {{int}} references teacher (id) on delete cascade,
    main       {{bool}} not null default false,
    begin_date {{text}} not null default '',
    end_date   {{text}} not null default '',
    ended_at   {{int}},
    created_at {{int}} not null,
    updated_at {{int}} not null,
    check ((student_id is null) <> (teacher_id is null))
);
create index enrolment_student on enrolment (student_id, class_id) where student_id is not null;
create index enrolment_teacher on enrolment (teacher_id, class_id) where teacher_id is not null;
create index enrolment_class on enrolment (class_id, student_id);
create index enrolment_live on enrolment (school_id, source_id) where ended_at is null;
create index enrolment_ended on enrolment (ended_at) where ended_at is not null;

-- One row for each word of a class's title, code and teachers, for the search in the list of classes.
create table class_word (
    word      {{text}} not null,
    sort_key  {{text}} not null,
    class_id  {{int}} not null references class (id) on delete cascade,
    school_id {{int}},
    primary key (word, sort_key, class_id)
);
create index class_word_class on class_word (class_id, word);
create index class_word_school on class_word (school_id, word, sort_key, class_id);
