package intake

import (
	"cmp"
	"errors"
	"strconv"
	"strings"

	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/lang"
)

// In puts a finding into the words of a language. One of an older program has English words alone.
func (x Finding) In(l *lang.Language) string {
	key := "imports.found." + string(x.Code)
	if !l.Has(key) {
		return cmp.Or(x.Text, string(x.Code))
	}
	as := x.As
	switch x.Code {
	case sayKept:
		as = recordField(l, as)
	case sayColumnAs, sayColumnSecond:
		as = tableField(l, as)
	}
	text := l.T(key, "As", as, "File", x.File, "Was", x.Was, "Number", strconv.Itoa(x.Number))
	if x.More {
		text = l.T("imports.found_more", "Text", text)
	}
	return text
}

// Field names the field of a record of which Was is a value; "" where it is no such value.
func (x Finding) Field() string {
	if x.Code == sayKept {
		return x.As
	}
	return ""
}

// recordField is what pages call a field of a record.
func recordField(l *lang.Language, field string) string {
	key := map[string]string{"school_id": "record.school", "language": "record.any_language"}[field]
	if key == "" {
		key = "record." + field
	}
	if !l.Has(key) {
		return field
	}
	return l.T(key)
}

// tableField is what pages call a field that a column of a table may hold: "student.grade", "guardian2.email".
func tableField(l *lang.Language, key string) string {
	of, field, _ := strings.Cut(key, ".")
	name := l.T("imports.field.is_" + field)
	switch of {
	case "student", "contact":
		return l.T("imports.field_of_"+of, "Field", name)
	}
	group := strings.TrimRight(of, "0123456789")
	return l.T("imports.field_of_other", "Field", name, "Of", strings.TrimSpace(l.T("imports.group."+group)+" "+of[len(group):]))
}

// inEnglish writes the English words beside the codes, for command lines and for what is kept.
func inEnglish(all []Finding) {
	for i := range all {
		all[i].Text = all[i].In(lang.English())
	}
}

// refusal is why a package is not taken at all: a fault whose words are a finding's.
type refusal struct {
	found Finding
	kind  fault.Kind
	cause error
}

// cannot makes the fault.Invalid of a package that is not taken.
func cannot(x Finding) error { return &refusal{found: x, kind: fault.Invalid} }

// because is cannot with what went wrong underneath. What is refused there says more than x.
func because(err error, x Finding) error {
	if _, ok := errors.AsType[*refusal](err); ok {
		return err
	}
	return &refusal{found: x, kind: fault.Invalid, cause: err}
}

// unreadable is the fault of a file that could not be read to its end.
func unreadable(name string, err error) error {
	return because(err, Finding{Code: cannotRead, File: name})
}

// Error returns the words in English.
func (r *refusal) Error() string {
	text := r.found.In(lang.English())
	if r.cause != nil {
		text += " (" + r.cause.Error() + ")"
	}
	return text
}

// Unwrap returns the fault, and what went wrong underneath.
func (r *refusal) Unwrap() []error {
	f := fault.Wrap(r.kind, r.cause, r.found.In(lang.English()))
	if r.cause == nil {
		f = &fault.Error{Kind: r.kind, Text: r.found.In(lang.English())}
	}
	return []error{f}
}

// refusedBy returns the finding of the refusal in err's chain, nil if there is none.
func refusedBy(err error) *Finding {
	r, ok := errors.AsType[*refusal](err)
	if !ok {
		return nil
	}
	x := r.found
	x.Level, x.Count, x.Text = Refused, 1, x.In(lang.English())
	return &x
}
