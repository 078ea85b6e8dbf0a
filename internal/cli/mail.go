package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/schoolgate/schoolgate/internal/app"
	"github.com/schoolgate/schoolgate/internal/family"
	"github.com/schoolgate/schoolgate/internal/jobs"
)

type mailCmd struct {
	List  mailListCmd  `cmd:"" help:"List the newest mails of the queue."`
	Retry mailRetryCmd `cmd:"" help:"Send a refused mail again."`
}

type mailListCmd struct {
	database
	State string `help:"ready, done, failed, expired or stopped; all unless given." enum:",ready,done,failed,expired,stopped" default:""`
	Limit int    `help:"How many at most." default:"50"`
	JSON  bool   `help:"Print JSON." name:"json"`
}

func (mailListCmd) Help() string {
	return "Example:\n  schoolgate mail list --database sqlite:school.db --state failed"
}

func (c mailListCmd) Run(ctx context.Context, s *streams) error {
	return c.with(ctx, s, func(a *app.App) error {
		mails, err := a.Family.Mails(ctx, system(), family.MailQuery{Standing: jobs.Standing(c.State)}, jobs.Cursor{}, c.Limit)
		if err != nil {
			return err
		}
		if c.JSON {
			if mails == nil {
				mails = []family.Mail{} // an empty list, not null
			}
			return json.NewEncoder(s.out).Encode(mails)
		}
		for _, m := range mails {
			fmt.Fprintf(s.out, "%6d  %s  %-8s %-24s %-30s %s\n", m.ID, m.At.Format(time.DateTime), m.Standing, m.Template, m.To, m.Error)
		}
		return nil
	})
}

type mailRetryCmd struct {
	database
	ID int64 `arg:"" help:"Number of the mail, as mail list shows it."`
}

func (mailRetryCmd) Help() string {
	return "Example:\n  schoolgate mail retry --database sqlite:school.db 1204"
}

func (c mailRetryCmd) Run(ctx context.Context, s *streams) error {
	return c.with(ctx, s, func(a *app.App) error {
		if err := a.Family.RetryMail(ctx, system(), c.ID); err != nil {
			return err
		}
		_, err := fmt.Fprintln(s.out, "The running server will send it.")
		return err
	})
}
