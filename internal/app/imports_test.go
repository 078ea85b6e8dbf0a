package app_test

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/app/apptest"
	"github.com/schoolgate/schoolgate/internal/intake"
	"github.com/schoolgate/schoolgate/internal/settings"
)

const importedUsers = `sourcedId,enabledUser,orgSourcedIds,role,username,givenName,familyName,identifier,email,agentSourcedIds,grades
s1,true,high,student,,Zoe,Importado,7001,,p1,09
p1,true,high,parent,,Petra,Importado,,petra@example.org,,
`

// upload sends a file of River High to the page of imports, as a browser sends it.
func upload(t *testing.T, a *apptest.App, b *apptest.Browser, name, text string) *http.Response {
	t.Helper()
	return uploadTo(t, a, b, "River High", name, text)
}

func uploadTo(t *testing.T, a *apptest.App, b *apptest.Browser, school, name, text string) *http.Response {
	t.Helper()
	answer, _ := uploadAs(t, a, b, url.Values{"school": {school}}, name, text)
	return answer
}

// uploadAs sends a file with the fields that steer it, and returns the page too.
func uploadAs(t *testing.T, a *apptest.App, b *apptest.Browser, fields url.Values, name, text string) (*http.Response, string) {
	t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for field := range fields {
		if err := w.WriteField(field, fields.Get(field)); err != nil {
			t.Fatal(err)
		}
	}
	part, err := w.CreateFormFile("file", name)
	if err == nil {
		_, err = part.Write([]byte(text))
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, a.URL+"/admin/site/imports", &body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", w.FormDataContentType())
	r.Header.Set("Origin", a.URL)
	return b.Do(r)
}

func TestAnUploadThatIsNotTakenKeepsWhatWasTypedBesideIt(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		answer, page := uploadAs(t, a, a.Staff(t), url.Values{"school": {"River High"}, "format": {"clever"}}, "users.csv", "")
		if answer.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("got %d", answer.StatusCode)
		}
		for _, want := range []string{"This file is empty", `value="River High"`, `<option value="clever" selected>`} {
			if !strings.Contains(page, want) {
				t.Errorf("there is no %q on the page", want)
			}
		}
	})
}

// prove answers the page that asks once more who it is, if it asks.
func prove(b *apptest.Browser, key *apptest.Authenticator) {
	if strings.Contains(b.Path(), "confirm") {
		b.Prove(apptest.StaffPassword, key)
	}
}

func TestARosterIsUploadedReadAppliedAndTakenBackOnThePages(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		b, key := a.StaffWithFactor(t)
		b.Get("/admin/site/imports").Want(http.StatusOK).See("Import a roster", "No roster was imported yet")
		if answer := upload(t, a, b, "users.csv", strings.Repeat("x", 10)); answer.StatusCode != http.StatusSeeOther {
			t.Fatalf("got %d", answer.StatusCode)
		}
		a.Drain()
		answer := upload(t, a, b, "users.csv", importedUsers)
		to := answer.Header.Get("Location")
		if answer.StatusCode != http.StatusSeeOther || !strings.HasPrefix(to, "/admin/site/imports/") {
			t.Fatalf("got %d to %q", answer.StatusCode, to)
		}
		b.Get(to).See("The file waits for its turn")
		a.Drain()
		b.Get(to).See("Waits for you", "Apply this plan", "Zoe Importado", "School: River High")
		b.Press("Apply this plan")
		prove(b, key)
		a.Drain()
		b.Get(to).See("Done", "Take this import back")
		b.Get("/admin/students/?q=Importado").Follow("Importado, Zoe").Follow("History").Follow("Roster import 2")
		if b.Path() != to {
			t.Errorf("the history leads to %s", b.Path())
		}
		if n := a.Count("select count(*) from student where last_name = 'Importado'"); n != 1 {
			t.Errorf("%d students", n)
		}
		report, text := get(t, a, b, to+"/report.csv")
		if report.StatusCode != http.StatusOK || !strings.Contains(text, "Zoe Importado") {
			t.Errorf("report: %d %s", report.StatusCode, text)
		}
		b.Get(to).Press("Take this import back")
		a.Drain()
		undo := b.Path()
		b.Get(undo).See("Waits for you").Press("Apply this plan")
		a.Drain()
		b.Get(undo).See("Done")
		if n := a.Count("select count(*) from student where last_name = 'Importado'"); n != 0 {
			t.Errorf("%d students are left", n)
		}
		if n := a.Count("select count(*) from school where name = 'River High'"); n != 0 {
			t.Errorf("%d schools are left", n)
		}
		b.Get("/admin/site/imports").See("Taken back", "Failed", "users.csv")
		b.Get(to).See("Taken back").Follow("What was taken back").See("Done").Follow("The import that this takes back").See("Zoe Importado")
		if strings.Contains(a.Logged(), "Importado") || strings.Contains(a.Logged(), "petra@") {
			t.Error("people stand in the program's log")
		}
	})
}

const elderUsers = `sourcedId,enabledUser,orgSourcedIds,role,username,givenName,familyName,identifier,email,agentSourcedIds,grades
s1,true,high,student,,Zoe,Importado,7001,,,09
p1,true,high,parent,,Petra,Importado,,petra@example.org,,
`

func TestAnImportWhoseRestWaitsAgainSaysWhyAndMayBeLeft(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		b, key := a.StaffWithFactor(t)
		send := func(text string) string {
			to := upload(t, a, b, "users.csv", text).Header.Get("Location")
			a.Drain()
			return to
		}
		waits, other := send(elderUsers), send(importedUsers)
		b.Get(other).Press("Apply this plan")
		prove(b, key)
		a.Drain()
		b.Get(waits).See("something else was applied: users.csv").Press("Apply this plan")
		a.Drain()
		b.Get(waits).See("The rest waits for you", "The new plan would take one parent's access to a child away", "Apply the rest").NotSee("Apply this plan", "Cancel this import")
		b.Get(waits+"?list=findings").See("Somebody else added or changed this meanwhile", "Zoe Importado")
		b.Press("Leave the rest as it is").See("What was applied before stays")
		a.Drain()
		b.Get(waits).See("Done").NotSee("The rest waits for you")
		if n := a.Count("select count(*) from student_contact l join student s on s.id = l.student_id where l.ended_at is null and s.last_name = 'Importado'"); n != 1 {
			t.Errorf("%d lines are open", n)
		}
	})
}

// TestOnlyAFileMayBeLarge sends forms that are read into memory before anybody knows who sends them.
func TestOnlyAFileMayBeLarge(t *testing.T) {
	apptest.RunSQLite(t, func(t *testing.T, a *apptest.App) {
		big := url.Values{"school": {strings.Repeat("x", 3<<20)}}
		a.Browser(t).Post("/admin/site/imports", big).Want(http.StatusBadRequest)
		a.Staff(t).Post("/admin/site/imports", big).Want(http.StatusBadRequest)
	})
}

const oddStudents = `Pupil Code,Given,Family,Year,Password Hint
7101,Ida,Oddly,4,secret-hint
7102,Ole,Oddly,5,secret-hint
`

func TestAListWithColumnsOfItsOwnIsReadOnceSomebodySaysWhatTheyAre(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		b, key := a.StaffWithFactor(t)
		to := upload(t, a, b, "pupils.csv", oddStudents).Header.Get("Location")
		a.Drain()
		b.Get(to).See("Failed", "Say what the columns are")
		b.Get(to+"/columns").See("Pupil Code", "Given", "Family", "Year").NotSee("Oddly", "7101", "Password Hint", "secret-hint")
		b.Post(to+"/columns", url.Values{"c0-0": {"students:id_number"}, "c0-1": {"students:first_name"}, "c0-2": {"students:last_name"}, "c0-3": {"students:king"}})
		b.Get(to).See("Failed")
		b.Post(to+"/columns", url.Values{"c0-0": {"students:id_number"}, "c0-1": {"students:first_name"}, "c0-2": {"students:last_name"}, "c0-3": {"-"}})
		a.Drain()
		b.Get(to).See("Waits for you", "Ida Oddly")
		b.Get(to + "/columns").See("Year")
		b.Post(to+"/columns", url.Values{"c0-3": {"students:grade"}})
		a.Drain()
		b.Get(to).See("Waits for you").Press("Apply this plan")
		prove(b, key)
		a.Drain()
		if n := a.Count("select count(*) from student where last_name = 'Oddly' and id_number in ('7101', '7102') and grade in ('4', '5')"); n != 2 {
			t.Errorf("%d students", n)
		}
		if n := a.Count("select count(*) from audit_event where action = 'roster.mapping_changed'"); n != 2 {
			t.Errorf("%d changes of the mapping are in the log", n)
		}
		b.Post(to+"/columns", url.Values{"c0-3": {"-"}})
		b.Get(to).See("Done")
		next := upload(t, a, b, "pupils.csv", oddStudents).Header.Get("Location")
		a.Drain()
		b.Get(next).See("The file changes nothing")
	})
}

const wrongStudents = `id_number,first_name,last_name,RM,Email,Mail at school
7201,Ida,Wrongly,bus 12,mum@example.org,ida@example.org
7202,Ole,Wrongly,bus 14,dad@example.org,ole@example.org
`

func TestAColumnThatIsTakenForSomethingElseIsPutRightOnThePage(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		b, key := a.StaffWithFactor(t)
		to := upload(t, a, b, "pupils.csv", wrongStudents).Header.Get("Location")
		a.Drain()
		b.Get(to).See("Waits for you", "Ida Wrongly")
		b.Get(to+"/columns").See("5 columns are known by their names", "As its name says: Homeroom (Of the student)", "Mail at school").NotSee("bus 12", "mum@")
		b.Post(to+"/columns", url.Values{"c0-0": {""}, "c0-3": {"-"}, "c0-4": {""}, "c0-5": {"students:email"}}).See("is being read").NotSee("New students")
		a.Drain()
		b.Get(to+"/columns").See("3 columns are known by their names", "Not to be read")
		b.Get(to).See("Waits for you").Press("Apply this plan")
		prove(b, key)
		a.Drain()
		b.Get(to).See("Done")
		if n := a.Count("select count(*) from student where homeroom = '' and (id_number, email) in (('7201', 'ida@example.org'), ('7202', 'ole@example.org'))"); n != 2 {
			t.Errorf("%d students", n)
		}
	})
}

func TestARegistrarsFirstRosterNamesTheDistrict(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		v := *a.Settings.Values()
		v.DistrictName = settings.Defaults().DistrictName
		system, registrar := access.Actor{Kind: access.System}, access.Actor{Kind: access.Staff, Role: access.Registrar, Schools: access.Everywhere(), Username: "reg", AccountID: 1, Fresh: true}
		if err := a.Settings.Change(t.Context(), system, v); err != nil {
			t.Fatal(err)
		}
		var file bytes.Buffer
		z := zip.NewWriter(&file)
		if err := errors.Join(z.AddFS(fstest.MapFS{
			"users.csv": {Data: []byte(importedUsers)},
			"orgs.csv":  {Data: []byte("sourcedId,name,type,parentSourcedId\nd,River Valley,district,\nhigh,River High,school,d\n")},
		}), z.Close()); err != nil {
			t.Fatal(err)
		}
		id, err := a.Intake.Upload(t.Context(), registrar, "roster.zip", intake.FromPage, intake.Options{}, &file)
		if err != nil {
			t.Fatal(err)
		}
		a.Drain()
		if err := a.Intake.Begin(t.Context(), registrar, id, false); err != nil {
			t.Fatal(err)
		}
		a.Drain()
		if got := a.Settings.Values().DistrictName; got != "River Valley" {
			t.Errorf("the district is %q", got)
		}
		if n := a.Count("select count(*) from job where kind = 'import' and state = 'ready'"); n != 0 {
			t.Errorf("%d jobs are left", n)
		}
	})
}
