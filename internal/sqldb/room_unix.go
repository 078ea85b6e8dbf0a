//go:build unix

package sqldb

import "syscall"

// Room returns how many bytes are free for this process where a folder is; known is false where the system does not say.
func Room(folder string) (bytes int64, known bool) {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(folder, &fs); err != nil {
		return 0, false
	}
	return int64(fs.Bavail) * int64(fs.Bsize), true //nolint:unconvert,gosec // the types differ between systems
}
