package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// request is a GET as it goes over the wire. A full client would cost more than the server it measures.
func request(path, cookie string) []byte {
	r := "GET " + path + " HTTP/1.1\r\nHost: load\r\nAccept-Encoding: gzip\r\n"
	if cookie != "" {
		r += "Cookie: " + cookie + "\r\n"
	}
	return []byte(r + "\r\n")
}

// ask sends a request and reads the whole answer, of which it returns the status and the length of the body.
func ask(w io.Writer, r *bufio.Reader, req []byte) (status, length int, err error) {
	if _, err := w.Write(req); err != nil {
		return 0, 0, err
	}
	length = -1
	for first := true; ; first = false {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return 0, 0, err
		}
		text := strings.TrimRight(string(line), "\r\n")
		if first {
			if len(text) < 12 {
				return 0, 0, fmt.Errorf("answer %q", text)
			}
			if status, err = strconv.Atoi(text[9:12]); err != nil {
				return 0, 0, err
			}
			continue
		}
		if text == "" {
			break
		}
		if v, ok := strings.CutPrefix(text, "Content-Length: "); ok {
			if length, err = strconv.Atoi(v); err != nil {
				return 0, 0, err
			}
		}
	}
	if length < 0 {
		return 0, 0, fmt.Errorf("answer %d without a length", status)
	}
	_, err = r.Discard(length)
	return status, length, err
}

// throughput asks for the requests in turn on n connections for the given time and returns answers a second. Any answer but 200 fails it.
func throughput(ctx context.Context, addr string, n int, length time.Duration, reqs [][]byte) (float64, error) {
	var count atomic.Int64
	var failure atomic.Pointer[error]
	var wg sync.WaitGroup
	began := time.Now()
	for c := range n {
		wg.Go(func() {
			if err := askInTurn(ctx, addr, began.Add(length), reqs, c, n, &count); err != nil {
				failure.Store(&err)
			}
		})
	}
	wg.Wait()
	if err := failure.Load(); err != nil {
		return 0, *err
	}
	return float64(count.Load()) / time.Since(began).Seconds(), nil
}

func askInTurn(ctx context.Context, addr string, until time.Time, reqs [][]byte, from, step int, count *atomic.Int64) error {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	r := bufio.NewReaderSize(conn, 64<<10)
	for i := from; time.Now().Before(until); i += step {
		status, _, err := ask(conn, r, reqs[i%len(reqs)])
		if err != nil {
			return err
		}
		if status != 200 {
			return fmt.Errorf("answer %d to %.60q", status, reqs[i%len(reqs)])
		}
		count.Add(1)
	}
	return nil
}
