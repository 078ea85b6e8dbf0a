package web

import (
	"context"
	"net/http"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/fault"
)

// staffActs is what can be done to another member of staff beside changing the form, by its name in the address.
var staffActs = map[string]func(a *account.Accounts, ctx context.Context, actor access.Actor, id int64, reason string) error{
	"disable": (*account.Accounts).DisableStaff,
	"enable": func(a *account.Accounts, ctx context.Context, actor access.Actor, id int64, _ string) error {
		return a.EnableStaff(ctx, actor, id)
	},
	"password": func(a *account.Accounts, ctx context.Context, actor access.Actor, id int64, _ string) error {
		return a.SendStaffPassword(ctx, actor, id)
	},
	"factors": func(a *account.Accounts, ctx context.Context, actor access.Actor, id int64, _ string) error {
		return a.RemoveStaffFactors(ctx, actor, id)
	},
	"sessions": func(a *account.Accounts, ctx context.Context, actor access.Actor, id int64, _ string) error {
		return a.EndStaffSessions(ctx, actor, id)
	},
	"remove": func(a *account.Accounts, ctx context.Context, actor access.Actor, id int64, _ string) error {
		return a.RemoveStaff(ctx, actor, id)
	},
}

// acts are those that make sense for a member of staff as they are, by an actor who may change them.
func acts(m account.StaffMember) []string {
	if m.Own || !m.MayChange {
		return nil
	}
	var all []string
	for _, act := range []struct {
		name  string
		sense bool
	}{
		{"password", m.State != account.Disabled && !m.Ended},
		{"factors", m.HasFactor},
		{"sessions", m.Sessions > 0},
		{"enable", m.State == account.Disabled},
		{"disable", m.State != account.Disabled},
		{"remove", true},
	} {
		if act.sense {
			all = append(all, act.name)
		}
	}
	return all
}

// staffAskPage asks before something is done to a member of staff.
type staffAskPage struct {
	Page
	Member account.StaffMember
	Act    string
	Loss   bool // it takes something away for good, or the login
}

func (s *Server) staffQuestion(x *exchange) (staffAskPage, error) {
	act := x.r.PathValue("act")
	if staffActs[act] == nil {
		return staffAskPage{}, fault.NotFoundf("no such page")
	}
	m, err := s.staffMember(x)
	if err != nil {
		return staffAskPage{}, err
	}
	if m.Own || !m.MayChange {
		return staffAskPage{}, access.Refuse(access.ManageStaff, "not this login")
	}
	p := staffAskPage{Page: s.page(x, "staff.act."+act), Member: m, Act: act, Loss: act == "remove" || act == "disable" || act == "factors"}
	p.Path = memberPath(m.ID) + "/" + act
	return p, nil
}

func (s *Server) askStaff(x *exchange) error {
	p, err := s.staffQuestion(x)
	if err != nil {
		return err
	}
	return s.render(x, http.StatusOK, "admin/staff-ask", p)
}

func (s *Server) actOnStaff(x *exchange) error {
	p, err := s.staffQuestion(x)
	if err != nil {
		return err
	}
	if err := staffActs[p.Act](s.Accounts, x.r.Context(), x.actor, p.Member.ID, x.trimmed("reason")); err != nil {
		if err := s.problems(x, &p.Page, err, "reason"); err != nil {
			return err
		}
		return s.render(x, http.StatusUnprocessableEntity, "admin/staff-ask", p)
	}
	s.setFlash(x, "flash.staff."+p.Act)
	if p.Act == "remove" {
		return x.redirect(staffPath)
	}
	return x.redirect(memberPath(p.Member.ID))
}
