//! The promise: an app that knows nothing of its prefix works below it: what it sends the browser to comes back to it.

use crate::kit::Door;

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
        self.send_header("Set-Cookie", "session=1; Path=/; HttpOnly")
        self.send_header("Set-Cookie", "theme=dark; Path=/login")
        self.send_header("Set-Cookie", "plain=1")
        self.send_header("Content-Length", str(len(self.path)))
        self.end_headers()
        self.wfile.write(self.path.encode())

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
    let first = door.fetch("/shop");
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
fn the_place_of_the_content_and_the_paths_of_cookies_get_the_prefix_back() {
    let answer = mounted().fetch("/shop/cart");
    assert_eq!((answer.text(), answer.field("content-location")), ("/cart", Some("/shop/cart")));
    assert_eq!(
        answer.all("set-cookie"),
        ["session=1; Path=/shop; HttpOnly", "theme=dark; Path=/shop/login", "plain=1"]
    );
}
