package app

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// Listen says where to serve. Without a certificate the listener speaks plain http.
type Listen struct {
	Listener        net.Listener
	TLSCert, TLSKey string
	Metrics         net.Listener // where /metrics is read; nil for nowhere
}

// Serve answers requests and works the queue until ctx ends, then lets running requests finish.
func (a *App) Serve(ctx context.Context, l Listen) error {
	server := &http.Server{
		Handler: a.Web.Handler(), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, WriteTimeout: 2 * time.Minute,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10, ErrorLog: slog.NewLogLogger(a.log.Handler(), slog.LevelDebug),
	}
	if l.TLSCert != "" {
		pair, err := loadPair(l.TLSCert, l.TLSKey, a.now)
		if err != nil {
			return err
		}
		server.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: pair.certificate}
	}
	work, stopWork := context.WithCancel(context.WithoutCancel(ctx))
	var background sync.WaitGroup
	background.Go(func() {
		if err := a.Jobs.Run(work); err != nil {
			a.log.Error("queue stopped", "err", err)
		}
	})
	background.Go(func() { a.flushing(work) })
	background.Go(func() { a.housekeeping(work) })
	failed := make(chan error, 1)
	go func() {
		if l.TLSCert != "" {
			failed <- server.ServeTLS(l.Listener, "", "")
			return
		}
		failed <- server.Serve(l.Listener)
	}()
	watched := &http.Server{Handler: a.Metrics(), ReadHeaderTimeout: 10 * time.Second, WriteTimeout: time.Minute}
	if l.Metrics != nil {
		background.Go(func() {
			if err := watched.Serve(l.Metrics); !errors.Is(err, http.ErrServerClosed) {
				a.log.Error("metrics stopped", "err", err)
			}
		})
	}
	var err error
	select {
	case err = <-failed:
	case <-ctx.Done():
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 15*time.Second)
		defer cancel()
		err = server.Shutdown(grace)
	}
	stopWork()
	err = errors.Join(err, watched.Close())
	background.Wait()
	if errors.Is(err, http.ErrServerClosed) {
		err = nil
	}
	return err
}

// flushing writes every second what was collected in memory. It waits for nothing else: a second is all that may be lost.
func (a *App) flushing(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			defer cancel()
			a.flush(last)
			a.report("sealing the log", a.Audit.Release(last, a.DB))
			return
		case <-tick.C:
			a.flush(ctx)
		}
	}
}

// housekeeping looks for work and forgets what is past, once in a while; it may take long.
func (a *App) housekeeping(ctx context.Context) {
	next := time.NewTimer(time.Second)
	defer next.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-next.C:
		}
		a.report("watched folder", a.Intake.LookAfterFolder(ctx))
		a.report("interrupted imports", a.Intake.Resume(ctx))
		if n%5 == 0 {
			a.Sweep(ctx)
		}
		next.Reset(time.Minute)
	}
}

func (a *App) flush(ctx context.Context) {
	a.report("last-seen times", a.Accounts.FlushSeen(ctx))
	a.report("searches", a.Family.Flush(ctx))
	a.report("help searches", a.Help.Flush(ctx))
	a.report("record views", a.Audit.Views.Flush(ctx, a.DB))
	a.report("sealing the log", a.keepLog(ctx))
}

// Sweep forgets what is past its time: sessions, temporary passwords, unclaimed accounts, old requests and ended jobs.
func (a *App) Sweep(ctx context.Context) {
	a.report("search words", a.Roster.KeepWords(ctx))
	a.report("families", a.Family.Sweep(ctx))
	a.report("imports", a.Intake.Sweep(ctx))
	a.report("help", a.Help.Sweep(ctx))
	_, err := a.Jobs.Forget(ctx, a.now().Add(-a.Settings.Values().RequestsKept))
	a.report("jobs", err)
	a.report("log", a.Audit.Sweep(ctx, a.DB, a.Settings.Values().AuditDetailKept))
}

func (a *App) report(what string, err error) {
	if err != nil && !errors.Is(err, context.Canceled) {
		a.log.Error("housekeeping failed", "what", what, "err", err)
	}
}
