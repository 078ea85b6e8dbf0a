package web_test

import (
	"bytes"
	"context"
	"image"
	"image/png"
	"mime/multipart"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/app/apptest"
)

func TestTheAccentIsPartOfTheOneStylesheet(t *testing.T) {
	apptest.RunSQLite(t, func(t *testing.T, a *apptest.App) {
		staff := a.Staff(t).Get("/admin/site/settings")
		staff.Fill("Accent colour", "#ffee00").Press("Save").Want(http.StatusUnprocessableEntity).See("cannot be read well enough")
		staff.Fill("Accent colour", "#7A1F3D").Press("Save").Want(http.StatusOK)
		page := a.Browser(t).Get("/parent/login").HTML
		links := regexp.MustCompile(`<link rel="stylesheet" href="([^"]+)"`).FindAllStringSubmatch(page, -1)
		if len(links) != 1 || !strings.HasPrefix(links[0][1], "/static/accent-7a1f3d-") {
			t.Fatalf("%v", links)
		}
		get := func(path string) (*http.Response, string) {
			return a.Browser(t).Do(must(http.NewRequestWithContext(t.Context(), http.MethodGet, a.URL+path, nil)))
		}
		answer, body := get(links[0][1])
		if answer.StatusCode != http.StatusOK || !strings.Contains(body, "--accent:light-dark(#7a1f3d,") || !strings.Contains(body, ".menu") ||
			!strings.Contains(answer.Header.Get("Cache-Control"), "immutable") {
			t.Errorf("%d %s", answer.StatusCode, answer.Header.Get("Cache-Control"))
		}
		for _, path := range []string{strings.Replace(links[0][1], "7a1f3d", "ffee00", 1), strings.Replace(links[0][1], "7a1f3d", "7a1f3d}", 1), "/static/accent-"} {
			if answer, _ := get(path); answer.StatusCode != http.StatusNotFound {
				t.Errorf("%s answers %d", path, answer.StatusCode)
			}
		}
	})
}

func TestTheMarkStandsInTheHeadOfEveryPage(t *testing.T) {
	apptest.RunSQLite(t, func(t *testing.T, a *apptest.App) {
		var picture bytes.Buffer
		if err := png.Encode(&picture, image.NewNRGBA(image.Rect(0, 0, 60, 30))); err != nil {
			t.Fatal(err)
		}
		staff := a.Staff(t)
		send := func(file []byte) *http.Response {
			var body bytes.Buffer
			form := multipart.NewWriter(&body)
			part, err := form.CreateFormFile("mark", "mark.png")
			if err != nil {
				t.Fatal(err)
			}
			_, _ = part.Write(file)
			_ = form.Close()
			r := must(http.NewRequestWithContext(t.Context(), http.MethodPost, a.URL+"/admin/site/settings/mark", &body))
			r.Header.Set("Content-Type", form.FormDataContentType())
			r.Header.Set("Origin", a.URL)
			answer, _ := staff.Do(r)
			return answer
		}
		if answer := send([]byte("<svg/>")); answer.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("an SVG: %d", answer.StatusCode)
		}
		if answer := send(picture.Bytes()); answer.StatusCode != http.StatusSeeOther {
			t.Fatalf("a PNG: %d", answer.StatusCode)
		}
		page := a.Browser(t).Get("/parent/login").HTML
		src := regexp.MustCompile(`<img src="(/brand/mark-[^"]+)" width="64" height="32" alt="([^"]+)"`).FindStringSubmatch(page)
		if src == nil || src[2] != a.Settings.Values().DistrictName {
			t.Fatalf("no mark on\n%s", page)
		}
		answer, _ := a.Browser(t).Do(must(http.NewRequestWithContext(t.Context(), http.MethodGet, a.URL+src[1], nil)))
		if answer.StatusCode != http.StatusOK || answer.Header.Get("Content-Type") != "image/png" {
			t.Errorf("%d %s", answer.StatusCode, answer.Header.Get("Content-Type"))
		}
		if err := a.Settings.RemoveMark(context.Background(), access.Actor{Kind: access.System}); err != nil {
			t.Fatal(err)
		}
		answer, _ = a.Browser(t).Do(must(http.NewRequestWithContext(t.Context(), http.MethodGet, a.URL+src[1], nil)))
		if answer.StatusCode != http.StatusNotFound || strings.Contains(a.Browser(t).Get("/parent/login").HTML, "/brand/") {
			t.Errorf("a mark that was taken away answers %d", answer.StatusCode)
		}
	})
}
