package family

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// found reads a list of parents to its end and returns first name, username and state of each.
func (w *town) found(actor access.Actor, whom Whom) (all []string) {
	w.t.Helper()
	q := ParentQuery{Whom: whom, Limit: 2}
	for {
		p, err := w.Parents(w.ctx, actor, q)
		w.ok(err)
		for _, r := range p.Rows {
			all = append(all, fmt.Sprintf("%s %s %s", r.First, r.Username, r.State))
		}
		if q.After = p.Next; q.After == "" {
			return all
		}
	}
}

func TestParentsAreFoundOnceEachByNameAndByHowTheirLoginStands(t *testing.T) {
	inTown(t, func(w *town) {
		ana, leo := w.pupil("Ana", "Lopez", "1"), w.pupil("Leo", "Lopez", "2")
		maria, _ := w.contact("Maria", "Lopez", "maria@x.example", "mother", ana, leo)
		w.contact("Jose", "Lopez Ruiz", "", "father", ana)
		w.contact("Uma", "Lopez", "uma@x.example", "aunt", ana)
		wes, _ := w.contact("Wes", "Ruiz", "wes@x.example", "father", leo)
		dot, _ := w.contact("Dot", "Ruiz", "dot@x.example", "mother", leo)
		w.contact("Nan", "Ruiz", "nan@x.example", "mother", leo)
		w.login("mlopez", maria)
		w.login("wruiz", wes)
		w.login("druiz", dot)
		old := w.now().Add(-100 * 24 * time.Hour).UnixMicro()
		w.write(func(tx *sqldb.Tx) error {
			for _, q := range []string{
				"update account set state = 'waiting', password_hash = null where username = 'wruiz'",
				"update account set state = 'disabled', state_reason = 'a court order' where username = 'druiz'",
				fmt.Sprintf("update account set password_set_at = %d, last_sign_in_at = %d where username = 'mlopez'", old, old),
			} {
				if _, err := tx.Exec(w.ctx, q); err != nil {
					return err
				}
			}
			return nil
		})
		month := w.now().Add(-30 * 24 * time.Hour)
		for name, c := range map[string]struct {
			whom Whom
			want []string
		}{
			"all":                   {Whom{}, []string{"Maria mlopez active", "Uma  may_not", "Jose  no_email", "Dot druiz disabled", "Nan  never", "Wes wruiz waiting"}},
			"a letter":              {Whom{Letter: "R"}, []string{"Dot druiz disabled", "Nan  never", "Wes wruiz waiting"}},
			"a name, any word":      {Whom{Last: "ruiz"}, []string{"Jose  no_email", "Dot druiz disabled", "Nan  never", "Wes wruiz waiting"}},
			"waiting":               {Whom{State: Waiting}, []string{"Wes wruiz waiting"}},
			"disabled by name":      {Whom{Last: "ruiz", State: Disabled}, []string{"Dot druiz disabled"}},
			"without login":         {Whom{State: Never}, []string{"Nan  never"}},
			"not since":             {Whom{NotSince: month}, []string{"Maria mlopez active", "Dot druiz disabled", "Wes wruiz waiting"}},
			"old password":          {Whom{PasswordBefore: month}, []string{"Maria mlopez active"}},
			"old password, waiting": {Whom{PasswordBefore: month, State: Waiting}, nil},
			"nobody":                {Whom{Last: "--"}, nil},
		} {
			w.equal(name, w.found(w.clerk, c.whom), c.want)
		}
		p, err := w.Parents(w.ctx, w.clerk, ParentQuery{Whom: Whom{Last: "ruiz"}, Limit: 2})
		w.ok(err)
		w.equal("counted", p.Total, 4)
		if _, err := w.Parents(w.ctx, w.clerk, ParentQuery{Whom: Whom{State: "x"}}); !fault.Is(err, fault.Invalid) {
			w.t.Errorf("no state: %v", err)
		}
		p, err = w.Parents(w.ctx, w.clerk, ParentQuery{Whom: Whom{State: Disabled}})
		w.ok(err)
		w.equal("why", p.Rows[0].Reason, "a court order")
		w.ok(w.Flush(w.ctx))
		w.equal("searches in the log", w.count("select count(*) from audit_event where action = 'parent.searched'") > 10, true)

		ada := w.staffed("ada", access.Office, access.Everywhere())
		id := w.ask(ada, BulkOrder{Act: BulkDisable, Reason: "leak", Whom: &Whom{PasswordBefore: month}, Back: "/admin/site/parent-accounts?password=30"})
		b, _ := w.bulk(ada, id)
		w.equal("frozen", b.Size, 1)
		w.equal("the way back", b.Back, "/admin/site/parent-accounts?password=30")
		if _, err := w.AskBulk(w.ctx, ada, BulkOrder{Act: BulkReset, Whom: &Whom{State: Waiting}}); !fault.Is(err, fault.Invalid) {
			w.t.Errorf("a reset by the login's state: %v", err)
		}
	})
}

func TestPRV5ParentAccountsAreThoseOfTheActorsSchools(t *testing.T) {
	inBorough(t, func(b *borough) {
		b.equal("at North", b.found(b.atNorth, Whom{}), []string{"Maria maria active"})
		b.equal("at South", b.found(b.atSouth, Whom{}), []string{"Maria maria active", "Sol  never"})
		b.equal("South chosen by North", b.found(b.atNorth, Whom{School: b.south}), []string(nil))
		b.equal("South chosen by all", b.found(b.clerk, Whom{School: b.south}), []string{"Maria maria active", "Sol  never"})
		rows, preview, err := b.ParentsQuestion(b.ctx, b.atNorth, BulkDisable, []int64{b.sol, b.maria})
		b.ok(err)
		if len(rows) != 1 || rows[0].ContactID != b.maria || !slices.Equal(rows[0].Schools, []string{"North"}) {
			b.t.Errorf("%+v", rows)
		}
		b.equal("preview", preview, Preview{Logins: 1, Gone: 1, Elsewhere: 1})
		results, err := b.ManageLogins(b.ctx, b.atNorth, BulkDisable, []int64{b.sol, b.maria}, "stolen telephone")
		b.ok(err)
		b.equal("outcomes", outcomesOf(results), []ManageOutcome{ManageGone, ManageDisabled})
		notices, err := b.SchoolNotices(b.ctx, b.atSouth)
		b.ok(err)
		if len(notices) != 1 || notices[0].What != NoticeDisabled || notices[0].ContactID != b.maria {
			b.t.Errorf("the other school is told %+v", notices)
		}
	})
}

func TestAPageOfParentsByLoginLooksOnlySoFar(t *testing.T) {
	inTown(t, func(w *town) {
		w.crowd(5000)
		w.write(func(tx *sqldb.Tx) error {
			_, err := tx.Exec(w.ctx, "update account set state = 'disabled' where id = 4000")
			return err
		})
		p, err := w.Parents(w.ctx, w.clerk, ParentQuery{Whom: Whom{State: Waiting}})
		w.ok(err)
		if p.Next == "" || len(p.Rows) != 0 || p.Total != -1 {
			w.t.Errorf("%d rows of %d, next %q", len(p.Rows), p.Total, p.Next)
		}
		pages, found := 1, 0
		for q := (ParentQuery{Whom: Whom{State: Disabled}}); ; pages++ {
			p, err := w.Parents(w.ctx, w.clerk, q)
			w.ok(err)
			found += len(p.Rows)
			if q.After = p.Next; q.After == "" {
				break
			}
		}
		w.equal("found", found, 1)
		if pages > 4 {
			w.t.Errorf("%d pages", pages)
		}
	})
}
