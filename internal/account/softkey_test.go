package account

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"testing"

	"github.com/fxamacker/cbor/v2"
)

// The flags of authenticator data (WebAuthn §6.1).
const (
	userPresent  = 0x01
	userVerified = 0x04
	attested     = 0x40
)

// softKey is an authenticator in software with one passkey. What it answers can be bent in every way that a test needs.
type softKey struct {
	t      testing.TB
	key    *ecdsa.PrivateKey
	id     []byte
	handle []byte
	rpID   string
	origin string
	kind   string // of the client data, "" for the right one
	flags  byte
	count  uint32
}

func newSoftKey(t testing.TB) *softKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return &softKey{t: t, key: key, id: random(32), rpID: "localhost", origin: "http://localhost:8080", flags: userPresent | userVerified}
}

// asked is what the tests read of the options for the browser.
type asked struct {
	PublicKey struct {
		Challenge string `json:"challenge"`
		User      struct {
			ID   string `json:"id"`
			Name string `json:"name"`
		} `json:"user"`
		RP struct {
			ID   string `json:"id"`
			Name string `json:"name"`
		} `json:"rp"`
		RPID               string           `json:"rpId"`
		UserVerification   string           `json:"userVerification"`
		ExcludeCredentials []map[string]any `json:"excludeCredentials"`
		AllowCredentials   []map[string]any `json:"allowCredentials"`
		Selection          struct {
			ResidentKey      string `json:"residentKey"`
			UserVerification string `json:"userVerification"`
		} `json:"authenticatorSelection"`
		Attestation string `json:"attestation"`
	} `json:"publicKey"`
}

func (k *softKey) asked(c Ceremony) asked {
	k.t.Helper()
	var o asked
	if err := json.Unmarshal(c.Options, &o); err != nil {
		k.t.Fatal(err)
	}
	return o
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func (k *softKey) json(v any) []byte {
	k.t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		k.t.Fatal(err)
	}
	return b
}

func (k *softKey) cbor(v any) []byte {
	k.t.Helper()
	b, err := cbor.Marshal(v)
	if err != nil {
		k.t.Fatal(err)
	}
	return b
}

func (k *softKey) clientData(kind, challenge string) []byte {
	if k.kind != "" {
		kind = k.kind
	}
	return k.json(map[string]any{"type": kind, "challenge": challenge, "origin": k.origin, "crossOrigin": false})
}

func (k *softKey) data(flags byte) []byte {
	rp := sha256.Sum256([]byte(k.rpID))
	return binary.BigEndian.AppendUint32(append(rp[:], flags), k.count)
}

// register answers a registration (WebAuthn §5.1) without attestation.
func (k *softKey) register(c Ceremony) []byte {
	k.t.Helper()
	o := k.asked(c)
	handle, err := base64.RawURLEncoding.DecodeString(o.PublicKey.User.ID)
	if err != nil {
		k.t.Fatal(err)
	}
	k.handle = handle
	point, err := k.key.PublicKey.Bytes() // 4, x, y
	if err != nil {
		k.t.Fatal(err)
	}
	public := k.cbor(map[int]any{1: 2, 3: -7, -1: 1, -2: point[1:33], -3: point[33:]})
	data := k.data(k.flags | attested)
	data = append(data, make([]byte, 16)...)
	data = binary.BigEndian.AppendUint16(data, uint16(len(k.id)))
	data = append(append(data, k.id...), public...)
	object := k.cbor(map[string]any{"fmt": "none", "attStmt": map[string]any{}, "authData": data})
	return k.json(map[string]any{"id": b64(k.id), "rawId": b64(k.id), "type": "public-key", "response": map[string]any{
		"clientDataJSON": b64(k.clientData("webauthn.create", o.PublicKey.Challenge)), "attestationObject": b64(object),
	}})
}

// assert answers a sign-in or a proof (WebAuthn §5.1.4).
func (k *softKey) assert(c Ceremony) []byte {
	k.t.Helper()
	client := k.clientData("webauthn.get", k.asked(c).PublicKey.Challenge)
	data, hash := k.data(k.flags), sha256.Sum256(client)
	digest := sha256.Sum256(append(data, hash[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, k.key, digest[:])
	if err != nil {
		k.t.Fatal(err)
	}
	return k.json(map[string]any{"id": b64(k.id), "rawId": b64(k.id), "type": "public-key", "response": map[string]any{
		"clientDataJSON": b64(client), "authenticatorData": b64(data), "signature": b64(signature), "userHandle": b64(k.handle),
	}})
}
