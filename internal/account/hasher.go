package account

import (
	"context"
	"crypto/subtle"
	"runtime"
	"sync"

	"github.com/schoolgate/schoolgate/internal/account/argon2"
)

// Params are argon2id's cost parameters.
type Params struct {
	MemoryKiB uint32
	Time      uint32
}

// DefaultParams are 19 MiB and two passes (OWASP; RFC 9106 asks for more memory than a school's machine has to spare).
func DefaultParams() Params { return Params{MemoryKiB: 19 * 1024, Time: 2} }

// Hasher verifies and makes argon2id hashes, a bounded number at a time, on threads that give way to those which serve pages.
type Hasher struct {
	params Params
	slots  int
	queue  *queue
	work   chan work
	done   chan struct{}
	close  sync.Once
	ended  sync.WaitGroup
}

type work struct {
	do   func()
	done chan struct{}
}

// NewHasher starts slots hashing threads (0: one per core, read from GOMAXPROCS, so make the hasher before raising that) of low
// scheduling priority. Close ends them.
func NewHasher(p Params, slots int) *Hasher {
	if slots <= 0 {
		slots = runtime.GOMAXPROCS(0)
	}
	// As many again are let in as hash: they raise their counters while the others compute, and no thread waits for the database.
	h := &Hasher{params: p, slots: slots, queue: newQueue(2 * slots), work: make(chan work), done: make(chan struct{})}
	for range slots {
		h.ended.Go(h.run)
	}
	return h
}

// Slots returns how many hashes are computed at a time: GOMAXPROCS is to be raised by as many.
func (h *Hasher) Slots() int { return h.slots }

// Load returns how many wait to be hashed for, and how many were shed since the start.
func (h *Hasher) Load() (waiting int, shed int64) {
	h.queue.mu.Lock()
	defer h.queue.mu.Unlock()
	return h.queue.waiting, h.queue.shed
}

// Close ends the hashing threads. Whoever comes later gets fault.Unavailable.
func (h *Hasher) Close() {
	h.close.Do(func() { close(h.done) })
	h.ended.Wait()
}

// run never unlocks its thread: the thread ends with it, and its priority with the thread.
func (h *Hasher) run() {
	runtime.LockOSThread()
	lowerPriority()
	for {
		select {
		case w := <-h.work:
			w.do()
			close(w.done)
		case <-h.done:
			return
		}
	}
}

// turn is a place among those who may hash. Whoever has one gives it back by leave.
type turn struct {
	h     *Hasher
	leave func()
}

// enter waits in the queue for a turn. It returns fault.Unavailable when too many wait or the wait is too long.
func (h *Hasher) enter(ctx context.Context, c class, last bool) (turn, error) {
	leave, err := h.queue.enter(ctx, c, last)
	return turn{h, leave}, err
}

// do runs fn on a hashing thread and waits for its end. It returns fault.Unavailable when the hasher was closed.
func (t turn) do(fn func()) error {
	w := work{do: fn, done: make(chan struct{})}
	select {
	case t.h.work <- w:
		<-w.done
		return nil
	case <-t.h.done:
		return busy()
	}
}

// make hashes a peppered password with the current parameters. It runs on a hashing thread.
func (h *Hasher) make(secret []byte, keyID string) string {
	p := phc{params: h.params, threads: 1, keyID: keyID, salt: random(saltBytes)}
	p.sum = derive(secret, p)
	return p.String()
}

// verify compares a peppered password with a stored hash. A hash that was cheaper than today's is followed by as much work as is
// missing, so that its age cannot be told from the time it takes. It runs on a hashing thread.
func (h *Hasher) verify(secret []byte, stored phc) bool {
	ok := subtle.ConstantTimeCompare(derive(secret, stored), stored.sum) == 1
	spent := uint64(stored.params.MemoryKiB) * uint64(stored.params.Time)
	full := uint64(h.params.MemoryKiB) * uint64(h.params.Time)
	if spent < full {
		t := (full - spent + uint64(h.params.MemoryKiB) - 1) / uint64(h.params.MemoryKiB)
		fill := stored
		fill.params = Params{MemoryKiB: max(8, uint32((full-spent)/t)), Time: uint32(t)}
		fill.threads = 1
		derive(secret, fill)
	}
	return ok
}

// dummy is a hash that no password has; verifying it costs what verifying a fresh one costs.
func (h *Hasher) dummy() phc {
	return phc{params: h.params, threads: 1, salt: random(saltBytes), sum: random(sumBytes)}
}

func derive(secret []byte, p phc) []byte {
	return argon2.IDKey(secret, p.salt, p.params.Time, p.params.MemoryKiB, p.threads, sumBytes)
}
