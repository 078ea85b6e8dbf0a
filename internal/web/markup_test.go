package web

import (
	"strings"
	"testing"

	"github.com/schoolgate/schoolgate/internal/lang"
)

func TestARowOfTheGridEscapesEveryNameForEveryReader(t *testing.T) {
	catalog, err := lang.Load()
	if err != nil {
		t.Fatal(err)
	}
	rows := []gridRow{{Parent: "<i>P", Child: "<i>C", Username: "<i>U"}, {Again: true, Parent: "<i>P", Child: "<i>C"}}
	for _, resets := range []bool{true, false} {
		for _, records := range []bool{true, false} {
			if got := string(gridRows(catalog.Language("en"), rows, resets, records)); strings.Contains(got, "<i>") {
				t.Errorf("resets %v, records %v: %s", resets, records, got)
			}
		}
	}
}
