package account

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"

	"github.com/schoolgate/schoolgate/internal/fault"
)

// Keys are derived from the key file's 32 bytes (HKDF-SHA-256, RFC 5869): pepper, temporary passwords, device cookies, throttle names, and what
// belongs to second factors.
type Keys struct {
	pepper, temporary, device, throttle string
	authenticator                       string // encrypts the secrets of authenticator apps
	recovery, handle                    string // hash recovery codes, and name an account to a passkey
	form                                string // encrypts interrupted forms
	pepperID                            string // names the pepper inside a stored hash
}

// NewKeys derives the keys. It returns fault.Invalid unless master has 32 bytes.
func NewKeys(master []byte) (Keys, error) {
	if len(master) != 32 {
		return Keys{}, fault.Invalidf("the key must have 32 bytes, it has %d", len(master))
	}
	var k Keys
	for info, key := range map[string]*string{
		"pepper": &k.pepper, "temporary": &k.temporary, "device": &k.device, "throttle": &k.throttle, "pepper id": &k.pepperID,
		"authenticator": &k.authenticator, "recovery": &k.recovery, "handle": &k.handle, "form": &k.form,
	} {
		sub, err := hkdf.Key(sha256.New, master, nil, "schoolgate account "+info, 32)
		if err != nil {
			return Keys{}, fault.Wrap(fault.Invalid, err, "deriving the keys")
		}
		*key = string(sub)
	}
	k.pepperID = base64.RawStdEncoding.EncodeToString([]byte(k.pepperID[:6]))
	return k, nil
}

// String keeps the keys out of logs, however they are printed.
func (k Keys) String() string { return "keys" }

// GoString keeps the keys out of logs, however they are printed.
func (k Keys) GoString() string { return "keys" }

func mac(key string, parts ...string) []byte {
	h := hmac.New(sha256.New, []byte(key))
	for _, p := range parts {
		h.Write([]byte(p))
		h.Write([]byte{0})
	}
	return h.Sum(nil)
}

// throttleKey names a counter so that nothing personal stands in the table.
func (k Keys) throttleKey(what, whom string) string {
	return what + ":" + hex.EncodeToString(mac(k.throttle, what, whom))
}

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails: crypto/rand ends the program instead
	return b
}
