package mail_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/schoolgate/schoolgate/internal/mail"
)

func note(id, to string) mail.Message {
	return mail.Message{ID: id, To: to, Language: "en", Subject: "Hello", Body: "Hello."}
}

func TestCaptureKeepsTheNewestThousand(t *testing.T) {
	var c mail.Capture
	var wg sync.WaitGroup
	for i := range 1200 {
		wg.Go(func() {
			if err := c.Send(t.Context(), note(fmt.Sprint("m", i), "ana@family.example")); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if err := c.Send(t.Context(), note("last", "Leo@Family.example")); err != nil {
		t.Fatal(err)
	}
	got := c.Messages()
	if len(got) != 1000 || got[999].ID != "last" {
		t.Errorf("kept %d messages, the last is %q", len(got), got[len(got)-1].ID)
	}
	if diff := cmp.Diff([]mail.Message{note("last", "Leo@Family.example")}, c.To("leo@family.example")); diff != "" {
		t.Error(diff)
	}
	if err := c.Wait(t.Context(), 1201); err != nil {
		t.Errorf("Wait forgets what has been dropped: %v", err)
	}
}

func TestCaptureWaitsForMessagesAndHonoursItsContext(t *testing.T) {
	var c mail.Capture
	done := make(chan error)
	go func() { done <- c.Wait(t.Context(), 2) }()
	for _, id := range []string{"a", "b"} {
		if err := c.Send(t.Context(), note(id, "ana@family.example")); err != nil {
			t.Fatal(err)
		}
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := c.Wait(ctx, 3); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want the deadline", err)
	}
}

func TestCaptureFailsOnRequestAndWorksAgain(t *testing.T) {
	var c mail.Capture
	down := errors.New("server down")
	c.Fail(down)
	if err := c.Send(t.Context(), note("a", "ana@family.example")); !errors.Is(err, down) {
		t.Errorf("got %v, want the failure", err)
	}
	c.Fail(nil)
	if err := c.Send(t.Context(), note("a", "ana@family.example")); err != nil {
		t.Error(err)
	}
	if n := len(c.Messages()); n != 1 {
		t.Errorf("kept %d messages, want the one that was sent", n)
	}
}

func TestCaptureRefusesWhatSMTPWould(t *testing.T) {
	var c mail.Capture
	for _, m := range []mail.Message{note("", "ana@family.example"), note("a", ""), note("a", "ana"), note("a b", "ana@family.example")} {
		if err := c.Send(t.Context(), m); !mail.Permanent(err) {
			t.Errorf("Send(%+v) = %v, want a permanent refusal", m, err)
		}
	}
}
