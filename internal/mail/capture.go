package mail

import (
	"context"
	"slices"
	"strings"
	"sync"
)

// captured bounds the memory that a long-running demo needs.
const captured = 1000

// Capture is a Sender that delivers to memory: the last 1,000 messages, for the demo's mailbox page and for tests. It refuses
// what SMTP would refuse unasked (a malformed address or ID). The zero Capture is ready to use; it is safe for concurrent use and
// must not be copied.
type Capture struct {
	mu       sync.Mutex
	messages []Message // oldest first
	total    int
	fail     error
	arrived  chan struct{} // closed at the next arrival; nil while nobody waits
}

var _ Sender = (*Capture)(nil)

// Send keeps m, or returns the error given to Fail, a permanent *Refused for a malformed message, or ctx's error.
func (c *Capture) Send(ctx context.Context, m Message) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fail != nil {
		return c.fail
	}
	if _, err := check(m); err != nil {
		return err
	}
	if len(c.messages) == captured {
		c.messages = slices.Delete(c.messages, 0, 1)
	}
	c.messages = append(c.messages, m)
	c.total++
	if c.arrived != nil {
		close(c.arrived)
		c.arrived = nil
	}
	return nil
}

// Fail makes every following Send return err; nil makes sending work again.
func (c *Capture) Fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fail = err
}

// Messages returns the kept messages, oldest first.
func (c *Capture) Messages() []Message {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.messages)
}

// To returns the kept messages to addr, oldest first; upper and lower case are the same.
func (c *Capture) To(addr string) []Message {
	return slices.DeleteFunc(c.Messages(), func(m Message) bool { return !strings.EqualFold(m.To, addr) })
}

// Wait returns as soon as n messages or more have arrived since the beginning, or ctx's error when that comes first.
func (c *Capture) Wait(ctx context.Context, n int) error {
	for {
		c.mu.Lock()
		if c.total >= n {
			c.mu.Unlock()
			return nil
		}
		if c.arrived == nil {
			c.arrived = make(chan struct{})
		}
		arrived := c.arrived
		c.mu.Unlock()
		select {
		case <-arrived:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
