package app

import (
	"context"
	"time"

	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/fault"
)

// keysFit checks that the key file is the database's: by the pepper's name in the stored hashes.
func (d *doctor) keysFit(ctx context.Context, a *App) error {
	fit, other, err := a.Accounts.KeysFit(ctx)
	if err != nil {
		return err
	}
	switch {
	case other > 0 && fit == 0:
		d.find("key fits", Bad, "Put the key file of this database back from its backup.",
			"the key file belongs to another database: none of %d passwords was stored with it, and nobody can sign in", other)
	case other > 0:
		d.find("key fits", Bad, "Look for the key file that was used before. Whoever cannot sign in needs a new temporary password otherwise.",
			"%d of %d passwords were stored with another key file: they do not work", other, other+fit)
	default:
		d.find("key fits", Fine, "", "all %d passwords were stored with this key file", fit)
	}
	return nil
}

// clockTurned looks for events of the log that lie ahead.
func (d *doctor) clockTurned(ctx context.Context, a *App) error {
	ahead, err := a.Accounts.Ahead(ctx)
	if err == nil && ahead > clockApart {
		d.find("clock", Bad, "Set the clock by the network (NTP). Until it has caught up, what was to end lives longer by as much.",
			"the clock was turned back: the newest event of the log lies %s ahead", ahead.Round(time.Second))
	}
	return err
}

const (
	mailLate    = 15 * time.Minute // a mail server that greylists answers within that
	mailStuck   = 6 * time.Hour
	decideLate  = time.Minute
	failedSince = 7 * 24 * time.Hour
)

// queue looks at what waits and at what was given up.
func (d *doctor) queue(ctx context.Context, a *App) error {
	now := d.Now()
	mails, err := a.Jobs.Backlog(ctx, "mail", now.Add(-failedSince))
	if err != nil {
		return err
	}
	requests, err := a.Jobs.Backlog(ctx, "decide", now.Add(-failedSince))
	if err != nil {
		return err
	}
	before := len(d.found)
	oldest := mails.Oldest.Round(time.Second)
	switch {
	case mails.Oldest > mailStuck:
		d.find("queue", Bad, "Check that the server runs, and its mail server: schoolgate mail list --state ready says what it answers.",
			"%d mails wait, one of them for %s", mails.Waiting, oldest)
	case mails.Oldest > mailLate:
		d.find("queue", Warning, "Check that the server runs, and its mail server: schoolgate mail list --state ready says what it answers.",
			"%d mails wait, one of them for %s", mails.Waiting, oldest)
	}
	if mails.Failed > 0 {
		d.find("queue", Warning, "Look at them: schoolgate mail list --state failed. Most are addresses on record that are wrong.",
			"%d mails of the last week were given up", mails.Failed)
	}
	if requests.Oldest > decideLate {
		d.find("queue", Warning, "Check that the server runs: it decides them.", "%d registration requests wait, one of them for %s", requests.Waiting,
			requests.Oldest.Round(time.Second))
	}
	if requests.Failed > 0 {
		d.find("queue", Bad, "Call the parents: the requests stand in Registration Requests as pending.", "%d registration requests of the last week were never decided",
			requests.Failed)
	}
	if len(d.found) == before {
		d.find("queue", Fine, "", "%d mails and %d requests wait, none for long", mails.Waiting, requests.Waiting)
	}
	return nil
}

const (
	rosterOld     = 8 * 24 * time.Hour
	rosterRunning = time.Hour
)

func (d *doctor) roster(ctx context.Context, a *App) error {
	run, err := a.Intake.Last(ctx)
	if fault.Is(err, fault.NotFound) {
		d.find("roster", Fine, "", "none was imported: the records are kept by hand")
		return nil
	}
	if err != nil {
		return err
	}
	age := d.Now().Sub(run.At)
	days := int(age / (24 * time.Hour))
	switch {
	case run.Outcome == "running" && age > rosterRunning:
		d.find("roster", Warning, "Import it again: what was done is kept, the rest follows.", "an import that began %s ago did not end", age.Round(time.Minute))
	case run.Outcome == "failed":
		d.find("roster", Warning, "Import it again: the report says what was wrong.", "the last import, %s ago, failed", age.Round(time.Minute))
	case run.Outcome == "planned":
		d.find("roster", Warning, "Look at it: Site Admin, Imports.", "the plan of an import waits for somebody since %s", age.Round(time.Minute))
	case age > rosterOld:
		d.find("roster", Warning, "Look after the nightly import: who left or was restricted since is not known here.", "the last import is %d days old", days)
	default:
		d.find("roster", Fine, "", "the last import is %s old (%s)", age.Round(time.Minute), run.Outcome)
	}
	return nil
}

// logPatience is how long the log is checked without Full: some hundred thousand events.
const logPatience = 5 * time.Second

// log checks the log against its codes, its chain and its anchors; without Full no longer than logPatience.
func (d *doctor) log(ctx context.Context, a *App) error {
	limited := ctx
	if !d.Full {
		var cancel context.CancelFunc
		limited, cancel = context.WithTimeout(ctx, logPatience)
		defer cancel()
	}
	began := time.Now()
	r, err := a.VerifyLog(limited, "")
	if limited.Err() != nil && ctx.Err() == nil {
		h, err := a.Audit.Head(ctx, a.DB)
		d.find("log", Fine, "Check all of it: schoolgate doctor --full.", "it has %d sealed events, too many to check at once", h.Seq)
		return err
	}
	if err != nil {
		return err
	}
	unsealed := true
	for _, f := range r.Findings {
		unsealed = unsealed && f.Wrong == audit.WrongUnsealed
	}
	switch {
	case r.OK():
		d.find("log", Fine, "", "%d events are what was written (%s, %d anchors)", r.Head.Seq, time.Since(began).Round(time.Millisecond), r.Anchors)
	case unsealed:
		d.find("log", Warning, "Start the server: it seals them.", "%d events wait for their seal, %d are sealed and what was written", r.Bad, r.Head.Seq)
	default:
		first := r.Findings[0]
		d.find("log", Bad, "Keep the database as it is and find out who could change it: schoolgate audit verify names what was changed.",
			"%d places are not what was written, the first at number %d (%s)", r.Bad, first.Seq, first.Wrong)
	}
	return nil
}
