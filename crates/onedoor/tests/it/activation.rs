//! The promise: an app that is handed its socket misses nothing while it restarts; and one that can be reached past the
//! door is named.

use std::thread;

use crate::kit::{Door, ECHO_PY, Stream, signal};

/// Takes descriptor 3, and only if it is really meant.
const ACTIVATED: &str = r#"
import http.server, os, socket, sys, time
assert os.environ["LISTEN_FDS"] == "1" and os.environ["LISTEN_PID"] == str(os.getpid()), os.environ
assert "PORT" not in os.environ and "SOCKET" not in os.environ
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = str(os.getpid()).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    do_POST = do_GET
    def address_string(self):
        return "door"
    def log_message(self, *words):
        pass
class Server(http.server.ThreadingHTTPServer):
    address_family = socket.AF_UNIX
    def __init__(self):
        super().__init__("unused", Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = socket.socket(fileno=3)
Server().serve_forever()
"#;

const FILE: &str = "[apps]\nweb = { run = \"python3 app.py\", path = \"/\", socket = \"activate\", restart = { give_up = \"never\" } }\n";

#[test]
fn what_comes_while_an_activated_app_restarts_waits_in_its_socket_posts_too() {
    let door = Door::with(FILE).file("app.py", ACTIVATED).start();
    let first = door.fetch("/").text().to_owned();
    signal(first.parse().unwrap(), "STOP");
    // Sent to a process that will never see it.
    let mut waiting = door.wire();
    waiting.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi");
    let port = door.port();
    let more = thread::spawn(move || crate::kit::Wire::to(port).get("/").status());
    signal(first.parse().unwrap(), "KILL");
    let answer = waiting.response();
    assert_eq!(answer.status(), 200, "{}", answer.text());
    assert_ne!(answer.text(), first);
    assert_eq!(more.join().unwrap(), 200);
    assert_eq!(door.stop(), 0);
}

#[test]
fn an_activated_app_is_ready_when_it_takes_connections_and_not_before() {
    let file = "[apps]\nweb = { run = \"sleep 600\", path = \"/\", socket = \"activate\", start_timeout = \"2s\", essential = true }\n";
    let mut door = Door::with(file).launch();
    door.line(Stream::Stderr, |line| {
        line.contains("did not become ready within 2.0 s: it accepts nothing on the socket it was handed")
    });
    assert_eq!(door.exit_code(), 1);
}

#[test]
fn an_app_that_listens_on_every_address_is_named() {
    let app = ECHO_PY.replace("127.0.0.1", "0.0.0.0");
    let file = "[apps]\nweb = { run = \"python3 app.py\", path = \"/\" }\n";
    let door = Door::with(file).file("app.py", app).start();
    door.line(Stream::Stderr, |line| {
        line.contains("app \\\"web\\\" listens on 0.0.0.0:") && line.contains("past the door")
    });
    assert_eq!(door.fetch("/x").status(), 200);
}
