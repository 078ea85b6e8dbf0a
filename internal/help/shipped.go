package help

import (
	"embed"
	"fmt"
	"image/png"
	"io/fs"
	"path"
	"strings"

	"github.com/schoolgate/schoolgate/internal/lang"
)

//go:embed articles pictures
var files embed.FS

// picture is the size of a picture in pixels, so that a page does not move when it comes.
type picture struct{ width, height int }

// shipped reads the articles and the sizes of the pictures that the program carries.
func shipped() ([]Article, map[string]picture, error) {
	pictures, err := shippedPictures()
	if err != nil {
		return nil, nil, err
	}
	var all []Article
	for _, tag := range lang.Tags() {
		names, err := fs.Glob(files, "articles/"+tag+"/*.md")
		if err != nil {
			return nil, nil, err
		}
		for _, name := range names {
			data, err := files.ReadFile(name)
			if err != nil {
				return nil, nil, err
			}
			a, err := Parse(strings.TrimSuffix(path.Base(name), ".md"), tag, string(data))
			if err != nil {
				return nil, nil, fmt.Errorf("help: %w", err)
			}
			all = append(all, a)
		}
	}
	return all, pictures, nil
}

func shippedPictures() (map[string]picture, error) {
	pictures := map[string]picture{}
	names, err := fs.Glob(files, "pictures/*.png")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		f, err := files.Open(name)
		if err != nil {
			return nil, err
		}
		c, err := png.DecodeConfig(f)
		_ = f.Close() // an embedded file
		if err != nil {
			return nil, fmt.Errorf("help: %s: %w", name, err)
		}
		pictures[strings.TrimSuffix(path.Base(name), ".png")] = picture{c.Width, c.Height}
	}
	return pictures, nil
}

// Picture returns a picture's PNG data by its name, and whether there is one.
func Picture(name string) ([]byte, bool) {
	data, err := files.ReadFile("pictures/" + name + ".png")
	return data, err == nil
}
