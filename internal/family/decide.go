package family

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/account"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/jobs"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// matchDelay is how long a true match waits while its ID Number or its source is under suspicion: 15 minutes is promised, the rest is
// for the queue and the mail server.
const matchDelay = 12 * time.Minute

// decisions is how often a decision that loses a race for a username or a contact is made again at once.
const decisions = 5

// errNeedsTemporary asks for a temporary password, which takes a hash and therefore is made outside the transaction.
var errNeedsTemporary = errors.New("a temporary password is needed")

// decision is one request being decided, in one transaction. What it finds goes into the request.
type decision struct {
	*Family
	tx        *sqldb.Tx
	request   typed
	temporary *account.Temporary // nil until it turned out to be needed
	waited    bool               // the request was delayed already
	delay     bool               // it must be: nothing else was changed
	mismatch  bool               // somebody may be guessing
}

// decide is the handler of jobDecide. Running it twice changes nothing the second time: a request is decided once.
func (f *Family) decide(ctx context.Context, job jobs.Job) error {
	var p decidePayload
	if err := json.Unmarshal(job.Payload, &p); err != nil {
		return jobs.Permanent(fmt.Errorf("payload of a decision: %w", err))
	}
	var temporary *account.Temporary
	var err error
	for range decisions {
		err = f.db.Write(ctx, func(tx *sqldb.Tx) error { return f.decideIn(ctx, tx, p, temporary) })
		switch {
		case errors.Is(err, errNeedsTemporary):
			made, err := f.accounts.NewTemporary(ctx)
			if err != nil {
				return fmt.Errorf("deciding a request: %w", err)
			}
			temporary = &made
		case !fault.Is(err, fault.Conflict):
			return err
		}
	}
	return fmt.Errorf("deciding a request: %w", err)
}

func (f *Family) decideIn(ctx context.Context, tx *sqldb.Tx, p decidePayload, temporary *account.Temporary) error {
	r, err := typedRequest(ctx, tx, p.Request)
	if fault.Is(err, fault.NotFound) || err == nil && r.outcome != OutcomePending {
		return nil // forgotten, or decided by an earlier attempt
	}
	if err != nil {
		return err
	}
	d := &decision{Family: f, tx: tx, request: r, temporary: temporary, waited: p.Delayed}
	switch r.purpose {
	case purposeRegister:
		err = d.register(ctx)
	case purposeForgotPassword:
		err = d.forgotPassword(ctx)
	case purposeForgotUsername:
		err = d.forgotUsername(ctx)
	case purposeAddStudent: // one that was held
		err = d.addStudent(ctx)
	default:
		return jobs.Permanent(fmt.Errorf("a request for %q is not decided by a worker", r.purpose))
	}
	if err != nil {
		return err
	}
	return d.end(ctx)
}

// end writes what was decided, or when it will be.
func (d *decision) end(ctx context.Context) error {
	if d.delay {
		if err := markRequest(ctx, d.tx, d.request.id, detailDelayed); err != nil {
			return err
		}
		if err := d.toDesk(ctx, d.tx, d.request.waiting()); err != nil {
			return err
		}
		return d.enqueueDecision(ctx, d.tx, decidePayload{Request: d.request.id, Delayed: true}, d.now().Add(matchDelay))
	}
	if d.waited {
		d.say(detailDelayed)
	}
	if d.mismatch {
		if err := d.countMismatch(ctx); err != nil {
			return err
		}
	}
	if err := finishRequest(ctx, d.tx, d.request, d.now()); err != nil {
		return err
	}
	return d.recordRequest(ctx, d.tx, access.Actor{Kind: access.Visitor, Address: d.request.address}, d.request)
}

// waiting is the request as it stands while it is delayed.
func (r typed) waiting() typed {
	r.outcome = OutcomePending
	return r
}

// say adds a word to the request's detail.
func (d *decision) say(detail string) {
	d.request.detail = strings.TrimSpace(d.request.detail + " " + detail)
}

// recordRequest tells the log how a request ended.
func (f *Family) recordRequest(ctx context.Context, tx *sqldb.Tx, actor access.Actor, r typed) error {
	outcome := string(r.outcome)
	switch r.outcome {
	case OutcomeSent, OutcomeAlreadyActive, OutcomeOpened:
		outcome = "ok"
	}
	detail := map[string]any{"reference": r.reference, "request_outcome": string(r.outcome)}
	for name, id := range map[string]int64{"account": r.account, "contact": r.contact, "student": r.student} {
		if id != 0 {
			detail[name] = id
		}
	}
	if r.detail != "" {
		detail["detail"] = r.detail
	}
	if err := f.toDesk(ctx, tx, r); err != nil {
		return err
	}
	return f.audit.Record(ctx, tx, audit.Event{
		Actor: actor, Action: "request." + r.purpose, TargetKind: "request", TargetID: r.id, Outcome: outcome, Detail: detail,
	})
}
