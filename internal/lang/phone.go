package lang

import (
	"strings"

	"golang.org/x/text/unicode/norm"
)

const (
	// PhoneLeast is how many digits a telephone number has at least, and how many of its last ones must be typed to look for it.
	PhoneLeast = 4
	phoneMost  = 20
)

// PhoneKey returns a telephone number as it is compared: its digits, the last one first, so that a number is found by its last digits as by
// all of them. Whatever stands between the digits does not count, nor does the country code 1 before ten digits, nor an extension.
// It is "" for text with fewer than four digits, with more than twenty, and for more than 512 bytes.
func PhoneKey(s string) string {
	if !isClean(s) {
		return ""
	}
	var digits []byte
	for _, r := range norm.NFKC.String(s) {
		if r == 'x' || r == 'X' || r == '#' || r == ';' || r == ',' {
			if len(digits) >= PhoneLeast {
				break
			}
		}
		if r >= '0' && r <= '9' {
			digits = append(digits, byte(r))
		}
	}
	if len(digits) == 11 && digits[0] == '1' {
		digits = digits[1:]
	}
	if len(digits) < PhoneLeast || len(digits) > phoneMost {
		return ""
	}
	var b strings.Builder
	for i := len(digits) - 1; i >= 0; i-- {
		b.WriteByte(digits[i])
	}
	return b.String()
}
