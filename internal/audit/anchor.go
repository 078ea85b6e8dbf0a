package audit

import (
	"bufio"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/schoolgate/schoolgate/internal/fault"
)

// String is the head as it stands in a line of an anchor file: time, sequence number, chain.
func (h Head) String() string {
	return h.At.UTC().Format(time.RFC3339) + " " + strconv.FormatInt(h.Seq, 10) + " " + hex.EncodeToString(h.Chain)
}

// Anchor appends the head to the file, which is made if it is missing, readable by its owner alone. Where the file stands on other ground than
// the database (another machine, a medium that is written once), nobody can shorten the log unseen.
func Anchor(path string, h Head) error {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fault.Wrap(fault.Unavailable, err, "the anchor file cannot be written")
	}
	_, err = fmt.Fprintln(f, h)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fault.Wrap(fault.Unavailable, err, "the anchor file cannot be written")
	}
	return nil
}

// Anchors reads an anchor file. It returns fault.NotFound when there is none and fault.Invalid for a line that is no anchor; a last line that was
// cut short by a crash is left out.
func Anchors(path string) ([]Head, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault.Wrap(fault.NotFound, err, "there is no anchor file")
	}
	if err != nil {
		return nil, fault.Wrap(fault.Unavailable, err, "the anchor file cannot be read")
	}
	defer func() { _ = f.Close() }()
	return readAnchors(f)
}

func readAnchors(r io.Reader) ([]Head, error) {
	var all []Head
	in := bufio.NewReader(r)
	for n := 1; ; n++ {
		line, err := in.ReadString('\n')
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, fault.Wrap(fault.Unavailable, err, "the anchor file cannot be read")
		}
		h, ok := parseAnchor(line)
		if !ok {
			return nil, fault.Invalidf("line %d of the anchor file is no anchor", n)
		}
		all = append(all, h)
	}
}

func parseAnchor(line string) (h Head, ok bool) {
	words := strings.Fields(line)
	if len(words) != 3 {
		return h, false
	}
	var atErr, seqErr, chainErr error
	h.At, atErr = time.Parse(time.RFC3339, words[0])
	h.Seq, seqErr = strconv.ParseInt(words[1], 10, 64)
	h.Chain, chainErr = hex.DecodeString(words[2])
	return h, atErr == nil && seqErr == nil && chainErr == nil && h.Seq > 0
}
