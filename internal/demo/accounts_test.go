package demo_test

import (
	"bytes"
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/demo"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/settings"
	"github.com/schoolgate/schoolgate/internal/sqldb"
	"github.com/schoolgate/schoolgate/internal/sqldb/sqldbtest"
)

func TestParentsWhoMayOpenALineGetALogin(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		ctx := t.Context()
		log := audit.New(audit.Key{}, now)
		set, err := settings.Open(ctx, db, log, now)
		if err != nil {
			t.Fatal(err)
		}
		keys, err := account.NewKeys(bytes.Repeat([]byte{7}, 32))
		if err != nil {
			t.Fatal(err)
		}
		hasher := account.NewHasher(account.Params{MemoryKiB: 64, Time: 1}, 1)
		defer hasher.Close()
		accounts := account.New(db, hasher, keys, set, log, now, nil, account.Site{BaseURL: "https://gate.example", PasswordsSuffice: true})
		d := demo.Generate(4, 200)
		ids, err := demo.Load(ctx, db, newRoster(db), d)
		if err != nil {
			t.Fatal(err)
		}
		held := map[int64]int64{}
		hold := func(_ context.Context, _ *sqldb.Tx, account, contact int64) error {
			held[account] = contact
			return nil
		}
		parents, err := demo.Accounts(ctx, db, accounts, hold, d, ids, "wandering harbor lantern", "2026-11-23", 0)
		if err != nil {
			t.Fatal(err)
		}
		if len(parents) < 150 || len(parents) > len(d.Contacts) || len(held) != len(parents) {
			t.Errorf("%d parents, %d held, of %d contacts", len(parents), len(held), len(d.Contacts))
		}
		for _, p := range parents {
			if held[p.Account] != ids.Contacts[p.Contact] {
				t.Errorf("%+v holds contact %d", p, held[p.Account])
			}
			if c := d.Contacts[p.Contact]; c.First == "Lori" && c.Last == "Vance" {
				t.Error("a parent whose child has left got a login")
			}
		}
		err = db.Read(ctx, func(tx *sqldb.Tx) error {
			a, err := accounts.ByUsername(ctx, tx, access.Parent, parents[len(parents)-1].Username)
			if a.State != account.Active || !a.HasPassword || a.ID != parents[len(parents)-1].Account {
				t.Errorf("the last account is %+v", a)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestTheDefaultRelationshipsAreTheSameInSettingsAndRoster(t *testing.T) {
	if diff := cmp.Diff(roster.DefaultRelationships(), settings.Defaults().Relationships); diff != "" {
		t.Errorf("roster and settings (-roster +settings):\n%s", diff)
	}
}
