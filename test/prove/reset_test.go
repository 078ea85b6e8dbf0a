//go:build prove

package prove

import (
	"context"
	"database/sql"
	"log/slog"
	"math/rand/v2"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/app"
	"github.com/schoolgate/schoolgate/internal/family"
)

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func scanID(r *sql.Rows) (id int64, err error) { return id, r.Scan(&id) }

// resetInTurn resets the lines in selections of changing size.
func resetInTurn(ctx context.Context, a *app.App, lines []int64) error {
	clerk := access.Actor{Kind: access.Staff, AccountID: 1, Role: access.Administrator, Schools: access.Everywhere(), Fresh: true}
	for len(lines) > 0 {
		n := min(len(lines), 1+rand.IntN(3))
		if _, err := a.Family.Reset(ctx, clerk, family.ResetOrder{Lines: lines[:n]}); err != nil {
			return err
		}
		lines = lines[n:]
	}
	return a.Close()
}
