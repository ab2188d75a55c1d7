// Go's parser, twice. `serve`: a server that answers every request with what it saw of it, in the field X-Seen.
// `read`: answers that were recorded, one case a line, read as an HTTP client reads them.
package main

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
)

type message struct {
	Method   string      `json:"method"`
	Target   string      `json:"target"`
	Interim  []int       `json:"interim"`
	Status   int         `json:"status"`
	Reason   string      `json:"reason"`
	Fields   [][2]string `json:"fields"`
	Body     string      `json:"body"`
	Trailers [][2]string `json:"trailers"`
	Problem  string      `json:"problem,omitempty"`
}

// Every byte as the character of its number: JSON has no bytes.
func latin1(text string) string {
	var out strings.Builder
	for _, b := range []byte(text) {
		out.WriteRune(rune(b))
	}
	return out.String()
}

func bytesOf(text string) []byte {
	var out []byte
	for _, r := range text {
		out = append(out, byte(r))
	}
	return out
}

func pairs(header http.Header) [][2]string {
	out := [][2]string{}
	for name, values := range header {
		for _, value := range values {
			out = append(out, [2]string{latin1(name), latin1(value)})
		}
	}
	return out
}

// What Go keeps beside its header map.
func whole(header http.Header, coding []string, trailer http.Header) [][2]string {
	out := pairs(header)
	if len(coding) > 0 {
		out = append(out, [2]string{"Transfer-Encoding", strings.Join(coding, ", ")})
	}
	if len(trailer) > 0 {
		names := []string{}
		for name := range trailer {
			names = append(names, name)
		}
		out = append(out, [2]string{"Trailer", strings.Join(names, ",")})
	}
	return out
}

func serve() {
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fields := append(whole(r.Header, r.TransferEncoding, r.Trailer), [2]string{"Host", latin1(r.Host)})
		body, err := io.ReadAll(r.Body)
		seen := message{Method: latin1(r.Method), Target: latin1(r.RequestURI), Fields: fields, Body: latin1(string(body)), Trailers: pairs(r.Trailer)}
		if err != nil {
			// A body that was cut is no message.
			panic(http.ErrAbortHandler)
		}
		text, _ := json.Marshal(seen)
		w.Header().Set("X-Seen", hex.EncodeToString(text))
		w.Header().Set("Content-Length", "0")
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	server := http.Server{Handler: handler, DisableGeneralOptionsHandler: true, ErrorLog: log.New(io.Discard, "", 0)}
	log.Fatal(server.Serve(listener))
}

type played struct {
	Methods []string `json:"methods"`
	Parts   []string `json:"parts"`
	Ended   string   `json:"ended"`
}

type cut struct{}

func (cut) Read([]byte) (int, error) { return 0, fmt.Errorf("cut") }

func readOne(reader *bufio.Reader, method string) message {
	interim := []int{}
	for {
		response, err := http.ReadResponse(reader, &http.Request{Method: method})
		if err != nil {
			return message{Problem: err.Error()}
		}
		if response.StatusCode < 200 {
			interim = append(interim, response.StatusCode)
			continue
		}
		fields := whole(response.Header, response.TransferEncoding, response.Trailer)
		body, err := io.ReadAll(response.Body)
		if err != nil {
			return message{Problem: err.Error()}
		}
		_, reason, _ := strings.Cut(response.Status, " ")
		return message{Interim: interim, Status: response.StatusCode, Reason: latin1(reason), Fields: fields, Body: latin1(string(body)), Trailers: pairs(response.Trailer)}
	}
}

func read() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var script played
		if err := json.Unmarshal(lines.Bytes(), &script); err != nil {
			log.Fatal(err)
		}
		var source io.Reader = strings.NewReader(string(bytesOf(strings.Join(script.Parts, ""))))
		if script.Ended == "cut" {
			source = io.MultiReader(source, cut{})
		}
		reader := bufio.NewReader(source)
		answers := []message{}
		for _, method := range script.Methods {
			answers = append(answers, readOne(reader, method))
			if answers[len(answers)-1].Problem != "" {
				break
			}
		}
		rest, _ := io.ReadAll(reader)
		text, _ := json.Marshal(map[string]any{"answers": answers, "left": len(rest)})
		fmt.Println(string(text))
	}
}

func main() {
	if os.Args[1] == "serve" {
		serve()
	} else {
		read()
	}
}
