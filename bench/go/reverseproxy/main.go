// reverseproxy is the peer "Go": httputil.ReverseProxy as a Go programmer would put it before an app, with the
// fields that the other proxies send. It never does more than the standard library does.
package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/hex"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"time"
)

func main() {
	listen := flag.String("listen", "", "address to listen on")
	tcp := flag.String("tcp", "", "the upstream's address")
	unix := flag.String("unix", "", "the upstream's Unix socket, instead of an address")
	idle := flag.Int("idle", 0, "idle connections kept per host; 0 leaves the default transport as it is, which keeps two")
	access := flag.String("access-log", "", "file for a line per request")
	flag.Parse()

	_, port, err := net.SplitHostPort(*listen)
	if err != nil {
		log.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Director: director(*tcp, port), Transport: transport(*unix, *idle)}
	mux := http.NewServeMux()
	mux.Handle("/", proxy)
	mux.HandleFunc("/health", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	server := &http.Server{Addr: *listen, Handler: logged(mux, *access), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 75 * time.Second}
	log.Fatal(server.ListenAndServe())
}

// director sends every request to the one upstream; X-Forwarded-For is the library's own work.
func director(tcp, port string) func(*http.Request) {
	target := &url.URL{Scheme: "http", Host: tcp}
	if tcp == "" {
		target.Host = "unix"
	}
	return func(request *http.Request) {
		request.URL.Scheme, request.URL.Host = target.Scheme, target.Host
		client, _, _ := net.SplitHostPort(request.RemoteAddr)
		fields := request.Header
		fields.Del("X-Forwarded-For")
		fields.Set("X-Forwarded-Proto", "http")
		fields.Set("X-Forwarded-Host", request.Host)
		fields.Set("X-Forwarded-Port", port)
		fields.Set("Forwarded", "for="+client+";host=\""+request.Host+"\";proto=http")
		fields.Set("X-Request-Id", requestID())
		fields.Add("Via", "1.1 go")
	}
}

func requestID() string {
	var id [16]byte
	rand.Read(id[:])
	return hex.EncodeToString(id[:])
}

// transport is the default one, except for what the flags name.
func transport(unix string, idle int) http.RoundTripper {
	made := http.DefaultTransport.(*http.Transport).Clone()
	if idle > 0 {
		made.MaxIdleConns, made.MaxIdleConnsPerHost = idle, idle
	}
	if unix != "" {
		made.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", unix)
		}
	}
	return made
}

// logged writes the common line of access logs, unbuffered as the log package does it.
func logged(next http.Handler, path string) http.Handler {
	if path == "" {
		return next
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		log.Fatal(err)
	}
	lines := log.New(file, "", log.LstdFlags)
	return http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		began := time.Now()
		counted := &counting{ResponseWriter: w, status: 200}
		next.ServeHTTP(counted, request)
		lines.Printf("%s %q %d %d %s", request.RemoteAddr, request.Method+" "+request.URL.Path, counted.status, counted.bytes, time.Since(began))
	})
}

type counting struct {
	http.ResponseWriter
	status, bytes int
}

func (c *counting) WriteHeader(status int) {
	c.status = status
	c.ResponseWriter.WriteHeader(status)
}

func (c *counting) Write(body []byte) (int, error) {
	n, err := c.ResponseWriter.Write(body)
	c.bytes += n
	return n, err
}

func (c *counting) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return c.ResponseWriter.(http.Hijacker).Hijack()
}
