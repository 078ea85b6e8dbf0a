package family

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/lang"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// StudentState is how a student login stands.
type StudentState string

// The states of a student login.
const (
	StudentOpen       StudentState = "open"
	StudentThrottled  StudentState = "throttled"   // for a while, after wrong passwords
	StudentLocked     StudentState = "locked"      // by the school
	StudentNoPassword StudentState = "no_password" // a parent must set a new one
	StudentSwitched   StudentState = "switched"    // the school lets no student sign in
)

// StudentStates lists them.
func StudentStates() []StudentState {
	return []StudentState{StudentOpen, StudentThrottled, StudentLocked, StudentNoPassword, StudentSwitched}
}

// StudentLoginQuery asks for a page of student logins: by letter ("A".."Z", "#") or last name (typed) of the student, or all.
type StudentLoginQuery struct {
	Letter, Last string
	After        string // a page's Next, "" for the first
	Limit        int    // default 25
}

// ListedStudentLogin is one student login.
type ListedStudentLogin struct {
	StudentID, MakerID      int64
	First, Last             string
	IDNumber, School, Grade string
	Username                string
	MakerFirst, MakerLast   string
	State                   StudentState
	Reason                  string // why the school locked it
	LockedUntil             time.Time
	LastUsed                time.Time

	account, school int64
	schoolSays      string
	at              studentPlace
}

// studentsLooked is how many students one page of the list looks at: behind that, "Next" goes on, even where no login was found.
const studentsLooked = 2000

// StudentLogins returns a page of student logins of the actor's schools by the student's name, and the place where the next one begins, "" at
// the end. It is a search: it returns fault.Unavailable for too many, and fault.Invalid for a letter or a place that cannot be.
func (f *Family) StudentLogins(ctx context.Context, actor access.Actor, q StudentLoginQuery) (rows []ListedStudentLogin, next string, err error) {
	if err := access.Check(actor, access.SeeLogins); err != nil {
		return nil, "", err
	}
	spans, after, err := q.spans()
	if err != nil {
		return nil, "", err
	}
	if err := f.limitSearch(ctx, actor); err != nil {
		return nil, "", err
	}
	if q.Limit <= 0 || q.Limit > gridLimitMax {
		q.Limit = gridLimit
	}
	at, word := roster.ScopeOf(actor), lang.SearchKey(q.Last)
	err = f.db.Read(ctx, func(tx *sqldb.Tx) error {
		rows, next = nil, ""
		for i, s := range spans {
			found, err := s.logins(ctx, tx, at, after, studentsLooked)
			if err != nil {
				return err
			}
			end, n, err := s.end(ctx, tx, at, after, studentsLooked)
			if err != nil {
				return err
			}
			rows = append(rows, byLastName(found, word)...)
			if len(rows) > q.Limit {
				next = rows[q.Limit-1].at.text()
				rows = rows[:q.Limit]
				break
			}
			if n == studentsLooked {
				next = end.text()
				break
			}
			if i+1 < len(spans) {
				after = studentPlace{}
			}
		}
		return f.fillStudentStates(ctx, tx, rows)
	})
	if err != nil || q.After != "" || q.Last == "" && q.Letter == "" {
		return rows, next, err
	}
	detail := map[string]any{"by": "student login", "found": len(rows)}
	if q.Last != "" {
		detail["last"] = cutTyped(q.Last)
	} else {
		detail["letter"] = q.Letter
	}
	return rows, next, f.noteSearch(ctx, actor, "student.searched", detail)
}

// byLastName leaves those whose last name has the word, each once: the words of students are those of all their names.
func byLastName(found []ListedStudentLogin, word string) []ListedStudentLogin {
	if word == "" {
		return found
	}
	var rows []ListedStudentLogin
	for _, l := range found {
		first := ""
		for _, w := range lang.Words(l.Last) {
			if strings.HasPrefix(w, word) && (first == "" || w < first) {
				first = w
			}
		}
		if first != "" && l.at.Word == first {
			rows = append(rows, l)
		}
	}
	return rows
}

const lastText = "\U0010FFFD" // behind every name

// spans are what the query goes through, from the place on.
func (q StudentLoginQuery) spans() ([]span, studentPlace, error) {
	var all []span
	last, letter := strings.TrimSpace(q.Last), q.Letter
	switch {
	case last != "":
		if word := lang.SearchKey(last); word != "" {
			all = []span{{true, word, lang.PrefixEnd(word)}}
		}
	case letter == "#": // digits stand before A, other scripts after Z
		all = []span{{false, "", "a"}, {false, "{", lastText}}
	case letter != "":
		if len(letter) != 1 || !strings.Contains(letterNames, letter) {
			return nil, studentPlace{}, fault.Invalidf("no such letter")
		}
		low := strings.ToLower(letter)
		all = []span{{false, low, lang.PrefixEnd(low)}}
	default:
		all = []span{{false, "", lastText}}
	}
	var after studentPlace
	if q.After == "" {
		return all, after, nil
	}
	data, err := base64.RawURLEncoding.DecodeString(q.After)
	if len(q.After) > 4096 || err != nil || json.Unmarshal(data, &after) != nil || !utf8.ValidString(after.Word+after.Sort) || strings.ContainsRune(after.Word+after.Sort, 0) {
		return nil, after, fault.Invalidf("the address of this page is broken: search again")
	}
	return slices.DeleteFunc(all, func(s span) bool { return !s.words && after.Sort >= s.to }), after, nil
}

func (p studentPlace) text() string {
	data, err := json.Marshal(p)
	if err != nil {
		return "" // two strings and a number always marshal
	}
	return base64.RawURLEncoding.EncodeToString(data)
}

// fillStudentStates adds what does not stand on the login itself.
func (f *Family) fillStudentStates(ctx context.Context, tx *sqldb.Tx, rows []ListedStudentLogin) error {
	accounts := make([]int64, len(rows))
	for i, l := range rows {
		accounts[i] = l.account
	}
	if len(rows) == 0 {
		return nil
	}
	locked, err := f.accounts.LockedUntil(ctx, tx, accounts)
	for i := range rows {
		l := &rows[i]
		until, is := locked[l.account]
		switch {
		case l.State == StudentLocked:
		case !f.studentsMay(l.schoolSays):
			l.State = StudentSwitched
		case is && until.Equal(account.Never()):
			l.State = StudentNoPassword
		case is && l.State == StudentOpen:
			l.State, l.LockedUntil = StudentThrottled, until
		}
	}
	return err
}

// StudentLoginsOf returns the logins of those of the students who are at the actor's schools and have one.
func (f *Family) StudentLoginsOf(ctx context.Context, actor access.Actor, students []int64) ([]ListedStudentLogin, error) {
	if err := access.Check(actor, access.SeeLogins); err != nil {
		return nil, err
	}
	var rows []ListedStudentLogin
	err := f.db.Read(ctx, func(tx *sqldb.Tx) (err error) {
		if rows, err = f.studentLoginsOf(ctx, tx, actor, once(students)); err != nil {
			return err
		}
		return f.fillStudentStates(ctx, tx, rows)
	})
	return rows, err
}

func (f *Family) studentLoginsOf(ctx context.Context, tx *sqldb.Tx, actor access.Actor, students []int64) ([]ListedStudentLogin, error) {
	at := map[int64]int{}
	for i, id := range students {
		at[id] = i
	}
	var rows []ListedStudentLogin
	err := inChunks(students, 1, func(list string, args []any) error {
		some, err := sqldb.All(ctx, tx, scanStudentLogin, selectListedLogins+list+")", args...)
		rows = append(rows, some...)
		return err
	})
	scope := roster.ScopeOf(actor)
	rows = slices.DeleteFunc(rows, func(l ListedStudentLogin) bool { return !scope.Has(l.school) })
	slices.SortStableFunc(rows, func(a, b ListedStudentLogin) int { return at[a.StudentID] - at[b.StudentID] })
	return rows, err
}
