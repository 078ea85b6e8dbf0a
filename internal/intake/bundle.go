package intake

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// limits bound what a package may unpack to.
type limits struct {
	entries int
	total   int64                            // bytes, unpacked, all files together: a state of a million students has 1.4 GB
	memory  int64                            // the same for formats that are kept in memory while they are read
	ratio   int64                            // unpacked to packed, looked at beyond a size that no honest small file reaches
	room    func() (bytes int64, known bool) // for temporary files
	allNew  bool                             // nobody of a roster is on record yet: the plan is as big as the file
}

func defaultLimits() limits {
	return limits{entries: 2000, total: 4 << 30, memory: 512 << 20, ratio: 300, room: func() (int64, bool) { return sqldb.Room(os.TempDir()) }}
}

// ratioFrom is the unpacked size from which on the ratio counts.
const ratioFrom = 16 << 20

// bundle is a set of files from a zip or a folder, by the name within the one folder that holds them.
type bundle struct {
	files   map[string]entry // by lower-case name
	close   func() error
	mapping Mapping // the school's own names of columns, for plain tables
	size    int64   // unpacked, in bytes
}

// entry is one file; it can be opened again.
type entry struct {
	name string // as it is spelled
	open func() (io.ReadCloser, error)
}

// openBundle opens the zip or the folder at name. It returns fault.NotFound when there is nothing there, fault.Invalid when it cannot be
// read safely: no zip, names that lead outside, names that stand there twice, bombs.
func openBundle(name string, lim limits, f *findings) (*bundle, error) {
	info, err := os.Stat(name)
	switch {
	case os.IsNotExist(err):
		return nil, &refusal{kind: fault.NotFound, found: Finding{Code: cannotFind, File: name}}
	case err != nil:
		return nil, unreadable(filepath.Base(name), err)
	case info.IsDir():
		return openFolder(name, lim, f)
	case !info.Mode().IsRegular():
		return nil, cannot(Finding{Code: cannotKind, File: name})
	}
	return openFile(name, lim, f)
}

func openFolder(name string, lim limits, f *findings) (*bundle, error) {
	root, err := os.OpenRoot(name) // nothing outside is read, whatever links stand in it
	if err != nil {
		return nil, unreadable(filepath.Base(name), err)
	}
	var found []located
	err = fs.WalkDir(root.FS(), ".", func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (hidden(p) || strings.Count(p, "/") >= 2):
			return fs.SkipDir
		case d.IsDir() || hidden(p):
			return nil
		case !d.Type().IsRegular():
			f.add(Note, p, 0, "", "", sayNoRegular)
			return nil
		case len(found) >= lim.entries:
			return cannot(Finding{Code: cannotManyFiles, Number: lim.entries})
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		found = append(found, located{p, info.Size(), func() (io.ReadCloser, error) { return root.Open(p) }})
		return nil
	})
	if err == nil {
		var b *bundle
		if b, err = gather(found, f); err == nil {
			b.close = root.Close
			return b, nil
		}
	}
	_ = root.Close()
	if fault.KindOf(err) == fault.Internal {
		err = unreadable(filepath.Base(name), err)
	}
	return nil, err
}

// located is a file by its path within the package.
type located struct {
	path string
	size int64
	open func() (io.ReadCloser, error)
}

// gather takes the files of the one folder that holds the roster: the one nearest to the root with tables or XML documents in it.
func gather(found []located, f *findings) (*bundle, error) {
	folder, ok := rosterFolder(found)
	if !ok {
		return nil, cannot(Finding{Code: cannotNoTable})
	}
	if folder != "." {
		f.add(Note, "", 0, "", folder, sayInFolder)
	}
	b := &bundle{files: map[string]entry{}}
	for _, l := range found {
		if path.Dir(l.path) != folder {
			f.add(Note, l.path, 0, "", "", sayOtherFolder)
			continue
		}
		name := path.Base(l.path)
		key := strings.ToLower(name)
		if other, twice := b.files[key]; twice {
			return nil, cannot(Finding{Code: cannotTwice, File: other.name})
		}
		b.files[key] = entry{name: name, open: l.open}
		b.size += l.size
	}
	return b, nil
}

func rosterFolder(found []located) (string, bool) {
	var folders []string
	for _, l := range found {
		switch strings.ToLower(path.Ext(l.path)) {
		case ".csv", ".xml", ".xlsx", ".tsv":
			folders = append(folders, path.Dir(l.path))
		}
	}
	if len(folders) == 0 {
		return "", false
	}
	return slices.MinFunc(folders, func(a, b string) int {
		if d := depth(a) - depth(b); d != 0 {
			return d
		}
		return strings.Compare(a, b)
	}), true
}

func depth(folder string) int {
	if folder == "." {
		return 0
	}
	return 1 + strings.Count(folder, "/")
}

// hidden reports whether a path is what file managers leave behind.
func hidden(p string) bool {
	for part := range strings.SplitSeq(p, "/") {
		switch strings.ToLower(part) {
		case "__macosx", "thumbs.db", "desktop.ini":
			return true
		}
		if len(part) > 1 && part[0] == '.' {
			return true
		}
	}
	return false
}

// names lists the files in order.
func (b *bundle) names() []string {
	var names []string
	for _, e := range b.files {
		names = append(names, e.name)
	}
	slices.Sort(names)
	return names
}

// file returns a file by its name, whatever its case.
func (b *bundle) file(name string) (entry, bool) {
	e, ok := b.files[strings.ToLower(name)]
	return e, ok
}

func (b *bundle) has(name string) bool {
	_, ok := b.file(name)
	return ok
}

// header returns the folded column names of a table, nil where there is none that can be read. It says nothing: whoever reads the file does.
func (b *bundle) header(name string) []string {
	e, ok := b.file(name)
	if !ok {
		return nil
	}
	t, err := openTable(e, layout{}, newFindings())
	if err != nil {
		return nil
	}
	defer func() { _ = t.Close() }() // it was only read
	return t.folded
}

// Close gives the files back.
func (b *bundle) Close() error {
	if err := b.close(); err != nil {
		return fmt.Errorf("close roster: %w", err)
	}
	return nil
}
