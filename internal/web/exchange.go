package web

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/lang"
)

// exchange is one request with everything the handlers ask about it, and the answer being written.
type exchange struct {
	w       http.ResponseWriter
	r       *http.Request
	route   route
	client  account.Client
	lang    *lang.Language
	session *account.Session // of this portal; nil when nobody is signed in
	actor   access.Actor
}

// field returns a form field as typed; of several with one name the first counts.
func (x *exchange) field(name string) string { return x.r.PostFormValue(name) }

// trimmed returns a form field without the blanks that paste and autofill put around it.
func (x *exchange) trimmed(name string) string { return strings.TrimSpace(x.r.PostFormValue(name)) }

// number returns a number from the form; 0, which no record has and no version, where there is none.
func (x *exchange) number(field string) int64 { return number(x.field(field)) }

// place returns a number from the query: where a list goes on, or what narrows it; 0, its start and everything, where there is none.
func (x *exchange) place(name string) int64 { return number(x.r.URL.Query().Get(name)) }

func number(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// id returns a number from the path. It returns fault.NotFound for anything else.
func (x *exchange) id(name string) (int64, error) {
	n, err := strconv.ParseInt(x.r.PathValue(name), 10, 64)
	if err != nil || n <= 0 {
		return 0, fault.NotFoundf("no such page")
	}
	return n, nil
}

// ids returns the numbers of a repeated form field, leaving out what is none.
func (x *exchange) ids(name string) []int64 {
	var ids []int64
	for _, v := range x.r.PostForm[name] {
		if n, err := strconv.ParseInt(v, 10, 64); err == nil && n > 0 {
			ids = append(ids, n)
		}
	}
	return ids
}

// redirect answers 303, so that reloading the next page repeats nothing.
func (x *exchange) redirect(to string) error {
	http.Redirect(x.w, x.r, to, http.StatusSeeOther)
	return nil
}

// newExchange reads what is known before any handler runs.
func (s *Server) newExchange(w http.ResponseWriter, r *http.Request, rt route) *exchange {
	x := &exchange{w: w, r: r, route: rt}
	x.client = account.Client{
		Address: s.clientAddress(r), UserAgent: cut(r.UserAgent(), 200), RequestID: requestID(r), Device: s.cookie(r, rt.portal, "device"),
	}
	x.actor = access.Actor{Kind: access.Visitor, Address: x.client.Address, RequestID: x.client.RequestID}
	x.lang = s.language(r)
	return x
}

// language is the one chosen on this device, else the first the browser asks for that we speak.
func (s *Server) language(r *http.Request) *lang.Language {
	if tag := s.cookie(r, front, "lang"); slices.Contains(lang.Tags(), tag) {
		return s.Catalog.Language(tag)
	}
	return s.Catalog.Language(s.Catalog.Negotiate(r.Header.Get("Accept-Language")))
}

// clientAddress is the peer's, or, behind the configured number of proxies, the one that the outermost of them saw. Nothing else that a
// client sends changes it.
func (s *Server) clientAddress(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	if s.TrustedProxies > 0 {
		seen := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
		if n := len(seen) - s.TrustedProxies; n >= 0 {
			if a, err := netip.ParseAddr(strings.TrimSpace(seen[n])); err == nil {
				host = a.Unmap().String()
			}
		}
	}
	return host
}

func cut(s string, n int) string {
	if len(s) > n {
		s = s[:n]
	}
	return strings.ToValidUTF8(s, "")
}
