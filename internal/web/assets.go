package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
)

//go:embed static
var staticFiles embed.FS

// assets are the static files, compressed once and named by their content, so that browsers may keep them for ever.
type assets struct {
	byURL map[string]asset
	urls  map[string]string // file name -> URL
}

type asset struct {
	mime          string
	plain, zipped []byte
	loose         bool // never compressed, and not kept for long
}

func loadAssets() (*assets, error) {
	a := &assets{byURL: map[string]asset{}, urls: map[string]string{}}
	names, err := fs.Glob(staticFiles, "static/*")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		data, err := staticFiles.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("web: %w", err)
		}
		zipped, err := compress(data)
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(data)
		ext := path.Ext(name)
		base := strings.TrimSuffix(path.Base(name), ext)
		url := "/static/" + base + "." + base64.RawURLEncoding.EncodeToString(sum[:9]) + ext
		a.byURL[url] = asset{mime: mime.TypeByExtension(ext), plain: data, zipped: zipped}
		a.urls[path.Base(name)] = url
	}
	return a, nil
}

// url returns the address of a static file by its name. A template that names a missing one fails its page.
func (a *assets) url(name string) (string, error) {
	u, ok := a.urls[name]
	if !ok {
		return "", fmt.Errorf("no static file %q", name)
	}
	return u, nil
}

func (a *assets) serve(w http.ResponseWriter, r *http.Request) {
	f, ok := a.byURL[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	f.serve(w, r)
}

func (f asset) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", f.mime)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Vary", "Accept-Encoding")
	body := f.plain
	if !f.loose && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h["Content-Encoding"] = gzipped
		body = f.zipped
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = bytes.NewReader(body).WriteTo(w) // an error means that the reader went away
}
