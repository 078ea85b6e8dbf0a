package mail_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/schoolgate/schoolgate/internal/mail"
	"github.com/schoolgate/schoolgate/internal/mail/mailtest"
)

func TestEML6AddressesCannotCarryAnythingElse(t *testing.T) {
	server := mailtest.Start(t)
	s := sender(t, server)
	for _, addr := range []string{
		"", "ana", "@school.example", "ana@", "ana@school.example\r\nBcc: x@evil.example", "ana@school.example\nRCPT TO:<x@evil.example>",
		"ana@school.example>\r\nRCPT TO:<x@evil.example", "ana@school.example, x@evil.example", "Ana <ana@school.example>",
		"ana@school.example (comment)", "<ana@school.example>", "g: ana@school.example;", "ana\x00@school.example", "ana@school.example\u202e",
		"ana@school\u200b.example", `"a\r\nb"@school.example` + "\r", strings.Repeat("a", 250) + "@school.example", "ana@[127.0.0.1\r\n]",
		"ana@school.example x@evil.example",
	} {
		if err := s.Send(t.Context(), to(addr)); !mail.Permanent(err) {
			t.Errorf("Send to %q = %v, want a permanent refusal", addr, err)
		} else if addr != "" && strings.Contains(err.Error(), "school") {
			t.Errorf("the refusal repeats the address: %v", err)
		}
	}
	for _, id := range []string{"", "a b", "a>\r\nBcc: x@evil.example", "a@b", "á", ".", strings.Repeat("a", 65)} {
		m := spanish
		m.ID = id
		if err := s.Send(t.Context(), m); !mail.Permanent(err) {
			t.Errorf("Send with ID %q = %v, want a permanent refusal", id, err)
		}
	}
	if n := len(server.Messages()); n != 0 {
		t.Errorf("%d messages arrived", n)
	}
}

func headers(r mailtest.Received) []string { return slices.Sorted(maps.Keys(r.Header)) }

func TestEML6NoValueAddsAHeaderARecipientOrAPart(t *testing.T) {
	server := mailtest.Start(t)
	s := sender(t, server)
	if err := s.Send(t.Context(), spanish); err != nil {
		t.Fatal(err)
	}
	want := server.Messages()[0]
	for _, hostile := range append(slices.Clone(hostileNames),
		"x\r\nBcc: spy@evil.example", "x\nContent-Type: text/html\n\n<b>", "\r\n\r\nbody", "x\r\n.\r\nMAIL FROM:<a@b.example>\r\n", "=?utf-8?B?DQpCY2M6IHg=?=",
	) {
		m := spanish
		m.ToName, m.Subject = hostile, "Para "+hostile
		m.Body = hostile + "\n\n.\n\n" + mail.Plain(hostile) + "\n\n> K7MP"
		if strings.ContainsAny(hostile, "\x00") {
			m.Body = mail.Plain(hostile) + "\n\n> K7MP"
		}
		if err := s.Send(t.Context(), m); err != nil {
			t.Fatalf("%q: %v", hostile, err)
		}
		all := server.Messages()
		got := all[len(all)-1]
		if diff := cmp.Diff(headers(want), headers(got)); diff != "" {
			t.Errorf("%q changes the headers:\n%s", hostile, diff)
		}
		for name, values := range got.Header {
			if len(values) != 1 {
				t.Errorf("%q gives %d times %s", hostile, len(values), name)
			}
		}
		if !slices.Equal(got.To, want.To) || len(got.Addresses("To")) != 1 || got.Addresses("To")[0].Address != want.To[0] {
			t.Errorf("%q changes the recipients: %v, %v", hostile, got.To, got.Addresses("To"))
		}
		if got.Parts != 2 || !strings.HasSuffix(got.Text, "    K7MP\n") || len(query(t, got.HTML, "script, img, h1 ~ h1")) != 0 {
			t.Errorf("%q changes the parts: %d\n%s", hostile, got.Parts, got.Text)
		}
		if strings.ContainsAny(got.Subject, "\r\n") || !strings.HasPrefix(got.Subject, "Para") {
			t.Errorf("%q makes the subject %q", hostile, got.Subject)
		}
	}
	if n := len(server.Messages()); n != 1+len(hostileNames)+5 {
		t.Errorf("%d messages arrived", n)
	}
}
