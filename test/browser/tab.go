package browser

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// patience is how long a page may take to load or to change.
const patience = 15 * time.Second

// Look is the device in front of the person.
type Look struct {
	Width, Height int64
	Dark          bool
	Spanish       bool
	NoScript      bool // JavaScript is off
}

// Judge is told when something is not as it should be; testing.TB is one.
type Judge interface {
	Helper()
	Fatalf(format string, args ...any)
}

// Tab is a window with cookies of its own. What fails ends the test.
type Tab struct {
	ctx    context.Context
	close  context.CancelFunc
	judge  Judge
	status int64

	mu       sync.Mutex
	problems []string // errors of scripts, refusals of the content policy
	loaded   []Loaded
	requests map[network.RequestID]int
	document network.RequestID // of the page
}

// Loaded is one answer of the server.
type Loaded struct {
	URL  string
	Size int64 // bytes of the body as sent, compressed or not
}

// Tab opens a window. It ends with Close, or with the browser.
func (c *Chromium) Tab(judge Judge, l Look) *Tab {
	judge.Helper()
	t := &Tab{judge: judge, requests: map[network.RequestID]int{}}
	t.ctx, t.close = chromedp.NewContext(c.ctx, chromedp.WithNewBrowserContext())
	if err := t.prepare(l); err != nil {
		judge.Fatalf("opening a window: %v", err)
	}
	return t
}

func (t *Tab) prepare(l Look) error {
	if err := chromedp.Do(t.ctx); err != nil {
		return err
	}
	if err := chromedp.Listen(t.ctx, t.notice); err != nil {
		return err
	}
	if _, err := chromedp.Call(t.ctx, cdplog.Enable, cdp.Empty{}); err != nil {
		return err
	}
	if err := t.Turn(l); err != nil {
		return err
	}
	language := "en-US"
	if l.Spanish {
		language = "es-MX"
	}
	_, err := chromedp.Call(t.ctx, emulation.SetUserAgentOverride, emulation.SetUserAgentOverrideParams{
		UserAgent: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36", AcceptLanguage: language,
	})
	if err != nil || !l.NoScript {
		return err
	}
	_, err = chromedp.Call(t.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	return err
}

// Turn changes the size of the window and between light and dark. Language and JavaScript stay.
func (t *Tab) Turn(l Look) error {
	if err := chromedp.Do(t.ctx, chromedp.EmulateViewport(l.Width, l.Height)); err != nil {
		return err
	}
	scheme := "light"
	if l.Dark {
		scheme = "dark"
	}
	_, err := chromedp.Call(t.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}},
	})
	return err
}

// Close closes the window and forgets its cookies.
func (t *Tab) Close() { t.close() }

// notice runs while the browser's messages are read and must not wait.
func (t *Tab) notice(ev any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch ev := ev.(type) {
	case *cdplog.EventEntryAdded:
		// A page that says 404 or 422 is no fault of its own.
		if ev.Entry.Level == cdplog.EntryLevelError && !strings.Contains(ev.Entry.Text, "the server responded with a status of 4") {
			t.problems = append(t.problems, ev.Entry.Text)
		}
	case *runtime.EventExceptionThrown:
		t.problems = append(t.problems, ev.ExceptionDetails.Text)
	case *runtime.EventConsoleAPICalled:
		t.problems = append(t.problems, fmt.Sprintf("console.%s", ev.Type))
	case *network.EventRequestWillBeSent:
		if strings.HasPrefix(ev.Request.URL, "http") {
			t.requests[ev.RequestID] = len(t.loaded)
			t.loaded = append(t.loaded, Loaded{URL: ev.Request.URL})
			if ev.Type == network.ResourceTypeDocument {
				t.document = ev.RequestID
			}
		}
	case *network.EventLoadingFinished:
		if i, ok := t.requests[ev.RequestID]; ok && i < len(t.loaded) {
			t.loaded[i].Size = int64(ev.EncodedBodyLength)
			if ev.EncodedBodyLength == 0 {
				t.loaded[i].Size = int64(ev.EncodedDataLength) // an older Chromium: with the headers
			}
		}
	}
}

// Problems returns what the browser complained of so far: script errors, violations of the content policy.
func (t *Tab) Problems() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]string(nil), t.problems...)
}

// Requests returns what was asked of servers since the window was opened.
func (t *Tab) Requests() []Loaded {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]Loaded(nil), t.loaded...)
}

// Go opens an address and waits until the page has loaded.
func (t *Tab) Go(url string) {
	t.judge.Helper()
	t.load("opening "+url, chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, page.Navigate, page.NavigateParams{URL: url})
		return err
	}))
}

// load runs what leads to another page and waits until that has loaded.
func (t *Tab) load(what string, steps ...chromedp.Action[chromedp.Void]) {
	t.judge.Helper()
	ctx, cancel := context.WithTimeout(t.ctx, patience)
	defer cancel()
	answer, err := chromedp.RunResponse(ctx, steps...)
	if err != nil {
		t.judge.Fatalf("%s: %v\non the page:\n%s", what, err, t.Text())
	}
	t.status = answer.Status
}

// Status is the HTTP status of the page.
func (t *Tab) Status() int64 { return t.status }

// Press presses the button or follows the link of that name, and waits for the page that it leads to.
func (t *Tab) Press(name string) {
	t.judge.Helper()
	t.load("pressing "+name, t.click(name, "button", "link"))
}

// Click presses what has that name without leaving the page: a tick box, a button that asks.
func (t *Tab) Click(name string) {
	t.judge.Helper()
	ctx, cancel := context.WithTimeout(t.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, t.click(name, "checkbox", "radio", "button", "link", "DisclosureTriangle")); err != nil {
		t.judge.Fatalf("pressing %s: %v\non the page:\n%s", name, err, t.Text())
	}
}

// Fill types a text into the field of that name, in place of what stands there.
func (t *Tab) Fill(name, text string) {
	t.judge.Helper()
	ctx, cancel := context.WithTimeout(t.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, t.fill(name, text)); err != nil {
		t.judge.Fatalf("filling in %s: %v\non the page:\n%s", name, err, t.Text())
	}
}

// Has reports whether something of that name and role is on the page now.
func (t *Tab) Has(role, name string) bool {
	t.judge.Helper()
	nodes, err := chromedp.Run(t.ctx, named(name, role))
	if err != nil {
		t.judge.Fatalf("looking for %s: %v", name, err)
	}
	return len(nodes) > 0
}

// Wait waits until something of that name and role is on the page.
func (t *Tab) Wait(role, name string) {
	t.judge.Helper()
	for end := time.Now().Add(patience); !t.Has(role, name); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.judge.Fatalf("no %s %q on the page:\n%s", role, name, t.Text())
		}
	}
}

// Text is what can be read on the page.
func (t *Tab) Text() string {
	text, err := chromedp.Run(t.ctx, chromedp.Evaluate[string]("document.body.innerText"))
	if err != nil {
		return err.Error()
	}
	return text
}

// URL is the address of the page.
func (t *Tab) URL() string {
	t.judge.Helper()
	return Eval[string](t, "location.href")
}

// Eval evaluates JavaScript on the page, which works even where the page's own is off.
func Eval[T any](t *Tab, expression string) T {
	t.judge.Helper()
	v, err := chromedp.Run(t.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		t.judge.Fatalf("evaluating: %v", err)
	}
	return v
}

// run evaluates JavaScript that leads to another page, and waits for that.
func (t *Tab) run(expression string) {
	t.judge.Helper()
	t.load("running "+expression, chromedp.Evaluate[chromedp.Void](expression))
}

// Keys types on the keyboard, wherever the focus is. The names of special keys stand in chromedp/kb.
func (t *Tab) Keys(keys string) {
	t.judge.Helper()
	if err := chromedp.Do(t.ctx, strokes(keys)); err != nil {
		t.judge.Fatalf("typing: %v", err)
	}
}

// KeysTo types on the keyboard what leads to another page, and waits for that.
func (t *Tab) KeysTo(keys string) {
	t.judge.Helper()
	t.load("typing", strokes(keys))
}

// strokes presses and releases one key after another. The character goes with the key that is pressed, as on a real keyboard: sent after
// it, it would reach whatever the key has moved the focus to.
func strokes(keys string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		for _, r := range keys {
			events := kb.Encode(r)
			down, up := *events[0], *events[len(events)-1]
			if len(events) == 3 {
				down.Type, down.Text, down.UnmodifiedText = input.DispatchKeyEventTypeKeyDown, events[1].Text, events[1].UnmodifiedText
			}
			for _, e := range []input.DispatchKeyEventParams{down, up} {
				if _, err := cdp.Call(ctx, target, input.DispatchKeyEvent, e); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// Focus is the role and name of what has the focus, as a screen reader says them.
func (t *Tab) Focus() string {
	t.judge.Helper()
	text, err := chromedp.Run(t.ctx, func(ctx context.Context, target *chromedp.Target) (string, error) {
		object, err := cdp.Call(ctx, target, runtime.Evaluate, runtime.EvaluateParams{Expression: "document.activeElement"})
		if err != nil {
			return "", err
		}
		tree, err := cdp.Call(ctx, target, accessibility.GetPartialAXTree, accessibility.GetPartialAXTreeParams{ObjectID: object.Result.ObjectID})
		if err != nil || len(tree.Nodes) == 0 {
			return "", err
		}
		return word(tree.Nodes[0].Role) + " " + word(tree.Nodes[0].Name), nil
	})
	if err != nil {
		t.judge.Fatalf("asking for the focus: %v", err)
	}
	return text
}

// Top scrolls back to the top of the page and takes the focus and the mouse away.
func (t *Tab) Top() {
	t.judge.Helper()
	if err := chromedp.Do(t.ctx, chromedp.MouseEvent(input.DispatchMouseEventTypeMouseMoved, 1, 1),
		chromedp.Evaluate[chromedp.Void]("document.activeElement.blur(); scrollTo(0, 0)")); err != nil {
		t.judge.Fatalf("scrolling: %v", err)
	}
}

// Picture draws the page as PNG: that many pixels of it from the top, or the whole with 0.
func (t *Tab) Picture(height float64) []byte {
	t.judge.Helper()
	clip := &page.Viewport{Width: Eval[float64](t, "innerWidth"), Height: height, Scale: 1}
	if height == 0 {
		clip.Height = Eval[float64](t, "Math.max(innerHeight, document.documentElement.scrollHeight)")
	}
	beyond := true
	png, err := chromedp.Call(t.ctx, page.CaptureScreenshot, page.CaptureScreenshotParams{
		Format: page.CaptureScreenshotFormatPng, Clip: clip, CaptureBeyondViewport: &beyond,
	})
	if err != nil {
		t.judge.Fatalf("drawing the page: %v", err)
	}
	return png.Data
}

// Source is the HTML of the page as the server sent it.
func (t *Tab) Source() string {
	t.judge.Helper()
	t.mu.Lock()
	id := t.document
	t.mu.Unlock()
	answer, err := chromedp.Call(t.ctx, network.GetResponseBody, network.GetResponseBodyParams{RequestID: id})
	if err == nil {
		return string(answer.Body)
	}
	t.judge.Fatalf("reading the source: %v", err)
	return ""
}
