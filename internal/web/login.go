package web

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/fault"
)

// frontDoorPage leads to the portals.
type frontDoorPage struct{ Page }

func (s *Server) frontDoor(x *exchange) error {
	return s.renderCached(x, "front/door", func() any { return frontDoorPage{s.page(x, "front.title")} })
}

func (s *Server) chooseLanguage(x *exchange) error {
	s.setCookie(x.w, front, "lang", s.Catalog.Language(x.field("lang")).Tag(), 365*24*3600)
	back := x.field("back")
	// Browsers take a backslash for a slash and leave out tabs and line ends, which url.Parse refuses.
	if u, err := url.Parse(back); err != nil || u.Host != "" || !strings.HasPrefix(back, "/") || strings.HasPrefix(back, "//") || strings.Contains(back, "\\") {
		back = "/"
	}
	return x.redirect(back)
}

// loginPage is a portal's sign-in page.
type loginPage struct {
	Page
	Failed   bool
	Passkeys bool // are possible here
	Username string
}

func (s *Server) newLoginPage(x *exchange) loginPage {
	p := loginPage{Page: s.page(x, string(x.route.portal)+".login.title")}
	p.Passkeys = x.route.portal != student && s.Accounts.PasskeysPossible()
	return p
}

func (s *Server) loginPage(x *exchange) error {
	if x.session != nil && x.session.Stage == account.Full {
		return x.redirect(x.route.portal.home())
	}
	// A limited session is as good as none here: whoever comes back to sign in may do so.
	x.session = nil
	return s.renderCached(x, s.loginTemplate(x), func() any { return s.newLoginPage(x) })
}

func (s *Server) loginTemplate(x *exchange) string { return string(x.route.portal) + "/login" }

func (s *Server) login(x *exchange) error {
	in, err := s.Accounts.SignIn(x.r.Context(), account.Attempt{
		Kind: x.route.portal.kind(), Username: x.trimmed("username"), Password: x.field("password"),
		Keep: x.route.portal == parent && x.field("keep") != "", Client: x.client,
	})
	x.session = nil
	switch {
	case fault.Is(err, fault.Unauthenticated):
		p := s.newLoginPage(x)
		p.Failed, p.Username = true, cut(x.trimmed("username"), 200)
		p.Path = x.r.URL.Path
		p.Problems = []Problem{{Field: "username", Text: x.lang.T(string(x.route.portal) + ".login.failed")}}
		return s.render(x, http.StatusUnprocessableEntity, s.loginTemplate(x), p)
	case err != nil:
		return err
	}
	return s.enter(x, in)
}

// enter goes where a sign-in leads: on with it while something is still to come, else to the page that was wanted.
func (s *Server) enter(x *exchange, in account.SignedIn) error {
	s.signedIn(x, in)
	if page, ok := stagePages[in.Session.Stage]; ok {
		return x.redirect(x.route.portal.home() + page)
	}
	return x.redirect(s.takeNext(x))
}

// signedIn hands the browser its new session, in place of any older one.
func (s *Server) signedIn(x *exchange, in account.SignedIn) {
	age := 0
	if in.Session.Keep {
		age = int(in.Session.ExpiresAt.Sub(s.Now()).Seconds())
	}
	s.setCookie(x.w, x.route.portal, "session", in.Token, age)
	if in.Device != "" {
		s.setCookie(x.w, x.route.portal, "device", in.Device, 180*24*3600)
	}
}

func (s *Server) logout(x *exchange) error {
	if token := s.cookie(x.r, x.route.portal, "session"); token != "" && x.session != nil {
		if err := s.Accounts.SignOut(x.r.Context(), x.actor, token); err != nil {
			return err
		}
	}
	s.setCookie(x.w, x.route.portal, "session", "", -1)
	// Not "cookies": the device stays known, and the other portals stay signed in.
	x.w.Header().Set("Clear-Site-Data", `"cache", "storage"`)
	s.setFlash(x, "flash.signed_out")
	return x.redirect(x.route.portal.home() + "login")
}

// passwordPage asks for a new password: the first permanent one, or another.
type passwordPage struct {
	Page
	Username   string
	Min        int
	Suggestion string
}

func (s *Server) passwordForm(x *exchange, title string) (passwordPage, error) {
	p := passwordPage{Page: s.page(x, title), Username: x.session.Username, Min: s.minPassword(x.session.Kind)}
	var err error
	p.Suggestion, err = account.Passphrase(x.lang.Tag())
	return p, err
}

func (s *Server) minPassword(k access.Kind) int {
	if k == access.Student {
		return s.Settings.Values().MinStudentPassword
	}
	return s.Settings.Values().MinPassword
}

func (s *Server) newPasswordPage(x *exchange) error {
	if x.session.Stage != account.SetPassword {
		return x.redirect(x.route.portal.home())
	}
	p, err := s.passwordForm(x, "password.new.title")
	if err != nil {
		return err
	}
	return s.render(x, http.StatusOK, "shared/new-password", p)
}

func (s *Server) newPassword(x *exchange) error {
	if x.session.Stage != account.SetPassword {
		return x.redirect(x.route.portal.home())
	}
	in, err := account.SignedIn{}, s.twice(x)
	if err == nil {
		in, err = s.Accounts.FirstPassword(x.r.Context(), *x.session, x.client, x.field("new_password"), x.trimmed("username"))
	}
	if err != nil {
		p, formErr := s.passwordForm(x, "password.new.title")
		if formErr != nil {
			return formErr
		}
		if err := s.problems(x, &p.Page, err, "username"); err != nil {
			return err
		}
		return s.render(x, http.StatusUnprocessableEntity, "shared/new-password", p)
	}
	s.signedIn(x, in)
	s.setFlash(x, "flash.password_set")
	return x.redirect(x.route.portal.home())
}

// twice checks that a new password was typed the same both times.
func (s *Server) twice(x *exchange) error {
	if x.field("new_password") != x.field("confirm_password") {
		return fault.InvalidFields(fault.Problem{Field: "confirm_password", Key: "problem.password_differs"})
	}
	return nil
}
