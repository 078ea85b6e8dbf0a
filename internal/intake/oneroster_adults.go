package intake

import (
	"slices"
	"strings"

	"github.com/schoolgate/schoolgate/internal/roster"
)

// What OneRoster 1.2 says an adult is, it says by organisations and with dates, and of no child. So an adult is to the children of a school what the
// roles there say; and who is a parent at one school until June and a relative at another one is no parent there, nor here in July.

// ofAdult reports whether a role says what somebody is to children.
func (r role) ofAdult() bool { return r.sort == contactRole || r.maybeContact() }

func (r role) ofStudent() bool { return r.sort == studentRole }

func (r role) isGone() bool { return r.gone }

// those leaves the roles that are so.
func those(all []role, is func(role) bool) []role {
	return slices.DeleteFunc(slices.Clone(all), func(r role) bool { return !is(r) })
}

// rolesAt leaves the roles that hold for the children of a school: those there and at organisations above, which are no schools. An adult who has
// none of them is to the children there what the others say.
func rolesAt(all []role, school string, isSchool func(org string) bool) []role {
	here := those(all, func(r role) bool { return r.org == school || !isSchool(r.org) })
	if school == "" || len(here) == 0 {
		return all
	}
	return here
}

// toChildren is what roles make of an adult today, and from when to when: "" where one of those that make it has no bound.
func toChildren(all []role, today string) (code, begin, end string) {
	counts := counting(all, today)
	if len(counts) == 0 {
		return "", "", ""
	}
	is := settle(counts)
	code, begin, end = is.code, is.begin, is.end
	for _, r := range counts {
		if !goesOn(is, r) {
			continue
		}
		if r.begin == "" || begin != "" && r.begin < begin {
			begin = r.begin
		}
		if r.end == "" || end != "" && r.end > end {
			end = r.end
		}
	}
	return code, begin, end
}

// goesOn reports whether two roles open the same to an adult, so that one goes on where the other one ends.
func goesOn(a, b role) bool {
	parental := func(r role) bool { return r.code == "parent" || r.code == "guardian" }
	return a.code == b.code || parental(a) && parental(b)
}

// takeRoles gives a contact what the roles say. It keeps them where they say different things at different schools.
func (c *contact) takeRoles(all []role, today string) {
	all = slices.DeleteFunc(those(all, role.ofAdult), role.isGone)
	c.relationship, c.begin, c.end = toChildren(all, today)
	c.FileRoles, c.carried = joinRoles(all), append(c.carried, roster.FileRoles)
	c.bySchool = slices.ContainsFunc(all, func(r role) bool { return r.org != all[0].org }) &&
		slices.ContainsFunc(all, func(r role) bool { return r.code != all[0].code || r.begin != all[0].begin || r.end != all[0].end })
}

// rolesKept bounds the roles that are kept of one adult.
const rolesKept = 100

// joinRoles writes roles as they are kept with a contact.
func joinRoles(all []role) string {
	all = all[:min(len(all), rolesKept)]
	rows := make([]string, len(all))
	for i, r := range all {
		kind := "secondary"
		switch {
		case r.ended:
			kind = "deleted"
		case r.primary:
			kind = "primary"
		}
		rows[i] = strings.Join([]string{r.id, r.name, r.org, kind, r.begin, r.end}, "\t")
	}
	return strings.Join(rows, "\n")
}

func splitRoles(kept string) (all []role) {
	if kept == "" {
		return nil
	}
	for row := range strings.SplitSeq(kept, "\n") {
		if f := strings.Split(row, "\t"); len(f) == 6 {
			r, _ := roleNamed(f[1])
			r.id, r.org, r.primary, r.ended, r.begin, r.end = f[0], f[2], f[3] == "primary", f[3] == "deleted", f[4], f[5]
			all = append(all, r)
		}
	}
	return all
}

// changeRoles returns the roles of an adult once changes to them have come. One that is deleted and not put in another's place ends: an adult who has
// roles elsewhere is nobody there any more.
func changeRoles(was, changes []role, today string) []role {
	next := slices.Clone(was)
	others := slices.ContainsFunc(changes, func(c role) bool { return !c.gone })
	for _, c := range changes {
		at := slices.IndexFunc(next, func(r role) bool { return r.id == c.id })
		switch {
		case at >= 0 && c.gone && !others:
			if next[at].ended, next[at].primary = true, false; !next[at].over(today) {
				next[at].end = today
			}
			continue
		case at >= 0:
			next = slices.Delete(next, at, at+1)
		}
		if !c.gone {
			next = slices.DeleteFunc(next, func(r role) bool { return r.ended && r.org == c.org })
			next = append(next, c)
		}
	}
	return next
}

func (r role) hasEnded() bool { return r.ended }
