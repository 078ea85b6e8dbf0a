package web_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/schoolgate/schoolgate/internal/lang"
)

var bold = regexp.MustCompile(`\*\*([^*]+)\*\*`)

// TestEveryWordThatAnArticleNamesStandsOnAPage holds what articles print bold, buttons and labels, against the words of the pages in the same language:
// a message begins with it. "…" stands for what changes.
func TestEveryWordThatAnArticleNamesStandsOnAPage(t *testing.T) {
	for _, tag := range lang.Tags() {
		var all string
		for _, words := range texts(t, "../lang/catalog/"+tag+"/*.toml") {
			all += strings.ReplaceAll(words, `\"`, `"`)
		}
		for file, text := range texts(t, "../help/articles/"+tag+"/*.md") {
			for _, m := range bold.FindAllStringSubmatch(text, -1) {
				if m[1] == "/" { // a key of the keyboard
					continue
				}
				first, rest, _ := strings.Cut(m[1], "…")
				if !strings.Contains(all, `"`+first) || !strings.Contains(all, rest) {
					t.Errorf("%s names %q, which stands on no page", file, m[1])
				}
			}
		}
	}
}

// texts reads files, by their names.
func texts(t *testing.T, pattern string) map[string]string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: %d files, %v", pattern, len(files), err)
	}
	all := map[string]string{}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all[file] = string(data)
	}
	return all
}
