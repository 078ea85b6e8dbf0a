package web

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
)

// cookieName is different for each portal, so that a parent who also works in the office can be both in one browser.
func (s *Server) cookieName(p portal, what string) string {
	name := "sg-" + string(p) + "-" + what
	if s.secure {
		return "__Host-" + name
	}
	return name // plain http, on loopback alone: browsers would drop the prefix without Secure
}

func (s *Server) cookie(r *http.Request, p portal, what string) string {
	c, err := r.Cookie(s.cookieName(p, what))
	if err != nil {
		return ""
	}
	return c.Value
}

// setCookie sets a cookie for maxAge seconds: 0 lasts as long as the browser, less than 0 removes it.
func (s *Server) setCookie(w http.ResponseWriter, p portal, what, value string, maxAge int) {
	http.SetCookie(w, &http.Cookie{
		Name: s.cookieName(p, what), Value: value, Path: "/", MaxAge: maxAge, Secure: s.secure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

// Flash is what the next page says about what was just done. It travels in a cookie and carries no secret.
type Flash struct {
	Key  string            // catalogue key
	Args map[string]string // its placeholders
}

func (s *Server) setFlash(x *exchange, key string, args ...string) {
	f := Flash{Key: key, Args: map[string]string{}}
	for i := 0; i+1 < len(args); i += 2 {
		f.Args[args[i]] = args[i+1]
	}
	data, err := json.Marshal(f)
	if err != nil {
		return // strings always marshal
	}
	s.setCookie(x.w, x.route.portal, "flash", base64.RawURLEncoding.EncodeToString(data), 60)
}

// takeFlash returns the flash, once.
func (s *Server) takeFlash(x *exchange) *Flash {
	raw := s.cookie(x.r, x.route.portal, "flash")
	if raw == "" {
		return nil
	}
	s.setCookie(x.w, x.route.portal, "flash", "", -1)
	data, err := base64.RawURLEncoding.DecodeString(raw)
	var f Flash
	if err != nil || json.Unmarshal(data, &f) != nil || !strings.HasPrefix(f.Key, "flash.") {
		return nil
	}
	return &f
}

// takeNext returns where the visitor wanted to go before signing in, once: a path of the same portal or its home.
func (s *Server) takeNext(x *exchange) string {
	next := s.cookie(x.r, x.route.portal, "next")
	if next == "" {
		return x.route.portal.home()
	}
	s.setCookie(x.w, x.route.portal, "next", "", -1)
	return within(x.route.portal, next)
}

// within returns the address if it is one of the portal's, else the portal's home.
func within(p portal, to string) string {
	if strings.HasPrefix(to, p.home()) && !strings.Contains(to, "\\") {
		return to
	}
	return p.home()
}
