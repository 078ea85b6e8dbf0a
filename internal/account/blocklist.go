package account

import (
	"bytes"
	"compress/gzip"
	_ "embed" // the common passwords
	"fmt"
	"io"
	"strings"
)

//go:embed blocklist/common.txt.gz
var commonPasswords []byte

// commonList holds common passwords in lower case, one a line, sorted by bytes: half a megabyte, where a map would take three.
type commonList string

func loadCommon() (commonList, error) {
	r, err := gzip.NewReader(bytes.NewReader(commonPasswords))
	if err != nil {
		return "", fmt.Errorf("common passwords: %w", err)
	}
	data, err := io.ReadAll(r)
	if err != nil {
		return "", fmt.Errorf("common passwords: %w", err)
	}
	return commonList(data), nil
}

// has reports whether word, in lower case, is one of the list.
func (l commonList) has(word string) bool {
	if word == "" {
		return false
	}
	low, high := 0, len(l) // both at the start of a line
	for low < high {
		middle := low + (high-low)/2
		start := strings.LastIndexByte(string(l[low:middle]), '\n') + 1 + low
		end := start + strings.IndexByte(string(l[start:]), '\n')
		switch line := string(l[start:end]); {
		case line == word:
			return true
		case line < word:
			low = end + 1
		default:
			high = start
		}
	}
	return false
}
