package app

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/VictoriaMetrics/metrics"
)

// meters count what the server does, for Prometheus. Labels are patterns of routes and kinds of work, never anything of a person.
type meters struct {
	app *App
	set *metrics.Set
}

func newMeters(a *App) *meters { return &meters{app: a, set: metrics.NewSet()} }

// seconds are the bounds of the histogram of answers.
func seconds() []float64 { return []float64{.001, .005, .01, .025, .05, .1, .25, 1, 5} }

// answered counts one request. A sign-in that fails is a 422, one that is shed a 503.
func (m *meters) answered(route string, status int, took time.Duration) {
	label := strconv.Quote(route)
	m.set.GetOrCreateCounter("schoolgate_http_requests_total{route=" + label + ",status=\"" + strconv.Itoa(status) + "\"}").Inc()
	m.set.GetOrCreatePrometheusHistogramExt("schoolgate_http_request_seconds{route="+label+"}", seconds()).Update(took.Seconds())
}

// Metrics serves /metrics and nothing else.
func (a *App) Metrics() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		a.meters.write(r.Context(), w)
	})
	return mux
}

// write asks the queue, the hasher and the database at the moment when somebody looks.
func (m *meters) write(ctx context.Context, w io.Writer) {
	m.set.WritePrometheus(w)
	waiting, shed := m.app.hasher.Load()
	metrics.WriteGaugeUint64(w, "schoolgate_sign_ins_waiting", uint64(max(waiting, 0)))
	metrics.WriteCounterUint64(w, "schoolgate_sign_ins_shed_total", uint64(max(shed, 0)))
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if m.app.DB.Ping(ctx) != nil {
		metrics.WriteGaugeUint64(w, "schoolgate_database_up", 0)
	} else {
		metrics.WriteGaugeUint64(w, "schoolgate_database_up", 1)
		m.jobs(ctx, w)
	}
	metrics.WriteProcessMetrics(w)
}

// jobs writes how many jobs of each kind stand in each state, counted up to 1,001: mail that waits is ready, mail that could not be handed
// over is failed.
func (m *meters) jobs(ctx context.Context, w io.Writer) {
	for _, kind := range m.app.Jobs.Kinds() {
		counts, err := m.app.Jobs.Counts(ctx, kind)
		if err != nil {
			return // the database went away meanwhile: the next look says so
		}
		for state, n := range counts {
			metrics.WriteGaugeUint64(w, "schoolgate_jobs{kind=\""+kind+"\",state=\""+string(state)+"\"}", uint64(max(n, 0)))
		}
	}
}
