package web

import (
	"net/http"
	"time"

	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/family"
)

// accountPage is My Account: the login itself, its second factors, and where it is signed in.
type accountPage struct {
	Page
	Username string
	Factors  account.Factors
	Passkeys bool  // are possible here
	Renaming int64 // the passkey whose name was refused
	Sessions []account.Session
	Current  string
	Children []childLogin
	SignIns  []family.SignIn // the newest, also those that failed
	Logins   bool            // student logins are offered
}

// childLogin is one child with its student login, for My Account.
type childLogin struct {
	StudentID int64
	First     string
	Username  string // "" for none
	LastUsed  time.Time
}

// HasFactor reports whether there is a second factor.
func (p accountPage) HasFactor() bool {
	return !p.Factors.Authenticator.IsZero() || len(p.Factors.Passkeys) > 0
}

// MayRemove reports whether a second factor may go: not the last one of somebody who needs one.
func (p accountPage) MayRemove() bool {
	return !p.Factors.Required || len(p.Factors.Passkeys) > 1 || len(p.Factors.Passkeys) == 1 && !p.Factors.Authenticator.IsZero()
}

func (s *Server) myAccount(x *exchange) error {
	p, err := s.accountPage(x)
	if err != nil {
		return err
	}
	return s.render(x, http.StatusOK, "shared/account", p)
}

func (s *Server) accountPage(x *exchange) (accountPage, error) {
	p := accountPage{
		Page: s.page(x, "account.title"), Passkeys: s.Accounts.PasskeysPossible(), Username: x.session.Username, Current: x.session.Number, Logins: s.Settings.Values().StudentLogins,
	}
	var err error
	if p.Factors, err = s.Accounts.Factors(x.r.Context(), *x.session); err != nil {
		return p, err
	}
	if p.Sessions, err = s.Accounts.Sessions(x.r.Context(), x.actor); err != nil {
		return p, err
	}
	if p.SignIns, err = s.Family.SignIns(x.r.Context(), x.actor); err != nil {
		return p, err
	}
	if x.route.portal == parent {
		home, err := s.Family.Home(x.r.Context(), x.actor)
		if err != nil {
			return p, err
		}
		for _, c := range home.Children {
			l := childLogin{StudentID: c.StudentID, First: c.First}
			if c.Login != nil {
				l.Username, l.LastUsed = c.Login.Username, c.Login.LastUsed
			}
			p.Children = append(p.Children, l)
		}
	}
	return p, nil
}

func (s *Server) changePasswordPage(x *exchange) error {
	p, err := s.passwordForm(x, "password.change.title")
	if err != nil {
		return err
	}
	return s.render(x, http.StatusOK, "shared/change-password", p)
}

func (s *Server) changePassword(x *exchange) error {
	in, err := account.SignedIn{}, s.twice(x)
	if err == nil {
		in, err = s.Accounts.ChangePassword(x.r.Context(), *x.session, x.client, x.field("current_password"), x.field("new_password"))
	}
	if err != nil {
		p, formErr := s.passwordForm(x, "password.change.title")
		if formErr != nil {
			return formErr
		}
		if err := s.problems(x, &p.Page, err); err != nil {
			return err
		}
		return s.render(x, http.StatusUnprocessableEntity, "shared/change-password", p)
	}
	s.signedIn(x, in)
	s.setFlash(x, "flash.password_changed")
	return x.redirect(x.route.portal.home() + "account")
}

// changeUsernamePage asks for a new username and the current password.
type changeUsernamePage struct {
	Page
	Username string
}

func (s *Server) changeUsernamePage(x *exchange) error {
	return s.render(x, http.StatusOK, "shared/change-username", changeUsernamePage{s.page(x, "username.change.title"), x.session.Username})
}

func (s *Server) changeUsername(x *exchange) error {
	err := s.Accounts.ChangeUsername(x.r.Context(), *x.session, x.client, x.field("current_password"), x.trimmed("username"))
	if err != nil {
		p := changeUsernamePage{s.page(x, "username.change.title"), x.session.Username}
		if err := s.problems(x, &p.Page, err, "username"); err != nil {
			return err
		}
		return s.render(x, http.StatusUnprocessableEntity, "shared/change-username", p)
	}
	s.setFlash(x, "flash.username_changed")
	return x.redirect(x.route.portal.home() + "account")
}

func (s *Server) endSession(x *exchange) error {
	if err := s.Accounts.EndSession(x.r.Context(), x.actor, x.field("session")); err != nil {
		return err
	}
	s.setFlash(x, "flash.session_ended")
	return x.redirect(x.route.portal.home() + "account")
}

// endAllSessions signs out everywhere, here too.
func (s *Server) endAllSessions(x *exchange) error {
	if _, err := s.Accounts.EndOtherSessions(x.r.Context(), x.actor, ""); err != nil {
		return err
	}
	s.setCookie(x.w, x.route.portal, "session", "", -1)
	s.setFlash(x, "flash.signed_out_everywhere")
	return x.redirect(x.route.portal.home() + "login")
}
