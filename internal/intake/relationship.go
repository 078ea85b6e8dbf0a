package intake

import (
	"strings"

	"github.com/schoolgate/schoolgate/internal/roster"
)

// relationships are the words for a relationship that systems export, folded: those of Ed-Fi's descriptor and CEDS, PowerSchool, Aeries,
// Infinite Campus and Clever, and what districts make of them. What is not here is known by no code of ours.
func relationships() map[string]string {
	return map[string]string{
		"mom": "mother", "mothr": "mother", "madre": "mother", "mth": "mother", "mo": "mother", "mthr": "mother", "biologicalmother": "mother",
		"naturalmother": "mother", "adoptivemother": "mother", "birthmother": "mother",
		"dad": "father", "fathr": "father", "padre": "father", "fth": "father", "fa": "father", "fthr": "father", "biologicalfather": "father",
		"naturalfather": "father", "adoptivefather": "father", "birthfather": "father",
		"parents": "parent", "parentguardian": "parent", "parentorguardian": "parent", "parentlegalguardian": "parent", "adoptiveparent": "parent",
		"bothparents": "parent", "padremadre": "parent",
		"motherstep": "stepmother", "stepmom": "stepmother", "madrastra": "stepmother", "fatherstep": "stepfather", "stepdad": "stepfather",
		"padrastro": "stepfather", "parentstep": "stepparent",
		"courtappointedguardian": "guardian", "legalguardian": "guardian", "guardians": "guardian", "tutor": "guardian",
		"guardianship": "guardian", "primaryguardian": "guardian", "tutorlegal": "guardian", "custodian": "guardian",
		"foster": "foster_parent", "fostermother": "foster_parent", "fosterfather": "foster_parent", "fosterguardian": "foster_parent",
		"grandma": "grandmother", "abuela": "grandmother", "maternalgrandmother": "grandmother", "paternalgrandmother": "grandmother",
		"grandpa": "grandfather", "abuelo": "grandfather", "maternalgrandfather": "grandfather", "paternalgrandfather": "grandfather",
		"grandparents": "grandparent", "greatgrandparent": "grandparent", "greatgrandmother": "grandmother", "greatgrandfather": "grandfather",
		"greataunt": "aunt", "tia": "aunt", "greatuncle": "uncle", "tio": "uncle", "auntuncle": "relative",
		"brother": "sibling", "sister": "sibling", "hermano": "sibling", "hermana": "sibling", "stepbrother": "sibling", "stepsister": "sibling",
		"halfbrother": "sibling", "halfsister": "sibling",
		"brotherinlaw": "relative", "sisterinlaw": "relative", "motherinlaw": "relative", "fatherinlaw": "relative", "soninlaw": "relative",
		"daughterinlaw": "relative", "cousin": "relative", "nephew": "relative", "niece": "relative", "son": "relative", "daughter": "relative",
		"family": "relative", "otherrelative": "relative", "familymember": "relative", "otherfamily": "relative",
		"familyfriend": "friend", "neighbour": "neighbor", "emergencycontact": "emergency", "emerg": "emergency",
		"fatherscivilpartner": "other", "motherscivilpartner": "other", "fatherssignificantother": "other", "motherssignificantother": "other",
		"significantother": "other", "fiance": "other", "fiancee": "other", "husband": "other", "wife": "other", "spouse": "other",
		"employer": "other", "godparent": "other", "godmother": "other", "godfather": "other", "ward": "other", "self": "other", "none": "other",
		"doctor": "other", "physician": "other", "child": "other", "babysitter": "other", "daycare": "other", "caseworker": "other",
		"socialworker": "other", "agency": "other", "caregiver": "other", "notrelated": "other", "boyfriend": "other", "girlfriend": "other",
		"desconocido": "unknown", "otro": "other", "unk": "unknown",
	}
}

// relationshipOf reads the word for a relationship. known is false for a word that nobody knows, which makes "other".
func relationshipOf(words map[string]string, name string) (code string, known bool) {
	if _, after, uri := strings.Cut(name, "#"); uri {
		name = after
	}
	folded := fold(name)
	if folded == "" {
		return "unknown", true
	}
	for _, code := range roster.Relationships() {
		if fold(code) == folded {
			return code, true
		}
	}
	if code, known = words[folded]; known {
		return code, true
	}
	return "other", false
}
