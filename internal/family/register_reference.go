package family

import (
	"crypto/rand"
	"strings"
)

// referenceSymbols are letters and digits that nobody mistakes for one another, on paper or on the telephone.
const referenceSymbols = "23456789ABCDEFGHJKMNPQRSTVWXYZ"

const referenceHalf = 3 // symbols on either side of the hyphen

// newReference draws a reference such as K7M-4QD.
func newReference() (string, error) {
	// The greatest multiple of 30 below 256: bytes from there on would make some symbols likelier.
	const fair = 256 - 256%len(referenceSymbols)
	symbols := make([]byte, 0, 2*referenceHalf)
	for buf := make([]byte, 16); len(symbols) < 2*referenceHalf; {
		if _, err := rand.Read(buf); err != nil {
			return "", err
		}
		for _, b := range buf {
			if int(b) < fair && len(symbols) < 2*referenceHalf {
				symbols = append(symbols, referenceSymbols[int(b)%len(referenceSymbols)])
			}
		}
	}
	return string(symbols[:referenceHalf]) + "-" + string(symbols[referenceHalf:]), nil
}

// parseReference returns a typed reference as it is stored, in any case, with or without hyphen and spaces; "" for what cannot be one.
func parseReference(typed string) string {
	s := strings.Map(func(r rune) rune {
		if r == '-' || r == ' ' {
			return -1
		}
		return r
	}, strings.ToUpper(strings.TrimSpace(typed)))
	if len(s) != 2*referenceHalf || strings.Trim(s, referenceSymbols) != "" {
		return ""
	}
	return s[:referenceHalf] + "-" + s[referenceHalf:]
}
