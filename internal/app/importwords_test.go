package app_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/schoolgate/schoolgate/internal/app/apptest"
)

const dirtyStudents = `Student Number,First Name,Last Name,Grade,Birth Date,Shoe Size,Guardian 1 Name,Guardian 1 Email
7201,Ida,Sucia,4,3/4/2015,30,Olga Sucia,olga at home
7202,Ole,Su??ia,5,2014-05-06,31,Olga Sucia,olga@example.org
`

func TestWhatAnImportFindsIsSaidInTheReadersLanguage(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		b, key := a.StaffWithFactor(t)
		to := upload(t, a, b, "lista.csv", dirtyStudents).Header.Get("Location")
		refused := upload(t, a, b, "users.csv", "sourcedId,givenName\n1,a\n").Header.Get("Location")
		a.Drain()
		b.Get(to+"?list=findings").See("Format: own lists of students or contacts", "This is not an e-mail address", "Letters of this name seem to be lost",
			"the column was not read", "Read as: E-mail (guardian 1)", "Birth Date")
		b.Get(refused).See("users.csv lacks the column familyName. It has: sourcedId, givenName.", "Upload another file").NotSee("Say what the columns are")
		b.Press("Español")
		b.Get(refused).See("A users.csv le falta la columna familyName. Tiene: sourcedId, givenName.").NotSee("lacks")
		b.Get(to+"?list=findings").See("Formato: listas propias", "No es una dirección de correo", "Parece que se perdieron letras de este nombre",
			"la columna no se leyó", "Se leyó como: Correo electrónico (tutor 1)", "Birth Date «3/4/2015»: ").NotSee("This ", "taken", "was not")
		report, text := get(t, a, b, to+"/report.csv")
		if report.StatusCode == http.StatusSeeOther {
			b.Get(to+"/report.csv").Prove(apptest.StaffPassword, key)
			report, text = get(t, a, b, to+"/report.csv")
		}
		if !strings.Contains(text, "Aviso,lista.csv,2,Guardian 1 Email,olga at home,,,No es una dirección de correo") || strings.Contains(text, "address") {
			t.Errorf("report: %d %s", report.StatusCode, text)
		}
		_, text = get(t, a, b, to+"/report.json")
		if !strings.Contains(text, `"Code": "email_unfit"`) || !strings.Contains(text, "This is not an e-mail address") {
			t.Errorf("for programs: %s", text)
		}
	})
}

func TestAFileThatNamesNoSchoolIsReadAgainOnceSomebodySaysWhich(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		a.AddSchool("Grant Middle", "")
		b, key := a.StaffWithFactor(t)
		to := uploadTo(t, a, b, "", "lista.csv", dirtyStudents).Header.Get("Location")
		a.Drain()
		b.Get(to).See("Failed", "does not say which school its 2 new students are in", "Read the file again")
		b.Post(to+"/school", url.Values{"school": {" "}}).Want(http.StatusUnprocessableEntity).See("Please fill this in")
		b.Get(to).Fill("School", "Brook Primary").Press("Read the file again").See("The file is being read again")
		b.Post(to+"/school", url.Values{"school": {"Hill Primary"}}) // it is no longer asked
		a.Drain()
		b.Get(to+"?list=students_come").See("Waits for you", "Ida Sucia").Press("Apply this plan")
		if strings.Contains(b.Path(), "confirm") {
			b.Prove(apptest.StaffPassword, key)
		}
		a.Drain()
		if n := a.Count("select count(*) from student s join school o on o.id = s.school_id where o.name = 'Brook Primary'"); n != 2 {
			t.Errorf("%d students", n)
		}
		b.Get(to).Press("Take this import back")
		a.Drain()
		b.Get(b.Path()).See("Students who are taken off again", "Lines that are taken off again")
	})
}

func TestAPlanThatWouldRemoveMuchAsksWhetherTheFileIsRight(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		b, key := a.StaffWithFactor(t)
		apply := func(to string, form url.Values) {
			b.Post(to+"/apply", form)
			if strings.Contains(b.Path(), "confirm") {
				b.Prove(apptest.StaffPassword, key)
			}
		}
		first := upload(t, a, b, "lista.csv", dirtyStudents).Header.Get("Location")
		a.Drain()
		apply(first, nil)
		a.Drain()
		to := upload(t, a, b, "lista.csv", strings.Join(strings.SplitAfter(dirtyStudents, "\n")[:2], "")).Header.Get("Location")
		a.Drain()
		b.Get(to).See("Much would be removed", "1 of 2 students")
		apply(to, nil)
		b.See("Say that the file is right", "Much would be removed")
		apply(to, url.Values{"allow": {"yes"}})
		a.Drain()
		b.Get(to).See("Done")
	})
}

func TestWhatARosterNoticesIsSaidOfTheColumnThatThePersonSees(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		b, _ := a.StaffWithFactor(t)
		to := upload(t, a, b, "parents.csv", "student_number,Name,Relationship,Court Order\n000404,Olga Sucia,mother,see the paper\n").Header.Get("Location")
		a.Drain()
		b.Get(to+"?list=findings").See("Court Order: The file has words about a restriction", "No line was made.").NotSee("agentSourcedIds", "restriction: ")
	})
}
