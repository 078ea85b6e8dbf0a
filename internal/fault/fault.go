// Package fault names the kinds of failure that Schoolgate tells people about, and the problems of single form fields.
//
// A fault's text and its problems are safe to show: they carry no secret, no other person's data and no internals. An error
// that is not a fault is Internal: it is logged once, under a reference, and the reader sees only the reference.
package fault

import (
	"errors"
	"fmt"
	"time"
)

// Kind says what sort of failure an error is, so that delivery can choose a status, a page and an exit code.
type Kind uint8

// The kinds of failure. Internal is the zero value: whatever nobody classified.
const (
	Internal        Kind = iota
	NotFound             // it does not exist, or the actor may not see it
	Invalid              // the input has problems that the person can correct
	Conflict             // someone else was faster, or the value is taken
	Forbidden            // the actor may not do this
	Unauthenticated      // nobody is signed in, or the sign-in failed
	Unavailable          // overloaded or out of reach for the moment; try again
	Stale                // the actor may do this, once they have given password and second factor again
)

// Problem is one thing wrong with one field. Key is a catalogue key; Args are its placeholders as name, value pairs.
type Problem struct {
	Field string // the form's field name, "" for the form as a whole
	Key   string
	Args  []any
}

// Error is a classified failure. Key and Args name a catalogue message; Text is for logs, command lines and tests.
type Error struct {
	Kind     Kind
	Text     string
	Problems []Problem
	After    time.Duration // Unavailable: when to try again
	cause    error
}

// Error returns the text, followed by the cause if there is one.
func (e *Error) Error() string {
	if e.cause != nil {
		return e.Text + ": " + e.cause.Error()
	}
	return e.Text
}

// Unwrap returns the error this one was made from, or nil.
func (e *Error) Unwrap() error { return e.cause }

// NotFoundf makes a NotFound fault.
func NotFoundf(format string, args ...any) error { return newf(NotFound, format, args) }

// Conflictf makes a Conflict fault.
func Conflictf(format string, args ...any) error { return newf(Conflict, format, args) }

// Forbiddenf makes a Forbidden fault.
func Forbiddenf(format string, args ...any) error { return newf(Forbidden, format, args) }

// Stalef makes a Stale fault.
func Stalef(format string, args ...any) error { return newf(Stale, format, args) }

// Unauthenticatedf makes an Unauthenticated fault.
func Unauthenticatedf(format string, args ...any) error { return newf(Unauthenticated, format, args) }

// Unavailablef makes an Unavailable fault: the caller may try again after the given time.
func Unavailablef(after time.Duration, format string, args ...any) error {
	e := newf(Unavailable, format, args)
	e.After = after
	return e
}

// Invalidf makes an Invalid fault that concerns no single field.
func Invalidf(format string, args ...any) error { return newf(Invalid, format, args) }

// InvalidFields makes an Invalid fault of the given problems; it returns nil when there are none, so that a check can end with it.
func InvalidFields(problems ...Problem) error {
	if len(problems) == 0 {
		return nil
	}
	text := "invalid input"
	for i, p := range problems {
		sep := ", "
		if i == 0 {
			sep = ": "
		}
		text += sep + p.Field + " (" + p.Key + ")"
	}
	return &Error{Kind: Invalid, Text: text, Problems: problems}
}

// Wrap classifies err as kind and puts text in front of it. It returns nil for a nil err.
func Wrap(kind Kind, err error, text string) error {
	if err == nil {
		return nil
	}
	return &Error{Kind: kind, Text: text, cause: err}
}

// KindOf returns the kind of the outermost fault in err's chain, Internal if there is none.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return Internal
}

// Is reports whether err is a fault of the given kind.
func Is(err error, kind Kind) bool { return err != nil && KindOf(err) == kind }

// ProblemsOf returns the field problems that err carries, nil if none.
func ProblemsOf(err error) []Problem {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Problems
	}
	return nil
}

// RetryAfter returns how long to wait before trying again; zero when err says nothing about it.
func RetryAfter(err error) time.Duration {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.After
	}
	return 0
}

func newf(kind Kind, format string, args []any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Kind: kind, Text: err.Error(), cause: nil}
}
