package web

// textField is one line of a form, for the template of that name.
type textField struct {
	Name, Label, Hint, Value string
	Type                     string
	Problem                  string
	Changed                  bool   // someone else saved something different
	Fresh                    string // what they saved
	Said                     *said  // beside a field that was set by hand
}

// nowValue is what is on record for a field that someone else changed meanwhile.
type nowValue struct {
	Changed bool
	Text    string
}

func compare(typed, onRecord string) nowValue { return nowValue{typed != onRecord, onRecord} }

// pageOf is what field needs of a page struct.
type pageOf interface {
	Problem(field string) string
}

// field is a text field with its problem.
func field(p pageOf, name, label, hint, value string) textField {
	return textField{Name: name, Label: label, Hint: hint, Value: value, Problem: p.Problem(name)}
}

// fieldNow is field with what someone else saved meanwhile.
func fieldNow(p pageOf, name, label, hint, value string, now nowValue) textField {
	f := field(p, name, label, hint, value)
	f.Changed, f.Fresh = now.Changed, now.Text
	if q, ok := p.(saidFor); ok {
		f.Said = q.Said(name)
	}
	return f
}
