package mail_test

import (
	"bufio"
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/schoolgate/schoolgate/internal/mail"
)

// script runs a server on loopback that says greeting and then answers each command by its first word; "" is silence and a
// missing word is "250 ok". It returns the configuration to reach it.
func script(t *testing.T, greeting string, answers map[string]string) mail.Config {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go converse(conn, greeting, answers)
		}
	}()
	config, err := mail.ParseURL("smtp://" + listener.Addr().String() + "?tls=none")
	if err != nil {
		t.Fatal(err)
	}
	config.From, config.Timeout = "office@school.example", 300*time.Millisecond
	return config
}

func converse(conn net.Conn, greeting string, answers map[string]string) {
	defer conn.Close()
	say := func(line string) bool {
		if line == "" {
			return true
		}
		_, err := conn.Write([]byte(line + "\r\n"))
		return err == nil
	}
	if !say(greeting) {
		return
	}
	lines := bufio.NewScanner(conn)
	for data := false; lines.Scan(); {
		word, _, _ := strings.Cut(lines.Text(), " ")
		if data && word != "." {
			continue
		}
		answer, ok := answers[word]
		if !ok {
			answer = "250 ok"
		}
		if !say(answer) {
			return
		}
		data = word == "DATA"
	}
}

func TestSendBelievesAnAcceptedMessageWhateverFollows(t *testing.T) {
	for name, farewell := range map[string]string{"a refused QUIT": "500 what?", "silence": ""} {
		t.Run(name, func(t *testing.T) {
			config := script(t, "220 hello", map[string]string{"DATA": "354 go", "QUIT": farewell, "RSET": "500 no", "NOOP": "500 no"})
			s, err := mail.NewSMTP(config)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Send(t.Context(), spanish); err != nil {
				t.Errorf("got %v, but the message was accepted", err)
			}
		})
	}
}

func TestSendJudgesEveryAnswer(t *testing.T) {
	for _, c := range []struct {
		name, greeting string
		answers        map[string]string
		code           int
		permanent      bool
	}{
		{"a closed service is for now", "554 no service here", nil, 554, false},
		{"a busy server is for now", "421 busy", nil, 421, false},
		{"a refused greeting is for now", "220 hello", map[string]string{"EHLO": "550 go away", "HELO": "550 go away"}, 550, false},
		{"a refused sender is for good", "220 hello", map[string]string{"MAIL": "550 not you"}, 550, true},
		{"a wish for a password is for now", "220 hello", map[string]string{"MAIL": "530 sign in"}, 530, false},
		{"a refused message is for good", "220 hello", map[string]string{"DATA": "354 go", ".": "554 spam"}, 554, true},
		{"a full disk is for now", "220 hello", map[string]string{"DATA": "354 go", ".": "452 full"}, 452, false},
		{"a refused DATA is for good", "220 hello", map[string]string{"DATA": "554 no valid recipients"}, 554, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := mail.NewSMTP(script(t, c.greeting, c.answers))
			if err != nil {
				t.Fatal(err)
			}
			err = s.Send(t.Context(), spanish)
			refused, ok := errors.AsType[*mail.Refused](err)
			if !ok || refused.Code != c.code || refused.Permanent != c.permanent {
				t.Errorf("got %#v, want code %d, permanent %t", err, c.code, c.permanent)
			}
		})
	}
}

func TestEML4SilenceAtAnyStepEndsWithTheTimeLimit(t *testing.T) {
	for name, c := range map[string]struct {
		greeting string
		answers  map[string]string
	}{
		"no greeting":               {"", nil},
		"no answer to EHLO":         {"220 hello", map[string]string{"EHLO": ""}},
		"no answer to the message":  {"220 hello", map[string]string{"DATA": "354 go", ".": ""}},
		"no answer to the sender":   {"220 hello", map[string]string{"MAIL": ""}},
		"an answer without its end": {"220-hello", map[string]string{"EHLO": "220-still here"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			requireSoon(t)
			s, err := mail.NewSMTP(script(t, c.greeting, c.answers))
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Send(t.Context(), spanish); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v, want the time limit", err)
			}
		})
	}
}

// A server that lets a little through now and then keeps every step alive; only a limit on the whole ends it.
func TestEML4ADrippingServerEndsWithTheTimeLimit(t *testing.T) {
	requireSoon(t)
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for range tick.C {
			if _, err := conn.Write([]byte("220-wait\r\n")); err != nil {
				return
			}
		}
	}()
	config, err := mail.ParseURL("smtp://" + listener.Addr().String() + "?tls=none")
	if err != nil {
		t.Fatal(err)
	}
	config.From, config.Timeout = "office@school.example", 300*time.Millisecond
	s, err := mail.NewSMTP(config)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Send(t.Context(), spanish); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want the time limit", err)
	}
}
