// Package demo makes up a school district: for `schoolgate demo`, for tests and for load.
//
// The people are synthetic and come from a seed: the same seed and size give the same district, whatever the machine and the day.
// Addresses are at example.org and example.com, telephone numbers of the range kept for fiction (555-0100 to 555-0199). The first
// families are the same in every district (Cast lists them): each shows one thing that real records do. The others are drawn at random,
// with the same things at the rates at which schools meet them.
package demo

import (
	"math/rand/v2"

	"github.com/schoolgate/schoolgate/internal/roster"
)

// Data is a district as a roster would bring it. What refers to another record does so by its index; ids are zero until it is loaded.
type Data struct {
	Schools  []roster.School // the first is the district itself
	Students []Student
	Contacts []roster.Contact
	Lines    []Line // those of a student stand together, in their order
	Fixed    int    // so many of the first Contacts are of the fixed families
}

// Student is a student with the index of the school.
type Student struct {
	roster.Student
	School int
}

// Line is a line with the indexes of its ends.
type Line struct {
	roster.Line
	Student, Contact int
}

// Generate makes a district of the given number of students, and at least the fixed families, with about twice as many contacts. A
// fifth of a second makes 20,000 students.
func Generate(seed uint64, students int) Data {
	b := newBuilder(seed, students)
	b.schools(students)
	b.cast()
	b.d.Fixed = len(b.d.Contacts)
	for len(b.d.Students) < students {
		b.family(students - len(b.d.Students))
	}
	return b.d
}

// builder puts a district together, family by family.
type builder struct {
	d         Data
	rand      *rand.Rand
	names     names
	clusters  []cluster
	mailboxes map[string]int // how many have the same letters before the @
	numbers   int
}

func newBuilder(seed uint64, students int) *builder {
	b := &builder{rand: rand.New(rand.NewPCG(seed, 0x5c4001)), names: loadNames(), mailboxes: map[string]int{}}
	b.d.Students = make([]Student, 0, students)
	b.d.Contacts = make([]roster.Contact, 0, 2*students)
	b.d.Lines = make([]Line, 0, 3*students+students/2)
	return b
}

// chance is true in so many of a hundred cases.
func (b *builder) chance(percent float64) bool { return b.rand.Float64()*100 < percent }

// weighted returns an index, each as often as its weight says.
func (b *builder) weighted(weights ...int) int {
	sum := 0
	for _, w := range weights {
		sum += w
	}
	n := b.rand.IntN(sum)
	for i, w := range weights {
		if n < w {
			return i
		}
		n -= w
	}
	return len(weights) - 1
}
