//! Who stands behind the door: scripted peers in this process, and small real apps in Python.

use std::net::TcpListener;
use std::sync::mpsc::{self, Receiver, TryRecvError};
use std::thread;

use super::{GUARD, Message, Wire};

/// A server whose every byte is the test's own: it accepts at once, and says nothing by itself.
#[derive(Debug)]
pub(crate) struct Upstream {
    port: u16,
    accepted: Receiver<Wire>,
}

impl Upstream {
    pub(crate) fn listen() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let port = listener.local_addr().expect("a listener has an address").port();
        let (tell, accepted) = mpsc::channel();
        thread::spawn(move || {
            for tcp in listener.incoming().map_while(Result::ok) {
                if tell.send(Wire::over(tcp)).is_err() {
                    return;
                }
            }
        });
        Self { port, accepted }
    }

    /// A server that answers every request in the same way, connection by connection, until it is dropped.
    pub(crate) fn answering(answer: impl Fn(&Message) -> String + Send + Sync + 'static) -> u16 {
        let upstream = Self::listen();
        let port = upstream.port;
        let answer = std::sync::Arc::new(answer);
        thread::spawn(move || {
            while let Ok(mut wire) = upstream.accepted.recv() {
                let answer = std::sync::Arc::clone(&answer);
                thread::spawn(move || {
                    while let Some(request) = wire.next_request() {
                        wire.send(answer(&request));
                    }
                });
            }
        });
        port
    }

    /// A server that reads one request per connection, says these bytes whatever it was, and closes.
    pub(crate) fn blurting(bytes: &'static str) -> u16 {
        let upstream = Self::listen();
        let port = upstream.port;
        thread::spawn(move || {
            while let Ok(mut wire) = upstream.accepted.recv() {
                thread::spawn(move || {
                    wire.request();
                    wire.send_if_wanted(bytes);
                    wire.half_close();
                    // Closing with unread bytes would be a reset, and could take our own words with it.
                    wire.rest_until_cut();
                });
            }
        });
        port
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The next connection.
    pub(crate) fn accept(&self) -> Wire {
        self.accepted.recv_timeout(GUARD).expect("nobody connects to the upstream")
    }

    /// Nobody has connected since the last `accept`.
    pub(crate) fn is_left_alone(&self) -> bool {
        matches!(self.accepted.try_recv(), Err(TryRecvError::Empty))
    }
}

/// A file whose every path is proxied to the upstream, unchanged.
pub(crate) fn proxy_to(port: u16) -> String {
    format!("[routes]\n\"/*\" = {{ proxy = \"http://127.0.0.1:{port}\", host = \"keep\" }}\n")
}

/// A real app of a few lines: says what it saw, and dies when told to.
///
/// - `GET /pid`: its process id
/// - `GET /environment/NAME`: a variable of its own
/// - `/exit/N`: ends with code N before it answers; `/kill`: dies by SIGKILL
/// - anything else: method, target and body
///
/// GATE: a file to read to its end before listening. LISTEN: another port than PORT.
pub(crate) const ECHO_PY: &str = r#"
import http.server, os, signal, socketserver, sys

class Echo(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        words = self.path.split("/")
        if words[1] == "exit":
            os._exit(int(words[2]))
        if words[1] == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if words[1] == "pid":
            text = str(os.getpid())
        elif words[1] == "environment":
            text = os.environ.get(words[2], "unset")
        else:
            text = f"{self.command} {self.path} {body}".rstrip()
        data = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = answer

    def log_message(self, *words):
        pass

class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    # Python's own backlog of 5 makes the kernel drop the rest of a crowd, and TCP try again seconds later.
    request_queue_size = 128

if "GATE" in os.environ:
    open(os.environ["GATE"]).read()
port = int(os.environ.get("LISTEN") or os.environ["PORT"])
server = Server(("127.0.0.1", port), Echo)
print("listening", flush=True)
print("a word on stderr", file=sys.stderr, flush=True)
server.serve_forever()
"#;
