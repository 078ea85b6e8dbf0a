package family

import (
	"testing"
	"time"
)

// BenchmarkLook looks over 100,000 lines for what is to be put right, the first time, and then again with nothing new.
func BenchmarkLook(b *testing.B) {
	w := benchTown(b, 50_000)
	for b.Loop() {
		w.pass(2 * time.Hour)
		w.ok(w.Look(w.ctx, w.clerk))
		if _, err := w.jobs.Drain(w.ctx); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(w.count("select count(*) from quality_finding")), "findings")
}

// BenchmarkQualityList reads the overview and pages of what the look found over 100,000 lines.
func BenchmarkQualityList(b *testing.B) {
	w := benchTown(b, 50_000)
	w.ok(w.Look(w.ctx, w.clerk))
	if _, err := w.jobs.Drain(w.ctx); err != nil {
		b.Fatal(err)
	}
	b.Run("overview", func(b *testing.B) {
		for b.Loop() {
			if _, err := w.Quality(w.ctx, w.clerk); err != nil {
				b.Fatal(err)
			}
		}
	})
	for _, f := range Flaws() {
		b.Run(string(f), func(b *testing.B) {
			for b.Loop() {
				if _, err := w.QualityList(w.ctx, w.clerk, QualityQuery{Flaw: f}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
