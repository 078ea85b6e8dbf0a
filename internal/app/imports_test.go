package app_test

import (
	"bytes"
	"context"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/schoolgate/schoolgate/internal/app/apptest"
)

const importedUsers = `sourcedId,enabledUser,orgSourcedIds,role,username,givenName,familyName,identifier,email,agentSourcedIds,grades
s1,true,high,student,,Zoe,Importado,7001,,p1,09
p1,true,high,parent,,Petra,Importado,,petra@example.org,,
`

// upload sends a file to the page of imports, as a browser sends it.
func upload(t *testing.T, a *apptest.App, b *apptest.Browser, name, text string) *http.Response {
	t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	if err := w.WriteField("school", "River High"); err != nil {
		t.Fatal(err)
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
	answer, _ := b.Do(r)
	return answer
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
		b.Get(to).See("Waits for you", "Apply this plan", "Zoe Importado")
		b.Press("Apply this plan")
		if strings.Contains(b.Path(), "confirm") {
			b.Prove(apptest.StaffPassword, key)
		}
		a.Drain()
		b.Get(to).See("Done", "Take this import back")
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
		b.Get("/admin/site/imports").See("Taken back", "Failed", "users.csv")
		if strings.Contains(a.Logged(), "Importado") || strings.Contains(a.Logged(), "petra@") {
			t.Error("people stand in the program's log")
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
