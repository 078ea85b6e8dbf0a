package intake

import (
	"fmt"
	"slices"
	"testing"
)

// sharing are the people of the list of shared addresses, each with why.
func (o *office) sharing(id int64) []string {
	o.t.Helper()
	people, err := o.intake.People(o.ctx, clerk, id, ListShared, 0, 500)
	if err != nil {
		o.t.Fatal(err)
	}
	var all []string
	for _, p := range people {
		all = append(all, fmt.Sprintf("%s%s %s %s", p.Student, p.Contact, p.New, p.Why))
	}
	slices.Sort(all)
	return all
}

func TestAnAddressIsNewlySharedWithWhoeverHasItAtAnySchoolAndWithStaff(t *testing.T) {
	atOffice(t, func(t *testing.T, o *office) {
		o.logins.staff = []string{"Ada@School.example", "ben"}
		o.take(bundleOf(t, "students.csv", "id,first_name,last_name,id_number,email\nf1,Far,Child,901,far.child@far.example\n",
			"contacts.csv", "student_id,contact_id,first_name,last_name,relationship,email\nf1,k1,Far,Mother,mother,far.mother@far.example\n"), Options{School: "Far School"})
		o.begin(o.upload(twenty()), false)
		rows := plus(twenty(),
			"m00", adult("m00", "parent", "Mumm00", "Lasts00", "FAR.mother@far.example"),
			"m01", adult("m01", "parent", "Mumm01", "Lasts01", "far.child@far.example"),
			"m02", adult("m02", "parent", "Mumm02", "Lasts02", "ada@school.example"),
			"m03", adult("m03", "parent", "Mumm03", "Lasts03", "m04@home.example"),
			"m05", adult("m05", "parent", "Mumm05", "Lasts05", "nobody.else@home.example"))
		id := o.upload(rows)
		want := []string{
			"Mumm00 Lasts00 FAR.mother@far.example adult", "Mumm01 Lasts01 far.child@far.example student", "Mumm02 Lasts02 ada@school.example staff",
			"Mumm03 Lasts03 m04@home.example adult",
		}
		o.same("shared", want, o.sharing(id))
		for _, code := range []Code{sayShared, saySharedStudent, saySharedStaff} {
			if !mentions(o.said(id), string(code)) {
				t.Errorf("%s is not noticed", code)
			}
		}
		o.begin(id, false)
		o.same("the same file again shares nothing anew", 0, len(o.sharing(o.upload(rows))))
	})
}

func TestAStudentsNewAddressIsSharedWithTheContactWhoHasIt(t *testing.T) {
	atOffice(t, func(t *testing.T, o *office) {
		const students = "id,first_name,last_name,id_number,email\n"
		const contacts = "student_id,contact_id,first_name,last_name,relationship,email\n"
		file := func(email string) string {
			return bundleOf(t, "students.csv", students+"n1,Near,Child,801,"+email+"\nn2,Other,Child,802,\n", "contacts.csv", contacts+"n1,k2,Near,Mother,mother,near@near.example\nn2,k2,Near,Mother,mother,near@near.example\n")
		}
		o.take(bundleOf(t, "students.csv", students+"f1,Far,Child,901,\n", "contacts.csv", contacts+"f1,k1,Far,Mother,mother,far@far.example\n"), Options{School: "Far School"})
		o.take(file("child@near.example"), Options{School: "Near School"})
		shared := func(email string) (all []string) {
			err := o.intake.planned(o.ctx, file(email), Options{School: "Near School"}, newFindings(), &Report{}, counters{}, func(p *plan) error {
				people, err := list(o.ctx, p.stage, scanText, `select student || contact || ' ' || json_extract(detail, '$.Why') from note where list = 'shared'`)
				all = people
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return all
		}
		o.same("with a contact at another school", []string{"Near Child contact"}, shared("far@far.example"))
		o.same("with a contact of the file, who is as before", []string{"Near Mother student"}, shared("near@near.example"))
		o.same("with nobody", 0, len(shared("child2@near.example")))
	})
}
