package roster

import (
	"github.com/schoolgate/schoolgate/internal/lang"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// Invariants is what always holds of the records: mostly that the keys by which people are searched, listed and matched are those of the
// records as they stand.
func (r *Roster) Invariants() []sqldb.Invariant {
	return []sqldb.Invariant{
		{Name: "line-is-listed", Says: "Every line that staff did not take off stands in the grid under its parent's whole name, and no other does.",
			Query: lineNotListed},
		{Name: "line-is-listed-rightly", Says: "A line is listed under its own contact, under the names that contact and student have, and at the student's school.",
			Query: lineListedWrongly},
		{Name: "line-is-found", Says: "Every line that staff did not take off is found by its parent's name, and no other is.", Query: lineNotFound},
		{Name: "line-is-found-rightly", Says: "A line is found under its own contact, in the order of its name, and at the student's school.", Query: lineFoundWrongly},
		{Name: "student-is-found-in-order", Says: "A student's search words stand in the order of the student's name, and at the student's school.", Query: wordOutOfOrder},
		{Name: "address-has-its-key", Says: "Only who has an e-mail address is found by one.", Query: addressKey},
		{Name: "number-has-its-key", Says: "Only a student with an ID Number is found by one.", Query: numberKey},
		{Name: "name-keys-are-todays", Says: "Names are compared by keys of this program's making.", Query: oldNameKeys,
			Args: []any{int64(lang.NameKeyVersion)}},
		{Name: "restriction-is-a-restriction", Says: "Only a restricted line says since when and by whom it is restricted.", Query: restrictedSince},
		{Name: "class-is-listed-rightly", Says: "A class stands in the lists in the order of its title, at its school, and not once it has ended.",
			Query: classListedWrongly},
		{Name: "roster-restricts", Says: "Whom the roster restricts is restricted, and only its text was read by somebody.", Query: fileRestricts},
		{Name: "merged-record-has-no-lines", Says: "A record that was put together with another one has no lines and no id of a roster.", Query: mergedWithLines},
		{Name: "alias-is-no-record", Says: "An id under which a roster knows a record put together is no other record's own.", Query: aliasOfRecord},
		{Name: "decision-has-a-reason", Says: "What staff decided about a student of age says who decided it, when and why.", Query: decisionWithoutReason},
		{Name: "line-has-both-ends", Says: "A line belongs to a student and a contact that exist.", Query: lineWithoutEnd},
		{Name: "closing-is-a-schools", Says: "What is closed is closed at a school on record, or at all of them.", Query: closingOfNoSchool},
	}
}
