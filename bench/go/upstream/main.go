// upstream answers what nginx does not answer cheaply: uploads, which it reads and forgets, and WebSocket echoes.
package main

import (
	"bufio"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"flag"
	"io"
	"log"
	"net"
	"net/http"
)

// Past this a message is no benchmark's.
const messageBytesMax = 1 << 20

func main() {
	listen := flag.String("listen", "", "address to listen on")
	flag.Parse()
	http.HandleFunc("/upload", forget)
	http.HandleFunc("/echo", echo)
	log.Fatal(http.ListenAndServe(*listen, nil))
}

func forget(w http.ResponseWriter, request *http.Request) {
	// As large as a socket's buffer: fewer calls than io.Discard would make.
	buffer := make([]byte, 256<<10)
	for {
		if _, err := request.Body.Read(buffer); err != nil {
			break
		}
	}
	io.WriteString(w, "ok\n")
}

func echo(w http.ResponseWriter, request *http.Request) {
	connection, both, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	defer connection.Close()
	// RFC 6455 4.2.2: the key with this suffix, hashed.
	sum := sha1.Sum([]byte(request.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	accept := base64.StdEncoding.EncodeToString(sum[:])
	io.WriteString(connection, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "+accept+"\r\n\r\n")
	// Large reads pass the server's own small buffer by, once it is empty.
	reader := bufio.NewReaderSize(both.Reader, 128<<10)
	for serveFrame(reader, connection) {
	}
}

// serveFrame sends one message back as it came, unmasked. False is the end.
func serveFrame(reader *bufio.Reader, connection net.Conn) bool {
	var head [14]byte
	if _, err := io.ReadFull(reader, head[:2]); err != nil {
		return false
	}
	opcode, size := head[0]&0x0f, int(head[1]&0x7f)
	switch size {
	case 126:
		if _, err := io.ReadFull(reader, head[2:4]); err != nil {
			return false
		}
		size = int(binary.BigEndian.Uint16(head[2:4]))
	case 127:
		if _, err := io.ReadFull(reader, head[2:10]); err != nil {
			return false
		}
		size = int(binary.BigEndian.Uint64(head[2:10]) & (1<<31 - 1))
	}
	// RFC 6455 5.5.1: 8 is a close. A client's frame is always masked (5.1).
	if opcode == 8 || head[1]&0x80 == 0 || size > messageBytesMax {
		return false
	}
	frame := make([]byte, 14+size)
	start := putHead(frame, head[0], size)
	if _, err := io.ReadFull(reader, frame[start:start+4+size]); err != nil {
		return false
	}
	var mask [4]byte
	copy(mask[:], frame[start:start+4])
	body := frame[start+4 : start+4+size]
	for i := range body {
		body[i] ^= mask[i&3]
	}
	copy(frame[start:], body)
	_, err := connection.Write(frame[:start+size])
	return err == nil
}

// putHead writes an unmasked head and says how long it is.
func putHead(frame []byte, first byte, size int) int {
	frame[0] = first
	switch {
	case size < 126:
		frame[1] = byte(size)
		return 2
	case size < 1<<16:
		frame[1] = 126
		binary.BigEndian.PutUint16(frame[2:], uint16(size))
		return 4
	default:
		frame[1] = 127
		binary.BigEndian.PutUint64(frame[2:], uint64(size))
		return 10
	}
}
