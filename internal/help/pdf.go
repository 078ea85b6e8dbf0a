package help

import (
	"golang.org/x/text/encoding/charmap"

	"github.com/schoolgate/schoolgate/internal/fault"
)

// printable reports whether the PDF's typeface has every character of an article.
func printable(a Article) bool {
	for _, s := range []string{a.Title, a.Summary, a.Prior, a.Body, a.Additional, a.Applies, joinList(a.Keywords)} {
		for _, r := range s {
			if _, ok := charmap.Windows1252.EncodeRune(r); !ok {
				return false
			}
		}
	}
	return true
}

// Paper is what a printed article says besides its own words.
type Paper struct {
	Prior, Additional, Applies string // headings
	Foot, Address, Date        string
}

// PDF returns an article on paper.
func (l *Library) PDF(a *Published, p Paper) ([]byte, error) { return nil, fault.NotFoundf("no PDF") }
