package mailtest_test

import (
	"net"
	"net/smtp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/schoolgate/schoolgate/internal/mail/mailtest"
)

const letter = "From: office@school.example\r\nSubject: =?utf-8?q?Contrase=C3=B1a?=\r\nMessage-ID: <1@school.example>\r\n" +
	"MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=x\r\n\r\n" +
	"--x\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=C2=A1Hola!=\r\n\r\n" +
	"--x\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\nPHA+SG9sYTwvcD4=\r\n--x--\r\n"

func send(server *mailtest.Server, to string) error {
	return smtp.SendMail(server.Addr, nil, "office@school.example", []string{to}, []byte(letter))
}

func TestFaultsCountPerAddressAndSurviveARestart(t *testing.T) {
	server := mailtest.Start(t)
	for i, c := range []struct {
		to string
		ok bool
	}{
		{"ana@familia.example", true},
		{"tempfail-2+ana@familia.example", false},
		{"tempfail-2+leo@familia.example", false},
		{"Tempfail-2+ana@familia.example", false},
		{"tempfail-2+ana@familia.example", true},
		{"perm@familia.example", false},
		{"perm-1@familia.example", false},
		{"perm-1@familia.example", true},
		{"permanent@familia.example", true},
		{"drop-1@familia.example", false},
		{"drop-1@familia.example", true},
		{"drop250@familia.example", false},
	} {
		if i == 4 {
			server.Close()
			if err := send(server, c.to); err == nil {
				t.Fatal("a closed server took a message")
			}
			server.Reopen()
		}
		if err := send(server, c.to); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.to, err)
		}
	}
	if n := len(server.Wait(6)); n != 6 {
		t.Errorf("%d messages, want the five that were answered and the one of drop250", n)
	}
	if n := server.Attempts("TEMPFAIL-2+ana@familia.example"); n != 3 {
		t.Errorf("%d attempts, want 3", n)
	}
}

func TestReceivedIsDecoded(t *testing.T) {
	server := mailtest.Start(t)
	if err := send(server, "Ana@familia.example"); err != nil {
		t.Fatal(err)
	}
	got := server.To("ana@familia.example")
	if len(got) != 1 {
		t.Fatalf("%d messages", len(got))
	}
	type content struct {
		From, Subject, Text, HTML, ID string
		Parts                         int
	}
	want := content{"office@school.example", "Contraseña", "¡Hola!", "<p>Hola</p>", "<1@school.example>", 2}
	m := got[0]
	if diff := cmp.Diff(want, content{m.From, m.Subject, m.Text, m.HTML, m.MessageID(), m.Parts}); diff != "" {
		t.Error(diff)
	}
}

func TestParseRefusesWhatCannotBeRead(t *testing.T) {
	for _, raw := range []string{
		"no header", strings.Replace(letter, "charset=utf-8", "charset=latin1", 1), strings.Replace(letter, "base64", "rot13", 1),
		strings.Replace(letter, "PHA+", "!!!!", 1), strings.TrimSuffix(letter, "--x--\r\n"),
	} {
		if _, err := mailtest.Parse([]byte(raw)); err == nil {
			t.Errorf("Parse took %q", raw)
		}
	}
}

func TestCloseEndsAHang(t *testing.T) {
	server := mailtest.Start(t)
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", server.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	done := make(chan error)
	go func() {
		client, err := smtp.NewClient(conn, "127.0.0.1")
		if err == nil {
			err = client.Mail("office@school.example")
		}
		done <- err
		done <- client.Rcpt("hang@familia.example")
	}()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	server.Close()
	if err := <-done; err == nil {
		t.Error("the hanging address was answered")
	}
	mailtest.Start(t).Close() // at once, before it serves
}
