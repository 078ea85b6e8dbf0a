package app

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/schoolgate/schoolgate/internal/fault"
)

// loadKey reads the key file: 32 bytes in hexadecimal. Beside an SQLite file it is made once, readable by its owner alone; with PostgreSQL
// it must be given, because every node needs the same. A key file that is missing while the database exists is not made anew:
// with another key nobody could sign in.
func loadKey(path, database string) ([]byte, error) {
	file, isFile := strings.CutPrefix(database, "sqlite:")
	if path == "" && isFile {
		path = file + ".key"
	}
	if !isFile && !strings.HasPrefix(database, "postgres") {
		return nil, fault.Invalidf("the database must be sqlite:PATH or postgres://…")
	}
	if path == "" {
		return nil, fault.Invalidf("with PostgreSQL a key file is needed, the same on every node: --key-file PATH (make one with: openssl rand -hex 32)")
	}
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) && isFile {
		if _, statErr := os.Stat(file); statErr == nil {
			return nil, fault.Invalidf("the key file %s of this database is missing: put it back, or nobody can sign in", path)
		}
		return makeKey(path)
	}
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "the key file cannot be read")
	}
	if info, err := os.Stat(path); err == nil && info.Mode().Perm()&0o077 != 0 {
		return nil, fault.Invalidf("the key file %s is readable by others: chmod 600 it", path)
	}
	key, err := hex.DecodeString(strings.TrimSpace(string(data)))
	if err != nil || len(key) != 32 {
		return nil, fault.Invalidf("the key file %s must hold 64 hexadecimal digits", path)
	}
	return key, nil
}

// makeKey writes a new key under a name of its own and links it into place, so that of two programs starting at once one wins and both
// read the same.
func makeKey(path string) ([]byte, error) {
	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		return nil, err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".schoolgate-key-*") // mode 0600
	if err != nil {
		return nil, fault.Wrap(fault.Unavailable, err, "the key file cannot be written")
	}
	defer func() { _ = os.Remove(f.Name()) }() // it is linked, or of no use
	_, err = fmt.Fprintln(f, hex.EncodeToString(key))
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return nil, fault.Wrap(fault.Unavailable, err, "the key file cannot be written")
	}
	if err := os.Link(f.Name(), path); err != nil {
		if errors.Is(err, os.ErrExist) {
			return loadKey(path, "sqlite:")
		}
		return nil, fault.Wrap(fault.Unavailable, err, "the key file cannot be written")
	}
	return key, nil
}
