package mail

import (
	"bytes"
	"fmt"
	"regexp"
	"time"

	gomail "github.com/wneessen/go-mail"
)

var idShape = regexp.MustCompile(`^[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}$`)

// check refuses, permanently, what no server should be asked to take. It returns the checked recipient.
func check(m Message) (address, error) {
	if !idShape.MatchString(m.ID) {
		return address{}, unsendable("the message has no usable ID")
	}
	to, err := parseAddress(m.To)
	if err != nil {
		return address{}, unsendable("%v", err)
	}
	return to, nil
}

// sender is the constant part of every message.
type sender struct {
	from      address
	fromName  string
	replyTo   address // zero: none
	replyName string
	brand     string
}

// compose writes the message as it goes over the wire, before dot-stuffing.
func (s sender) compose(m Message, to address, date time.Time) ([]byte, error) {
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(s.from.mailbox(s.fromName))
	msg.ToMailAddress(to.mailbox(m.ToName))
	if s.replyTo != (address{}) {
		msg.ReplyToMailAddress(s.replyTo.mailbox(s.replyName))
	}
	msg.Subject(headerText(m.Subject))
	msg.SetDateWithValue(date)
	msg.SetMessageIDWithValue(m.ID + "@" + s.from.domain)
	// RFC 3834, 5: answering machines stay silent; Exchange listens to its own header only.
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetGenHeader("X-Auto-Response-Suppress", "All")
	if tag := languageTag(m.Language); tag != "" {
		msg.SetGenHeader(gomail.HeaderContentLang, tag)
	}
	msg.SetBodyString(gomail.TypeTextPlain, Text(m.Body))
	msg.AddAlternativeString(gomail.TypeTextHTML, HTML(m.Subject, m.Language, m.Body, s.brand))
	var out bytes.Buffer
	if _, err := msg.WriteTo(&out); err != nil {
		return nil, fmt.Errorf("composing the message: %w", err)
	}
	return out.Bytes(), nil
}
