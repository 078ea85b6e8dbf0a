package web

import (
	"encoding/base64"
	"fmt"
	"html/template"
	"net/http"

	"rsc.io/qr"

	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/fault"
)

// setUpPage is the only page of staff who have no second factor yet: why one is needed, and which there are.
type setUpPage struct {
	Page
	Passkeys bool // are possible here
}

func (s *Server) setUpSecondFactor(x *exchange) error {
	if x.session.Stage != account.Enrol {
		return x.redirect(accountPath(x))
	}
	return s.render(x, http.StatusOK, "shared/second-factor", setUpPage{s.page(x, "factor.enrol.title"), s.Accounts.PasskeysPossible()})
}

// accountPath is where second factors are kept: My Account, or the page that asks for the first one.
func accountPath(x *exchange) string {
	if x.session.Stage == account.Enrol {
		return x.route.portal.home() + stagePages[account.Enrol]
	}
	return x.route.portal.home() + "account"
}

// authenticatorPage shows the secret of an authenticator app to be scanned, typed or opened on the phone itself, and asks for its first code.
type authenticatorPage struct {
	Page
	Secret string
	URI    template.URL // otpauth://…
	QR     template.URL // the same as a picture
	Back   string
}

// authenticator shows the secret under way, or a new one. It is a POST, because it may make one.
func (s *Server) authenticator(x *exchange) error {
	return s.authenticatorForm(x, http.StatusOK, nil)
}

func (s *Server) authenticatorForm(x *exchange, status int, failure error) error {
	e, err := s.Accounts.BeginAuthenticator(x.r.Context(), *x.session)
	if err != nil {
		return err
	}
	code, err := qr.Encode(e.URI, qr.L)
	if err != nil {
		return fmt.Errorf("drawing the secret: %w", err)
	}
	code.Scale = 5
	p := authenticatorPage{Page: s.page(x, "factor.authenticator.title"), Secret: e.Secret, Back: accountPath(x),
		URI: template.URL(e.URI),                                                                    //nolint:gosec // made by us, and of a scheme that template does not know
		QR:  template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(code.PNG()))} //nolint:gosec // a picture made by us
	p.Path = p.Back
	if failure != nil {
		if err := s.problems(x, &p.Page, failure); err != nil {
			return err
		}
	}
	return s.render(x, status, "shared/authenticator", p)
}

func (s *Server) confirmAuthenticator(x *exchange) error {
	codes, in, err := s.Accounts.ConfirmAuthenticator(x.r.Context(), *x.session, x.client, x.trimmed("code"))
	switch {
	case fault.Is(err, fault.NotFound): // too old: there will be a new secret
		return s.authenticatorForm(x, http.StatusUnprocessableEntity, fault.InvalidFields(fault.Problem{Field: "code", Key: "problem.code_new_secret"}))
	case fault.Is(err, fault.Invalid):
		return s.authenticatorForm(x, http.StatusUnprocessableEntity, err)
	case err != nil:
		return err
	}
	return s.factorAdded(x, codes, in, "flash.authenticator_on")
}

// factorAdded goes on with the session that replaces the others: by way of the recovery codes, where these are the first.
func (s *Server) factorAdded(x *exchange, codes []string, in account.SignedIn, flash string) error {
	enrolling := x.session.Stage == account.Enrol
	s.signedIn(x, in)
	x.session = &in.Session
	to := accountPath(x)
	if enrolling {
		to = s.takeNext(x)
	}
	if len(codes) == 0 {
		s.setFlash(x, flash)
		return x.redirect(to)
	}
	return s.showCodes(x, codes, to)
}

// codesPage shows recovery codes, this once: nothing keeps them but their owner.
type codesPage struct {
	Page
	Codes []string
	To    string
}

func (s *Server) showCodes(x *exchange, codes []string, to string) error {
	return s.render(x, http.StatusOK, "shared/recovery-codes", codesPage{s.page(x, "factor.codes.title"), codes, to})
}

func (s *Server) newRecoveryCodes(x *exchange) error {
	codes, err := s.Accounts.NewRecoveryCodes(x.r.Context(), *x.session, x.client)
	if err != nil {
		return err
	}
	return s.showCodes(x, codes, accountPath(x))
}

// removeFactorPage is the question before a second factor is removed.
type removeFactorPage struct {
	Page
	Passkey string // its name; "" for the authenticator
	Action  string
	Last    bool // nothing but the password is left
}

func (s *Server) removeAuthenticatorPage(x *exchange) error {
	f, err := s.Accounts.Factors(x.r.Context(), *x.session)
	if err != nil {
		return err
	}
	if f.Authenticator.IsZero() {
		return fault.NotFoundf("no authenticator")
	}
	p := removeFactorPage{Page: s.page(x, "factor.authenticator.remove"), Action: x.r.URL.Path, Last: len(f.Passkeys) == 0}
	return s.render(x, http.StatusOK, "shared/remove-factor", p)
}

func (s *Server) removeAuthenticator(x *exchange) error {
	in, err := s.Accounts.RemoveAuthenticator(x.r.Context(), *x.session, x.client)
	if err != nil {
		return err
	}
	s.signedIn(x, in)
	s.setFlash(x, "flash.authenticator_off")
	return x.redirect(accountPath(x))
}
