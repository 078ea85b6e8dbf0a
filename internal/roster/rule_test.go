package roster

import (
	"slices"
	"testing"
)

func TestMayAsksInThisOrder(t *testing.T) {
	rule := Rule{Relationships: DefaultRelationships(), Today: "2026-11-23"}
	for _, c := range []struct {
		name   string
		line   Line
		status Status
		left   bool
		want   Why
	}{
		{"portal access yes opens", Line{PortalAccess: Yes, Relationship: "aunt"}, Enrolled, false, MayOpen},
		{"unknown access opens for a mother", Line{PortalAccess: Unknown, Relationship: "mother"}, Enrolled, false, MayOpen},
		{"a flag nobody set is unknown", Line{Relationship: "guardian"}, Enrolled, false, MayOpen},
		{"unknown access does not open for an aunt", Line{PortalAccess: Unknown, Relationship: "aunt"}, Enrolled, false, WhyNoAccess},
		{"unknown access does not open for an unknown relationship", Line{Relationship: "unknown"}, Enrolled, false, WhyNoAccess},
		{"portal access no closes for a mother", Line{PortalAccess: No, Relationship: "mother"}, Enrolled, false, WhyNoAccess},
		{"a yes by hand does not loosen the roster's no", Line{PortalAccess: Yes, FilePortalAccess: No, Relationship: "mother"}, Enrolled, false, WhyNoAccess},
		{"a no by hand holds against the roster's yes", Line{PortalAccess: No, FilePortalAccess: Yes, Relationship: "mother"}, Enrolled, false, WhyNoAccess},
		{"an unknown restriction does not close", Line{PortalAccess: Yes, Restricted: Unknown}, Enrolled, false, MayOpen},
		{"no restriction does not close", Line{PortalAccess: Yes, Restricted: No}, Enrolled, false, MayOpen},
		{"the first day opens", Line{PortalAccess: Yes, BeginDate: "2026-11-23"}, Enrolled, false, MayOpen},
		{"the day before the first is too early", Line{PortalAccess: Yes, BeginDate: "2026-11-24"}, Enrolled, false, WhyNotYet},
		{"the end date is the first day without", Line{PortalAccess: Yes, EndDate: "2026-11-23"}, Enrolled, false, WhyEnded},
		{"the day before the end date is the last", Line{PortalAccess: Yes, EndDate: "2026-11-24"}, Enrolled, false, MayOpen},
		{"no access is asked last", Line{PortalAccess: No, BeginDate: "2027-01-01"}, Enrolled, false, WhyNotYet},
		{"begin is asked before end", Line{PortalAccess: No, BeginDate: "2027-01-01", EndDate: "2026-01-01"}, Enrolled, false, WhyNotYet},
		{"restriction is asked before the dates", Line{PortalAccess: Yes, Restricted: Yes, BeginDate: "2027-01-01"}, Enrolled, false, WhyRestricted},
		{"restriction closes whatever else says yes", Line{PortalAccess: Yes, FilePortalAccess: Yes, LegalGuardian: Yes, Restricted: Yes}, Enrolled, false, WhyRestricted},
		{"ended is asked before restriction", Line{PortalAccess: Yes, Ended: true, Restricted: Yes}, Enrolled, false, WhyEnded},
		{"the student is asked before the line", Line{PortalAccess: Yes, Ended: true}, Withdrawn, false, WhyStudentGone},
		{"a graduate is gone", Line{PortalAccess: Yes}, Graduated, false, WhyStudentGone},
		{"a student off the roster is gone", Line{PortalAccess: Yes}, Left, false, WhyStudentGone},
		{"a status nobody knows is gone", Line{PortalAccess: Yes}, "", false, WhyStudentGone},
		{"who is missing from the roster keeps access for the time of grace", Line{PortalAccess: Yes, GraceUntil: "2026-11-24"}, Left, true, MayOpen},
		{"which ends with its day", Line{PortalAccess: Yes, GraceUntil: "2026-11-23"}, Left, false, WhyStudentGone},
		{"for contacts too", Line{PortalAccess: Yes, GraceUntil: "2026-11-23"}, Enrolled, true, WhyContactGone},
		{"there is no grace for a student who was withdrawn", Line{PortalAccess: Yes, GraceUntil: "2026-11-24"}, Withdrawn, false, WhyStudentGone},
		{"nor for a restriction", Line{PortalAccess: Yes, GraceUntil: "2026-11-24", Restricted: Yes}, Left, true, WhyRestricted},
		{"nor for a line that has ended", Line{PortalAccess: Yes, GraceUntil: "2026-11-24", Ended: true}, Left, true, WhyEnded},
		{"the contact is asked first", Line{PortalAccess: Yes, Ended: true, Restricted: Yes}, Left, true, WhyContactGone},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := rule.May(c.line, c.status, c.left); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
			full := FullLine{Line: c.line, Student: Student{Status: c.status}, Contact: Contact{Left: c.left}}
			if got := rule.MayOpen(full); got != c.want {
				t.Errorf("as a full line: got %q, want %q", got, c.want)
			}
		})
	}
}

func TestParentsAndGuardiansAreRelationships(t *testing.T) {
	all := Relationships()
	for _, code := range DefaultRelationships() {
		if !slices.Contains(all, code) {
			t.Errorf("%s is no relationship", code)
		}
	}
	seen := slices.Clone(all)
	slices.Sort(seen)
	if len(slices.Compact(seen)) != len(all) || len(all) != 22 {
		t.Errorf("%d relationships, %d different ones; want 22", len(all), len(slices.Compact(seen)))
	}
}
