package family

import (
	"context"
	"slices"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/roster"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// Home is everything the Parent Portal's pages show of a parent's children, in one call.
type Home struct {
	First    string  // the parent's first name, for the greeting
	Children []Child // open lines, by name; none means that the parent should call the school
	Closed   []ClosedSchool
}

// ClosedSchool is a school of a parent's child whose portal is closed: the child is not shown, and the parent reads why.
type ClosedSchool struct {
	ID      int64
	School  string
	Message string
}

// Child is one child as its parent sees it.
type Child struct {
	StudentID                  int64
	First, Middle, Last        string
	IDNumber, BirthDate        string
	Grade, Homeroom            string
	School, SchoolPhone, Hours string
	Own                        OwnLine
	Others                     []Other
	Login                      *StudentLogin // nil for none
	LoginsOff                  bool          // the school lets no student sign in
}

// OwnLine is the parent's own line and contact record.
type OwnLine struct {
	First, Middle, Last                                  string
	Relationship                                         string
	Email                                                string
	Mobile, Home, Work                                   string
	LegalGuardian, LivesWith, Emergency, Pickup, Mailing roster.Flag
}

// Other is another contact of the child: name and relationship, nothing else, and nothing of a restricted one.
type Other struct{ First, Last, Relationship string }

// StudentLogin is the login a parent made for a child.
type StudentLogin struct {
	AccountID int64
	Username  string
	LastUsed  time.Time // zero for never
	Mine      bool      // this parent made it
	Locked    bool      // by the school
	NoneSet   bool      // the school ended its password: a parent must set a new one
}

// Home returns the actor's children: those with an open line, each once.
func (f *Family) Home(ctx context.Context, actor access.Actor) (Home, error) {
	if err := access.Check(actor, access.OwnFamily); err != nil {
		return Home{}, err
	}
	var home Home
	rule := f.rule()
	closings, err := f.closings(ctx)
	if err != nil {
		return home, err
	}
	err = f.db.Read(ctx, func(tx *sqldb.Tx) error {
		home = Home{}
		own, err := sqldb.All(ctx, tx, scanOwnLine(rule), selectOwnLines, actor.AccountID)
		if err != nil || len(own) == 0 {
			return err
		}
		home.First = own[0].holder
		mine, at := map[int64]bool{}, map[int64]int{} // own contacts; children
		var students []int64
		for _, l := range own {
			mine[l.contact] = true
		}
		for _, l := range own {
			if _, twice := at[l.StudentID]; twice || !l.open {
				continue
			}
			if c, closed := closings.PortalClosed(l.school); closed {
				home.close(l, c)
				continue
			}
			if l.Login != nil {
				l.Login.Mine = mine[l.maker]
			}
			l.LoginsOff = !f.studentsMay(l.schoolSays)
			at[l.StudentID] = len(home.Children)
			home.Children = append(home.Children, l.Child)
			students = append(students, l.StudentID)
		}
		return eachOther(ctx, tx, students, func(o otherLine) {
			if !mine[o.contact] && o.isShown() {
				child := &home.Children[at[o.student]]
				child.Others = append(child.Others, o.Other)
			}
		})
	})
	return home, err
}

// close notes that the line's child is not shown, once for each school.
func (h *Home) close(l ownLine, c roster.Closing) {
	if !slices.ContainsFunc(h.Closed, func(s ClosedSchool) bool { return s.ID == l.school }) {
		h.Closed = append(h.Closed, ClosedSchool{ID: l.school, School: l.School, Message: c.Message})
	}
}

// isShown reports whether a parent may know of another contact at all.
func (o *otherLine) isShown() bool { return o.restricted != roster.Yes && !o.gone }

// StudentHome is the Student Portal's page.
type StudentHome struct {
	First, Middle, Last string
	IDNumber, Grade     string
	Homeroom, School    string
	SchoolPhone, Hours  string
	Classes             []roster.ClassNow

	Closed  bool // the school has closed its portal: nothing else is filled in but School
	Message string
}

// StudentHome returns the actor's own page. It returns fault.NotFound when the student is no longer at the school or the line of the
// parent who made the login is no longer open, fault.Forbidden when the school has switched student logins off.
func (f *Family) StudentHome(ctx context.Context, actor access.Actor) (StudentHome, error) {
	if err := access.Check(actor, access.OwnPage); err != nil {
		return StudentHome{}, err
	}
	var page StudentHome
	var student, school int64
	rule := f.rule()
	closings, err := f.closings(ctx)
	if err != nil {
		return page, err
	}
	err = f.db.Read(ctx, func(tx *sqldb.Tx) error {
		own, err := sqldb.One(ctx, tx, scanStudentPage(rule), selectStudentPage, actor.AccountID)
		if err == nil && !own.open {
			return fault.NotFoundf("this login is closed")
		}
		if err != nil {
			return err
		}
		if !f.studentsMay(own.says) {
			return fault.Forbiddenf("student logins are switched off")
		}
		page, student, school = own.StudentHome, own.id, own.school
		classes, err := f.roster.ClassesNow(ctx, tx, []int64{student}, rule.Today)
		page.Classes = classes[student]
		return err
	})
	if c, closed := closings.PortalClosed(school); err == nil && closed {
		return StudentHome{School: page.School, Closed: true, Message: c.Message}, nil
	}
	if err == nil {
		f.audit.Views.Note(actor, student)
	}
	return page, err
}

// Classes returns the classes of today of a child that Home returned.
func (f *Family) Classes(ctx context.Context, c *Child) (classes []roster.ClassNow, err error) {
	err = f.db.Look(ctx, func(tx *sqldb.Tx) error {
		found, err := f.roster.ClassesNow(ctx, tx, []int64{c.StudentID}, f.settings.Today())
		classes = found[c.StudentID]
		return err
	})
	return classes, err
}
