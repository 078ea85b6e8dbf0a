package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/schoolgate/schoolgate/internal/app"

	"github.com/pquerna/otp/totp"
	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// district is what the load program knows of the seeded one.
type district struct {
	database                 string
	students, parents, lines int
	logins                   []string // usernames of parents with the password below
	admin                    string
	secret                   string // of the administrator's authenticator
}

const password = app.SamplePassword

func measure(ctx context.Context, s *server, bin string, d district, length time.Duration) ([]row, error) {
	var rows []row
	homes, err := signInAll(ctx, s.addr, "/parent/login", d.logins[:min(len(d.logins), 64)])
	if err != nil {
		return rows, fmt.Errorf("signing in: %w", err)
	}
	staff, err := signInStaff(ctx, s.addr, d)
	if err != nil {
		return rows, fmt.Errorf("signing in: %w", err)
	}
	grid := func(queries ...string) [][]byte {
		var reqs [][]byte
		for _, q := range queries {
			reqs = append(reqs, request("/admin/site/reset-parent-login?"+q, staff))
		}
		return reqs
	}
	var home [][]byte
	for _, cookie := range homes {
		home = append(home, request("/parent/", cookie))
	}
	names := grid("last=smith", "last=garcia", "last=lopez", "last=jo", "letter=S", "letter=M", "letter=Q", "last=rui")
	for _, m := range []struct {
		what, goal string
		reqs       [][]byte
	}{
		{"sign-in page", ">= 20,000/s", [][]byte{request("/parent/login", "")}},
		{"parent's home", ">= 5,000/s", home},
		{"grid by last name or letter", ">= 1,000/s", names},
	} {
		n, err := throughput(ctx, s.addr, 16, length, m.reqs)
		if err != nil {
			return rows, fmt.Errorf("%s: %w", m.what, err)
		}
		rows = append(rows, row{m.what, fmt.Sprintf("%.0f/s", n), m.goal})
	}
	for _, q := range []string{"last=smith", "letter=S"} {
		took, err := alone(ctx, s.addr, grid(q)[0])
		if err != nil {
			return rows, err
		}
		rows = append(rows, row{"grid alone, " + q, fmt.Sprintf("%.2f ms", took.Seconds()*1e3), "<= 2.5 ms"})
	}
	more, err := latencies(ctx, s, d, homes, length)
	if err != nil {
		return append(rows, more...), err
	}
	rows = append(rows, more...)
	if more, err = bulk(ctx, s, d, homes); err != nil {
		return rows, err
	}
	rows = append(rows, more...)
	first, err := firstVisit(ctx, s.addr)
	if err != nil {
		return rows, err
	}
	more, err = backup(ctx, s, bin, d, homes)
	return append(append(rows, first), more...), err
}

// latencies asks for the parent's home at a fixed rate, first alone, then while eight clients sign in without pause.
func latencies(ctx context.Context, s *server, d district, homes []string, length time.Duration) ([]row, error) {
	var rows []row
	p99, err := open(ctx, s.addr, homes, 1500, length)
	if err != nil {
		return rows, err
	}
	rows = append(rows, row{"parent's home, p99 at 1,500/s", p99.Round(10 * time.Microsecond).String(), "<= 15 ms"})
	busy, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	var mu sync.Mutex
	var signIns int
	var failure error
	before, err := s.cpuTime()
	if err != nil {
		stop()
		return rows, err
	}
	for c := range 8 {
		wg.Go(func() {
			for i := c; busy.Err() == nil; i += 8 {
				_, err := signIn(ctx, s.addr, "/parent/login", d.logins[i%len(d.logins)])
				mu.Lock()
				signIns++
				if err != nil && failure == nil {
					failure = err
				}
				mu.Unlock()
			}
		})
	}
	began := time.Now()
	p99, err = open(ctx, s.addr, homes, 300, length)
	took := time.Since(began)
	stop()
	wg.Wait()
	if err == nil {
		err = failure
	}
	if err != nil {
		return rows, err
	}
	after, err := s.cpuTime()
	rows = append(rows, row{"parent's home, p99 at 300/s while eight sign in", p99.Round(10 * time.Microsecond).String(), "<= 25 ms"},
		row{"sign-ins a second beside it", fmt.Sprintf("%.0f/s, %.1f ms CPU each with the pages", float64(signIns)/took.Seconds(),
			(after-before).Seconds()*1e3/float64(signIns)), "hash + 1 ms"})
	return rows, err
}

// open is an open model: requests leave at the rate whatever the answers do.
func open(ctx context.Context, addr string, cookies []string, rate int, length time.Duration) (time.Duration, error) {
	var targets []vegeta.Target
	for _, c := range cookies {
		targets = append(targets, vegeta.Target{Method: http.MethodGet, URL: "http://" + addr + "/parent/", Header: http.Header{"Cookie": {c}}})
	}
	a := vegeta.NewAttacker(vegeta.Redirects(vegeta.NoFollow), vegeta.Timeout(10*time.Second))
	var m vegeta.Metrics
	for res := range a.Attack(vegeta.NewStaticTargeter(targets...), vegeta.Rate{Freq: rate, Per: time.Second}, length, "home") {
		m.Add(res)
	}
	m.Close()
	if m.Success < 1 {
		return 0, fmt.Errorf("only %.2f %% of the answers were 200: %v", m.Success*100, m.Errors)
	}
	return m.Latencies.P99, ctx.Err()
}

// alone is the median of 200 requests on one idle connection.
func alone(ctx context.Context, addr string, req []byte) (time.Duration, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	r := bufio.NewReaderSize(conn, 64<<10)
	var all []time.Duration
	for range 200 {
		began := time.Now()
		if status, _, err := ask(conn, r, req); err != nil || status != 200 {
			return 0, fmt.Errorf("answer %d: %w", status, err)
		}
		all = append(all, time.Since(began))
	}
	return median(all), nil
}

func signInAll(ctx context.Context, addr, path string, usernames []string) ([]string, error) {
	var cookies []string
	for _, u := range usernames {
		c, err := signIn(ctx, addr, path, u)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", u, err)
		}
		cookies = append(cookies, c)
	}
	return cookies, nil
}

// signIn signs in and returns the session cookie.
func signIn(ctx context.Context, addr, path, username string) (string, error) {
	return post(ctx, addr, path, "", url.Values{"username": {username}, "password": {password}})
}

// signInStaff signs the administrator in, in both steps, and returns the session cookie. The code is the next one of the authenticator, which servers
// take as well: the present one may have been used up when it was set up.
func signInStaff(ctx context.Context, addr string, d district) (string, error) {
	half, err := signIn(ctx, addr, "/admin/login", d.admin)
	if err != nil {
		return "", err
	}
	code, err := totp.GenerateCode(d.secret, time.Now().Add(30*time.Second))
	if err != nil {
		return "", err
	}
	return post(ctx, addr, "/admin/second-step", half, url.Values{"code": {code}})
}

// post sends a form and returns the session cookie it is answered with.
func post(ctx context.Context, addr, path, cookie string, form url.Values) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+addr+path, strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", "http://"+addr)
	if cookie != "" {
		req.Header.Set("Cookie", cookie)
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	for _, c := range resp.Cookies() {
		if strings.HasSuffix(c.Name, "-session") && c.Value != "" {
			return c.Name + "=" + c.Value, nil
		}
	}
	return "", fmt.Errorf("%s: answer %d without a session", path, resp.StatusCode)
}

// firstVisit is what a browser loads to show the sign-in page for the first time.
func firstVisit(ctx context.Context, addr string) (row, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return row{}, err
	}
	defer conn.Close()
	r := bufio.NewReaderSize(conn, 64<<10)
	_, total, err := ask(conn, r, request("/parent/login", ""))
	if err != nil {
		return row{}, err
	}
	page, err := fetch(ctx, "http://"+addr+"/parent/login")
	if err != nil {
		return row{}, err
	}
	requests := 1
	for _, part := range strings.Split(page, `"/static/`)[1:] {
		file, _, _ := strings.Cut(part, `"`)
		_, n, err := ask(conn, r, request("/static/"+file, ""))
		if err != nil {
			return row{}, err
		}
		total += n
		requests++
	}
	return row{"first visit", fmt.Sprintf("%.1f KB compressed, %d requests", float64(total)/1e3, requests), "<= 14 KB, 3 requests"}, nil
}
