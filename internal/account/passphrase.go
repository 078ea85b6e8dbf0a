package account

import (
	"crypto/rand"
	_ "embed" // the word lists
	"fmt"
	"math/big"
	"strings"

	"github.com/schoolgate/schoolgate/internal/fault"
)

//go:embed words/en.txt
var englishWords string

//go:embed words/es.txt
var spanishWords string

const passphraseWords = 4

// Passphrase suggests a passphrase of four words in the given language ("en", "es"), of at least 15 code points and all the words
// different. It returns fault.Invalid for another language.
func Passphrase(language string) (string, error) {
	lists := map[string]string{"en": englishWords, "es": spanishWords}
	words := strings.Fields(lists[language])
	if len(words) == 0 {
		return "", fault.Invalidf("no word list for the language %q", language)
	}
	chosen := make([]string, 0, passphraseWords)
	for len(chosen) < passphraseWords {
		n, err := rand.Int(rand.Reader, big.NewInt(int64(len(words))))
		if err != nil {
			return "", fmt.Errorf("choosing a word: %w", err)
		}
		i := n.Int64()
		chosen = append(chosen, words[i])
		words[i] = words[len(words)-1] // the order within the list says nothing
		words = words[:len(words)-1]
	}
	return strings.Join(chosen, "-"), nil
}
