package family

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/roster"
)

// pupil puts a student of a school on record who wants nothing but what change takes away.
func (d *desk) pupil(number, first string, school int64, change ...func(*roster.Student)) int64 {
	d.t.Helper()
	s := roster.Student{IDNumber: number, First: first, Last: "Stone", BirthDate: "2015-03-09", SchoolID: school, Status: roster.Enrolled}
	for _, c := range change {
		c(&s)
	}
	id, err := d.roster.AddStudent(d.t.Context(), d.office, s)
	d.ok(err)
	return id
}

// schools makes schools and returns their ids by name.
func (d *desk) schools(names ...string) map[string]int64 {
	d.t.Helper()
	ids := map[string]int64{}
	for _, name := range names {
		d.ok(d.roster.SaveSchool(d.t.Context(), d.office, roster.School{Name: name}))
	}
	all, err := d.roster.SchoolsOf(d.t.Context(), d.office)
	d.ok(err)
	for _, s := range all {
		ids[s.Name] = s.ID
	}
	return ids
}

// look has the records looked over.
func (d *desk) look() {
	d.t.Helper()
	d.ok(d.Look(d.t.Context(), d.office))
	d.work()
}

// flawed returns who has a flaw, as the actor reads the list.
func (d *desk) flawed(actor access.Actor, w Flaw) []string {
	d.t.Helper()
	var names []string
	for q := (QualityQuery{Flaw: w, Limit: 2}); ; {
		p, err := d.QualityList(d.t.Context(), actor, q)
		d.ok(err)
		for _, r := range p.Rows {
			names = append(names, r.Student.First+r.Contact.First)
		}
		if q.After = p.Next; q.After == 0 {
			return names
		}
	}
}

func TestTheLookFindsWhatKeepsFamiliesOut(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		at := d.schools("Lincoln", "Grant")
		ana := d.pupil("1", "Ana", at["Lincoln"])
		d.parent(ana, "Maria", "Stone", "maria@example.org")
		d.pupil("2", "Alone", at["Lincoln"])
		silent := d.pupil("3", "Silent", at["Grant"])
		d.parent(silent, "Noaddress", "Stone", "")
		d.pupil("", "Numberless", at["Lincoln"])
		d.pupil("7-7", "Twin", at["Lincoln"])
		d.pupil("77", "Twain", at["Grant"])
		d.pupil("9", "Birthless", at["Lincoln"], func(s *roster.Student) { s.BirthDate = "" })
		d.pupil("8", "Gone", at["Lincoln"], func(s *roster.Student) { s.Status, s.BirthDate = roster.Withdrawn, "" })
		d.pupil("11", "Mailer", at["Grant"], func(s *roster.Student) { s.Email = "kid@example.org" })

		d.parent(ana, "Kidmail", "Stone", "KID@example.org")
		d.parent(ana, "Staffmail", "Stone", "worker@example.org")
		d.change("insert into account (kind, username, username_key, state, email, created_at) values ('staff', 'w', 'w', 'active', 'Worker@example.org', 1)")
		d.parent(ana, "Joan", "Stone", "home@example.org")
		d.parent(silent, "Jim", "Stone", "home@example.org")
		d.parent(ana, "José", "Stone", "jose@example.org")
		d.parent(silent, "Jose", "Stone Jr", "jose@example.org")
		d.parent(ana, "FNU", "Stone", "fnu@example.org")
		d.parent(ana, "JosÃ©", "Lopez", "broken@example.org")
		d.parent(ana, "A\ufffda", "Lopez", "lost@example.org")
		d.parent(ana, "Star★", "Lopez", "star@example.org")
		d.parent(ana, "Friend", "Stone", "friend@example.org", func(e *roster.ContactEdit) { e.Line.Relationship, e.Line.PortalAccess = "friend", roster.Yes })
		d.parent(ana, "Warden", "Stone", "warden@example.org", func(e *roster.ContactEdit) {
			e.Line.Relationship, e.Line.PortalAccess, e.Line.LegalGuardian = "friend", roster.Yes, roster.Yes
		})
		d.parent(ana, "Aunt", "Stone", "", func(e *roster.ContactEdit) { e.Line.Relationship = "aunt" })
		bounced := d.parent(ana, "Bea", "Stone", "bea@example.org")
		_, err := d.SendPassword(t.Context(), d.office, []int64{bounced.ContactID}, false)
		d.ok(err)
		d.change("update job set state = 'failed', ended_at = 1 where contact_id = $1", bounced.ContactID)
		d.change("insert into contact (first_name, last_name, last_key, sort_key, letter, created_at, updated_at) values ('Nobodys', 'Stone', 'stone', 'stone', 'S', 1, 1)")

		d.look()
		want := map[Flaw][]string{
			FlawUnreachable: {"Alone", "Birthless", "Mailer", "Numberless", "Twain", "Twin"}, FlawNoNumber: {"Numberless"}, FlawSameNumber: {"Twain", "Twin"},
			FlawNoBirthDate: {"Birthless"}, FlawNoEmail: {"Noaddress"}, FlawBounced: {"Bea"}, FlawName: {"A\ufffda", "JosÃ©", "Star★", "FNU"},
			FlawSamePerson: {"José"}, FlawSharedMailbox: {"Jim", "Joan"}, FlawStudentMailbox: {"Kidmail"}, FlawStaffMailbox: {"Staffmail"},
			FlawAccess: {"Friend"}, FlawOfNobody: {"Nobodys"},
		}
		got := map[Flaw][]string{}
		for _, w := range Flaws() {
			got[w] = d.flawed(d.office, w)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		o, err := d.Quality(t.Context(), d.office)
		d.ok(err)
		for _, c := range o.Counts {
			if c.Found != len(want[c.Flaw]) || len(c.Trend) != 1 || c.Trend[0].Found != c.Found {
				t.Errorf("%s: %+v, want %d", c.Flaw, c, len(want[c.Flaw]))
			}
		}
		if o.Running || o.At.IsZero() {
			t.Errorf("the look has not ended: %+v", o)
		}
	})
}

func TestTheSameNameAndTelephoneSeemOnePerson(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		d.double()
		d.parent(d.student("43", "Eva", "Lopez"), "Pedro", "Lopez", "pedro@example.org", func(e *roster.ContactEdit) { e.Contact.WorkPhone = "207-555-0100" })
		d.parent(d.student("44", "Ida", "Lopez"), "Maria", "Lopez", "another@example.org")
		d.look()
		if got := d.flawed(d.office, FlawSamePerson); !cmp.Equal([]string{"Maria"}, got) {
			t.Errorf("seem one person: %v", got)
		}
	})
}

func TestAListEndsAtTheSchoolsOfTheReader(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		at := d.schools("Lincoln", "Grant", "Cedar")
		here, there := d.pupil("1", "Here", at["Lincoln"]), d.pupil("1", "There", at["Grant"])
		both := d.parent(here, "Both", "Stone", "")
		d.also(there, both.Contact)
		d.parent(there, "Far", "Stone", "")
		d.look()
		local := access.Actor{Kind: access.Staff, Role: access.Registrar, Schools: access.Schools{IDs: []int64{at["Lincoln"]}}, AccountID: 5, Username: "local", Fresh: true}
		two := local
		two.Schools = access.Schools{IDs: []int64{at["Lincoln"], at["Grant"]}}
		for _, c := range []struct {
			actor access.Actor
			want  []string
		}{{d.office, []string{"Both", "Far"}}, {two, []string{"Both", "Far"}}, {local, []string{"Both"}}} {
			if got := d.flawed(c.actor, FlawNoEmail); !cmp.Equal(c.want, got) {
				t.Errorf("%v: %v, want %v", c.actor.Schools, got, c.want)
			}
			o, err := d.Quality(t.Context(), c.actor)
			d.ok(err)
			for _, n := range o.Counts {
				if n.Flaw == FlawNoEmail && n.Found != len(c.want) {
					t.Errorf("%v: counted %d", c.actor.Schools, n.Found)
				}
			}
		}
		p, err := d.QualityList(t.Context(), local, QualityQuery{Flaw: FlawSameNumber})
		d.ok(err)
		if len(p.Rows) != 1 || len(p.Rows[0].With) != 1 || !p.Rows[0].With[0].Elsewhere || p.Rows[0].With[0].First != "" {
			t.Errorf("the child of another school: %+v", p.Rows)
		}
		if _, err := d.QualityList(t.Context(), local, QualityQuery{Flaw: FlawNoEmail, School: at["Grant"]}); !fault.Is(err, fault.NotFound) {
			t.Errorf("another school's list: %v", err)
		}
		var taken []string
		d.ok(d.ExportQuality(t.Context(), local, QualityQuery{Flaw: FlawNoEmail}, func(r QualityRow) error {
			taken = append(taken, r.Contact.First)
			if len(r.Lines) != 1 || r.Lines[0].Student.First != "Here" {
				t.Errorf("lines %+v", r.Lines)
			}
			return nil
		}))
		if !cmp.Equal([]string{"Both"}, taken) {
			t.Errorf("exported %v", taken)
		}
		if d.count("select count(*) from audit_event where action = 'records.exported'") != 1 {
			t.Error("the export is not in the log")
		}
		local.Fresh = false
		if err := d.ExportQuality(t.Context(), local, QualityQuery{Flaw: FlawNoEmail}, nil); !fault.Is(err, fault.Stale) {
			t.Errorf("without having shown lately that it is them: %v", err)
		}
	})
}

func TestWhatIsPutRightLeavesItsListAtOnce(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		at := d.schools("Lincoln", "Grant")
		ana := d.pupil("1", "Ana", at["Lincoln"])
		l := d.parent(ana, "Maria", "Stone", "")
		friend := d.parent(ana, "Friend", "Stone", "friend@example.org", func(e *roster.ContactEdit) { e.Line.Relationship, e.Line.PortalAccess = "friend", roster.Yes })
		warden := d.parent(ana, "Warden", "Stone", "warden@example.org", func(e *roster.ContactEdit) { e.Line.Relationship, e.Line.PortalAccess = "friend", roster.Yes })
		d.look()
		elsewhere := access.Actor{Kind: access.Staff, Role: access.Registrar, Schools: access.Schools{IDs: []int64{at["Grant"]}}, AccountID: 5}
		clerk := access.Actor{Kind: access.Staff, Role: access.Office, Schools: access.Everywhere(), AccountID: 6}
		fix := AddressFix{Contact: l.ContactID, Version: l.Contact.Version, Email: "maria@example.org", Checked: "call_back"}
		for _, c := range []struct {
			name  string
			actor access.Actor
			fix   AddressFix
			want  fault.Kind
		}{
			{"from another school", elsewhere, fix, fault.NotFound},
			{"by somebody who may not edit", clerk, fix, fault.Forbidden},
			{"without a check of identity", d.office, AddressFix{fix.Contact, fix.Version, fix.Email, ""}, fault.Invalid},
			{"no address", d.office, AddressFix{fix.Contact, fix.Version, "maria", "letter"}, fault.Invalid},
			{"from an old page", d.office, AddressFix{fix.Contact, fix.Version + 1, fix.Email, "letter"}, fault.Conflict},
			{"of nobody", d.office, AddressFix{99, 1, fix.Email, "letter"}, fault.NotFound},
		} {
			if err := d.FixAddress(t.Context(), c.actor, c.fix); !fault.Is(err, c.want) {
				t.Errorf("%s: %v", c.name, err)
			}
		}
		d.ok(d.FixAddress(t.Context(), d.office, fix))
		if got := d.flawed(d.office, FlawNoEmail); len(got) != 0 {
			t.Errorf("still in the list: %v", got)
		}
		if n := d.count("select count(*) from quality_finding where flaw = 'no_email'"); n != 0 {
			t.Errorf("%d findings are left", n)
		}

		if err := d.FixAccess(t.Context(), elsewhere, AccessFix{Line: friend.Line.ID, Version: friend.Line.Version}); !fault.Is(err, fault.NotFound) {
			t.Errorf("access from another school: %v", err)
		}
		d.ok(d.FixAccess(t.Context(), d.office, AccessFix{Line: friend.Line.ID, Version: friend.Line.Version}))
		d.ok(d.FixAccess(t.Context(), d.office, AccessFix{Line: warden.Line.ID, Version: warden.Line.Version, Guardian: true}))
		if got := d.flawed(d.office, FlawAccess); len(got) != 0 {
			t.Errorf("still with access: %v", got)
		}
		if is := d.line(friend.Line.ID); is.PortalAccess != roster.No {
			t.Errorf("the friend's access is %s", is.PortalAccess)
		}
		if is := d.line(warden.Line.ID); is.PortalAccess != roster.Yes || is.LegalGuardian != roster.Yes {
			t.Errorf("the guardian: %+v", is.Line)
		}
	})
}

func TestTheRecordsAreLookedOverOnceADay(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		gone := d.pupil("1", "Ana", d.schools("Lincoln")["Lincoln"], func(s *roster.Student) { s.BirthDate = "" })
		sweep := func(want int) {
			t.Helper()
			d.ok(d.Sweep(t.Context()))
			d.work()
			if n := d.count("select count(*) from job where kind = 'quality'"); n != want {
				t.Errorf("%d looks, want %d", n, want)
			}
		}
		sweep(1)
		sweep(1)
		d.change("delete from student where id = $1", gone)
		d.wait(24 * time.Hour)
		sweep(2)
		days, err := d.QualityTrend(t.Context(), d.office, FlawNoBirthDate)
		d.ok(err)
		if diff := cmp.Diff([]QualityDay{{"2026-11-23", 1}, {"2026-11-24", 0}}, days); diff != "" {
			t.Error(diff)
		}
		d.wait(3 * 366 * 24 * time.Hour)
		sweep(3)
		if n := d.count("select count(*) from quality_day where day < '2028-01-01'"); n != 0 {
			t.Errorf("%d counts are kept for ever", n)
		}

		d.wait(time.Second)
		d.ok(d.Look(t.Context(), d.office))
		if err := d.Look(t.Context(), d.office); !fault.Is(err, fault.Conflict) {
			t.Errorf("two looks at once: %v", err)
		}
		d.wait(lookLife + time.Minute)
		d.ok(d.Look(t.Context(), d.office))
		d.work()
		if o, err := d.Quality(t.Context(), d.office); err != nil || o.Running {
			t.Errorf("a look that was given up: %+v, %v", o, err)
		}
	})
}

func TestNoListOfDataQualityScansATable(t *testing.T) {
	atDesk(t, func(t *testing.T, d *desk) {
		some := access.Schools{IDs: []int64{1, 2}}
		everywhere, ofSome := access.Everywhere(), some
		list, _ := findings(everywhere).At(everywhere, 5)
		scoped, more := findings(ofSome).At(ofSome, 5)
		page := []any{"no_email", "k", int64(7), 25}
		for name, q := range map[string]struct {
			query string
			args  []any
		}{
			"everywhere": {list, page}, "at two schools": {scoped, append(page, more...)},
			"of a walk": {selectFindings, []any{"student", 1, 9}}, "of a record": {selectFindingsOf + "$2)", []any{"student", 1}},
			"a place": {selectFindingKey, []any{"student", 1, "no_email"}}, "a trend": {selectTrends + "school_id = 0" + trendsSince, []any{"2026-01-01"}},
			"strangers": {selectStrangers + "$1)", []any{1}}, "strangers back": {selectStrangersBack + "$1)", []any{1}},
			"mail": {selectMailFates + "$1) order by j.contact_id, j.created_at, j.id", []any{1}},
		} {
			plan, err := d.db.Plan(t.Context(), q.query, q.args...)
			d.ok(err)
			for step := range strings.SplitSeq(plan, "\n") {
				step = strings.TrimSpace(step)
				if strings.Contains(step, "Seq Scan") || strings.HasPrefix(step, "SCAN ") && !strings.Contains(step, "USING") && !strings.HasPrefix(step, "SCAN (") &&
					step != "SCAN q" && step != "SCAN m" {
					t.Errorf("%s is a scan:\n%s", name, plan)
				}
			}
			if name == "everywhere" && strings.Contains(plan, "TEMP B-TREE FOR ORDER BY") {
				t.Errorf("%s is sorted anew:\n%s", name, plan)
			}
		}
	})
}
