package intake

import (
	"context"
	"database/sql"
	"slices"
	"strings"

	"github.com/schoolgate/schoolgate/internal/roster"
)

// facts is what the file says of a line: by the contact, for each of its lines, or by the line itself.
type facts struct {
	roster.Line
	carried []string
	roles   string // of the contact, where they say different things at different schools
}

func factsOf(c contact) facts {
	x := facts{Line: roster.Line{Relationship: c.relationship, PortalAccess: roster.Unknown, BeginDate: c.begin, EndDate: c.end}}
	if c.relationship != "" {
		x.carried = append(x.carried, "relationship")
	}
	if c.saysAccess {
		x.carried = append(x.carried, "portal_access")
	}
	if c.refused {
		x.PortalAccess = roster.No
	}
	if c.saysDates {
		x.carried = append(x.carried, "begin_date", "end_date")
	}
	if c.bySchool {
		x.roles = c.FileRoles
	}
	return x
}

// at returns what holds for the children of a school.
func (x facts) at(school string, isSchool func(org string) bool, today string) facts {
	if x.roles != "" {
		x.Relationship, x.BeginDate, x.EndDate = toChildren(rolesAt(splitRoles(x.roles), school, isSchool), today)
		x.roles = ""
	}
	return x
}

// and returns what holds for one line: what its own row says wins over what the contact says of all of them.
func (x facts) and(own facts) facts {
	if len(own.carried) == 0 {
		return x
	}
	next, _, _ := roster.TakeLine(x.Line, own.Line, own.carried)
	if own.says("restricted") { // which TakeLine takes for what is on record, and not as it is said
		next.Restricted = own.Restricted
	}
	return facts{Line: next, carried: slices.Concat(x.carried, own.carried)}
}

func (x facts) says(field string) bool { return slices.Contains(x.carried, field) }

// end is a student or a contact at the end of a line: as it is, and as it will be.
type end struct {
	id, leaves   int64 // id 0: beyond what was read
	school       int64 // a student's
	seen         bool
	spoken       bool // a student for whose lines a file of contacts alone speaks
	name, source string
	was, will    bool // at school; not left
}

// pair is a line with its ends and what the file says of it.
type pair struct {
	key              int64
	line             int64 // on record, 0 if it is not
	student, contact end
	status, after    roster.Status
	dates, datesWill roster.StudentDates // of the student, as they are and as they will be
	email            string              // the contact's from now on, as a key
	named            bool
	at               place
	own, said        string // facts
	isSaid           bool
	unread           bool  // one of the two stands in the file in a row that is not taken
	print            int64 // of what the file says of it
}

const pairColumns = `coalesce(s.id, 0), coalesce(nullif(s.moves, 0), s.school_id, 0), coalesce(s.source_id, ''), coalesce(s.status, ''), coalesce(s.after, ''), coalesce(s.dates, ''), coalesce(s.dates_after, ''), coalesce(s.seen, 0), coalesce(s.spoken, 0), coalesce(s.leaves, 0), coalesce(s.name, ''),
coalesce(c.id, 0), coalesce(c.source_id, ''), coalesce(c.gone, 0), coalesce(c.after, 0), coalesce(c.seen, 0), coalesce(c.leaves, 0), coalesce(c.name, ''), coalesce(c.email_key, ''),
fl.seq is not null, coalesce(fl.file, ''), coalesce(fl.line, 0), coalesce(` + linePrint + `, 0), coalesce(fl.data, ''), coalesce(fc.facts, ''), fc.seq is not null,
exists (select 1 from f_kept k where k.source_id = s.source_id) or exists (select 1 from f_kept k where k.source_id = c.source_id)`

// scanPair reads a pair, and what stands in the columns behind it.
func scanPair(r *sql.Rows, behind ...any) (p pair, err error) {
	var gone, goes bool
	var dates, datesWill string
	s, c := &p.student, &p.contact
	err = r.Scan(append([]any{&p.key, &p.line, &s.id, &s.school, &s.source, &p.status, &p.after, &dates, &datesWill, &s.seen, &s.spoken, &s.leaves, &s.name, &c.id, &c.source, &gone, &goes,
		&c.seen, &c.leaves, &c.name, &p.email, &p.named, &p.at.file, &p.at.line, &p.print, &p.own, &p.said, &p.isSaid, &p.unread}, behind...)...)
	s.was, s.will, c.was, c.will = p.status == roster.Enrolled, p.after == roster.Enrolled, !gone, !goes
	p.dates, p.datesWill = unpackDates(dates), unpackDates(datesWill)
	return p, err
}

// said is what the file says of a pair.
func (p *plan) said(x *pair) (facts, error) {
	var said, own packedFacts
	if err := unpack(x.said, &said); err != nil {
		return facts{}, err
	}
	err := unpack(x.own, &own)
	x.isSaid = x.isSaid || len(own.Carried) > 0
	return p.at(said.facts(), x.student.school).and(own.facts()), err
}

// at is what holds at a school of what the file says of an adult.
func (p *plan) at(x facts, school int64) facts {
	return x.at(p.sources[school], p.isSchool, p.rule.Today)
}

// isSchool reports whether an organisation, in the file or on record, is a school.
func (p *plan) isSchool(source string) bool {
	if p.schools == nil {
		p.schools = map[string]bool{}
		for _, s := range slices.Concat(p.onRecord, p.rec.schools) {
			p.schools[s.SourceID] = s.Kind == "school"
		}
	}
	return source != "" && p.schools[source]
}

// gone reports whether an end is no longer in the roster, so that the file cannot name it.
func (p *pair) gone() bool {
	return !p.student.seen && p.status == roster.Left || !p.contact.seen && !p.contact.was || p.student.leaves+p.contact.leaves > 0
}

func (p *plan) planLines(ctx context.Context) error {
	if err := p.settleGuesses(ctx); err != nil {
		return err
	}
	if err := p.tally(ctx, &p.rep.Lines.Same, countLinesOnFile); err != nil {
		return err
	}
	if err := p.stage.exec(ctx, insertMayStay); err != nil {
		return err
	}
	err := walkPages(ctx, p.stage, selectLines, func(r *sql.Rows) (pair, error) { return scanPair(r) }, func(x pair) int64 { return x.key }, func(pairs []pair) error {
		ids := make([]int64, len(pairs))
		for n, x := range pairs {
			ids[n] = x.line
		}
		olds, err := p.lines(ctx, ids)
		if err != nil {
			return err
		}
		p.rep.Lines.Same -= len(pairs)
		for _, x := range pairs {
			if l, known := olds[x.line]; known {
				if err := p.planLine(ctx, x, l); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return p.newLines(ctx)
}

// newLine is a line of the file that is not on record, with its place among the student's lines and with what becomes of it.
type newLine struct {
	pair
	position int
	fate     fate
}

// fate is what becomes of a line of the file that is not on record.
type fate int

const (
	fateAdded fate = iota
	fateUnknown
	fateGone
)

// newLines plans the lines of the file that are not on record. They are added school by school in the order of the adults' names, in which lists of lines
// stand: neighbours in time are then neighbours in the database.
func (p *plan) newLines(ctx context.Context) error {
	if err := p.stage.exec(ctx, insertNewLines, p.rec.whole && p.rec.only == ""); err != nil {
		return err
	}
	column := "" // that names the two; in most formats a row is all about them
	if strings.HasPrefix(p.rep.Format, "OneRoster") {
		column = "agentSourcedIds"
	}
	return walk(ctx, p.stage, selectNewLines, func(r *sql.Rows) (n newLine, err error) {
		n.pair, err = scanPair(r, &n.position, &n.fate)
		return n, err
	}, func(n newLine) int64 { return n.key }, func(n newLine) error {
		switch n.fate {
		case fateUnknown:
			p.f.add(Warning, n.at.file, n.at.line, column, "", sayLineNotKnown)
		case fateGone:
			p.f.add(Warning, n.at.file, n.at.line, column, "", sayLineGone)
		default:
			return p.newLine(ctx, n.pair, n.position)
		}
		return nil
	})
}

// planLine brings a line on record up to date.
func (p *plan) planLine(ctx context.Context, x pair, l roster.Line) error {
	named := x.named && !x.gone() && !(l.Ended && p.absent(&x))
	if l.Removed() {
		if named {
			p.f.add(Note, x.at.file, x.at.line, "", x.name(l), sayLineOff)
		}
		return nil
	}
	said, err := p.said(&x)
	if err != nil {
		return err
	}
	if !named && said.Relationship == "unknown" { // where each line says for itself what the adult is, the adult's row says nothing of it
		said.carried = without(said.carried, "relationship")
	}
	next := l
	var changed, kept []roster.Difference
	switch {
	case named || x.isSaid && l.FromFile:
		next, changed, kept = roster.TakeLine(l, said.Line, said.carried)
		if err := p.kept(ctx, x.at, x.person(), kept); err != nil {
			return err
		}
		if named && len(kept) == 0 {
			next.FilePrint = x.print
		}
	case x.isSaid:
		// A line that staff made: what the file refuses is refused here too.
		if _, only, _ := roster.TakeLine(l, said.Line, said.carried); len(only) > 0 && said.says("portal_access") {
			next.FilePortalAccess = said.PortalAccess
		}
	}
	missing := p.missing(&x, l, &next)
	switch {
	case named:
		next.Ended, next.FromFile = false, true
	case l.FromFile && !l.Ended && !missing && (p.lineGone(&x) || p.backWithout(&x, l)):
		next.Ended = true
	}
	return p.change(ctx, &x, l, next, changed)
}

// missing gives a line its time of grace when an end is missing from the roster, and takes it when both are there.
func (p *plan) missing(x *pair, l roster.Line, next *roster.Line) bool {
	one := x.student.leaves == 1 && x.contact.leaves < 2 || x.contact.leaves == 1 && x.student.leaves < 2
	switch {
	case one && p.grace != "":
		if !l.Ended && l.GraceUntil == "" && (x.student.was != x.student.will || x.contact.was != x.contact.will) {
			next.GraceUntil = p.grace
		}
		return true
	case l.GraceUntil != "" && x.student.will && x.contact.will:
		next.GraceUntil = ""
	}
	return false
}

// absent reports whether a whole file names an adult in a line and has no row of the adult: who is so missing gets no lines.
func (p *plan) absent(x *pair) bool {
	return p.rec.whole && p.rec.only == "" && !x.contact.seen && !x.unread
}

// backWithout reports whether an adult who was missing is back by a whole file that does not speak of this student: the file that had the adult no
// more had not the line either.
func (p *plan) backWithout(x *pair, l roster.Line) bool {
	return p.rec.whole && p.rec.saysLines && l.GraceUntil != "" && !x.contact.was && x.contact.will && !x.student.seen && !x.unread
}

// lineGone reports whether the file's silence about a line ends it. A roster that holds everything ends what it does not name; a roster of
// changes ends a line when the row that would name it is there and does not.
func (p *plan) lineGone(x *pair) bool {
	if x.student.leaves+x.contact.leaves > 0 {
		return true
	}
	student, contact := x.student.seen, x.contact.seen
	switch {
	case !p.rec.saysLines, x.unread:
		return false
	case p.rec.only == onlyContacts:
		return x.student.spoken
	case p.rec.whole:
		return student
	}
	return student && contact || student && p.rec.studentSide && !p.rec.contactSide ||
		contact && p.rec.contactSide && !p.rec.studentSide
}

// change counts what becomes of a line, tells who loses access by it, and puts the step.
func (p *plan) change(ctx context.Context, x *pair, l, next roster.Line, changed []roster.Difference) error {
	if err := p.consequences(ctx, x, l, next); err != nil {
		return err
	}
	switch {
	case next.Ended && !l.Ended:
		p.rep.Lines.Removed++
		p.say("line %s: ended", x.name(l))
	case next.GraceUntil != "" && l.GraceUntil == "":
		if l.FromFile {
			p.rep.Lines.Removed++
		}
		p.say("line %s: open until %s", x.name(l), next.GraceUntil)
	case !next.Ended && l.Ended, l.GraceUntil != "" && next.GraceUntil == "":
		p.rep.Lines.Changed++
		p.say("line %s: back", x.name(l))
	case len(changed) > 0:
		p.rep.Lines.Changed++
		p.say("line %s: %s", x.name(l), p.differences(changed))
	case next.FromFile != l.FromFile:
		p.rep.Lines.Changed++
		p.say("line %s: now comes with the roster", x.name(l))
	case next.FilePortalAccess != l.FilePortalAccess:
		p.rep.Lines.Changed++
		p.say("line %s: file portal access %s -> %s", x.name(l), l.FilePortalAccess, next.FilePortalAccess)
	default:
		if l.FromFile && !l.Ended && x.student.will && x.contact.will {
			p.rep.Lines.Same++
		}
		return p.reprint(ctx, "line", l.ID, l.Version, next.FilePrint)
	}
	return p.step(ctx, phaseOfLine(l, next), l.StudentID, l.ContactID, x.name(l), lineStep{LineChange: roster.LineChange{Old: l, New: next}})
}

// phaseOfLine is when a line is changed: what may close it comes first, and so does its time of grace, which must be there before an end leaves.
func phaseOfLine(l, next roster.Line) phase {
	if roster.MayClose(l, next) || next.GraceUntil != l.GraceUntil && next.GraceUntil != "" {
		return phaseCloseLine
	}
	return phaseChangeLine
}

func (p *plan) newLine(ctx context.Context, x pair, position int) error {
	l := roster.Line{StudentID: max(x.student.id, 0), ContactID: max(x.contact.id, 0), Position: position, LegalGuardian: roster.Unknown,
		LivesWith: roster.Unknown, Emergency: roster.Unknown, Pickup: roster.Unknown, Mailing: roster.Unknown,
		PortalAccess: roster.Unknown, FilePortalAccess: roster.Unknown, Restricted: roster.Unknown, FileRestricted: roster.Unknown,
		FromFile: true}
	said, err := p.said(&x)
	if err != nil {
		return err
	}
	if !x.isSaid || said.Relationship == "" {
		if err := p.likeOthers(ctx, &l, x.student.school); err != nil {
			return err
		}
	}
	if x.isSaid {
		if said.PortalAccess == roster.No && !said.says("portal_access") {
			said.carried = append(slices.Clone(said.carried), "portal_access")
		}
		l, _, _ = roster.TakeLine(l, said.Line, said.carried)
		l.FilePrint = x.print
	}
	p.rep.Lines.Added++
	p.say("line %s: added", x.name(l))
	if err := p.mayRegister(ctx, &x, l); err != nil {
		return err
	}
	return p.step(ctx, phaseAddLine, x.student.id, x.contact.id, x.name(l),
		lineStep{LineChange: roster.LineChange{New: l}, Student: x.student.source, Contact: x.contact.source})
}

// likeOthers gives a new line of a contact who is not in the file what the contact's other lines have from the roster, or what the roster said of the
// contact at the student's school.
func (p *plan) likeOthers(ctx context.Context, l *roster.Line, school int64) error {
	l.Relationship = "unknown"
	if l.ContactID == 0 {
		return nil
	}
	others, err := list(ctx, p.stage, scanID, selectLikeOthers, l.ContactID)
	if err != nil {
		return err
	}
	found, err := p.lines(ctx, others)
	if err != nil {
		return err
	}
	for _, o := range found { // one at most
		l.Relationship, l.BeginDate, l.EndDate = o.Relationship, o.BeginDate, o.EndDate
		if o.FilePortalAccess == roster.No {
			l.PortalAccess, l.FilePortalAccess = roster.No, roster.No
		}
	}
	adults, err := p.contacts(ctx, []int64{l.ContactID})
	if roles := adults[l.ContactID].FileRoles; err == nil && roles != "" {
		here := p.at(facts{roles: roles}, school)
		l.Relationship, l.BeginDate, l.EndDate = here.Relationship, here.BeginDate, here.EndDate
	}
	return err
}

func (x *pair) name(l roster.Line) string {
	return x.contact.name + " (" + l.Relationship + ") of " + x.student.name
}

func (x *pair) person() Person {
	return Person{StudentID: max(x.student.id, 0), ContactID: max(x.contact.id, 0), Student: x.student.name, Contact: x.contact.name}
}
