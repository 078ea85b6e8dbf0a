package intake

import "testing"

func TestDatesAreTakenWhereTheyCanBeOnlyOne(t *testing.T) {
	for text, want := range map[string]string{
		"2019-04-17": "2019-04-17", "4/17/2019": "2019-04-17", "17/4/2019": "2019-04-17", "04-17-2019": "2019-04-17",
		"17.4.2019": "2019-04-17", "2019/4/17": "2019-04-17", "20190417": "2019-04-17", "2019-04-17T00:00:00.000Z": "2019-04-17",
		"2019-04-17T08:30:00": "2019-04-17", "2019-04-17 08:30:00": "2019-04-17", "20190417T0830": "2019-04-17", "T": "", "1/13/1850": "",
		"4/4/2019": "2019-04-04", "4/17/2019 0:00": "2019-04-17",
		"4/5/2019": "", "4/17/19": "", "31/31/2019": "", "2/30/2019": "", "2019-02-30": "", "20013-04-20": "", "0001-01-01": "",
		"soon": "", "": "", "//": "", "999999999999/1/2019": "",
	} {
		got, _, ok := date(text)
		if got != want || ok != (want != "") {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestMailboxesAreSingleAddresses(t *testing.T) {
	for text, want := range map[string]bool{
		"a@b.example": true, "tyrese.o'hara@b.example": true, "a+b@c.d.example": true, "josé@b.example": true,
		"": false, "a": false, "a@b": false, "@b.example": false, "a@b.example,c@d.example": false, "a@b.example;": false,
		"Ann <a@b.example>": false, "a b@c.example": false, "a@[127.0.0.1]": false, "a@b..example": false, "a@b.example.": false,
		"a@b.example\nBcc: x@y.example": false, "a@@b.example": false,
	} {
		if got := mailbox(text); got != want {
			t.Errorf("%q: got %v", text, got)
		}
	}
}

func TestGradesAreShownAsPeopleSayThem(t *testing.T) {
	for text, want := range map[string]string{"KG": "K", "kg": "K", "04": "4", "4": "4", "12": "12", "PK": "PK", "Kindergarten": "K", "Fourth grade": "4",
		"twelfth": "12", "0": "K", "-1": "PK", "Preschool/Prekindergarten": "PK", "tk": "TK", "Other": "Other", "": "", "00": "00", "2027": "2027"} {
		if got := grade(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestTheFirstOfSeveralIdsIsTaken(t *testing.T) {
	for text, want := range map[string]string{"{LDAP:12},{LTI:15}": "12", "98861739": "98861739", "{12}": "12", "": "", "a@b.example": "", "{Fed:a@b}": "", "{": "",
		"{LDAP:ana}{SIS:2}": "ana", "{Fed:a@b.example},{SIS:15}": "15"} {
		if got := firstID(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestLostLettersAreNoticed(t *testing.T) {
	for text, want := range map[string]bool{"López": false, "LÃ³pez": true, "L\uFFFDpez": true, "L??pez": true, "SÃO": false, "Ângela": false, "Anna?": false} {
		if got := garbled(text); got != want {
			t.Errorf("%q: got %v", text, got)
		}
	}
}

func TestANumberThatASpreadsheetRoundedIsNoIDNumber(t *testing.T) {
	for text, want := range map[string]string{"1.23457E+11": "", "1.23457e+11": "", "204117": "204117", "E-12": "E-12", "1E+11": "1E+11", "": "", "n/a": "", "a@b": ""} {
		if got, _ := idNumber(text); got != want {
			t.Errorf("%q: got %q", text, got)
		}
	}
}
