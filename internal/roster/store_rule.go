package roster

import (
	"fmt"
	"strings"
)

// Where is Rule.May as a condition of a query, for counting: whether the line l of the student s and the contact c may be opened. Its arguments
// are numbered from $n on.
func (r Rule) Where(n int) (string, []any) {
	args := []any{r.Today, bornBefore(r.Today)}
	marks := `s.adult_mark = 'ended'`
	if r.Adults == AdultsEnd {
		marks = `s.adult_mark in ('ended', '')`
	}
	access := `l.portal_access = 'yes'`
	if len(r.Relationships) > 0 {
		codes := make([]string, len(r.Relationships))
		for i, code := range r.Relationships {
			codes[i] = fmt.Sprintf("$%d", n+len(args))
			args = append(args, code)
		}
		access = `(` + access + ` or l.relationship in (` + strings.Join(codes, ", ") + `))`
	}
	today, born := fmt.Sprintf("$%d", n), fmt.Sprintf("$%d", n+1)
	return `(s.status = 'enrolled' or s.status = 'left' and l.grace_until > ` + today + `)
  and l.ended_at is null and l.restricted <> 'yes' and l.portal_access <> 'no' and l.file_portal_access <> 'no' and ` + access + `
  and l.begin_date <= ` + today + ` and (l.end_date = '' or l.end_date > ` + today + `)
  and s.enrolled_from <= ` + today + ` and (s.gone_on = '' or s.gone_on > ` + today + `)
  and not (s.birth_date <> '' and s.birth_date <= ` + born + ` and ` + marks + `)
  and (c.left_at is null or l.grace_until > ` + today + `)`, args
}
