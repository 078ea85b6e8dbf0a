package app_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/app/apptest"
	"github.com/schoolgate/schoolgate/internal/intake"
	"github.com/schoolgate/schoolgate/internal/jobs"
)

const (
	zoe   = "1,7001,Zoe,Importado,River High\n"
	leo   = "2,7002,Leo,Otro,River High\n"
	petra = "1,p1,Petra,Importado,petra@example.org,mother,\n"
	olga  = "2,p2,Olga,Otro,olga@example.org,mother,\n"
)

// takeTables imports tables of students and of contacts as the command line does, and returns the import's number.
func takeTables(t *testing.T, a *apptest.App, students, contacts string) int64 {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"students.csv": "id,id_number,first_name,last_name,school\n" + students,
		"contacts.csv": "student_id,contact_id,first_name,last_name,email,relationship,restriction\n" + contacts,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	system := access.Actor{Kind: access.System}
	if _, err := a.Intake.Import(t.Context(), system, dir, intake.Options{AllowRemovals: true}); err != nil {
		t.Fatal(err)
	}
	all, err := a.Intake.Imports(t.Context(), system, jobs.Cursor{}, 1)
	if err != nil || len(all) != 1 {
		t.Fatalf("%+v, %v", all, err)
	}
	return all[0].ID
}

// takeBack takes an import back, and returns how many lose access by that as its plan says.
func takeBack(t *testing.T, a *apptest.App, id int64) int {
	t.Helper()
	system := access.Actor{Kind: access.System}
	undo, err := a.Intake.Undo(t.Context(), system, id)
	if err != nil {
		t.Fatal(err)
	}
	a.Drain()
	if err := a.Intake.Begin(t.Context(), system, undo, true); err != nil {
		t.Fatal(err)
	}
	a.Drain()
	m, err := a.Intake.One(t.Context(), system, undo)
	if err != nil || m.State != intake.Done || m.Alone != 0 {
		t.Fatalf("%+v, %v", m, err)
	}
	return m.Report.LosesAccess
}

func TestOPS7AnImportThatIsTakenBackLeavesAParentWithALoginWhatWasThereBefore(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		takeTables(t, a, zoe+leo, petra+olga)
		home := a.AtHome(t, "petra", "7001", "Petra", "Importado", "petra@example.org")
		home.Get("/parent").See("Zoe Importado").NotSee("Leo")

		id := takeTables(t, a, zoe+leo, petra+olga+"2,p1,Petra,Importado,petra@example.org,guardian,\n")
		home.Get("/parent").See("Zoe Importado", "Leo")
		if n := takeBack(t, a, id); n != 1 {
			t.Errorf("the plan says that %d lose access", n)
		}
		home.Get("/parent").See("Zoe Importado").NotSee("Leo")

		id = takeTables(t, a, zoe+leo, "1,p1,Petra,Importado,petra@example.org,mother,yes\n"+olga)
		home.Get("/parent").NotSee("Zoe Importado")
		if n := takeBack(t, a, id); n != 0 {
			t.Errorf("the plan says that %d lose access", n)
		}
		home.Get("/parent").See("Zoe Importado")
	})
}

func TestOPS7AStudentLoginOutlivesAnImportThatBroughtItsChildBackInTimeAndIsTakenBack(t *testing.T) {
	apptest.Run(t, func(t *testing.T, a *apptest.App) {
		takeTables(t, a, zoe+leo, petra+olga)
		home := a.AtHome(t, "petra", "7001", "Petra", "Importado", "petra@example.org")
		a.StudentAtHome(t, home, childPath(a.Count("select id from student where id_number = '7001'")), "zoe.importado")
		takeTables(t, a, leo, olga)
		home.Get("/parent").See("Zoe Importado")
		takeBack(t, a, takeTables(t, a, zoe+leo, petra+olga))
		home.Get("/parent").See("Zoe Importado")
		if n := a.Count("select count(*) from student_login t join student s on s.id = t.student_id where s.last_name = 'Importado'"); n != 1 {
			t.Errorf("%d student logins", n)
		}
	})
}
