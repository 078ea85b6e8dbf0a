package web_test

import (
	"testing"

	"github.com/schoolgate/schoolgate/internal/family"
	"github.com/schoolgate/schoolgate/internal/lang"
)

func TestEveryWayOfANewAdultHasItsWord(t *testing.T) {
	catalog, err := lang.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, tag := range lang.Tags() {
		for _, how := range family.Hows() {
			if key := "newcomer.how." + string(how); !catalog.Language(tag).Has(key) {
				t.Errorf("%s: no %s", tag, key)
			}
		}
		for _, mail := range []string{"newcomer", "newcomers_today", "newcomer_doubt"} {
			if key := "admin.mail.template." + mail; !catalog.Language(tag).Has(key) {
				t.Errorf("%s: no %s", tag, key)
			}
		}
	}
}
