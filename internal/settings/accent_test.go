package settings

import (
	"testing"
)

func TestEveryAccentThatIsTakenCanBeReadOnLightAndDarkPages(t *testing.T) {
	taken := 0
	for r := 0; r < 256; r += 17 {
		for g := 0; g < 256; g += 17 {
			for b := 0; b < 256; b += 17 {
				c := rgb{uint8(r), uint8(g), uint8(b)}
				p, ok := PaletteOf(c.css())
				if !ok {
					continue
				}
				taken++
				colour := func(s string) rgb {
					c, ok := parseColour(s)
					if !ok {
						t.Fatalf("%s is no colour", s)
					}
					return c
				}
				for _, pair := range []struct {
					what    string
					a, b    rgb
					atLeast float64
				}{
					{"links on paper", colour(p.Light), lightGrounds[0], readable}, {"links on sheets", colour(p.Light), lightGrounds[1], readable},
					{"links on the tint", colour(p.Light), colour(p.WashLight), readable}, {"text on buttons", colour(p.OnLight), colour(p.Light), readable},
					{"text on the tint", lightInk, colour(p.WashLight), readable}, {"dark: links on paper", colour(p.Dark), darkGrounds[0], readable},
					{"dark: links on sheets", colour(p.Dark), darkGrounds[1], readable}, {"dark: links on the tint", colour(p.Dark), colour(p.WashDark), readable},
					{"dark: text on buttons", colour(p.OnDark), colour(p.Dark), readable}, {"dark: text on the tint", darkInk, colour(p.WashDark), readable},
				} {
					if got := pair.a.contrast(pair.b); got < pair.atLeast {
						t.Errorf("%s, %s: %.2f", c.css(), pair.what, got)
					}
				}
			}
		}
	}
	if taken < 300 {
		t.Errorf("%d colours are taken", taken)
	}
}

func TestAnAccentIsAColourThatCanBeReadAndToldFromText(t *testing.T) {
	for text, want := range map[string]bool{
		"#1f5a51": true, "#7A1F3D": true, "#24201b": false, "#ffcc00": false, "#fff": false, "red": false, "#12345g": false, "": false,
		"#1f5a51;}": false, "#+1f5a5": false,
	} {
		if _, ok := PaletteOf(text); ok != want {
			t.Errorf("%q: taken %v", text, ok)
		}
	}
}
