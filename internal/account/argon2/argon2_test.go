package argon2

import (
	"bytes"
	"testing"

	original "golang.org/x/crypto/argon2"
	"pgregory.net/rapid"
)

func TestIDKeyGivesWhatTheOriginalGives(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		password, salt := rapid.SliceOfN(rapid.Byte(), 0, 200).Draw(t, "password"), rapid.SliceOfN(rapid.Byte(), 8, 32).Draw(t, "salt")
		time, memory := rapid.Uint32Range(1, 4).Draw(t, "time"), rapid.Uint32Range(8, 300).Draw(t, "memory")
		threads, size := rapid.Uint8Range(1, 4).Draw(t, "threads"), rapid.Uint32Range(4, 64).Draw(t, "size")
		got, want := IDKey(password, salt, time, memory, threads, size), original.IDKey(password, salt, time, memory, threads, size)
		if !bytes.Equal(got, want) {
			t.Fatalf("got %x, want %x", got, want)
		}
	})
}
