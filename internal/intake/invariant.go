package intake

import "github.com/schoolgate/schoolgate/internal/sqldb"

// Invariants is what always holds of imports.
func (i *Intake) Invariants() []sqldb.Invariant {
	return []sqldb.Invariant{
		{Name: "ended-import-has-an-end", Says: "An import that has ended says when, and one that has not does not.", Query: endedWithoutEnd},
		{Name: "import-counts-its-steps", Says: "Steps that were left alone are some of those that were worked off.", Query: aloneUncounted},
		{Name: "uploaded-import-has-its-file", Says: "An upload that is still to be read has its file.", Query: uploadWithoutFile},
		{Name: "step-is-of-an-import", Says: "A piece of an upload, a step, a note and a finding are of an import.", Query: partWithoutImport},
		{Name: "turn-has-an-end", Says: "The turn to import has a holder and an end, or neither, and then is no import's.", Query: turnWithoutEnd},
	}
}
