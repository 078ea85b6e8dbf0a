package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/schoolgate/schoolgate/test/browser"
)

// helpPicture is a picture that articles show: who is signed in, where, what to do there, and how much of the page is drawn.
type helpPicture struct {
	name, who, path string
	act             func(*browser.Tab)
	width           int64
	height          float64
}

// helpPictures lists the pictures of the help.
func helpPictures(tour *browser.Tour) []helpPicture {
	stops := map[string]browser.Stop{}
	for _, s := range tour.Stops() {
		stops[s.Name] = s
	}
	const phone, desk = 480, 1100
	from := func(name, stop string, width int64, height float64) helpPicture {
		s := stops[stop]
		return helpPicture{name, s.Who, s.Path, s.Act, width, height}
	}
	return []helpPicture{
		from("create-account", "parent-register", phone, 900),
		from("my-children", "parent-children", phone, 760),
		from("contacts", "admin-contacts", desk, 660),
		from("reset-parent-login", "admin-grid-ticked", 1280, 720),
		from("reset-question", "admin-grid-dialog", desk, 640),
	}
}

// help draws them in both languages: NAME.png, and NAME-es.png for readers of Spanish.
func help(chromium *browser.Chromium, tour *browser.Tour) error {
	const folder = "internal/help/pictures"
	for _, spanish := range []bool{false, true} {
		for _, p := range helpPictures(tour) {
			if p.path == "" {
				return fmt.Errorf("picture %s: no such page on the tour", p.name)
			}
			tab := chromium.Tab(judge{}, browser.Look{Width: p.width, Height: int64(p.height), Spanish: spanish})
			if p.who != "" {
				tour.Enter(tab, p.who)
			}
			tour.Visit(tab, browser.Stop{Path: p.path, Act: p.act})
			// What is said about the demo is no part of a school's pages.
			browser.Eval[bool](tab, `(document.querySelectorAll(".demo").forEach(e => e.remove()), true)`)
			tab.Top()
			name := p.name
			if spanish {
				name += "-es"
			}
			err := os.WriteFile(filepath.Join(folder, name+".png"), tab.Picture(p.height), 0o644) //nolint:gosec // shipped with the program
			tab.Close()
			if err != nil {
				return err
			}
		}
	}
	return nil
}
