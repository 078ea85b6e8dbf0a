package web

import (
	"crypto/rand"
	"net/http"

	"github.com/schoolgate/schoolgate/internal/family"
)

// registerPage is "create a new account".
type registerPage struct {
	Page
	FormKey string
	Hint    string // where the ID Number is found, in the school's words; "" for ours
}

func (s *Server) registerForm(x *exchange) registerPage {
	return registerPage{Page: s.page(x, "parent.register.title"), FormKey: rand.Text(), Hint: s.Settings.Values().IDNumberHint}
}

func (s *Server) registerPage(x *exchange) error {
	return s.render(x, http.StatusOK, "parent/register", s.registerForm(x))
}

func (s *Server) register(x *exchange) error {
	ref, err := s.Family.Register(x.r.Context(), x.actor, family.Registration{
		FormKey: formKey(x), Username: x.trimmed("username"), IDNumber: x.trimmed("id_number"), First: x.trimmed("first_name"),
		Last: x.trimmed("last_name"), Language: x.lang.Tag(),
	})
	if err != nil {
		p := s.registerForm(x)
		p.Path = x.r.URL.Path
		if err := s.problems(x, &p.Page, err, "username", "id_number", "first_name", "last_name"); err != nil {
			return err
		}
		return s.render(x, http.StatusUnprocessableEntity, "parent/register", p)
	}
	return s.sent(x, ref, "register/sent")
}

// formKey makes a form that is sent twice one request; programs that leave it out get a fresh one each time.
func formKey(x *exchange) string {
	if key := x.field("form_key"); len(key) >= 16 && len(key) <= 64 {
		return key
	}
	return rand.Text()
}

// sent keeps the reference out of the address: it travels in a cookie to the one page that shows it.
func (s *Server) sent(x *exchange, reference, page string) error {
	s.setCookie(x.w, parent, "reference", reference, 3600)
	return x.redirect(parent.home() + page)
}

// sentPage is the one answer, whatever was typed.
type sentPage struct {
	Page
	Reference string
}

func (s *Server) registerSent(x *exchange) error {
	return s.sentPage(x, "parent.sent.title", "parent/sent", "register")
}

func (s *Server) sentPage(x *exchange, title, template, from string) error {
	ref := s.cookie(x.r, parent, "reference")
	if len(ref) != len("K7M-4QD") {
		return x.redirect(parent.home() + from)
	}
	return s.render(x, http.StatusOK, template, sentPage{s.page(x, title), ref})
}

// forgotPage offers both ways back in: the password, the username.
type forgotPage struct {
	Page
	FormKey string
}

func (s *Server) forgotForm(x *exchange) forgotPage {
	return forgotPage{s.page(x, "parent.forgot.title"), rand.Text()}
}

func (s *Server) forgotPage(x *exchange) error {
	return s.render(x, http.StatusOK, "parent/forgot", s.forgotForm(x))
}

func (s *Server) forgotPassword(x *exchange) error {
	ref, err := s.Family.ForgotPassword(x.r.Context(), x.actor, formKey(x), x.trimmed("username"), x.lang.Tag())
	return s.forgotAnswer(x, ref, err)
}

func (s *Server) forgotUsername(x *exchange) error {
	ref, err := s.Family.ForgotUsername(x.r.Context(), x.actor, formKey(x), x.trimmed("email"), x.lang.Tag())
	return s.forgotAnswer(x, ref, err)
}

func (s *Server) forgotAnswer(x *exchange, ref string, err error) error {
	if err != nil {
		p := s.forgotForm(x)
		p.Path = parent.home() + "forgot"
		if err := s.problems(x, &p.Page, err, "username", "email"); err != nil {
			return err
		}
		return s.render(x, http.StatusUnprocessableEntity, "parent/forgot", p)
	}
	return s.sent(x, ref, "forgot/sent")
}

func (s *Server) forgotSent(x *exchange) error {
	return s.sentPage(x, "parent.forgot_sent.title", "parent/forgot-sent", "forgot")
}
