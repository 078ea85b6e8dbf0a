package intake

import (
	"context"
	"encoding/json"

	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// A file of changes, or one that is cut off, need not have the class or the person that an enrolment names: they may be on record. What is neither in the
// file nor on record is no change, however often the file comes.

// withoutStrays leaves out of a part the enrolments of people or in classes that nobody knows.
func (i *Intake) withoutStrays(ctx context.Context, p *plan, all []roster.Enrolment) ([]roster.Enrolment, error) {
	if len(all) == 0 {
		return all, nil
	}
	var classes, people []string
	for _, e := range all {
		classes, people = append(classes, e.Class), append(people, e.Student+e.Teacher) // one of the two
	}
	inFile, err := p.stage.among(ctx, classes, people)
	if err != nil {
		return nil, err
	}
	var knownClasses, knownPeople map[string]bool
	err = i.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		knownClasses, knownPeople, err = i.roster.KnownEnds(ctx, tx, classes, people)
		return err
	})
	if err != nil {
		return nil, err
	}
	var rest []roster.Enrolment
	for _, e := range all {
		class := knownClasses[e.Class] && !inFile["gone\x00"+e.Class] || inFile["class\x00"+e.Class]
		person := knownPeople[e.Student+e.Teacher] || inFile["person\x00"+e.Student+e.Teacher]
		if class && person {
			rest = append(rest, e)
		}
	}
	if n := len(all) - len(rest); n > 0 {
		p.f.count(Finding{Level: Warning, File: "enrollments", Code: sayEnrolments, Count: n})
	}
	return rest, nil
}

// among tells which of some classes and people the file has.
func (s *stage) among(ctx context.Context, classes, people []string) (map[string]bool, error) {
	a, err := json.Marshal(classes)
	if err != nil {
		return nil, err
	}
	b, err := json.Marshal(people)
	if err != nil {
		return nil, err
	}
	found, err := list(ctx, s, scanText, selectAmong, string(a), string(b))
	is := make(map[string]bool, len(found))
	for _, key := range found {
		is[key] = true
	}
	return is, err
}

const selectAmong = `select 'class' || char(0) || j.value from json_each($1) j where exists (select 1 from f_class c where c.kind = 'class' and c.source_id = j.value and not c.gone)
union select 'gone' || char(0) || j.value from json_each($1) j where exists (select 1 from f_class c where c.kind = 'class' and c.source_id = j.value and c.gone)
union select 'person' || char(0) || j.value from json_each($2) j where exists (select 1 from f_student s where s.source_id = j.value and not s.partial)
  or exists (select 1 from f_class t where t.kind = 'teacher' and t.source_id = j.value)`
