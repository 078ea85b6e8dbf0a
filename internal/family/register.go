package family

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/jobs"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// What a request is for.
const (
	purposeRegister       = "register"
	purposeAddStudent     = "add_student"
	purposeForgotPassword = "forgot_password"
	purposeForgotUsername = "forgot_username"
)

const (
	typedLimit   = 128 // characters of a field at registration and recovery
	addressLimit = 254 // of an e-mail address, RFC 5321 §4.5.3.1.3

	// decideWithin is how long a decision may wait for a database or a hashing slot before it is given up.
	decideWithin = 24 * time.Hour
	// references tells how often a reference that is in use already is drawn again; one in 30^6 is.
	references = 5
)

// Registration is what a parent typed. FormKey makes a form sent twice one request.
type Registration struct {
	FormKey  string
	Username string
	IDNumber string
	First    string
	Last     string
	Language string
}

// Register notes a registration request and returns its reference; a worker decides. It returns fault.Invalid with problems on "username",
// "id_number", "first_name", "last_name" for empty or over-long fields and usernames that cannot be one: never for what is on record.
// A parent who has one name only types a hyphen or a dot in the other field.
func (f *Family) Register(ctx context.Context, actor access.Actor, r Registration) (string, error) {
	if err := access.Check(actor, access.Register); err != nil {
		return "", err
	}
	t := typed{
		purpose: purposeRegister, username: strings.TrimSpace(r.Username), idNumber: strings.TrimSpace(r.IDNumber),
		first: strings.TrimSpace(r.First), last: strings.TrimSpace(r.Last), language: r.Language,
	}
	problems := usernameProblems(t.username)
	problems = append(problems, lengthProblems("id_number", t.idNumber, typedLimit)...)
	problems = append(problems, lengthProblems("first_name", t.first, typedLimit)...)
	problems = append(problems, lengthProblems("last_name", t.last, typedLimit)...)
	if err := fault.InvalidFields(problems...); err != nil {
		return "", err
	}
	return f.note(ctx, actor, r.FormKey, t)
}

// note does the same work for every request, whatever was typed: one transaction with one request and one job. What is on record is
// not looked at, so that neither the answer nor its time can tell of it.
func (f *Family) note(ctx context.Context, actor access.Actor, formKey string, t typed) (string, error) {
	t.address, t.outcome = actor.Address, OutcomePending
	t.username, t.idNumber, t.first, t.last = storable(t.username), storable(t.idNumber), storable(t.first), storable(t.last)
	t.language = f.catalog.Language(t.language).Tag()
	if formKey != "" {
		sum := sha256.Sum256([]byte(formKey)) // of one length, whatever a program sends
		formKey = hex.EncodeToString(sum[:])
	}
	var err error
	for range references {
		if t.reference, err = newReference(); err != nil {
			return "", err
		}
		var reference string
		err = f.db.Write(ctx, func(tx *sqldb.Tx) (err error) {
			reference, err = f.noteOnce(ctx, tx, formKey, t)
			return err
		})
		if err == nil {
			return reference, nil
		}
		if !fault.Is(err, fault.Conflict) {
			break
		}
	}
	return "", fmt.Errorf("noting a request: %w", err)
}

func (f *Family) noteOnce(ctx context.Context, tx *sqldb.Tx, formKey string, t typed) (string, error) {
	now := f.now()
	id, fresh, err := noteRequest(ctx, tx, formKey, t, now, time.Time{})
	if err != nil {
		return "", err
	}
	if !fresh {
		return referenceOfForm(ctx, tx, formKey)
	}
	return t.reference, f.enqueueDecision(ctx, tx, decidePayload{Request: id}, time.Time{})
}

// decidePayload is the JSON of a job that decides a request. Delayed says that it has waited already.
type decidePayload struct {
	Request int64 `json:"request"`
	Delayed bool  `json:"delayed,omitempty"`
}

func (f *Family) enqueueDecision(ctx context.Context, tx *sqldb.Tx, p decidePayload, runAt time.Time) error {
	payload, err := json.Marshal(p)
	if err != nil {
		return err
	}
	_, err = f.jobs.Enqueue(ctx, tx, jobs.Job{Kind: jobDecide, Payload: payload, RunAt: runAt, Deadline: f.now().Add(decideWithin)})
	return err
}

func usernameProblems(username string) []fault.Problem {
	if problems := lengthProblems("username", username, typedLimit); problems != nil {
		return problems
	}
	// It goes into a mail to somebody else, perhaps: it must not be a web address there.
	if strings.ContainsAny(username, `/\`) {
		return []fault.Problem{{Field: "username", Key: "problem.username_characters"}}
	}
	_, err := account.CheckUsername(username)
	return fault.ProblemsOf(err)
}

func lengthProblems(field, value string, limit int) []fault.Problem {
	switch {
	case value == "":
		return []fault.Problem{{Field: field, Key: "problem.empty"}}
	case utf8.RuneCountInString(value) > limit:
		return []fault.Problem{{Field: field, Key: "problem.too_long", Args: []any{"Max", limit}}}
	}
	return nil
}

// storable makes text that no database refuses. U+FFFD, where bytes were no character, matches nothing on record.
func storable(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

func fullName(first, last string) string { return strings.TrimSpace(first + " " + last) }
