package intake

import (
	"archive/zip"
	"errors"
	"io"
	"io/fs"
	"path"
	"strings"

	"github.com/schoolgate/schoolgate/internal/fault"
)

func openZip(name string, lim limits, f *findings) (*bundle, error) {
	z, err := zip.OpenReader(name)
	if errors.Is(err, zip.ErrInsecurePath) {
		err = nil // named below
	}
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "this is not a zip file, or it is damaged")
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
		return nil, fault.Invalidf("the zip holds more than %d files", lim.entries)
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
			f.add(Note, p, 0, "", "", "is no regular file: not read")
			continue
		case file.Flags&1 != 0:
			return nil, fault.Invalidf("the zip is encrypted: make one without a password")
		}
		unpacked, packed := int64(file.UncompressedSize64), int64(file.CompressedSize64) //nolint:gosec // checked for sign below
		total += unpacked
		if unpacked < 0 || packed < 0 || total < 0 || total > lim.total {
			return nil, fault.Invalidf("the zip unpacks to more than %d MB", lim.total>>20)
		}
		if unpacked > ratioFrom && unpacked/max(packed, 1) > lim.ratio {
			return nil, fault.Invalidf("%s in the zip unpacks to %d times its size: refused", p, unpacked/max(packed, 1))
		}
		found = append(found, located{p, func() (io.ReadCloser, error) {
			r, err := file.Open()
			if err != nil {
				return nil, err
			}
			return bounded{io.LimitReader(r, unpacked+1), r}, nil
		}})
	}
	return found, nil
}

// bounded is a file that is read no further than its directory entry promises.
type bounded struct {
	io.Reader
	io.Closer
}

func checkPath(p string) error {
	switch {
	case p == "":
		return fault.Invalidf("the zip holds a file without a name")
	case strings.HasPrefix(p, "/"), len(p) > 1 && p[1] == ':':
		return fault.Invalidf("the zip holds an absolute path (%s): refused", shorten(p))
	case strings.ContainsRune(p, 0):
		return fault.Invalidf("the zip holds a file name with a null character: refused")
	}
	for part := range strings.SplitSeq(p, "/") {
		if part == ".." {
			return fault.Invalidf("the zip holds a path that leads outside (%s): refused", shorten(p))
		}
	}
	return nil
}
