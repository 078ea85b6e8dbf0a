package mail

import (
	"errors"
	netmail "net/mail"
	"strings"

	"golang.org/x/net/idna"
)

// addressLength is the longest path that RFC 5321, 4.5.3.1.3 allows, without its angle brackets.
const addressLength = 254

// address is a checked mailbox. Its domain is ASCII (punycode where need be).
type address struct {
	local, domain string
}

// parseAddress reads a bare address such as "ana@school.example". Names, comments, groups, control characters and invisible
// characters are errors; the error's text does not repeat the address.
func parseAddress(raw string) (address, error) {
	switch {
	case raw == "":
		return address{}, errors.New("no address")
	case len(raw) > addressLength:
		return address{}, errors.New("the address is too long")
	case strings.ContainsFunc(raw, func(r rune) bool { return r != ' ' && blank(r) }):
		return address{}, errors.New("the address contains control characters")
	case strings.ContainsAny(raw, "<>"):
		return address{}, errors.New("the address is not a bare address")
	}
	parsed, err := netmail.ParseAddress(raw)
	if err != nil || parsed.Name != "" {
		return address{}, errors.New("the address is not well formed")
	}
	at := strings.LastIndexByte(parsed.Address, '@')
	// net/mail also takes a group of one: "g: ana@school.example;".
	if trimmed := strings.TrimSpace(raw); trimmed != parsed.Address &&
		(!strings.HasPrefix(trimmed, `"`) || !strings.HasSuffix(trimmed, parsed.Address[at:])) {
		return address{}, errors.New("the address is not a bare address")
	}
	domain, err := asciiDomain(parsed.Address[at+1:])
	if err != nil {
		return address{}, errors.New("the address has a malformed domain")
	}
	return address{local: parsed.Address[:at], domain: domain}, nil
}

// parseMailbox reads what an operator writes for a sender: a bare address, or "Name <address>".
func parseMailbox(raw string) (name string, a address, err error) {
	raw = strings.TrimSpace(raw)
	if open := strings.LastIndexByte(raw, '<'); open >= 0 && strings.HasSuffix(raw, ">") {
		name = clean(strings.Trim(strings.TrimSpace(raw[:open]), `"`), headerLength)
		raw = raw[open+1 : len(raw)-1]
	}
	a, err = parseAddress(raw)
	return name, a, err
}

func asciiDomain(domain string) (string, error) {
	if isASCII(domain) {
		return domain, nil
	}
	return idna.Lookup.ToASCII(domain)
}

// international reports whether the address can only travel with SMTPUTF8 (RFC 6531).
func (a address) international() bool { return !isASCII(a.local) }

func (a address) mailbox(name string) *netmail.Address {
	return &netmail.Address{Name: headerText(name), Address: a.local + "@" + a.domain}
}

// path is the address in angle brackets, quoted where RFC 5321 asks for it.
func (a address) path() string {
	return (&netmail.Address{Address: a.local + "@" + a.domain}).String()
}

func isASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > 0x7e })
}
