package web

import (
	"net/http"
	"strconv"

	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/mail"
)

// mailboxPage shows what the demo mailed, newest first.
type mailboxPage struct {
	Page
	Messages []mailboxRow
}

// mailboxRow is one message with its number, counted from the first.
type mailboxRow struct {
	Number int
	mail.Message
}

func (s *Server) mailbox(x *exchange) error {
	p := mailboxPage{Page: s.page(x, "demo.mailbox.title")}
	for i, m := range s.Demo.Messages() {
		p.Messages = append([]mailboxRow{{i + 1, m}}, p.Messages...)
	}
	return s.render(x, http.StatusOK, "front/mailbox", p)
}

// mailboxMessagePage is one message as its reader would see it.
type mailboxMessagePage struct {
	Page
	Message mail.Message
	Text    string
}

func (s *Server) mailboxMessage(x *exchange) error {
	n, err := strconv.Atoi(x.r.PathValue("number"))
	all := s.Demo.Messages()
	if err != nil || n < 1 || n > len(all) {
		return fault.NotFoundf("no such message")
	}
	m := all[n-1]
	return s.render(x, http.StatusOK, "front/message", mailboxMessagePage{Page: s.page(x, "demo.mailbox.title"), Message: m, Text: mail.Text(m.Body)})
}
