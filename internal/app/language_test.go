package app_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/app/apptest"
)

// TestTheSchoolsLanguageIsForWhoeverNamesNone has a Spanish-speaking school: a browser that asks for a language we do not speak, and a contact
// without a language, are met in Spanish; one who says English is met in English.
func TestTheSchoolsLanguageIsForWhoeverNamesNone(t *testing.T) {
	apptest.RunSQLite(t, func(t *testing.T, a *apptest.App) {
		v := *a.Settings.Values()
		v.Language = "es"
		if err := a.Settings.Change(t.Context(), access.Actor{Kind: access.System}, v); err != nil {
			t.Fatal(err)
		}
		b := a.Browser(t)
		for header, word := range map[string]string{"": "Contraseña", "fi, sv;q=0.5": "Contraseña", "es-MX": "Contraseña", "en-US,es;q=0.5": "Password"} {
			b.Send = http.Header{"Accept-Language": {header}}
			b.Get("/parent/login").See(word)
		}
		if _, err := a.Family.SendPassword(t.Context(), access.Actor{Kind: access.System}, []int64{a.Wei.ID}, false); err != nil {
			t.Fatal(err)
		}
		if m := a.LastMail(apptest.WeiEmail); !strings.Contains(m, "contraseña") {
			t.Errorf("the mail to a contact without a language: %s", m)
		}
	})
}
