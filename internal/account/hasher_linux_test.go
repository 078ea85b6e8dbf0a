package account

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// threads returns the processor time, in ticks, that this process has spent at the common priority and below it.
func threads(t *testing.T) (common, lowered int) {
	t.Helper()
	files, err := filepath.Glob("/proc/self/task/*/stat")
	if err != nil || len(files) == 0 {
		t.Skip("no /proc")
	}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			continue // a thread that has just ended
		}
		_, rest, _ := strings.Cut(string(data), ") ")
		field := strings.Fields(rest)
		ticks, _ := strconv.Atoi(field[11])
		if field[16] == "10" {
			lowered += ticks
		} else {
			common += ticks
		}
	}
	return common, lowered
}

func TestHashesAreComputedOnThreadsOfLowerPriority(t *testing.T) {
	h := NewHasher(DefaultParams(), 2)
	defer h.Close()
	commonBefore, loweredBefore := threads(t)
	for range 20 {
		turn, err := h.enter(t.Context(), known, false)
		if err != nil {
			t.Fatal(err)
		}
		if err := turn.do(func() { h.make([]byte("secret"), "") }); err != nil {
			t.Fatal(err)
		}
		turn.leave()
	}
	common, lowered := threads(t)
	common, lowered = common-commonBefore, lowered-loweredBefore
	if lowered < 10 || lowered < 3*common {
		t.Errorf("%d ticks at the lower priority, %d at the common one", lowered, common)
	}
}
