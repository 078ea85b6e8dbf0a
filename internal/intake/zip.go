package intake

import (
	"archive/zip"
	"errors"
	"io"
	"io/fs"
	"path"
	"path/filepath"
	"strings"
)

func openZip(name string, lim limits, f *findings) (*bundle, error) {
	z, err := zip.OpenReader(name)
	if errors.Is(err, zip.ErrInsecurePath) {
		err = nil // named below
	}
	if err != nil {
		return nil, because(err, Finding{Code: cannotZip, File: filepath.Base(name)})
	}
	found, err := entries(&z.Reader, lim, f)
	if err == nil {
		var b *bundle
		if b, err = gather(found, f); err == nil {
			b.close = z.Close
			return b, nil
		}
	}
	_ = z.Close()
	return nil, err
}

// entries lists a zip's files. It refuses what an honest packer never makes.
func entries(z *zip.Reader, lim limits, f *findings) ([]located, error) {
	if len(z.File) > lim.entries {
		return nil, cannot(Finding{Code: cannotManyFiles, Number: lim.entries})
	}
	var found []located
	var total int64
	for _, file := range z.File {
		p := strings.ReplaceAll(file.Name, `\`, "/")
		folder := strings.HasSuffix(p, "/") || file.Mode().IsDir()
		if err := checkPath(p); err != nil {
			return nil, err
		}
		p = path.Clean(p)
		switch {
		case folder, hidden(p):
			continue
		case file.Mode()&fs.ModeType != 0:
			f.add(Note, p, 0, "", "", sayNoRegular)
			continue
		case file.Flags&1 != 0:
			return nil, cannot(Finding{Code: cannotZipLocked})
		}
		unpacked, packed := int64(file.UncompressedSize64), int64(file.CompressedSize64) //nolint:gosec // checked for sign below
		total += unpacked
		if unpacked < 0 || packed < 0 || total < 0 || total > lim.total {
			return nil, cannot(Finding{Code: cannotBig, File: p, Number: int(lim.total >> 20)})
		}
		if unpacked > ratioFrom && unpacked/max(packed, 1) > lim.ratio {
			return nil, cannot(Finding{Code: cannotZipUnpack, File: p})
		}
		found = append(found, located{p, unpacked, func() (io.ReadCloser, error) {
			r, err := file.Open()
			if err != nil {
				return nil, err
			}
			return readCloser{io.LimitReader(r, unpacked+1), r}, nil // no further than its directory entry promises
		}})
	}
	return found, nil
}

// readCloser reads from one and closes another.
type readCloser struct {
	io.Reader
	io.Closer
}

func checkPath(p string) error {
	switch {
	case p == "":
		return cannot(Finding{Code: cannotZipPath, As: "“”"})
	case strings.HasPrefix(p, "/"), len(p) > 1 && p[1] == ':':
		return cannot(Finding{Code: cannotZipPath, As: shorten(p)})
	case strings.ContainsRune(p, 0):
		return cannot(Finding{Code: cannotZipPath, As: shorten(clean(p))})
	}
	for part := range strings.SplitSeq(p, "/") {
		if part == ".." {
			return cannot(Finding{Code: cannotZipPath, As: shorten(p)})
		}
	}
	return nil
}
