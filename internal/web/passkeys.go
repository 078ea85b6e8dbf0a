package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/fault"
)

// sendCeremony answers a script with what it hands to the browser (navigator.credentials) and what goes back with the answer.
func (s *Server) sendCeremony(x *exchange, c account.Ceremony) error {
	data, err := json.Marshal(map[string]any{"token": c.Token, "options": json.RawMessage(c.Options)})
	if err != nil {
		return fmt.Errorf("passkey options: %w", err)
	}
	x.w.Header().Set("Content-Type", "application/json")
	x.w.Header()["Cache-Control"] = noStore
	_, _ = x.w.Write(data) // an error means that the reader went away
	return nil
}

// passkeyOptions begins a sign-in without a username.
func (s *Server) passkeyOptions(x *exchange) error {
	c, err := s.Accounts.BeginPasskeySignIn(x.r.Context(), x.route.portal.kind())
	if err != nil {
		return err
	}
	return s.sendCeremony(x, c)
}

func (s *Server) passkeySignIn(x *exchange) error {
	in, err := s.Accounts.PasskeySignIn(x.r.Context(), x.route.portal.kind(), x.route.portal == parent && x.field("keep") != "", x.client,
		x.field("token"), []byte(x.field("answer")))
	x.session = nil
	switch {
	case fault.Is(err, fault.Unauthenticated):
		p := s.newLoginPage(x)
		p.Path = x.route.portal.home() + "login"
		p.Problems = []Problem{{Text: x.lang.T("factor.passkey.refused")}}
		return s.render(x, http.StatusUnprocessableEntity, s.loginTemplate(x), p)
	case err != nil:
		return err
	}
	return s.enter(x, in)
}

// newPasskeyPage has the browser make a passkey.
type newPasskeyPage struct {
	Page
	Token   string
	Options string // JSON
	Name    string // to begin with; its owner may rename it
	Back    string
}

// newPasskey begins a registration. It is a POST, because the ceremony is kept.
func (s *Server) newPasskey(x *exchange) error { return s.passkeyForm(x, http.StatusOK, nil) }

func (s *Server) passkeyForm(x *exchange, status int, failure error) error {
	c, err := s.Accounts.BeginPasskey(x.r.Context(), *x.session)
	if err != nil {
		return err
	}
	p := newPasskeyPage{Page: s.page(x, "factor.passkey.title"), Token: c.Token, Options: string(c.Options), Back: accountPath(x),
		Name: device(x.r.UserAgent())}
	p.Path = p.Back
	if p.Name == "" {
		p.Name = x.lang.T("factor.passkey.unnamed")
	}
	if failure != nil { // the name stands in no field that one could mend
		p.Problems = []Problem{{Text: x.lang.T("factor.passkey.failed")}}
	}
	return s.render(x, status, "shared/new-passkey", p)
}

func (s *Server) addPasskey(x *exchange) error {
	codes, in, err := s.Accounts.AddPasskey(x.r.Context(), *x.session, x.client, x.field("token"), x.trimmed("name"), []byte(x.field("answer")))
	switch {
	case fault.Is(err, fault.Invalid):
		return s.passkeyForm(x, http.StatusUnprocessableEntity, err)
	case err != nil:
		return err
	}
	return s.factorAdded(x, codes, in, "flash.passkey_added")
}

func (s *Server) renamePasskey(x *exchange) error {
	id, err := x.id("passkey")
	if err != nil {
		return err
	}
	err = s.Accounts.RenamePasskey(x.r.Context(), *x.session, x.client, id, x.trimmed("name"))
	if fault.Is(err, fault.Invalid) {
		p, pageErr := s.accountPage(x)
		if pageErr != nil {
			return pageErr
		}
		if !slices.ContainsFunc(p.Factors.Passkeys, func(k account.Passkey) bool { return k.ID == id }) {
			return fault.NotFoundf("no such passkey")
		}
		if err := s.problems(x, &p.Page, err, "name"); err != nil {
			return err
		}
		p.Renaming = id
		for i := range p.Problems { // there is a field of that name for each passkey
			p.Problems[i].Field += fmt.Sprintf("-%d", id)
		}
		return s.render(x, http.StatusUnprocessableEntity, "shared/account", p)
	}
	if err != nil {
		return err
	}
	s.setFlash(x, "flash.passkey_renamed")
	return x.redirect(accountPath(x))
}

func (s *Server) removePasskeyPage(x *exchange) error {
	id, err := x.id("passkey")
	if err != nil {
		return err
	}
	f, err := s.Accounts.Factors(x.r.Context(), *x.session)
	if err != nil {
		return err
	}
	for _, k := range f.Passkeys {
		if k.ID == id {
			p := removeFactorPage{Page: s.page(x, "factor.passkey.remove"), Passkey: k.Name, Action: x.r.URL.Path,
				Last: len(f.Passkeys) == 1 && f.Authenticator.IsZero()}
			return s.render(x, http.StatusOK, "shared/remove-factor", p)
		}
	}
	return fault.NotFoundf("no such passkey")
}

func (s *Server) removePasskey(x *exchange) error {
	id, err := x.id("passkey")
	if err != nil {
		return err
	}
	in, err := s.Accounts.RemovePasskey(x.r.Context(), *x.session, x.client, id)
	if err != nil {
		return err
	}
	s.signedIn(x, in)
	s.setFlash(x, "flash.passkey_removed")
	return x.redirect(accountPath(x))
}
