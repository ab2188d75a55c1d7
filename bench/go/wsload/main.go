// wsload is the load generator for WebSockets: connections that each send a message, wait for its echo, and send the
// next. It prints what wrk's script prints, in the same words.
package main

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"sort"
	"strings"
	"sync"
	"time"
)

type outcome struct {
	latencies []time.Duration
	failed    bool
}

func main() {
	address := flag.String("address", "", "the proxy's address")
	path := flag.String("path", "/echo", "what to ask for")
	connections := flag.Int("connections", 64, "connections, each with one message under way")
	size := flag.Int("size", 64, "bytes of a message")
	duration := flag.Duration("duration", 4*time.Second, "how long")
	flag.Parse()

	outcomes := make([]outcome, *connections)
	var all sync.WaitGroup
	began := time.Now()
	for i := range outcomes {
		all.Add(1)
		go func(mine *outcome) {
			defer all.Done()
			mine.failed = talk(mine, *address, *path, *size, began.Add(*duration)) != nil
		}(&outcomes[i])
	}
	all.Wait()
	report(outcomes, time.Since(began), *size)
}

// talk is one connection's life.
func talk(mine *outcome, address, path string, size int, end time.Time) error {
	connection, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	defer connection.Close()
	// No answer is a failure, not a benchmark that hangs.
	connection.SetDeadline(end.Add(5 * time.Second))
	fmt.Fprintf(connection, "GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n", path, address)
	reader := bufio.NewReaderSize(connection, 128<<10)
	if err := readHead(reader); err != nil {
		return err
	}
	message := frame(size)
	echo := make([]byte, size)
	for now := time.Now(); now.Before(end); {
		if _, err := connection.Write(message); err != nil {
			return err
		}
		if err := readEcho(reader, echo); err != nil {
			return err
		}
		then := time.Now()
		mine.latencies = append(mine.latencies, then.Sub(now))
		now = then
	}
	return nil
}

func readHead(reader *bufio.Reader) error {
	status, err := reader.ReadString('\n')
	if err != nil || !strings.Contains(status, " 101 ") {
		return fmt.Errorf("no upgrade: %q, %v", status, err)
	}
	for {
		line, err := reader.ReadString('\n')
		if err != nil || line == "\r\n" {
			return err
		}
	}
}

// frame is one masked binary message (RFC 6455 5.2). The mask is fixed: it costs the echo the same work.
func frame(size int) []byte {
	made := []byte{0x82}
	switch {
	case size < 126:
		made = append(made, 0x80|byte(size))
	case size < 1<<16:
		made = binary.BigEndian.AppendUint16(append(made, 0x80|126), uint16(size))
	default:
		made = binary.BigEndian.AppendUint64(append(made, 0x80|127), uint64(size))
	}
	mask := [4]byte{1, 2, 3, 4}
	made = append(made, mask[:]...)
	for i := 0; i < size; i++ {
		made = append(made, 'x'^mask[i&3])
	}
	return made
}

// readEcho reads one unmasked message and holds it against what was sent.
func readEcho(reader *bufio.Reader, into []byte) error {
	head := 2
	if len(into) >= 1<<16 {
		head = 10
	} else if len(into) >= 126 {
		head = 4
	}
	var skipped [10]byte
	if _, err := io.ReadFull(reader, skipped[:head]); err != nil {
		return err
	}
	if _, err := io.ReadFull(reader, into); err != nil {
		return err
	}
	if skipped[0] != 0x82 || into[0] != 'x' || into[len(into)-1] != 'x' {
		return fmt.Errorf("that is not what was sent")
	}
	return nil
}

func report(outcomes []outcome, took time.Duration, size int) {
	var all []time.Duration
	failed := 0
	for _, one := range outcomes {
		all = append(all, one.latencies...)
		if one.failed {
			failed++
		}
	}
	sort.Slice(all, func(i, j int) bool { return all[i] < all[j] })
	at := func(share float64) int64 {
		if len(all) == 0 {
			return 0
		}
		return all[int(share*float64(len(all)-1))].Microseconds()
	}
	json.NewEncoder(os.Stdout).Encode(map[string]any{
		"requests": len(all), "bytes": len(all) * size * 2, "duration_us": took.Microseconds(), "errors": failed,
		"p50_us": at(0.50), "p99_us": at(0.99),
	})
}
