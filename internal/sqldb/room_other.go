//go:build !unix

package sqldb

// Room does not know how to ask this system.
func Room(string) (bytes int64, known bool) { return 0, false }
