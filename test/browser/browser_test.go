package browser

import (
	"context"
	"errors"
	"os"
	"sync"
	"testing"
)

var shared struct {
	sync.Mutex
	*Chromium
}

// TestMain ends the browser that the tests share.
func TestMain(m *testing.M) {
	code := m.Run()
	if shared.Chromium != nil {
		shared.Close()
	}
	os.Exit(code)
}

// chromium is the browser that the tests share. Where there is none the test is skipped, in CI it fails.
func chromium(t *testing.T) *Chromium {
	t.Helper()
	shared.Lock()
	defer shared.Unlock()
	if shared.Chromium == nil {
		c, err := Start(context.Background())
		if errors.Is(err, ErrMissing) && os.Getenv("CI") == "" {
			t.Skip(err)
		}
		if err != nil {
			t.Fatal(err)
		}
		shared.Chromium = c
	}
	return shared.Chromium
}

func tab(t *testing.T, l Look) *Tab {
	t.Helper()
	if l.Width == 0 {
		l.Width, l.Height = 1280, 800
	}
	window := chromium(t).Tab(t, l)
	t.Cleanup(window.Close)
	return window
}
