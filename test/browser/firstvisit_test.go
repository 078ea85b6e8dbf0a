package browser

import (
	"testing"
	"time"
)

const (
	firstVisit = 14 << 10 // bytes: one round trip of a fresh connection
	requests   = 3        // page, style, script
)

// What a parent's phone has to fetch before the sign-in page can be used, and whether anything moves meanwhile.
func TestFirstVisitIsSmallAndNothingMoves(t *testing.T) {
	school := openTour(t)
	for _, path := range []string{"/", "/parent/login", "/student/login", "/admin/login"} {
		window := tab(t, Look{Width: 360, Height: 740})
		window.Go(school.URL + path)
		loaded := sizes(t, window)
		total := int64(0)
		for _, l := range loaded {
			total += l.Size
		}
		t.Logf("%s: %d bytes in %d requests", path, total, len(loaded))
		if len(loaded) > requests || total > firstVisit {
			t.Errorf("%s: %d bytes in %d requests, want at most %d in %d: %+v", path, total, len(loaded), firstVisit, requests, loaded)
		}
		if shift := Eval[float64](window, shifted); shift != 0 {
			t.Errorf("%s: the layout shifts by %f", path, shift)
		}
		if p := window.Problems(); len(p) > 0 {
			t.Errorf("%s: the browser complains: %q", path, p)
		}
		window.Close()
	}
}

// shifted sums up how far things moved by themselves: https://wicg.github.io/layout-instability/
const shifted = `new Promise(done => {
	let sum = 0;
	new PerformanceObserver(list => { for (const e of list.getEntries()) sum += e.value; }).observe({type: "layout-shift", buffered: true});
	setTimeout(() => done(sum), 300);
})`

// sizes waits until all that was asked for has come.
func sizes(t *testing.T, window *Tab) []Loaded {
	t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		loaded, whole := window.Requests(), true
		for _, l := range loaded {
			whole = whole && l.Size > 0
		}
		if whole {
			return loaded
		}
		if time.Now().After(end) {
			t.Fatalf("not everything came: %+v", loaded)
		}
	}
}
