package audit

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"hash"
)

// row is an event as the database has it, the detail left out.
type row struct {
	id, at                  int64
	actorID, targetID       int64
	actorKind, action, area []byte
	targetKind, outcome     []byte
	address, request        []byte
	detailHash              []byte // nil without detail
}

// coder makes the codes of rows and of the chain. It is not safe for concurrent use.
type coder struct {
	mac hash.Hash
	buf []byte
}

func newCoder(k Key) *coder {
	return &coder{mac: hmac.New(sha256.New, k[:]), buf: make([]byte, 0, 256)}
}

type code [sha256.Size]byte

// event is the code of one row, over all its fields. The id makes it unique: a copy of the row under another number has another.
func (c *coder) event(w *row) code {
	b := append(c.buf[:0], 'e')
	for _, n := range [...]int64{w.id, w.at, w.actorID, w.targetID} {
		b = binary.BigEndian.AppendUint64(b, uint64(n))
	}
	for _, s := range [...][]byte{w.actorKind, w.action, w.area, w.targetKind, w.outcome, w.address, w.request} {
		b = append(binary.AppendUvarint(b, uint64(len(s))), s...)
	}
	return c.sum(append(b, w.detailHash...))
}

// link is the code that binds an event to its place in the chain.
func (c *coder) link(before []byte, seq, event int64, mac []byte) code {
	b := append(c.buf[:0], 'c')
	b = append(binary.AppendUvarint(b, uint64(len(before))), before...)
	b = binary.BigEndian.AppendUint64(b, uint64(seq))
	b = binary.BigEndian.AppendUint64(b, uint64(event))
	return c.sum(append(b, mac...))
}

func (c *coder) sum(b []byte) (out code) {
	c.buf = b
	c.mac.Reset()
	c.mac.Write(b)
	c.mac.Sum(out[:0])
	return out
}

// detailHash binds a detail to its event. Without the salt, which goes with the detail, nobody can try out what the detail was.
func detailHash(salt, detail []byte) []byte {
	h := sha256.New()
	h.Write(salt)
	h.Write(detail)
	return h.Sum(nil)
}
