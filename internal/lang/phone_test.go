package lang

import "testing"

func TestATelephoneNumberIsItsDigitsFromTheLastOneOn(t *testing.T) {
	for typed, want := range map[string]string{
		"555-0142": "2410555", "(202) 555-0142": "2410555202", "+1 202 555 0142": "2410555202", "1-202-555-0142": "2410555202",
		"202.555.0142 x12": "2410555202", "202 555 0142 ext. 12": "2410555202", "２０２５５５０１４２": "2410555202", "0142": "2410",
		"+44 20 7946 0142": "241064970244", "142": "", "x123456": "654321", "": "", "no telephone": "", "555\x000142": "",
		"123456789012345678901": "",
	} {
		if got := PhoneKey(typed); got != want {
			t.Errorf("%q: %q, want %q", typed, got, want)
		}
	}
}
