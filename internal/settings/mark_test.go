package settings_test

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"testing"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/settings"
	"github.com/schoolgate/schoolgate/internal/sqldb"
	"github.com/schoolgate/schoolgate/internal/sqldb/sqldbtest"
)

func drawn(t *testing.T, width, height int, encode func(*bytes.Buffer, image.Image) error) []byte {
	t.Helper()
	picture := image.NewNRGBA(image.Rect(0, 0, width, height))
	picture.Set(0, 0, color.NRGBA{200, 10, 10, 255})
	var b bytes.Buffer
	if err := encode(&b, picture); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func asPNG(b *bytes.Buffer, i image.Image) error  { return png.Encode(b, i) }
func asJPEG(b *bytes.Buffer, i image.Image) error { return jpeg.Encode(b, i, nil) }

func TestAMarkIsDrawnAnewAndNothingElseOfTheFileIsKept(t *testing.T) {
	sqldbtest.Run(t, func(t *testing.T, db *sqldb.DB) {
		c := &clock{}
		s, another := open(t, db, c), open(t, db, c)
		hostile := []byte("<script>alert(1)</script>")
		for name, file := range map[string][]byte{"image/png": drawn(t, 40, 20, asPNG), "image/jpeg": drawn(t, 40, 20, asJPEG)} {
			before := s.Version()
			if err := s.SetMark(t.Context(), office, append(file, hostile...)); err != nil {
				t.Fatal(err)
			}
			m := s.Mark()
			picture, again, err := another.MarkPicture(t.Context(), m.Changed)
			if err != nil || m.Mime != name || m.Width != 40 || m.Height != 20 || again != m || s.Version() <= before {
				t.Fatalf("%+v, %v", m, err)
			}
			if bytes.Contains(picture, hostile) {
				t.Errorf("%s: what hung on the file is kept", name)
			}
			if _, _, err := image.Decode(bytes.NewReader(picture)); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		for what, file := range map[string][]byte{
			"problem.mark_kind": []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`), "problem.mark_pixels": drawn(t, 1025, 2, asPNG),
			"problem.mark_large": append(drawn(t, 2, 2, asPNG), make([]byte, settings.MarkMost)...),
		} {
			err := s.SetMark(t.Context(), office, file)
			if p := fault.ProblemsOf(err); len(p) != 1 || p[0].Key != what || p[0].Field != "mark" {
				t.Errorf("%s: %v", what, err)
			}
		}
		if err := s.SetMark(t.Context(), access.Actor{Kind: access.Staff, Role: access.Office, Schools: access.Everywhere()}, drawn(t, 2, 2, asPNG)); !fault.Is(err, fault.Forbidden) {
			t.Errorf("by the office: %v", err)
		}
		was := s.Mark()
		if err := s.RemoveMark(t.Context(), office); err != nil {
			t.Fatal(err)
		}
		if _, _, err := s.MarkPicture(t.Context(), was.Changed); !fault.Is(err, fault.NotFound) || s.Mark() != (settings.Mark{}) {
			t.Errorf("a mark that was taken away: %v", err)
		}
	})
}
