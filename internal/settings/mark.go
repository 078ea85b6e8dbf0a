package settings

import (
	"bytes"
	"context"
	"database/sql"
	"image"
	"image/jpeg"
	"image/png"

	"golang.org/x/image/webp"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/audit"
	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// Mark says which picture stands in the head of every page. The zero value is none.
type Mark struct {
	Changed       int64 // microseconds since 1970, for caches
	Mime          string
	Width, Height int
}

// MarkMost is how large a picture may be, in bytes; markSide is how wide and high, in pixels.
const (
	MarkMost = 64 << 10
	markSide = 1024
)

// Mark returns the picture of now.
func (s *Settings) Mark() Mark { return s.fresh().mark }

// MarkPicture returns the picture's bytes. It returns fault.NotFound where there is none, or another one by now.
func (s *Settings) MarkPicture(ctx context.Context, changed int64) ([]byte, Mark, error) {
	var picture []byte
	var m Mark
	err := s.db.Look(ctx, func(tx *sqldb.Tx) error {
		return sqldb.Each(ctx, tx, func(r *sql.Rows) error { return r.Scan(&m.Mime, &m.Width, &m.Height, &picture) }, selectPicture, changed)
	})
	if err == nil && picture == nil {
		err = fault.NotFoundf("no such picture")
	}
	m.Changed = changed
	return picture, m, err
}

// SetMark takes a PNG, JPEG or WebP picture of at most 64 KB and 1,024 by 1,024 pixels, and keeps it as it draws it anew: nothing else that the
// file held is kept. It returns fault.Invalid with a problem on "mark" for anything else.
func (s *Settings) SetMark(ctx context.Context, actor access.Actor, file []byte) error {
	if err := access.Check(actor, access.ChangeSetting); err != nil {
		return err
	}
	picture, m, err := redraw(file)
	if err != nil {
		return err
	}
	m.Changed = s.now().UnixMicro()
	return s.changeMark(ctx, actor, "set", upsertMark, m.Mime, picture, m.Width, m.Height, m.Changed)
}

// RemoveMark takes the picture away.
func (s *Settings) RemoveMark(ctx context.Context, actor access.Actor) error {
	if err := access.Check(actor, access.ChangeSetting); err != nil {
		return err
	}
	return s.changeMark(ctx, actor, "removed", deleteMark)
}

func (s *Settings) changeMark(ctx context.Context, actor access.Actor, what, query string, args ...any) error {
	err := s.db.Write(ctx, func(tx *sqldb.Tx) error {
		old, err := read(ctx, tx)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, query, args...); err != nil {
			return err
		}
		if err := upsertVersion(ctx, tx, old.version+1); err != nil {
			return err
		}
		return s.log.Record(ctx, tx, audit.Event{Actor: actor, Action: "setting.mark", TargetKind: "setting", Detail: map[string]any{"mark": what}})
	})
	if err != nil {
		return err
	}
	return s.load(ctx)
}

// redraw decodes a picture and encodes it again.
func redraw(file []byte) ([]byte, Mark, error) {
	wrong := func(key string) error { return fault.InvalidFields(fault.Problem{Field: "mark", Key: key}) }
	if len(file) > MarkMost {
		return nil, Mark{}, wrong("problem.mark_large")
	}
	kind, size, decode := "", image.Config{}, func() (image.Image, error) { return nil, nil }
	for name, f := range map[string]struct {
		config func() (image.Config, error)
		decode func() (image.Image, error)
	}{
		"png":  {func() (image.Config, error) { return png.DecodeConfig(bytes.NewReader(file)) }, func() (image.Image, error) { return png.Decode(bytes.NewReader(file)) }},
		"jpeg": {func() (image.Config, error) { return jpeg.DecodeConfig(bytes.NewReader(file)) }, func() (image.Image, error) { return jpeg.Decode(bytes.NewReader(file)) }},
		"webp": {func() (image.Config, error) { return webp.DecodeConfig(bytes.NewReader(file)) }, func() (image.Image, error) { return webp.Decode(bytes.NewReader(file)) }},
	} {
		if c, err := f.config(); err == nil {
			kind, size, decode = name, c, f.decode
		}
	}
	switch {
	case kind == "":
		return nil, Mark{}, wrong("problem.mark_kind")
	case size.Width < 1 || size.Height < 1 || size.Width > markSide || size.Height > markSide:
		return nil, Mark{}, wrong("problem.mark_pixels")
	}
	drawn, err := decode()
	if err != nil {
		return nil, Mark{}, wrong("problem.mark_kind")
	}
	m := Mark{Mime: "image/png", Width: size.Width, Height: size.Height}
	var b bytes.Buffer
	if kind == "jpeg" {
		m.Mime = "image/jpeg"
		err = jpeg.Encode(&b, drawn, &jpeg.Options{Quality: 85})
	} else {
		err = (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&b, drawn)
	}
	if err == nil && b.Len() > 4*MarkMost { // a small file may hold a picture that is large when it is written plainly
		err = wrong("problem.mark_large")
	}
	return b.Bytes(), m, err
}
