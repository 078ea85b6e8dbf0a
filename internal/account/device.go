package account

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"time"

	"github.com/schoolgate/schoolgate/internal/access"
)

// DeviceLife is how long a browser stays known after its last sign-in.
const DeviceLife = 180 * 24 * time.Hour

// newDevice makes the value of a known-device cookie: 16 random bytes and their HMAC. A browser keeps one for each kind of account; which
// accounts it is known to says the table known_device.
func (a *Accounts) newDevice(kind access.Kind) string {
	id := random(16)
	return base64.RawURLEncoding.EncodeToString(append(id, mac(a.keys.device, string(kind), string(id))[:16]...))
}

// device returns the hash a cookie's value is kept as, nil for a value that we did not make.
func (a *Accounts) device(kind access.Kind, value string) []byte {
	raw, err := base64.RawURLEncoding.DecodeString(value)
	if err != nil || len(raw) != 32 || !hmac.Equal(raw[16:], mac(a.keys.device, string(kind), string(raw[:16]))[:16]) {
		return nil
	}
	sum := sha256.Sum256(raw)
	return sum[:]
}
