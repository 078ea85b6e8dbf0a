package mailtest

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
)

// Received is a message as it arrived.
type Received struct {
	From     string      // of the envelope
	To       []string    // of the envelope
	User     string      // signed in as; "" without AUTH
	TLS      bool        // the message came over TLS
	SMTPUTF8 bool        // the sender asked for SMTPUTF8
	Header   mail.Header // as written; encoded words are not decoded
	Subject  string      // decoded
	Text     string      // the text/plain part, decoded, with \n
	HTML     string      // the text/html part, decoded, with \n
	Parts    int         // leaves of the MIME tree
	Raw      []byte
}

// MessageID returns the Message-ID header, angle brackets included.
func (r Received) MessageID() string { return r.Header.Get("Message-ID") }

// Addresses returns the decoded mailboxes of a header such as "To"; nil if it is missing or malformed.
func (r Received) Addresses(header string) []*mail.Address {
	list, err := r.Header.AddressList(header)
	if err != nil {
		return nil
	}
	return list
}

// Parse reads a message with its MIME parts, by the standard library alone. It returns an error for what a mail program could not
// show: malformed headers, unknown encodings, a charset other than UTF-8 or ASCII.
func Parse(raw []byte) (Received, error) {
	msg, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return Received{}, err
	}
	r := Received{Header: msg.Header, Raw: raw}
	if r.Subject, err = new(mime.WordDecoder).DecodeHeader(msg.Header.Get("Subject")); err != nil {
		return Received{}, fmt.Errorf("subject: %w", err)
	}
	err = r.add(msg.Header.Get("Content-Type"), msg.Header.Get("Content-Transfer-Encoding"), msg.Body)
	return r, err
}

func (r *Received) add(contentType, encoding string, body io.Reader) error {
	if contentType == "" {
		contentType = "text/plain; charset=us-ascii"
	}
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		return fmt.Errorf("content type: %w", err)
	}
	if strings.HasPrefix(kind, "multipart/") {
		return r.addParts(multipart.NewReader(body, params["boundary"]))
	}
	switch strings.ToLower(encoding) {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	case "", "7bit", "8bit":
	default:
		return fmt.Errorf("unknown transfer encoding %q", encoding)
	}
	content, err := io.ReadAll(body)
	if err != nil {
		return fmt.Errorf("%s part: %w", kind, err)
	}
	r.Parts++
	text := strings.ReplaceAll(string(content), "\r\n", "\n")
	switch charset := strings.ToLower(params["charset"]); {
	case !strings.HasPrefix(kind, "text/"):
		return nil
	case charset != "utf-8" && charset != "us-ascii":
		return fmt.Errorf("unexpected charset %q", charset)
	case kind == "text/plain" && r.Text == "":
		r.Text = text
	case kind == "text/html" && r.HTML == "":
		r.HTML = text
	}
	return nil
}

func (r *Received) addParts(parts *multipart.Reader) error {
	for {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("multipart: %w", err)
		}
		if err := r.add(part.Header.Get("Content-Type"), part.Header.Get("Content-Transfer-Encoding"), part); err != nil {
			return err
		}
	}
}
