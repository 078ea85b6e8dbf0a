package intake

import "github.com/schoolgate/schoolgate/internal/roster"

// The records of a file as they are kept in a stage.

type packedStudent struct {
	roster.Student
	Others, Unknown, Carried []string `json:",omitempty"`
	InSchool                 string   `json:",omitempty"`
	Partial, RoleOf          bool     `json:",omitempty"`
	File                     string
	Row                      int
}

func (s student) pack() packedStudent {
	return packedStudent{s.Student, s.others, s.unknown, s.carried, s.school, s.partial, s.roleOf, s.from.file, s.from.line}
}

func (p packedStudent) student() student {
	return student{Student: p.Student, school: p.InSchool, others: p.Others, unknown: p.Unknown, carried: p.Carried,
		from: place{p.File, p.Row}, partial: p.Partial, roleOf: p.RoleOf}
}

type packedContact struct {
	roster.Contact
	Carried []string
	File    string
	Row     int
}

type packedFacts struct {
	roster.Line
	Carried []string
	File    string
	Row     int
}

func (l line) pack() packedFacts { return packedFacts{l.Line, l.carried, l.from.file, l.from.line} }

func (p packedFacts) facts() facts { return facts{p.Line, p.Carried} }
