package audit

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"slices"

	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// found is what a worker found in its stretch.
type found struct {
	Report
	missing, misfits int64
}

func (f *found) add(w Wrong, seq, event int64) {
	f.Bad++
	if len(f.Findings) < findingsKept {
		f.Findings = append(f.Findings, Finding{w, seq, event})
	}
}

// seal is a link of the chain with what was found out about its row.
type seal struct {
	seq, event int64
	mac        code
	loose      bool // the link does not fit
	seen       bool // the row is there
	detail     []byte
}

// stretch checks the rows after from, up to the last one. Seals, details and events are read one after another, each along its own key, and
// put together here: a join would cost the database more than everything else.
func (v *verifier) stretch(ctx context.Context, from, to int64) error {
	var f found
	err := v.db.Read(ctx, func(tx *sqldb.Tx) error {
		f = found{}
		c := newCoder(v.log.key)
		seals, err := v.links(ctx, tx, &f, c, from, to)
		if err != nil || len(seals) == 0 {
			return err
		}
		slices.SortFunc(seals, func(a, b seal) int { return cmp.Compare(a.event, b.event) })
		if err := readDetails(ctx, tx, seals); err != nil {
			return err
		}
		if err := readRows(ctx, tx, &f, c, seals); err != nil {
			return err
		}
		for i := range seals {
			if !seals[i].seen {
				f.add(WrongMissing, seals[i].seq, seals[i].event)
				f.missing++
			}
		}
		return nil
	})
	slices.SortFunc(f.Findings, bySeq)
	v.mu.Lock()
	defer v.mu.Unlock()
	v.report.Erased += f.Erased
	v.report.Bad += f.Bad
	v.missing += f.missing
	v.misfits += f.misfits
	v.report.Findings = append(v.report.Findings, f.Findings...)
	if len(v.report.Findings) > 4*findingsKept { // of many stretches the first findings are enough
		slices.SortFunc(v.report.Findings, bySeq)
		v.report.Findings = v.report.Findings[:findingsKept]
	}
	return err
}

func bySeq(a, b Finding) int { return cmp.Or(cmp.Compare(a.Seq, b.Seq), cmp.Compare(a.Event, b.Event)) }

// links reads the seals of a stretch and checks how they hang together.
func (v *verifier) links(ctx context.Context, tx *sqldb.Tx, f *found, c *coder, from, to int64) ([]seal, error) {
	before, known, err := linkAt(ctx, tx, from)
	if err != nil {
		return nil, err
	}
	before = bytes.Clone(before)
	seals := make([]seal, 0, to-from)
	next := from + 1
	gap := func(end int64) {
		for ; next < end; next++ {
			f.add(WrongMissing, next, 0)
			f.missing++
			known = false
		}
	}
	var s seal
	var mac, chain sql.RawBytes
	err = sqldb.Each(ctx, tx, func(r *sql.Rows) error {
		if err := r.Scan(&s.seq, &s.event, &mac, &chain); err != nil {
			return err
		}
		gap(s.seq)
		s.loose = false
		if known {
			link := c.link(before, s.seq, s.event, mac)
			if s.loose = !bytes.Equal(link[:], chain); s.loose {
				f.add(WrongOrder, s.seq, s.event)
			}
		}
		if anchor := v.anchors[s.seq]; anchor != nil && !bytes.Equal(anchor, chain) {
			f.add(WrongAnchor, s.seq, s.event)
		}
		s.mac = code{}
		if len(mac) == len(s.mac) { // any other is nobody's code, as zeros are
			copy(s.mac[:], mac)
		}
		seals = append(seals, s)
		before, known, next = append(before[:0], chain...), true, s.seq+1
		return nil
	}, selectSeals, from, to)
	gap(to + 1)
	return seals, err
}

// linkAt is the chain's value at a sequence number; that of number 0 is empty.
func linkAt(ctx context.Context, tx *sqldb.Tx, seq int64) (chain []byte, known bool, err error) {
	if seq == 0 {
		return nil, true, nil
	}
	chain, err = sqldb.Value[[]byte](ctx, tx, selectLink, seq)
	if fault.Is(err, fault.NotFound) {
		return nil, false, nil
	}
	return chain, err == nil, err
}

// readDetails puts the hash of its detail beside every seal that has one. The seals stand in the order of their events, and so do the rows.
func readDetails(ctx context.Context, tx *sqldb.Tx, seals []seal) error {
	var event int64
	var salt, detail sql.RawBytes
	at := 0
	return sqldb.Each(ctx, tx, func(r *sql.Rows) error {
		if err := r.Scan(&event, &salt, &detail); err != nil {
			return err
		}
		for at < len(seals) && seals[at].event < event {
			at++
		}
		if at < len(seals) && seals[at].event == event {
			seals[at].detail = detailHash(salt, detail)
		}
		return nil
	}, selectDetails, seals[0].event, seals[len(seals)-1].event)
}

// readRows compares every row with its code and with its detail.
func readRows(ctx context.Context, tx *sqldb.Tx, f *found, c *coder, seals []seal) error {
	var w row
	targets := w.targets()
	at := 0
	return sqldb.Each(ctx, tx, func(r *sql.Rows) error {
		if err := r.Scan(targets...); err != nil {
			return err
		}
		for at < len(seals) && seals[at].event < w.id {
			at++
		}
		for i := at; i < len(seals) && seals[i].event == w.id; i++ {
			checkRow(f, c, &w, &seals[i])
		}
		return nil
	}, selectRows, seals[0].event, seals[len(seals)-1].event)
}

func checkRow(f *found, c *coder, w *row, s *seal) {
	s.seen = true
	coded := *w
	if w.detailHash == nil {
		coded.detailHash = s.detail // from before the chain: its detail has no hash in the row
	}
	switch mac := c.event(&coded); {
	case mac != s.mac:
		f.add(WrongRow, s.seq, s.event)
		if s.loose {
			f.misfits++
		}
	case w.detailHash == nil:
	case s.detail == nil:
		f.Erased++
	case !bytes.Equal(s.detail, w.detailHash):
		f.add(WrongDetail, s.seq, s.event)
	}
}
