package app_test

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/schoolgate/schoolgate/internal/app"
	"github.com/schoolgate/schoolgate/internal/app/apptest"
)

func TestAUD8WhoOpenedARecordIsWrittenHoweverLongOtherWorkTakes(t *testing.T) {
	hangs, goesOn := make(chan bool), make(chan bool)
	var once sync.Once
	slow := func(c *app.Config) {
		c.SQL.Before = func(query string) error {
			if strings.HasPrefix(query, "select m.id from import m, import_turn t") {
				once.Do(func() { close(hangs); <-goesOn })
			}
			return nil
		}
	}
	apptest.RunSQLite(t, func(t *testing.T, a *apptest.App) {
		var config net.ListenConfig
		listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		served := make(chan error, 1)
		go func() { served <- a.Serve(ctx, app.Listen{Listener: listener}) }()
		<-hangs
		a.Staff(t).Get(fmt.Sprintf("/admin/students/%d", a.Ana.ID)).Want(200)
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		written := int64(0)
		for began := time.Now(); written == 0 && time.Since(began) < 10*time.Second; <-tick.C {
			written = a.Count("select count(*) from record_view")
		}
		close(goesOn)
		stop()
		if err := <-served; err != nil || written == 0 {
			t.Errorf("%d views are written, %v", written, err)
		}
	}, slow)
}
