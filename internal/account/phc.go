package account

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
)

// What a stored hash may ask for. A planted row must not be able to exhaust memory or time.
const (
	maxMemoryKiB = 256 * 1024
	maxTime      = 16
	maxThreads   = 4
	saltBytes    = 16
	sumBytes     = 32
)

// phc is an argon2id hash in the PHC string format, with the pepper's name in the parameter keyid.
type phc struct {
	params  Params
	threads uint8
	keyID   string
	salt    []byte
	sum     []byte
}

func (p phc) String() string {
	return fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=%d,keyid=%s$%s$%s", p.params.MemoryKiB, p.params.Time, p.threads, p.keyID,
		base64.RawStdEncoding.EncodeToString(p.salt), base64.RawStdEncoding.EncodeToString(p.sum))
}

// parsePHC reads a stored hash and refuses one whose parameters are out of bounds, before anything is allocated for it.
func parsePHC(s string) (phc, error) {
	refuse := func(what string) (phc, error) { return phc{}, fmt.Errorf("stored hash: %s", what) }
	if len(s) > 512 {
		return refuse("too long")
	}
	part := strings.Split(s, "$")
	if len(part) != 6 || part[0] != "" || part[1] != "argon2id" || part[2] != "v=19" {
		return refuse("not argon2id version 19")
	}
	var p phc
	for field := range strings.SplitSeq(part[3], ",") {
		name, value, _ := strings.Cut(field, "=")
		if name == "keyid" {
			p.keyID = value
			continue
		}
		n, err := strconv.ParseUint(value, 10, 32)
		if err != nil {
			return refuse("parameter " + strconv.Quote(name))
		}
		switch name {
		case "m":
			p.params.MemoryKiB = uint32(n)
		case "t":
			p.params.Time = uint32(n)
		case "p":
			p.threads = uint8(min(n, 255))
		default:
			return refuse("unknown parameter")
		}
	}
	if p.threads < 1 || p.threads > maxThreads || p.params.Time < 1 || p.params.Time > maxTime ||
		p.params.MemoryKiB < 8*uint32(p.threads) || p.params.MemoryKiB > maxMemoryKiB {
		return refuse("parameters out of bounds")
	}
	var err error
	if p.salt, err = base64.RawStdEncoding.DecodeString(part[4]); err != nil || len(p.salt) < 8 || len(p.salt) > 64 {
		return refuse("salt")
	}
	if p.sum, err = base64.RawStdEncoding.DecodeString(part[5]); err != nil || len(p.sum) != sumBytes {
		return refuse("sum")
	}
	return p, nil
}
