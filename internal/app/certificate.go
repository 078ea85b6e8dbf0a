package app

import (
	"crypto/tls"
	"os"
	"sync"
	"time"

	"github.com/schoolgate/schoolgate/internal/fault"
)

// lookAgain is how often the files of a certificate are looked at.
const lookAgain = 10 * time.Second

// pair is a certificate with its key that is read anew when its files change, so that renewing it needs no restart.
type pair struct {
	certFile, keyFile string
	now               func() time.Time

	mu      sync.Mutex
	current *tls.Certificate
	changed time.Time
	looked  time.Time
}

// loadPair reads the certificate. It returns fault.Invalid when the files are missing or do not fit each other.
func loadPair(certFile, keyFile string, now func() time.Time) (*pair, error) {
	p := &pair{certFile: certFile, keyFile: keyFile, now: now}
	if err := p.read(); err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "the certificate cannot be used")
	}
	return p, nil
}

func (p *pair) read() error {
	changed, err := p.modified()
	if err != nil {
		return err
	}
	c, err := tls.LoadX509KeyPair(p.certFile, p.keyFile)
	if err == nil {
		p.current, p.changed = &c, changed
	}
	return err
}

// modified returns when the younger of the two files was written.
func (p *pair) modified() (time.Time, error) {
	var newest time.Time
	for _, name := range []string{p.certFile, p.keyFile} {
		info, err := os.Stat(name)
		if err != nil {
			return newest, err
		}
		if info.ModTime().After(newest) {
			newest = info.ModTime()
		}
	}
	return newest, nil
}

// certificate answers a handshake. While new files are incomplete or do not fit each other, the old certificate stays.
func (p *pair) certificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now := p.now(); now.Sub(p.looked) >= lookAgain {
		p.looked = now
		if changed, err := p.modified(); err == nil && !changed.Equal(p.changed) {
			_ = p.read()
		}
	}
	return p.current, nil
}
