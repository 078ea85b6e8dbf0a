package settings

import (
	"fmt"
	"math"
	"strconv"

	"github.com/schoolgate/schoolgate/internal/fault"
)

// Palette is what the pages make of the accent colour, as CSS writes colours, for light and for dark pages.
type Palette struct {
	Light, Dark         string // links, buttons, marks
	OnLight, OnDark     string // text on them
	WashLight, WashDark string // a tint behind text
}

// The colours of the stylesheet that the accent stands on and beside.
var (
	lightGrounds = []rgb{{0xfb, 0xf8, 0xf3}, {0xff, 0xfd, 0xfa}}
	darkGrounds  = []rgb{{0x17, 0x15, 0x12}, {0x20, 0x1d, 0x19}}
	lightInk     = rgb{0x24, 0x20, 0x1b}
	darkInk      = rgb{0xf1, 0xec, 0xe4}
	white        = rgb{0xff, 0xff, 0xff}
	nearBlack    = rgb{0x12, 0x10, 0x0e}
)

const (
	readable = 4.5 // WCAG 2.2, 1.4.3
	apart    = 1.3 // from the ink of the text: a link must not look like it
)

// PaletteOf derives the colours of light and dark pages from an accent such as "#1f5a51". On dark pages it is lightened until it can be
// read. It reports false for what is no colour and for one that cannot be read on the light pages, or cannot be told from their text.
func PaletteOf(accent string) (Palette, bool) {
	c, ok := parseColour(accent)
	if !ok {
		return Palette{}, false
	}
	wash := lightGrounds[0].mix(c, .09)
	if c.worst(append(lightGrounds, wash)) < readable || c.contrast(lightInk) < apart {
		return Palette{}, false
	}
	dark := c
	washDark := darkGrounds[0].mix(c, .25)
	for part := 0.0; part <= 1 && (dark.worst(append(darkGrounds, washDark)) < readable); part += .05 {
		dark = c.mix(white, part)
	}
	return Palette{
		Light: c.css(), Dark: dark.css(), OnLight: c.text().css(), OnDark: dark.text().css(), WashLight: wash.css(), WashDark: washDark.css(),
	}, washDark.contrast(darkInk) >= readable && wash.contrast(lightInk) >= readable
}

// accent is a colour, or "" for the one that comes with the program.
func accent() Field {
	const key = "accent"
	f := plain(key, func(v *Values) *string { return &v.Accent })
	f.check = func(v *Values) []fault.Problem {
		if v.Accent == "" {
			return nil
		}
		if _, ok := parseColour(v.Accent); !ok {
			return problem(key, "problem.colour")
		}
		if _, ok := PaletteOf(v.Accent); !ok {
			return problem(key, "problem.colour_contrast")
		}
		return nil
	}
	return f
}

type rgb [3]uint8

// parseColour reads "#1f5a51".
func parseColour(s string) (rgb, bool) {
	if len(s) != 7 || s[0] != '#' {
		return rgb{}, false
	}
	n, err := strconv.ParseUint(s[1:], 16, 32)
	return rgb{uint8(n >> 16), uint8(n >> 8), uint8(n)}, err == nil //nolint:gosec // the bytes of 24 bits
}

func (c rgb) css() string { return fmt.Sprintf("#%02x%02x%02x", c[0], c[1], c[2]) }

// luminance is the relative luminance of WCAG 2.2.
func (c rgb) luminance() float64 {
	l := 0.0
	for i, weight := range []float64{.2126, .7152, .0722} {
		v := float64(c[i]) / 255
		if v <= .04045 {
			v /= 12.92
		} else {
			v = math.Pow((v+.055)/1.055, 2.4)
		}
		l += weight * v
	}
	return l
}

// contrast is the contrast ratio of WCAG 2.2, from 1 to 21.
func (c rgb) contrast(d rgb) float64 {
	a, b := c.luminance(), d.luminance()
	return (max(a, b) + .05) / (min(a, b) + .05)
}

// worst is the smallest contrast to any of the grounds.
func (c rgb) worst(grounds []rgb) float64 {
	w := 21.0
	for _, g := range grounds {
		w = min(w, c.contrast(g))
	}
	return w
}

// mix is the colour with a part of another.
func (c rgb) mix(d rgb, part float64) (m rgb) {
	for i := range m {
		m[i] = uint8(math.Round(float64(c[i])*(1-part) + float64(d[i])*part))
	}
	return m
}

// text is white or near black, whichever can be read better on the colour: one of them always can.
func (c rgb) text() rgb {
	if c.contrast(white) >= c.contrast(nearBlack) {
		return white
	}
	return nearBlack
}
