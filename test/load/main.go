// Command load measures a running Schoolgate as its users meet it: over HTTP, from beside it on the same machine, on a sample district
// of 20,000 students and 40,000 parents in an SQLite file. It prints one table and judges nothing.
//
// Throughput comes from keep-alive connections that ask as fast as they are answered; latencies from an open model (requests
// leave at a fixed rate whatever the answers do), the only one in which a stall is seen.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"text/tabwriter"
	"time"
)

func main() {
	students := flag.Int("students", 20000, "students of the district; there are about twice as many parents")
	contacts := flag.Int("contacts", 0, "contacts of the bundle, 0 for all; every student keeps the first one")
	seconds := flag.Int("seconds", 5, "length of each measurement")
	bundle := flag.String("bundle", "", "write the district as a OneRoster bundle, bundle.zip, into this folder instead")
	imports := flag.String("import", "", "measure imports of such a bundle into this database instead (sqlite:PATH or postgres://…; it should be empty)")
	flag.Parse()
	if *bundle != "" || *imports != "" {
		if err := rosters(*bundle, *imports, *students, *contacts); err != nil {
			fmt.Fprintln(os.Stderr, "load:", err)
			os.Exit(1)
		}
		return
	}
	if err := run(*students, time.Duration(*seconds)*time.Second); err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

// row is one line of the table.
type row struct{ what, got, goal string }

func run(students int, length time.Duration) error {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "schoolgate-load-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	bin := filepath.Join(dir, "schoolgate")
	build := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", bin, "./cmd/schoolgate")
	build.Env, build.Stderr = append(os.Environ(), "CGO_ENABLED=0"), os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("build: %w", err)
	}
	info, err := os.Stat(bin)
	if err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, "load: making the district …")
	d, err := seed(ctx, filepath.Join(dir, "load.db"), students)
	if err != nil {
		return fmt.Errorf("district: %w", err)
	}
	s, err := start(ctx, bin, d.database)
	if err != nil {
		return err
	}
	defer s.stop()
	rows := []row{
		{"district", fmt.Sprintf("%d students, %d parents, %d lines", d.students, d.parents, d.lines), ""},
		{"binary, stripped", megabytes(info.Size()), "<= 30 MB"},
		{"start to ready", s.ready.Round(time.Millisecond).String(), "<= 100 ms"},
	}
	rss, err := s.rss()
	if err != nil {
		return err
	}
	rows = append(rows, row{"idle RSS", megabytes(rss), "<= 40 MB"})
	measured, err := measure(ctx, s, bin, d, length)
	rows = append(rows, measured...)
	w := tabwriter.NewWriter(os.Stdout, 0, 4, 2, ' ', 0)
	fmt.Fprintf(w, "%s, %d cores, %s/%s\n\n", cpu(), runtime.NumCPU(), runtime.GOOS, runtime.Version())
	for _, r := range rows {
		fmt.Fprintf(w, "%s\t%s\t%s\n", r.what, r.got, r.goal)
	}
	return errors.Join(err, w.Flush())
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }

// cpu is the processor's name, where the system tells it.
func cpu() string {
	data, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	for line := range strings.Lines(string(data)) {
		if name, ok := strings.CutPrefix(line, "model name"); ok {
			return strings.TrimSpace(strings.TrimLeft(name, "\t :"))
		}
	}
	return runtime.GOARCH
}

func quiet() *slog.Logger {
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
}
