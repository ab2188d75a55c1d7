//! The promise: a slow phone does not hold a synchronous server. A gunicorn with one sync worker serves one request at
//! a time; it is asked when a small body is here, and is rid of its answer whether the client reads it or not.

use crate::kit::{Door, Wire, python_peer};

/// What a synchronous server may be rid of at once (docs/decisions/0033).
const ANSWER_BYTES: usize = 256 * 1024;

const APP_PY: &str = r#"
def app(environ, start_response):
    body = environ["wsgi.input"].read()
    data = b"x" * 262144 if environ["PATH_INFO"] == "/large" else body or b"quick"
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(data)))])
    return [data]
"#;

/// One sync worker, on a port and on a Unix socket.
fn doors() -> [(&'static str, Door); 2] {
    let gunicorn = python_peer("gunicorn");
    let door = |arguments: &str, key: &str| {
        let file = format!(
            "[apps]\nweb = {{ run = \"{gunicorn} --workers 1 --worker-class sync {arguments} app:app\", {key}path = \"/\" }}\n"
        );
        Door::with(&file).file("app.py", APP_PY).start()
    };
    [
        ("TCP", door("--bind 127.0.0.1:$PORT", "")),
        ("a Unix socket", door("--bind unix:$SOCKET", "socket = true, ")),
    ]
}

#[test]
fn a_small_body_that_comes_byte_by_byte_does_not_hold_the_only_worker() {
    for (over, door) in doors() {
        assert_eq!(door.fetch("/").text(), "quick", "{over}");
        let mut phone = door.wire();
        let body = "name=value&x=y";
        phone.send(format!("POST /form HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n", body.len()));
        for byte in body.bytes() {
            assert_eq!(door.fetch("/").text(), "quick", "{over}: the worker is held");
            phone.send([byte]);
        }
        assert_eq!(phone.response().text(), body);
    }
}

#[test]
fn an_answer_that_nobody_reads_does_not_hold_the_only_worker() {
    for (over, door) in doors() {
        let mut phones: Vec<Wire> = (0..4).map(|_| Wire::narrow(door.port())).collect();
        for phone in &mut phones {
            phone.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
            assert_eq!(phone.head().status(), 200, "{over}: the worker is held by the phone before");
        }
        assert_eq!(door.fetch("/").text(), "quick", "{over}: the worker is held");
        for phone in &mut phones {
            phone.skip(ANSWER_BYTES as u64);
        }
    }
}
