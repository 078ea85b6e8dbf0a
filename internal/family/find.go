package family

import (
	"context"
	"slices"
	"strings"
	"unicode"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/lang"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// FindKind is what a text typed into "Find a family" can be: "find.kind.<kind>" is its word in the catalogue.
type FindKind string

// The kinds of what a family is found by.
const (
	FindName      FindKind = "name"
	FindIDNumber  FindKind = "id_number"
	FindUsername  FindKind = "username"
	FindEmail     FindKind = "email"
	FindPhone     FindKind = "phone"
	FindReference FindKind = "reference"
)

// FindKinds lists the kinds, for the test that each has its word.
func FindKinds() []FindKind {
	return []FindKind{FindName, FindIDNumber, FindUsername, FindEmail, FindPhone, FindReference}
}

// FoundBy says by what a family was found: "find.by.<by>" is its sentence.
type FoundBy string

// By what families are found; Child names the child where it is one's.
const (
	ByName            FoundBy = "name"
	ByChildName       FoundBy = "child_name"
	ByAnotherName     FoundBy = "another_name" // a middle or a preferred one
	ByIDNumber        FoundBy = "id_number"
	ByUsername        FoundBy = "username"
	ByStudentUsername FoundBy = "student_username"
	ByEmail           FoundBy = "email"
	ByStudentEmail    FoundBy = "student_email"
	ByPhone           FoundBy = "phone"
	ByReference       FoundBy = "reference"
)

// FoundBys lists them, for the test that each has its sentence.
func FoundBys() []FoundBy {
	return []FoundBy{ByName, ByChildName, ByAnotherName, ByIDNumber, ByUsername, ByStudentUsername, ByEmail, ByStudentEmail, ByPhone, ByReference}
}

// FindQuery asks for families. Named bounds the search to what may stand in an address: names, and a username made of letters.
type FindQuery struct {
	Typed string
	Named bool
	After string // a page's Next, "" for the first
	Limit int    // families a page, default 25
}

// FoundFamily is a parent who was found, with the children at the actor's schools.
type FoundFamily struct {
	ContactID   int64
	First, Last string
	Lines       []GridRow
	By          FoundBy
	Child       string // whose name, number, username or address it was
}

// FoundChild is a student with the ID Number typed, on whom no parent is on record.
type FoundChild struct {
	StudentID   int64
	First, Last string
	School      string
}

// Found is a page of families. What was found by something that one person has alone stands on the first page, above whom names or the digits
// of a telephone number found.
type Found struct {
	Kinds    []FindKind // what was tried
	Families []FoundFamily
	Alone    []FoundChild
	Next     string
	Total    int   // families, counted up to 1,001
	More     bool  // there are more than Total
	Request  bool  // there is a registration request with the reference typed, which found nobody
	CaseID   int64 // where the request with that reference waits at the registration desk, 0 for nowhere
	Near     []FoundFamily
	NearBy   FindKind // what Near is near to
}

// Only returns the one family that was found, 0 where there are several or none.
func (f Found) Only() int64 {
	if len(f.Families) == 1 && f.Next == "" && len(f.Alone) == 0 {
		return f.Families[0].ContactID
	}
	return 0
}

// kindsOf tells what a text can be.
func kindsOf(q FindQuery) []FindKind {
	typed := q.Typed
	digit, letter := strings.ContainsFunc(typed, unicode.IsDigit), strings.ContainsFunc(typed, unicode.IsLetter)
	_, notUsername := account.CheckUsername(typed)
	var kinds []FindKind
	may := func(k FindKind, is bool) {
		if is {
			kinds = append(kinds, k)
		}
	}
	switch {
	case q.Named:
		may(FindUsername, notUsername == nil && !digit)
		may(FindName, len(roster.TypedWords(typed)) > 0)
	case strings.Contains(typed, "@"):
		may(FindEmail, lang.EmailKey(typed) != "")
		may(FindUsername, notUsername == nil)
	default:
		may(FindReference, parseReference(typed) != "")
		may(FindIDNumber, digit && lang.IDKey(typed) != "")
		may(FindUsername, notUsername == nil)
		may(FindPhone, !letter && lang.PhoneKey(typed) != "")
		may(FindName, letter && len(roster.TypedWords(typed)) > 0)
	}
	return kinds
}

// OnlyName reports whether a text can be nothing but a name or a username made of letters, which may stand in an address.
func OnlyName(typed string) bool { return PerhapsName(typed) && parseReference(typed) == "" }

// PerhapsName reports whether a text has neither digits nor an @: if it is no request's reference, it is a name.
func PerhapsName(typed string) bool {
	return !strings.ContainsFunc(typed, func(r rune) bool { return unicode.IsDigit(r) || r == '@' })
}

// FindFamily finds families of the actor's schools by whatever the text can be: a name (any of its words, of parent or child), an ID Number, a
// username, an e-mail address, a telephone number or its last digits, the reference of a registration request. Where nobody is found it says who
// is near. It returns fault.Unavailable for too many searches and fault.Invalid for a place that cannot be.
func (f *Family) FindFamily(ctx context.Context, actor access.Actor, q FindQuery) (Found, error) {
	if err := access.Check(actor, access.SeeLogins); err != nil {
		return Found{}, err
	}
	q.Typed = strings.TrimSpace(cutTyped(q.Typed))
	if q.Limit <= 0 || q.Limit > gridLimitMax {
		q.Limit = gridLimit
	}
	w := &finder{Family: f, actor: actor, at: roster.ScopeOf(actor), q: q, kinds: kindsOf(q)}
	if err := w.place(); err != nil {
		return Found{}, err
	}
	if len(w.kinds) == 0 {
		return Found{}, nil
	}
	if err := f.limitSearch(ctx, actor); err != nil {
		return Found{}, err
	}
	err := f.db.Read(ctx, func(tx *sqldb.Tx) error {
		w.tx, w.found = tx, Found{Kinds: w.kinds}
		return w.find(ctx)
	})
	if err != nil || q.After != "" {
		return w.found, err
	}
	return w.found, f.noteSearch(ctx, actor, "parent.searched", map[string]any{
		"typed": cutTyped(q.Typed), "by": kindsText(w.kinds), "found": w.found.Total,
	})
}

func kindsText(kinds []FindKind) string {
	words := make([]string, len(kinds))
	for i, k := range kinds {
		words[i] = string(k)
	}
	return strings.Join(words, " ")
}

// finder is one search, in one transaction.
type finder struct {
	*Family
	tx    *sqldb.Tx
	actor access.Actor
	at    access.Schools
	q     FindQuery
	kinds []FindKind
	words []string // the words that the list is read by: those of names, or the one of a telephone number; the first drives
	after gridKey
	more  bool // more have one number, address or name of a login than are shown
	found Found
}

// place reads where the page begins.
func (w *finder) place() error {
	switch {
	case slices.Contains(w.kinds, FindName):
		w.words = roster.TypedWords(w.q.Typed)
	case slices.Contains(w.kinds, FindPhone):
		w.words = []string{roster.PhoneMark + lang.PhoneKey(w.q.Typed)}
	}
	if w.q.After == "" {
		return nil
	}
	after, ok := readGridKey(w.q.After)
	if !ok || after.Entry == "" || !slices.ContainsFunc(w.words, func(word string) bool { return strings.HasPrefix(after.Entry, word) }) {
		return fault.Invalidf("the address of this page is broken: search again")
	}
	w.after = after
	return nil
}

func (w *finder) find(ctx context.Context) error {
	var hits []hit
	if w.q.After == "" {
		var err error
		if hits, err = w.exact(ctx); err != nil {
			return err
		}
	}
	if len(w.words) > 0 {
		listed, err := w.list(ctx)
		if err != nil {
			return err
		}
		hits = append(hits, listed...)
	}
	if err := w.families(ctx, hits); err != nil {
		return err
	}
	if w.q.After == "" && len(w.found.Families) == 0 && len(w.found.Alone) == 0 && !w.found.Request {
		return w.near(ctx)
	}
	return nil
}
