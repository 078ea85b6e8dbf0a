package intake

import "github.com/schoolgate/schoolgate/internal/roster"

// The records of a file as they are kept in a stage.

type packedStudent struct {
	roster.Student
	Others, Unknown, Carried []string `json:",omitempty"`
	InSchool                 string   `json:",omitempty"`
	Partial, RoleOf          bool     `json:",omitempty"`
}

func (s student) pack() packedStudent {
	return packedStudent{s.Student, s.others, s.unknown, s.carried, s.school, s.partial, s.roleOf}
}

func (p packedStudent) student(from place) student {
	return student{Student: p.Student, school: p.InSchool, others: p.Others, unknown: p.Unknown, carried: p.Carried,
		from: from, partial: p.Partial, roleOf: p.RoleOf}
}

type packedContact struct {
	roster.Contact
	Carried []string
}

type packedFacts struct {
	roster.Line
	Carried []string
	Roles   string `json:",omitempty"`
}

func (l line) pack() packedFacts { return packedFacts{Line: l.Line, Carried: l.carried} }

func (p packedFacts) facts() facts { return facts{p.Line, p.Carried, p.Roles} }

func (x facts) pack() packedFacts { return packedFacts{x.Line, x.carried, x.roles} }
