package intake

import (
	"fmt"
	"testing"
)

// thousand is a district of a thousand students at two schools, with two adults each.
func thousand() (m model) {
	for n := range 1000 {
		s := modelStudent{fmt.Sprintf("s%d", n), "Ana", fmt.Sprintf("Roe%d", n), []string{"A", "B"}[n%2]}
		m.students = append(m.students, s)
		for k := range 2 {
			a := modelAdult{fmt.Sprintf("p%d-%d", n, k), "Pam", s.last, fmt.Sprintf("p%d-%d@home.example", n, k), "parent"}
			m.adults, m.pairs = append(m.adults, a), append(m.pairs, modelPair{s.id, a.id})
		}
	}
	return m
}

// BenchmarkRead reads a thousand students in each format: a stage for what was read, and the package from a folder.
func BenchmarkRead(b *testing.B) {
	all := writers()
	for _, format := range sortedKeys(all) {
		path := bundleFrom(b, all[format](thousand()))
		b.Run(format, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s, err := newStage(b.Context())
				if err != nil {
					b.Fatal(err)
				}
				rec := stagedRecords(b.Context(), s)
				if err := readPackage(path, "", Mapping{}, "2026-11-23", defaultLimits(), newFindings(), rec); err != nil {
					b.Fatal(err)
				}
				if err := s.flush(b.Context()); err != nil || rec.held.Students != 1000 {
					b.Fatal(rec.held, err)
				}
				if err := s.Close(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(3000*b.N)/b.Elapsed().Seconds(), "people/s")
		})
	}
}
