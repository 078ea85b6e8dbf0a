package web

import (
	"crypto/rand"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/fault"
)

// secondStepPage asks for the second factor after the right password.
type secondStepPage struct {
	Page
	proofs
}

// proofs are the ways in which somebody can show that it is them, beside the password.
type proofs struct {
	Authenticator bool
	HasPasskey    bool
}

// Factor reports whether there is any.
func (p proofs) Factor() bool { return p.Authenticator || p.HasPasskey }

func (s *Server) proofs(x *exchange) (proofs, error) {
	f, err := s.Accounts.Factors(x.r.Context(), *x.session)
	return proofs{!f.Authenticator.IsZero(), len(f.Passkeys) > 0}, err
}

func (s *Server) secondStepPage(x *exchange) error {
	if x.session.Stage != account.SecondStep {
		return x.redirect(x.route.portal.home())
	}
	return s.secondStepForm(x, http.StatusOK, nil)
}

func (s *Server) secondStepForm(x *exchange, status int, failure error) error {
	p := secondStepPage{Page: s.page(x, "factor.step.title")}
	p.Path = x.route.portal.home() + stagePages[account.SecondStep]
	if err := s.refusal(x, &p.Page, failure); err != nil {
		return err
	}
	var err error
	if p.proofs, err = s.proofs(x); err != nil {
		return err
	}
	return s.render(x, status, "shared/second-step", p)
}

// refusal puts on the page why a code, a password or a passkey was not taken. Any other error is returned.
func (s *Server) refusal(x *exchange, p *Page, failure error) error {
	if failure == nil {
		return nil
	}
	return s.problems(x, p, failure)
}

func (s *Server) secondStep(x *exchange) error {
	if x.session.Stage != account.SecondStep {
		return x.redirect(x.route.portal.home())
	}
	in, err := s.Accounts.SecondStep(x.r.Context(), *x.session, x.client, x.trimmed("code"))
	return s.stepped(x, in, err)
}

func (s *Server) secondPasskey(x *exchange) error {
	if x.session.Stage != account.SecondStep {
		return x.redirect(x.route.portal.home())
	}
	in, err := s.Accounts.SecondPasskey(x.r.Context(), *x.session, x.client, x.field("token"), []byte(x.field("answer")))
	return s.stepped(x, in, err)
}

func (s *Server) stepped(x *exchange, in account.SignedIn, err error) error {
	if err != nil {
		return s.secondStepForm(x, http.StatusUnprocessableEntity, err)
	}
	return s.enter(x, in)
}

// proofOptions begins a ceremony with one of the account's own passkeys.
func (s *Server) proofOptions(x *exchange) error {
	c, err := s.Accounts.BeginProof(x.r.Context(), *x.session)
	if err != nil {
		return err
	}
	return s.sendCeremony(x, c)
}

// confirmPage asks for password and second factor once more, before a step that needs them fresh. Form is the number of the form that waits
// for it; else Next is the page that does, and Again says that what was sent has to be sent once more.
type confirmPage struct {
	Page
	proofs
	Form, Next string
	Again      bool
}

// numberField is where the number of an interrupted form stands among its fields: so a window resumes its own form and not that of another.
const numberField = ".number"

// interrupt remembers what the visitor wanted and asks them to show that it is them. It reports false where nobody can be asked.
func (s *Server) interrupt(x *exchange) (bool, error) {
	if x.session == nil || x.session.Stage != account.Full || x.route.portal != parent && x.route.portal != admin {
		return false, nil
	}
	q := url.Values{}
	if x.r.Method != http.MethodPost {
		q.Set("next", x.r.URL.RequestURI())
	} else {
		number, err := s.keepForm(x)
		switch {
		case fault.Is(err, fault.Invalid): // a file, or too much: the page that it was sent from can send it again
			q.Set("again", "1")
			if from, err := url.Parse(x.r.Referer()); err == nil {
				q.Set("next", from.RequestURI())
			}
		case err != nil:
			return false, err
		default:
			q.Set("form", number)
		}
	}
	return true, x.redirect(x.route.portal.home() + "confirm?" + q.Encode())
}

// keepForm keeps the form that was sent, without its secrets, and returns its number.
func (s *Server) keepForm(x *exchange) (string, error) {
	if x.r.MultipartForm != nil || strings.HasPrefix(x.r.Header.Get("Content-Type"), "multipart/") {
		return "", fault.Invalidf("a form with files is not kept")
	}
	kept := withoutSecrets(x.r.PostForm)
	number := rand.Text()
	kept.Set(numberField, number)
	return number, s.Accounts.Interrupt(x.r.Context(), s.cookie(x.r, x.route.portal, "session"),
		account.Interrupted{Target: x.r.URL.RequestURI(), Form: kept.Encode()})
}

// withoutSecrets leaves out what nobody may keep: whoever sees an empty field types it again.
func withoutSecrets(form url.Values) url.Values {
	kept := url.Values{}
	for name, values := range form {
		if n := strings.ToLower(name); !strings.Contains(n, "password") && !strings.Contains(n, "code") {
			kept[name] = values
		}
	}
	return kept
}

func (s *Server) confirmPage(x *exchange) error {
	q := x.r.URL.Query()
	if next := q.Get("next"); x.actor.Fresh && next != "" && q.Get("again") == "" {
		return x.redirect(within(x.route.portal, next))
	}
	return s.confirmForm(x, http.StatusOK, confirmPage{Form: q.Get("form"), Next: q.Get("next"), Again: q.Get("again") != ""}, nil)
}

func (s *Server) confirmForm(x *exchange, status int, p confirmPage, failure error) error {
	p.Page = s.page(x, "factor.confirm.title")
	if err := s.refusal(x, &p.Page, failure); err != nil {
		return err
	}
	var err error
	if p.proofs, err = s.proofs(x); err != nil {
		return err
	}
	return s.render(x, status, "shared/confirm", p)
}

func (s *Server) confirm(x *exchange) error {
	_, err := s.Accounts.Prove(x.r.Context(), *x.session, x.client, x.field("current_password"), x.trimmed("code"))
	return s.proved(x, err)
}

func (s *Server) confirmPasskey(x *exchange) error {
	_, err := s.Accounts.ProvePasskey(x.r.Context(), *x.session, x.client, x.field("token"), []byte(x.field("answer")))
	return s.proved(x, err)
}

// proved goes on with what was interrupted.
func (s *Server) proved(x *exchange, err error) error {
	form, next, again := x.field("form"), x.field("next"), x.field("again") != ""
	switch {
	case err != nil:
		return s.confirmForm(x, http.StatusUnprocessableEntity, confirmPage{Form: form, Next: next, Again: again}, err)
	case form != "":
		return s.resume(x, form)
	case again:
		s.setFlash(x, "flash.send_again")
	case next == "":
		s.setFlash(x, "flash.nothing_done")
	}
	return x.redirect(within(x.route.portal, next))
}

// resume sends the kept form once more through all that a form from the browser passes, and its answer is the answer. A form is taken out
// before it is sent: whoever comes second, or too late, finds none.
func (s *Server) resume(x *exchange, number string) error {
	token := s.cookie(x.r, x.route.portal, "session")
	f, err := s.Accounts.Resume(x.r.Context(), token)
	if fault.Is(err, fault.NotFound) {
		return s.nothingDone(x)
	}
	if err != nil {
		return err
	}
	form, err := url.ParseQuery(f.Form)
	if err != nil {
		return err
	}
	if form.Get(numberField) != number { // another window's, which may still be confirmed there
		if err := s.Accounts.Interrupt(x.r.Context(), token, f); err != nil {
			return err
		}
		return s.nothingDone(x)
	}
	form.Del(numberField)
	target, err := url.ParseRequestURI(f.Target)
	if err != nil {
		return err
	}
	r := x.r.Clone(x.r.Context())
	r.URL, r.RequestURI, r.Form, r.PostForm, r.MultipartForm = target, f.Target, nil, nil, nil
	body := form.Encode()
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	s.mux.ServeHTTP(x.w, r)
	return nil
}

func (s *Server) nothingDone(x *exchange) error {
	s.setFlash(x, "flash.nothing_done")
	return x.redirect(x.route.portal.home())
}
