package settings

import (
	"context"
	"slices"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/fault"
)

// Typed is the settings page as somebody sends it.
type Typed struct {
	Version  int64             // of the settings when the page was made
	Texts    map[string]string // by key, as Field.Text shows them; a setting that is missing keeps its value
	Defaults []string          // keys of settings to put back to their defaults
}

var errChanged = fault.Conflictf("the settings were changed by someone else")

// Form returns the current values with the version that Save wants back.
func (s *Settings) Form() (Values, int64) {
	p := s.fresh()
	return p.values, p.version
}

// Save is Change for values as people type them, all or none. It returns fault.Conflict when the settings are no longer of the version that
// the page was made from, fault.Invalid with a problem for each setting that cannot be read or is out of range, fault.Forbidden for an
// actor who may not.
func (s *Settings) Save(ctx context.Context, actor access.Actor, t Typed) error {
	if err := access.Check(actor, access.ChangeSetting); err != nil {
		return err
	}
	if err := s.load(ctx); err != nil { // this node may be a second behind
		return err
	}
	v, version := s.Form()
	if version != t.Version {
		return errChanged
	}
	defaults := Defaults()
	var problems []fault.Problem
	var unread []string
	for _, f := range Fields() {
		text, typed := t.Texts[f.Key]
		switch {
		case slices.Contains(t.Defaults, f.Key):
			if err := f.set(&v, f.get(&defaults)); err != nil {
				return err
			}
		case typed && !f.take(&v, text):
			unread = append(unread, f.Key)
			problems = append(problems, problem(f.Key, "problem.number")...)
		}
	}
	v = tidy(v)
	for _, p := range check(&v) {
		if !slices.Contains(unread, p.Field) {
			problems = append(problems, p)
		}
	}
	if err := fault.InvalidFields(problems...); err != nil {
		return err
	}
	return s.change(ctx, actor, v, version)
}
