//! The promise: an app that knows nothing of its prefix works below it: what it sends the browser to comes back to it,
//! and a browser that forgot the slash is sent where relative links work.

use crate::kit::{Door, run_onedoor};

/// Redirects, names its content's place and sets cookies, all from its own root.
const ROOTED_PY: &str = r#"
import http.server, os

class Rooted(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        own = f"http://{self.headers['Host']}"
        places = {"/": "/login?next=%2F", "/absolute": own + "/login", "/foreign": "https://other.test/login"}
        self.send_response(302 if self.path in places else 200)
        if self.path in places:
            self.send_header("Location", places[self.path])
        self.send_header("Content-Location", self.path)
        self.send_header("Link", '</style.css>; rel="preload"; title="</x>", <https://other.test/>; rel="next"')
        self.send_header("Refresh", "30; url=/login")
        saw = [str(self.headers[name]) for name in ("Host", "Origin", "X-Forwarded-Host", "X-Forwarded-Proto")]
        self.send_header("X-Saw", " ".join(saw))
        self.send_header("Set-Cookie", "session=1; Path=/; HttpOnly")
        self.send_header("Set-Cookie", "theme=dark; Path=/login")
        self.send_header("Set-Cookie", "plain=1")
        self.send_header("Content-Length", str(len(self.path)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(self.path.encode())

    do_HEAD = do_POST = do_GET

    def log_message(self, *words):
        pass

http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Rooted).serve_forever()
"#;

fn mounted() -> Door {
    Door::with("[apps]\nshop = { run = \"python3 app.py\", path = \"/shop\", strip = true }\n")
        .file("app.py", ROOTED_PY)
        .start()
}

#[test]
fn a_redirect_leads_back_below_the_prefix_and_from_there_to_the_app() {
    let door = mounted();
    let first = door.fetch("/shop/");
    assert_eq!((first.status(), first.field("location")), (302, Some("/shop/login?next=%2F")));
    let target = first.field("location").expect("just seen");
    assert_eq!(door.fetch(target).text(), "/login?next=%2F");
    assert_eq!(door.fetch("/shop/absolute").field("location"), Some("/shop/login"));
}

#[test]
fn a_redirect_to_somebody_else_is_left_alone() {
    assert_eq!(mounted().fetch("/shop/foreign").field("location"), Some("https://other.test/login"));
}

#[test]
fn links_and_a_refresh_lead_below_the_prefix() {
    let answer = mounted().fetch("/shop/cart");
    let links = r#"</shop/style.css>; rel="preload"; title="</x>", <https://other.test/>; rel="next""#;
    assert_eq!(answer.field("link"), Some(links));
    assert_eq!(answer.field("refresh"), Some("30; url=/shop/login"));
}

#[test]
fn a_browser_that_forgot_the_slash_is_sent_to_it_and_nobody_else_is() {
    let door = mounted();
    let slash = door.fetch("/shop?x=%2F1");
    assert_eq!((slash.status(), slash.field("location")), (307, Some("/shop/?x=%2F1")));
    let asked = |lines: &str| {
        let mut wire = door.wire();
        wire.send(format!("{lines}\r\nHost: door.test\r\nConnection: close\r\n\r\n"));
        wire
    };
    assert_eq!(asked("HEAD /shop HTTP/1.1").response_to_head().status(), 307);
    assert_eq!(asked("POST /shop HTTP/1.1\r\nContent-Length: 0").response().text(), "/");
}

/// An exact route for the mount wins over it, and a mount that keeps its prefix is the app's own business.
#[test]
fn the_redirect_to_the_slash_can_be_done_without() {
    let door = Door::with(
        "[apps]\nshop = { run = \"python3 app.py\", path = \"/shop\", strip = true }\n\
         [routes]\n\"/shop\" = { app = \"shop\", rewrite = \"/cart\" }\n\
         \"/kept/*\" = { app = \"shop\" }\n\"/u/{id}/*\" = { app = \"shop\", rewrite = \"/\" }\n",
    )
    .file("app.py", ROOTED_PY)
    .start();
    assert_eq!(door.fetch("/shop").text(), "/cart");
    assert_eq!(door.fetch("/kept").text(), "/kept");
    assert_eq!(door.fetch("/u/7").field("location"), Some("/u/7/"));
    let told = run_onedoor(door.dir(), &["explain", "/u/7"]);
    assert!(String::from_utf8_lossy(&told.stdout).contains("location  /u/7/\n"), "{told:?}");
    let captured = door.fetch("/u/7/");
    assert_eq!(captured.field("location"), Some("/u/7/login?next=%2F"), "captures have their own words back");
}

#[test]
fn the_place_of_the_content_and_the_paths_of_cookies_get_the_prefix_back() {
    let answer = mounted().fetch("/shop/cart");
    assert_eq!((answer.text(), answer.field("content-location")), ("/cart", Some("/shop/cart")));
    assert_eq!(
        answer.all("set-cookie"),
        ["session=1; Path=/shop; HttpOnly", "theme=dark; Path=/shop/login", "plain=1"]
    );
}

/// A server that compares the Origin of a WebSocket with its Host (Tornado's default) must find them as the browser sent
/// them; and no client follows a redirect there.
#[test]
fn a_websocket_arrives_with_the_host_and_origin_of_the_browser_and_is_never_redirected() {
    let door = mounted();
    for path in ["/shop/socket", "/shop"] {
        let mut wire = door.wire();
        wire.send(format!(
            "GET {path} HTTP/1.1\r\nHost: door.test:8443\r\nOrigin: https://door.test:8443\r\nConnection: Upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        ));
        let answer = wire.response();
        assert_eq!(
            answer.field("x-saw"),
            Some("door.test:8443 https://door.test:8443 door.test:8443 http"),
            "{path}"
        );
    }
}
