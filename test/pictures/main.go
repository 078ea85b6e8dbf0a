// Command pictures draws the pages for the documentation, or all of them for whoever reviews their looks.
//
//	go run ./test/pictures            writes docs/pictures/
//	go run ./test/pictures -help      writes internal/help/pictures/, which the articles of the help show
//	go run ./test/pictures -all DIR   writes every page at 360 and 1280 px, light and dark, in English and Spanish
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/schoolgate/schoolgate/test/browser"
)

func main() {
	all := flag.String("all", "", "folder for pictures of every page")
	only := flag.String("only", "", "with -all: only the page of that name")
	articles := flag.Bool("help", false, "the pictures of the help's articles")
	flag.Parse()
	if err := run(*all, *only, *articles); err != nil {
		log.Fatal(err)
	}
}

// judge ends the program when a page is not as it should be.
type judge struct{}

func (judge) Helper() {}

func (judge) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }

func run(all, only string, articles bool) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	chromium, err := browser.Start(ctx)
	if err != nil {
		return err
	}
	defer chromium.Close()
	folder, err := os.MkdirTemp("", "schoolgate-pictures-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	students := 40 // little more than the fixed families, who show everything
	if all != "" {
		students = 400
	}
	tour, err := browser.OpenTour(ctx, chromium, judge{}, "sqlite:"+filepath.Join(folder, "school.db"), students)
	if err != nil {
		return err
	}
	defer func() { _ = tour.Close() }()
	if all != "" {
		return everyPage(chromium, tour, all, only)
	}
	if articles {
		return help(chromium, tour)
	}
	return documentation(chromium, tour)
}

func documentation(chromium *browser.Chromium, tour *browser.Tour) error {
	const folder = "docs/pictures"
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	desk := chromium.Tab(judge{}, browser.Look{Width: 1280, Height: 720})
	defer desk.Close()
	tour.Enter(desk, "admin")
	desk.Go(tour.URL + "/admin/site/reset-parent-login?last=lopez")
	desk.Click("Select Maria Lopez for Ana Lopez")
	desk.Click("Select Maria Lopez for Luis Lopez")
	desk.Top()
	if err := os.WriteFile(filepath.Join(folder, "reset-parent-login.png"), desk.Picture(720), 0o600); err != nil {
		return err
	}
	phone := chromium.Tab(judge{}, browser.Look{Width: 360, Height: 740})
	defer phone.Close()
	tour.Enter(phone, "parent")
	phone.Go(tour.URL + "/parent/")
	return os.WriteFile(filepath.Join(folder, "parent-phone.png"), phone.Picture(740), 0o600)
}

func everyPage(chromium *browser.Chromium, tour *browser.Tour, folder, only string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	for _, spanish := range []bool{false, true} {
		tabs := map[string]*browser.Tab{}
		for _, stop := range tour.Stops() {
			if only != "" && stop.Name != only {
				continue
			}
			tab := tabs[stop.Who]
			if tab == nil {
				tab = chromium.Tab(judge{}, browser.Look{Width: 1280, Height: 800, Spanish: spanish})
				defer tab.Close()
				if stop.Who != "" {
					tour.Enter(tab, stop.Who)
				}
				tabs[stop.Who] = tab
			}
			tour.Visit(tab, stop)
			for _, look := range []browser.Look{{Width: 360, Height: 740}, {Width: 1280, Height: 800}} {
				for _, look.Dark = range []bool{false, true} {
					if err := tab.Turn(look); err != nil {
						return err
					}
					name := fmt.Sprintf("%s-%d-%s-%s.png", stop.Name, look.Width, map[bool]string{true: "dark", false: "light"}[look.Dark],
						map[bool]string{true: "es", false: "en"}[spanish])
					if err := os.WriteFile(filepath.Join(folder, name), tab.Picture(0), 0o600); err != nil {
						return err
					}
				}
			}
			html := tab.Source()
			name := fmt.Sprintf("%s-%s.html", stop.Name, map[bool]string{true: "es", false: "en"}[spanish])
			if err := os.WriteFile(filepath.Join(folder, name), []byte(html), 0o600); err != nil {
				return err
			}
		}
	}
	return nil
}
