package intake

import (
	"encoding/xml"
	"errors"
	"io"
	"path/filepath"
	"slices"
	"strings"
)

// edfi reads Ed-Fi interchange XML: schools, students, contacts (4.x and before: parents) and their associations, sessions, courses, sections, staff
// and who is in a section, of data standards 4 and 5 and the 1.0 of inBloom. Descriptors are told by the part after #. Each file is read twice, as a
// stream: what others refer to comes first.
type edfi struct {
	*reader
	edfiSeats
	version  string
	has      map[string]bool   // elements that stand in any association: what the files speak of
	counts   map[string]int    // records by element
	refs     map[string]string // ids of people by the id attribute that references name
	mails    map[string]string // of students, from their association with an organisation
	contacts map[string]int
	lines    map[pairOfIDs]bool
	last     map[string]int
	partial  map[string]bool // students named by a file of contacts alone
	taught   *edfiTaught
}

// edfiSeats say which students are at which schools.
type edfiSeats struct {
	schools map[string]bool       // ids
	at      map[string][]edfiSeat // by student
}

// edfiSeat is a StudentSchoolAssociation.
type edfiSeat struct {
	school, grade string
	primary, over bool
}

func newSeats() edfiSeats { return edfiSeats{map[string]bool{}, map[string][]edfiSeat{}} }

func knowsEdFi(b *bundle) bool {
	for _, name := range b.names() {
		if strings.EqualFold(filepath.Ext(name), ".xml") && strings.HasPrefix(b.root(name), "Interchange") {
			return true
		}
	}
	return false
}

// root returns the name of an XML file's root element, "" where there is none.
func (b *bundle) root(name string) string {
	e, ok := b.file(name)
	if !ok {
		return ""
	}
	text, err := openText(e, newFindings())
	if err != nil {
		return ""
	}
	defer func() { _ = text.Close() }() // it was only read
	root, err := newXML(io.LimitReader(text, tokenLimit)).start()
	if err != nil {
		return ""
	}
	return root.Name.Local
}

func readEdFi(b *bundle, today string, f *findings, to *records) error {
	d := &edfi{reader: newReader(b, today, f, to), edfiSeats: newSeats(), has: map[string]bool{}, counts: map[string]int{},
		refs: map[string]string{}, mails: map[string]string{}, contacts: map[string]int{},
		lines: map[pairOfIDs]bool{}, last: map[string]int{}, partial: map[string]bool{}, taught: newTaught()}
	to.format = "Ed-Fi XML"
	if err := d.files(d.first, true); err != nil {
		return err
	}
	if d.version != "" {
		to.format += " " + d.version
	}
	students := d.counts["Student"]
	adults := d.counts["Contact"] + d.counts["Parent"] + d.counts["StudentContactAssociation"] + d.counts["StudentParentAssociation"]
	switch {
	case students+adults == 0:
		return errNoStudents
	case students == 0:
		to.only = onlyContacts
	case adults == 0:
		to.only = onlyStudents
		f.add(Note, "", 0, "", "", sayNoContacts)
	}
	to.saysLines = d.counts["StudentContactAssociation"]+d.counts["StudentParentAssociation"] > 0
	to.saysRestrictions = d.has["ContactRestrictions"]
	d.settleTaught()
	if err := d.files(d.second, false); err != nil {
		return err
	}
	d.whole()
	d.taughtWhole()
	return nil
}

// files reads every interchange file and calls take for each record in it.
func (d *edfi) files(take func(n *node, at place) error, first bool) error {
	for _, name := range d.b.names() {
		if !strings.EqualFold(filepath.Ext(name), ".xml") {
			if first {
				d.f.add(Warning, name, 0, "", "", sayNotOfFormat)
			}
			continue
		}
		if err := d.file(name, take, first); err != nil {
			return err
		}
	}
	return nil
}

// edfiRecords are the elements that are read; everything else is passed over.
func edfiRecords() []string {
	return []string{"School", "LocalEducationAgency", "StateEducationAgency", "EducationServiceCenter", "Student", "Contact", "Parent",
		"StudentContactAssociation", "StudentParentAssociation", "StudentSchoolAssociation", "StudentEducationOrganizationAssociation",
		"Session", "Course", "CourseOffering", "Section", "ClassPeriod", "Location", "Staff", "StaffSectionAssociation", "TeacherSectionAssociation",
		"StudentSectionAssociation"}
}

func (d *edfi) file(name string, take func(n *node, at place) error, first bool) error {
	e, _ := d.b.file(name)
	notes := d.f
	if !first {
		notes = newFindings() // said the first time
	}
	text, err := openText(e, notes)
	if err != nil {
		return err
	}
	defer func() { _ = text.Close() }() // it was only read
	x := newXML(text)
	root, err := x.start()
	switch {
	case err != nil:
		return unreadable(name, err)
	case !strings.HasPrefix(root.Name.Local, "Interchange"):
		if first {
			d.f.add(Warning, name, 0, "", root.Name.Local, sayNotOfFormat)
		}
		return nil
	}
	if v := strings.TrimPrefix(root.Name.Space, "http://ed-fi.org/"); first && v != root.Name.Space && v > d.version && len(v) <= 8 {
		d.version = v
	}
	taken, passed, err := d.records(x, name, take, first)
	if first && err == nil && taken == 0 {
		d.f.add(Note, name, 0, "", root.Name.Local, sayNothingTaken)
	}
	if first && passed > 0 && taken > 0 {
		d.f.count(Finding{Level: Note, File: name, Code: sayOtherRecords, Count: passed})
	}
	return err
}

func (d *edfi) records(x *xmlReader, name string, take func(n *node, at place) error, first bool) (taken, passed int, err error) {
	known := edfiRecords()
	for {
		e, end, err := x.step()
		var broken *xml.SyntaxError
		switch {
		case errors.Is(err, io.EOF) || errors.As(err, &broken) || errors.Is(err, io.ErrUnexpectedEOF):
			if x.depth == 0 && errors.Is(err, io.EOF) {
				return taken, passed, nil
			}
			return taken, passed, d.ends(name, x, err, first)
		case err != nil:
			return taken, passed, unreadable(name, err)
		case end != "":
			continue
		case !slices.Contains(known, e.Name.Local):
			passed++
			err = x.skip()
		case first && manyTaught(e.Name.Local):
			taken++
			d.counts[e.Name.Local]++
			err = x.skip()
		default:
			line, _ := x.d.InputPos()
			var n *node
			if n, err = x.node(e); err == nil {
				taken++
				if first {
					d.counts[n.name]++
				}
				err = take(n, place{name, line})
				if err != nil {
					return taken, passed, err
				}
			}
		}
		if err != nil {
			if errors.As(err, &broken) || errors.Is(err, io.ErrUnexpectedEOF) {
				return taken, passed, d.ends(name, x, err, first)
			}
			return taken, passed, unreadable(name, err)
		}
	}
}

// ends notes that a file ends, or breaks, within a record: what stands before it is taken.
func (d *edfi) ends(name string, x *xmlReader, err error, first bool) error {
	d.cut = true
	if first {
		line, _ := x.d.InputPos()
		d.f.add(Skipped, name, line, "", "", sayXMLEnds)
	}
	return nil
}

// node is one record of a file with all that stands in it.
type node struct {
	name, id, ref, text string
	kids                []*node
}

// nodesLimit bounds the elements of one record.
const nodesLimit = 5000

// node reads the element that has just begun up to its end.
func (x *xmlReader) node(e xml.StartElement) (*node, error) {
	left := nodesLimit
	return x.nodeIn(e, &left)
}

func (x *xmlReader) nodeIn(e xml.StartElement, left *int) (*node, error) {
	if *left--; *left < 0 {
		return nil, errXML
	}
	n := &node{name: e.Name.Local, id: attr(e, "id"), ref: attr(e, "ref")}
	for {
		t, err := x.d.Token()
		if err != nil {
			return nil, cutXML(err)
		}
		switch t := t.(type) {
		case xml.StartElement:
			if x.depth++; x.depth > xmlDepth {
				return nil, errXML
			}
			kid, err := x.nodeIn(t, left)
			if err != nil {
				return nil, err
			}
			n.kids = append(n.kids, kid)
		case xml.EndElement:
			x.depth--
			n.text = clean(n.text)
			return n, nil
		case xml.CharData:
			if len(n.kids) == 0 && len(n.text)+len(t) <= textLimit {
				n.text += string(t)
			}
		}
	}
}

// all returns the elements of one of the names directly below.
func (n *node) all(names ...string) []*node {
	var found []*node
	if n == nil {
		return nil
	}
	for _, k := range n.kids {
		if slices.Contains(names, k.name) {
			found = append(found, k)
		}
	}
	return found
}

// at follows a path of names and returns the first element there, nil for none.
func (n *node) at(path ...string) *node {
	for _, name := range path {
		found := n.all(name)
		if len(found) == 0 {
			return nil
		}
		n = found[0]
	}
	return n
}

// say returns the text at a path, "" for none.
func (n *node) say(path ...string) string {
	if n = n.at(path...); n == nil {
		return ""
	}
	return n.text
}

// find returns the text of the first element of one of the names anywhere below.
func (n *node) find(names ...string) string {
	if n == nil {
		return ""
	}
	for _, k := range n.kids {
		if slices.Contains(names, k.name) && len(k.kids) == 0 {
			return k.text
		}
		if found := k.find(names...); found != "" {
			return found
		}
	}
	return ""
}

// descriptor is the part of a descriptor that says what it is.
func descriptor(s string) string {
	if i := strings.LastIndexByte(s, '#'); i >= 0 {
		return s[i+1:]
	}
	return s
}
