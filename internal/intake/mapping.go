package intake

// Mapping is what a school says of the columns of its own tables: by a column's name, folded to small letters and digits, the field of ours
// that it holds, or "-" for one that is not to be read. In a file of students a field may be one of a contact in the row: "contact1.email".
type Mapping struct {
	School             int64 // 0: for every school
	Students, Contacts map[string]string
}
