package intake

import (
	"strings"

	"github.com/schoolgate/schoolgate/internal/roster"
)

// org is a row of orgs.csv.
type org struct {
	name, kind, parent string // kind as roster.School has it
	line               int
}

func orgsLayout() layout {
	return layout{
		columns: []string{"sourcedId", "status", "dateLastModified", "name", "type", "identifier", "parentSourcedId"},
		aliases: map[string]string{"datalastmodified": "dateLastModified", "id": "sourcedId", "orgname": "name", "orgtype": "type",
			"parent": "parentSourcedId", "parentorgsourcedid": "parentSourcedId"},
		required: []string{"sourcedId", "name"},
		standard: []string{"type"},
	}
}

func (o *oneRoster) readOrgs() error {
	t, ok, err := o.open("orgs.csv", orgsLayout())
	if !ok {
		if err == nil && o.manifest == nil {
			o.f.add(Note, "orgs.csv", 0, "", "", sayNoOrgs)
		}
		return err
	}
	defer func() { _ = t.Close() }() // it was only read
	return each(t, func(r row) error {
		o.common(r, "orgs")
		id := sourcedID(r, "sourcedId")
		name := r.value("name")
		switch {
		case id == "":
			return nil
		case deleted(r):
			r.note(Note, "", id, sayOrgGone)
			return nil
		case name == "" || tooLong(name, idLength):
			r.note(Skipped, "name", name, sayOrgUnfit)
			return nil
		}
		if first, twice := o.orgs[id]; twice {
			r.twice("sourcedId", id, first.line)
			return nil
		}
		g := org{name: name, kind: orgKind(r), parent: r.value("parentSourcedId"), line: r.line}
		o.orgs[id] = g
		if g.kind == "district" && o.out.district == "" {
			o.out.district = name
		}
		if garbled(name) {
			r.note(Warning, "name", name, sayOrgLetters)
		}
		return o.out.addSchool(roster.School{SourceID: id, Kind: g.kind, Name: name})
	})
}

func orgKind(r row) string {
	kind := r.value("type")
	switch k := strings.ToLower(kind); k {
	case "school", "district", "department", "local", "state", "national":
		if k != kind {
			r.say(Finding{Level: Note, Column: "type", Was: kind, Code: sayKind, As: k})
		}
		if k == "school" || k == "district" {
			return k
		}
		return "other"
	case "":
		r.note(Warning, "type", "", sayKindMissing)
		return "school"
	}
	r.note(Warning, "type", kind, sayKindOther)
	return "other"
}

// schoolOf finds where a student belongs among the organisations a row names: the first school, or the school above the first department
// or other organisation, or that organisation itself. "" means that the file names none it holds; unknown are those it does not hold.
func (o *oneRoster) schoolOf(p *person, ids []string) (school string, unknown []string) {
	other := ""
	for _, id := range ids {
		g, known := o.orgs[id]
		switch {
		case !known:
			unknown = append(unknown, id)
		case g.kind == "school":
			return id, unknown
		case g.kind == "other" && other == "":
			other = id
		}
	}
	if other == "" {
		return "", unknown
	}
	seen := map[string]bool{}
	for id := other; !seen[id]; id = o.orgs[id].parent {
		seen[id] = true
		if o.orgs[id].kind == "school" {
			o.f.add(Note, p.from.file, p.from.line, "", o.orgs[other].name, saySchoolAbove)
			return id, unknown
		}
	}
	o.f.add(Note, p.from.file, p.from.line, "", o.orgs[other].name, sayNoSchoolAbove)
	return other, unknown
}
