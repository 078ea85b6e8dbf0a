package browser

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"

	"github.com/chromedp/chromedp"
)

// ErrMissing says that Chromium is not installed.
var ErrMissing = errors.New("chromium is not installed: make test installs it")

// Chromium is a running browser with a profile of its own.
type Chromium struct {
	ctx  context.Context
	stop []func()
}

// Start starts Chromium with an empty profile. It returns ErrMissing where there is none. It ends with Close or ctx.
func Start(ctx context.Context) (*Chromium, error) {
	path, err := exec.LookPath("chromium")
	if err != nil {
		return nil, ErrMissing
	}
	profile, err := os.MkdirTemp("", "schoolgate-chromium-")
	if err != nil {
		return nil, err
	}
	c := &Chromium{stop: []func(){func() { _ = os.RemoveAll(profile) }}}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.UserDataDir(profile), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-domain-reliability", true),
		chromedp.Flag("hide-scrollbars", true), chromedp.Flag("font-render-hinting", "none"),
		// No outside host is ever looked up, whatever the browser has in mind.
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND , EXCLUDE localhost , EXCLUDE 127.0.0.1"),
	)
	allocator, cancel := chromedp.NewExecAllocator(ctx, options...)
	c.stop = append(c.stop, cancel)
	quiet := func(string, ...any) {} // Chromium speaks of events that chromedp does not know yet
	c.ctx, cancel = chromedp.NewContext(allocator, chromedp.WithErrorf(quiet), chromedp.WithLogf(quiet))
	c.stop = append(c.stop, cancel)
	if err := chromedp.Do(c.ctx); err != nil {
		c.Close()
		return nil, fmt.Errorf("starting %s: %w", path, err)
	}
	return c, nil
}

// Close ends the browser and removes its profile.
func (c *Chromium) Close() {
	for i := len(c.stop) - 1; i >= 0; i-- {
		c.stop[i]()
	}
}
