package cli

import (
	"context"
	"encoding/json"
	"time"

	"github.com/schoolgate/schoolgate/internal/app"
	"github.com/schoolgate/schoolgate/internal/audit"
)

type auditCmd struct {
	Export auditExportCmd `cmd:"" help:"Print the log as JSON, one event a line, oldest first."`
}

type auditExportCmd struct {
	database
	Since string `help:"First day, such as 2026-11-23; everything unless given." placeholder:"DATE"`
}

func (auditExportCmd) Help() string {
	return "Example:\n  schoolgate audit export --database sqlite:school.db --since 2026-11-01 > log.jsonl"
}

func (c auditExportCmd) Run(ctx context.Context, s *streams) error {
	var since time.Time
	if c.Since != "" {
		var err error
		if since, err = time.Parse(time.DateOnly, c.Since); err != nil {
			return err
		}
	}
	return c.with(ctx, s, func(a *app.App) error {
		enc := json.NewEncoder(s.out)
		return a.ExportAudit(ctx, since, func(e audit.Event) error {
			return enc.Encode(map[string]any{
				"id": e.ID, "at": e.At, "actorKind": e.Actor.Kind, "actor": e.Actor.AccountID, "action": e.Action, "targetKind": e.TargetKind,
				"target": e.TargetID, "outcome": e.Outcome, "address": e.Actor.Address, "request": e.Actor.RequestID, "detail": e.Detail,
			})
		})
	})
}
