package family

import (
	"context"
	"sync"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/audit"
)

// refusals keeps the log of what people were refused from being flooded: one event for each person, action and minute.
type refusals struct {
	mu     sync.Mutex
	minute int64
	seen   map[refusal]bool
}

type refusal struct {
	kind    access.Kind
	account int64
	action  access.Action
}

func (r *refusals) first(which refusal, minute int64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.minute != minute || r.seen == nil {
		r.minute, r.seen = minute, map[refusal]bool{}
	}
	was := r.seen[which]
	r.seen[which] = true
	return !was
}

// NoteRefusal has it written to the log, with the searches of these seconds, that package access refused an action to somebody signed in.
func (f *Family) NoteRefusal(ctx context.Context, actor access.Actor, action access.Action) error {
	if actor.AccountID == 0 || !f.refusals.first(refusal{actor.Kind, actor.AccountID, action}, f.now().Unix()/60) {
		return nil
	}
	e := audit.Event{Actor: actor, Action: "access.refused", Outcome: "refused", Detail: map[string]any{"action": string(action)}}
	if f.searches.add(e) {
		return f.Flush(ctx)
	}
	return nil
}
