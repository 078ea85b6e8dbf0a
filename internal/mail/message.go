package mail

import (
	"context"
	"errors"
	"fmt"
	"net/textproto"
)

// Message is one mail to one person, ready to be sent.
type Message struct {
	// ID is the local part of the Message-ID: 1 to 64 letters, digits, dots, hyphens or underscores. It is the same for every
	// attempt (the outbox id), so that duplicates can be known.
	ID string
	// To is the bare address, without a name; ToName the person's name, which may be empty and needs no cleaning.
	To, ToName string
	// Language is the BCP 47 tag of Subject and Body, such as "es".
	Language string
	// Subject is one line of text; it needs no escaping.
	Subject string
	// Body is written in the markup that HTML describes. Values from people go through Plain or Exact first.
	Body string
}

// Sender hands a message over, once.
//
// Send returns nil when the message was accepted, a *Refused when the server (or Send itself, before asking a server) said no,
// and any other error when no answer was had: network, TLS, time limit, cancelled context. It is safe for concurrent use.
type Sender interface {
	Send(ctx context.Context, m Message) error
}

// Refused is a "no" in the server's own words.
type Refused struct {
	// Code is the three-digit SMTP reply (RFC 5321, 4.2), or 0 when the message could not be offered to any server because
	// its address or ID is malformed.
	Code int
	// Text is what the server said, on one line of at most 500 characters, stripped of control characters. It often repeats the
	// address: show it to staff, keep it out of logs.
	Text string
	// Permanent says that trying again cannot help: a 5xx answer about this message. A 5xx answer to the greeting, to STARTTLS
	// or to authentication is about the server or its settings, and not permanent.
	Permanent bool
}

// Error names the code and the server's words.
func (r *Refused) Error() string {
	if r.Code == 0 {
		return "mail not offered: " + r.Text
	}
	return fmt.Sprintf("mail server refused: %d %s", r.Code, r.Text)
}

// Permanent reports whether err says that the same message will never be accepted. It is false for nil.
func Permanent(err error) bool {
	r, ok := errors.AsType[*Refused](err)
	return ok && r.Permanent
}

// OutOfReach reports whether err stands in the way of every message alike: no connection, no TLS, no sign-in, or a server that closes (421).
func OutOfReach(err error) bool {
	if _, ok := errors.AsType[outOfReach](err); ok {
		return true
	}
	r, ok := errors.AsType[*Refused](err)
	return ok && (r.Code == 421 || asksForLogin(r.Code))
}

// outOfReach marks an error that came before any message was offered.
type outOfReach struct{ error }

func (e outOfReach) Unwrap() error { return e.error }

const refusalLength = 500

// refusal turns the server's reply in err's chain into a *Refused; an error without a reply comes back as it is. aboutMessage
// tells replies that concern the message from those that concern the connection.
func refusal(err error, aboutMessage bool) error {
	reply, ok := errors.AsType[*textproto.Error](err)
	if !ok {
		return err
	}
	return &Refused{
		Code:      reply.Code,
		Text:      clean(reply.Msg, refusalLength),
		Permanent: aboutMessage && reply.Code >= 500 && !asksForLogin(reply.Code),
	}
}

// asksForLogin names the replies that RFC 4954, 6 allows at any command when the settings for signing in are wrong: they would
// otherwise turn one mistyped password into a queue of dead mails.
func asksForLogin(code int) bool {
	return code == 530 || code == 534 || code == 535 || code == 538
}

func unsendable(format string, args ...any) error {
	return &Refused{Text: clean(fmt.Sprintf(format, args...), refusalLength), Permanent: true}
}
