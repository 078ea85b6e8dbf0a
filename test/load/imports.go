package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/app"
	"github.com/schoolgate/schoolgate/internal/demo"
	"github.com/schoolgate/schoolgate/internal/family"
	"github.com/schoolgate/schoolgate/internal/roster"
)

// rosters writes a bundle, or measures how it is imported.
func rosters(folder, database string, students, contacts int) (err error) {
	if folder == "" {
		if folder, err = os.MkdirTemp("", "schoolgate-load-"); err != nil {
			return err
		}
		defer os.RemoveAll(folder)
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	path := filepath.Join(folder, "bundle.zip")
	d := thinned(demo.Generate(6, students), contacts)
	if err := writeBundle(path, d); err != nil || database == "" {
		return err
	}
	fmt.Printf("%d students, %d contacts, %d lines\n", len(d.Students), len(d.Contacts), len(d.Lines))
	d = demo.Data{}
	debug.FreeOSMemory() // the district of a million takes gigabytes, which the database's pages need
	return measureImports(context.Background(), folder, path, database, students)
}

func writeBundle(path string, d demo.Data) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(demo.WriteOneRosterWithClasses(f, d), f.Close())
}

// thinned leaves a district so many contacts, and each student the first one; 0 leaves all.
func thinned(d demo.Data, contacts int) demo.Data {
	if contacts == 0 || contacts >= len(d.Contacts) {
		return d
	}
	keep := make([]bool, len(d.Contacts))
	kept := 0
	take := func(contact int) {
		if !keep[contact] {
			keep[contact], kept = true, kept+1
		}
	}
	for contact := range d.Fixed {
		take(contact)
	}
	last := -1
	for _, l := range d.Lines {
		if l.Student != last {
			take(l.Contact)
			last = l.Student
		}
	}
	for contact := range d.Contacts {
		if kept < contacts {
			take(contact)
		}
	}
	place := make([]int, len(d.Contacts))
	var left []roster.Contact
	for contact, c := range d.Contacts {
		if keep[contact] {
			place[contact] = len(left)
			left = append(left, c)
		}
	}
	d.Contacts = left
	d.Lines = slices.DeleteFunc(d.Lines, func(l demo.Line) bool { return !keep[l.Contact] })
	for n := range d.Lines {
		d.Lines[n].Contact = place[d.Lines[n].Contact]
	}
	return d
}

// measureImports imports the bundle twice with the program itself, and asks the database for something small meanwhile.
func measureImports(ctx context.Context, folder, path, database string, students int) error {
	bin := filepath.Join(folder, "schoolgate")
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", bin, "./cmd/schoolgate")
	build.Env, build.Stderr = append(os.Environ(), "CGO_ENABLED=0"), os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("build: %w", err)
	}
	key := filepath.Join(folder, "load.key")
	if err := os.WriteFile(key, []byte(strings.Repeat("5c", 32)+"\n"), 0o600); err != nil { // of made-up people
		return err
	}
	a, err := app.Open(ctx, app.Config{Database: database, KeyFile: key, Log: quiet()})
	if err != nil {
		return err
	}
	defer func() { _ = a.Close() }()
	w := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
	fmt.Fprintf(w, "%s, %d cores, %s/%s, %s\n", cpu(), runtime.NumCPU(), runtime.GOOS, runtime.Version(), a.DB.Dialect())
	for _, what := range []struct{ name, goal string }{{"first import", "<= 60 s, <= 256 MB at 50,000 students on two idle cores"}, {"the same again", "<= 15 s"}} {
		r, err := oneImport(ctx, a, bin, path, database, key)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "%s of %d students\t%.1f s, %s RSS, %.1f s CPU\t%s\n", what.name, students, r.took.Seconds(), megabytes(r.rss), r.cpu.Seconds(), what.goal)
		fmt.Fprintf(w, "a reader meanwhile\tp99 %s, longest %s\t<= 100 ms\n", r.p99.Round(10*time.Microsecond), r.longest.Round(10*time.Microsecond))
	}
	return w.Flush()
}

type imported struct {
	took, cpu, p99, longest time.Duration
	rss                     int64
}

func oneImport(ctx context.Context, a *app.App, bin, path, database, key string) (r imported, err error) {
	var out bytes.Buffer
	c := exec.CommandContext(ctx, bin, "roster", "import", "--database", database, "--key-file", key, path)
	c.Stdout, c.Stderr = &out, &out
	began := time.Now()
	if err := c.Start(); err != nil {
		return r, err
	}
	ended := make(chan error, 1)
	go func() { ended <- c.Wait() }()
	var waits []time.Duration
	for running := true; running; {
		select {
		case err = <-ended:
			running = false
		case <-time.After(20 * time.Millisecond):
			asked := time.Now()
			if _, err := a.Family.Grid(ctx, access.Actor{Kind: access.System}, family.GridQuery{Letter: "S"}); err != nil {
				return r, err
			}
			waits = append(waits, time.Since(asked))
			r.rss = max(r.rss, peak(c.Process.Pid))
		}
	}
	r.took = time.Since(began)
	if err != nil {
		tail := strings.Split(strings.TrimSpace(out.String()), "\n")
		return r, fmt.Errorf("%w: %s", err, strings.Join(tail[max(0, len(tail)-5):], "\n"))
	}
	r.cpu = c.ProcessState.UserTime() + c.ProcessState.SystemTime()
	slices.Sort(waits)
	if n := len(waits); n > 0 {
		r.p99, r.longest = waits[n*99/100], waits[n-1]
	}
	return r, nil
}

// peak is the most resident memory that a process had so far, in bytes; 0 when it is gone. What the system says of an ended child is no measure: it
// begins with the memory of its parent.
func peak(pid int) int64 {
	data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
	if err != nil {
		return 0
	}
	_, after, _ := strings.Cut(string(data), "VmHWM:")
	var kb int64
	if _, err := fmt.Sscan(after, &kb); err != nil {
		return 0
	}
	return kb * 1024
}
