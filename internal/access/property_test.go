package access_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/schoolgate/schoolgate/internal/access"
)

// drawSchools draws some of five schools, or all.
func drawSchools(t *rapid.T, name string) access.Schools {
	if rapid.Bool().Draw(t, name+" all") {
		return access.Everywhere()
	}
	return access.Schools{IDs: rapid.SliceOfNDistinct(rapid.Int64Range(1, 5), 0, 5, rapid.ID).Draw(t, name)}
}

func drawStaff(t *rapid.T, name string) access.Actor {
	return access.Actor{
		Kind: access.Staff, AccountID: 1, Role: rapid.SampledFrom(access.Roles()).Draw(t, name+" role"), Schools: drawSchools(t, name), Fresh: rapid.Bool().Draw(t, name+" fresh"),
	}
}

func TestADM4NobodyGrantsWhatTheyCouldNotDoThemselves(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		giver, given := drawStaff(t, "giver"), drawStaff(t, "given")
		if !access.MayGrant(giver, given.Role, given.Schools) {
			return
		}
		if !access.Can(giver, access.ManageStaff) {
			t.Fatalf("%+v grants without managing staff", giver)
		}
		for _, action := range access.Actions() {
			if access.Can(given, action) && !access.Can(giver, action) {
				t.Fatalf("%+v gives %+v the right to %s", giver, given, action)
			}
		}
		for school := int64(0); school < 7; school++ {
			if given.Schools.Has(school) && !giver.Schools.Has(school) {
				t.Fatalf("%+v gives %+v school %d", giver, given, school)
			}
		}
	})
}

func TestADM4OnlyThoseWhoManageStaffAndKnownRolesGrant(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := drawStaff(t, "actor")
		if access.MayGrant(a, access.Role(rapid.String().Draw(t, "unknown role")+"?"), a.Schools) {
			t.Fatal("an unknown role was granted")
		}
		a.Kind = rapid.SampledFrom([]access.Kind{"", access.Visitor, access.Parent, access.Student}).Draw(t, "kind")
		if access.MayGrant(a, access.Auditor, access.Schools{}) {
			t.Fatalf("%+v grants", a)
		}
	})
}

func TestWithinMeansThatEverySchoolOfTheOneIsOneOfTheOther(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		one, other, third := drawSchools(t, "one"), drawSchools(t, "other"), drawSchools(t, "third")
		each := true
		for school := int64(0); school < 7; school++ {
			each = each && (!one.Has(school) || other.Has(school))
		}
		if one.Within(other) != each { // those who work everywhere have the schools to come too
			t.Fatalf("%+v within %+v: %v, school by school %v", one, other, one.Within(other), each)
		}
		if !one.Within(one) || !one.Within(access.Everywhere()) || one.Within(other) && other.Within(third) && !one.Within(third) {
			t.Fatalf("no order: %+v %+v %+v", one, other, third)
		}
	})
}

func TestADM1WhatTheTableDoesNotKnowIsDeniedToEverybody(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := drawStaff(t, "actor")
		a.Kind = rapid.SampledFrom([]access.Kind{access.Visitor, access.Parent, access.Student, access.Staff, "", "guest"}).Draw(t, "kind")
		unknown := access.Action(rapid.String().Draw(t, "action"))
		if !slices.Contains(access.Actions(), unknown) && access.Can(a, unknown) {
			t.Fatalf("%+v may %q", a, unknown)
		}
		if a.Kind != access.Staff {
			plain := access.Actor{Kind: a.Kind}
			for _, action := range access.Actions() {
				if access.Can(a, action) != access.Can(plain, action) {
					t.Fatalf("the role %s changes what a %s may: %s", a.Role, a.Kind, action)
				}
			}
		}
		a.Partial = true
		for _, action := range access.Actions() {
			if action != access.OwnLogin && access.Can(a, action) {
				t.Fatalf("half a sign-in may %s", action)
			}
		}
	})
}
