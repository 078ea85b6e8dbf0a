package intake

import (
	"errors"
	"iter"
	"slices"
	"testing"
	"time"
)

func TestWhatIsMadeAheadComesInItsOrderAndEndsWithItsError(t *testing.T) {
	boom := errors.New("boom")
	var got []int
	for n, err := range ahead(upTo(100, boom, nil)) {
		if err != nil {
			if !errors.Is(err, boom) || len(got) != 100 {
				t.Errorf("got %v after %d", err, len(got))
			}
			break
		}
		got = append(got, n)
	}
	if !slices.IsSorted(got) || len(got) != 100 {
		t.Errorf("got %v", got)
	}
}

func TestNothingIsMadeAheadOnceNobodyAsks(t *testing.T) {
	made := 0
	for n, err := range ahead(upTo(100, nil, &made)) {
		if err != nil || n == 4 {
			break
		}
	}
	if made > 6 { // it may be read without a lock: whoever made it has ended
		t.Errorf("%d were made for 5", made)
	}
}

func TestTheNextIsMadeWhileTheLastIsWorkedWith(t *testing.T) {
	second := make(chan struct{})
	all := func(yield func(int, error) bool) {
		if yield(1, nil) {
			close(second)
			yield(2, nil)
		}
	}
	for n, err := range ahead(all) {
		if err != nil {
			t.Fatal(err)
		}
		if n == 1 {
			select {
			case <-second:
			case <-time.After(10 * time.Second):
				t.Error("nothing is made meanwhile")
			}
		}
	}
}

func upTo(n int, end error, made *int) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		for i := range n {
			if made != nil {
				*made++
			}
			if !yield(i, nil) {
				return
			}
		}
		yield(0, end)
	}
}
