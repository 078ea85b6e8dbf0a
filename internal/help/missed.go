package help

import (
	"context"
	"strings"
	"sync"
	"unicode"

	"github.com/schoolgate/schoolgate/internal/sqldb"
)

const (
	mostWaiting   = 200 // different searches that wait to be written
	mostMissed    = 1000
	longestMissed = 60 // bytes
)

const (
	countMissed = `select count(*) from help_missed`

	updateMissed = `update help_missed set times = times + $3, last_at = $4 where language = $1 and query = $2`

	insertMissed = `insert into help_missed (language, query, times, first_at, last_at) values ($1, $2, $3, $4, $4)
on conflict (language, query) do update set times = help_missed.times + excluded.times, last_at = excluded.last_at`
)

// missed counts searches that found nothing until they are written.
type missed struct {
	mu      sync.Mutex
	waiting map[search]int64
}

type search struct{ language, query string }

// note counts a search. What may be personal, an address or a number, is not kept.
func (m *missed) note(query, language string) {
	var forms []string
	for _, w := range words(query, foldWord) {
		forms = append(forms, w.form)
	}
	q := strings.TrimSpace(cut(strings.Join(forms, " "), longestMissed))
	digits := 0
	for _, r := range q {
		if unicode.IsDigit(r) {
			digits++
		}
	}
	if q == "" || digits > 2 || strings.Contains(query, "@") {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.waiting == nil {
		m.waiting = map[search]int64{}
	}
	key := search{language, q}
	if _, ok := m.waiting[key]; ok || len(m.waiting) < mostWaiting {
		m.waiting[key]++
	}
}

func (m *missed) take() map[search]int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	taken := m.waiting
	m.waiting = nil
	return taken
}

// giveBack returns counts that could not be written.
func (m *missed) giveBack(taken map[search]int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.waiting == nil {
		m.waiting = map[search]int64{}
	}
	for k, n := range taken {
		m.waiting[k] += n
	}
}

// Flush writes the searches that found nothing; to be called every few seconds and at the end.
func (l *Library) Flush(ctx context.Context) error {
	taken := l.missed.take()
	if len(taken) == 0 {
		return nil
	}
	err := l.db.Write(ctx, func(tx *sqldb.Tx) error {
		room, err := sqldb.Value[int64](ctx, tx, countMissed)
		if err != nil {
			return err
		}
		room = mostMissed - room
		at := l.now().UnixMicro()
		for k, times := range taken {
			n, err := tx.Exec(ctx, updateMissed, k.language, k.query, times, at)
			if err != nil {
				return err
			}
			if n > 0 || room <= 0 {
				continue
			}
			room--
			if _, err := tx.Exec(ctx, insertMissed, k.language, k.query, times, at); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		l.missed.giveBack(taken)
	}
	return err
}
