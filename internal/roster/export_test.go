package roster

import "testing"

func TestNoExportScansATable(t *testing.T) {
	atDesk(t, func(_ *testing.T, d *desk) {
		d.noScan(enrolledOfSchool, int64(1), "k", int64(7), exportPage)
		d.noScan(enrolledOfNone, "k", int64(7), exportPage)
		d.noScan(liveCourses, int64(7), exportPage)
		d.noScan(classesOfSchool, int64(1), "k", int64(7), exportPage)
		d.noScan(enrolmentsOfClasses+"$1) order by e.class_id, e.id", int64(1))
		d.noScan(teachersOfSchool, int64(1))
		d.noScan(studentsAfter, int64(7), 1)
		d.noScan(contactsAfter, int64(7), 1)
		d.noScan(contactsWithEmails+"($1)", "k")
		d.noScan(emailsOfStudents+"($1)", "k")
		d.noScan(studentsWithEmails+"($1)", "k")
		d.noScan(numbersTwice+"($1)"+twice, "k")
		d.noScan(studentsWithNumbers+"($1)", "k")
	})
}

func TestACellOfABundleIsNoFormulaAndATelephoneNumberStaysOne(t *testing.T) {
	for is, want := range map[string]string{
		"+1 (207) 555-0100": "+1 (207) 555-0100", "-5": "-5", "=1+1": "'=1+1", "@SUM(A1)": "'@SUM(A1)", "+cmd|x": "'+cmd|x", "-Ann": "'-Ann", "a\nb": "a b", "": "",
	} {
		if got := bundleCell(is); got != want {
			t.Errorf("%q became %q, want %q", is, got, want)
		}
	}
}
