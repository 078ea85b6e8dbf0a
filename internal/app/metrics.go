package app

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics count what the server does, for Prometheus. Labels are patterns of routes and kinds of work, never anything of a person.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
}

func newMetrics(a *App) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "schoolgate_http_requests_total",
			Help: "Requests answered, by route and status. A sign-in that fails is a 422, one that is shed a 503."}, []string{"route", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "schoolgate_http_request_seconds", Help: "Time to answer, by route.",
			Buckets: []float64{.001, .005, .01, .025, .05, .1, .25, 1, 5}}, []string{"route"}),
	}
	m.registry.MustRegister(m.requests, m.seconds, queueMetrics{a}, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// answered counts one request.
func (m *metrics) answered(route string, status int, took time.Duration) {
	m.requests.WithLabelValues(route, strconv.Itoa(status)).Inc()
	m.seconds.WithLabelValues(route).Observe(took.Seconds())
}

// Metrics serves /metrics and nothing else.
func (a *App) Metrics() http.Handler { return a.metrics.handler() }

func (m *metrics) handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{}))
	return mux
}

// queueMetrics asks the queue and the hasher when somebody looks.
type queueMetrics struct{ app *App }

var (
	jobsDesc = prometheus.NewDesc("schoolgate_jobs", "Jobs by kind and state, counted up to 1,001: mail that waits is ready, mail that could not be handed over is failed.",
		[]string{"kind", "state"}, nil)
	waitingDesc = prometheus.NewDesc("schoolgate_sign_ins_waiting", "Sign-ins that wait for a password to be compared.", nil, nil)
	shedDesc    = prometheus.NewDesc("schoolgate_sign_ins_shed_total", "Sign-ins that were answered 503 because too many waited.", nil, nil)
	upDesc      = prometheus.NewDesc("schoolgate_database_up", "Whether the database answers.", nil, nil)
)

// Describe implements prometheus.Collector.
func (queueMetrics) Describe(c chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{jobsDesc, waitingDesc, shedDesc, upDesc} {
		c <- d
	}
}

// Collect implements prometheus.Collector.
func (q queueMetrics) Collect(c chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second) // the collector is given none
	defer cancel()
	waiting, shed := q.app.hasher.Load()
	c <- prometheus.MustNewConstMetric(waitingDesc, prometheus.GaugeValue, float64(waiting))
	c <- prometheus.MustNewConstMetric(shedDesc, prometheus.CounterValue, float64(shed))
	up := 0.0
	if q.app.DB.Ping(ctx) == nil {
		up = 1
	}
	c <- prometheus.MustNewConstMetric(upDesc, prometheus.GaugeValue, up)
	for _, kind := range q.app.Jobs.Kinds() {
		counts, err := q.app.Jobs.Counts(ctx, kind)
		if err != nil {
			return // the database is away: schoolgate_database_up says so
		}
		for state, n := range counts {
			c <- prometheus.MustNewConstMetric(jobsDesc, prometheus.GaugeValue, float64(n), kind, string(state))
		}
	}
}
