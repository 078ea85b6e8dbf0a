package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// named finds what has exactly that name in the accessibility tree and one of the roles, in the order of the page. What is hidden, or
// behind an open dialog, is not found.
func named(name string, roles ...string) chromedp.Action[[]cdp.BackendNodeID] {
	return func(ctx context.Context, t *chromedp.Target) ([]cdp.BackendNodeID, error) {
		document, err := cdp.Call(ctx, t, runtime.Evaluate, runtime.EvaluateParams{Expression: "document"})
		if err != nil {
			return nil, err
		}
		tree, err := cdp.Call(ctx, t, accessibility.QueryAXTree, accessibility.QueryAXTreeParams{
			ObjectID: document.Result.ObjectID, AccessibleName: name,
		})
		if err != nil {
			return nil, err
		}
		var found []cdp.BackendNodeID
		for _, n := range tree.Nodes {
			if !n.Ignored && slices.Contains(roles, word(n.Role)) {
				found = append(found, n.BackendDOMNodeID)
			}
		}
		return found, nil
	}
}

func word(v *accessibility.Value) string {
	if v == nil {
		return ""
	}
	var s string
	_ = json.Unmarshal(v.Value, &s) // what is no text has no word
	return s
}

// one waits until exactly one thing of that name is there.
func one(ctx context.Context, t *chromedp.Target, name string, roles ...string) (cdp.BackendNodeID, error) {
	for {
		found, err := named(name, roles...)(ctx, t)
		switch {
		case err == nil && len(found) == 1:
			return found[0], nil
		case err == nil && len(found) > 1:
			return 0, fmt.Errorf("%d things are called %q", len(found), name)
		}
		select {
		case <-ctx.Done():
			return 0, fmt.Errorf("no %s is called %q", strings.Join(roles, " or "), name)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// click presses the left mouse button in the middle of the thing, after bringing it into view.
func (t *Tab) click(name string, roles ...string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		node, err := one(ctx, target, name, roles...)
		if err != nil {
			return err
		}
		if _, err := cdp.Call(ctx, target, dom.ScrollIntoViewIfNeeded, dom.ScrollIntoViewIfNeededParams{BackendNodeID: node}); err != nil {
			return err
		}
		box, err := cdp.Call(ctx, target, dom.GetContentQuads, dom.GetContentQuadsParams{BackendNodeID: node})
		if err != nil {
			return err
		}
		if len(box.Quads) == 0 || len(box.Quads[0]) != 8 {
			return fmt.Errorf("%q has no place on the page", name)
		}
		q := box.Quads[0]
		_, err = chromedp.MouseClickXY((q[0]+q[4])/2, (q[1]+q[5])/2)(ctx, target)
		return err
	})
}

// fill focuses a field, selects what stands in it, and types over it.
func (t *Tab) fill(name, text string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		node, err := one(ctx, target, name, "textbox", "searchbox")
		if err != nil {
			return err
		}
		if _, err := cdp.Call(ctx, target, dom.Focus, dom.FocusParams{BackendNodeID: node}); err != nil {
			return err
		}
		if _, err := cdp.Call(ctx, target, runtime.Evaluate, runtime.EvaluateParams{Expression: "document.activeElement.select()"}); err != nil {
			return err
		}
		_, err = cdp.Call(ctx, target, input.InsertText, input.InsertTextParams{Text: text})
		return err
	})
}
