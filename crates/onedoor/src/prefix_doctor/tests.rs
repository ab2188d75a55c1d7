//! The walk against answers that are given; whoever answers them is a server of the test's.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpListener;

use super::fetch::Server;
use super::reach::Place;
use super::walk::{Seen, Taken, Walk};

/// A server that has these answers, by path; the rest is 404. What the taker says follows from the first segment.
fn walked(answers: &[(&str, &str)]) -> Seen {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let answers: BTreeMap<String, String> =
        answers.iter().map(|(path, answer)| ((*path).to_owned(), (*answer).to_owned())).collect();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let (mut asked, mut piece) = (Vec::new(), [0; 4096]);
            while !asked.ends_with(b"\r\n\r\n") {
                match stream.read(&mut piece) {
                    Ok(0) | Err(_) => break,
                    Ok(read) => asked.extend_from_slice(&piece[..read]),
                }
            }
            let asked = String::from_utf8_lossy(&asked);
            let path = asked.split(' ').nth(1).unwrap_or_default();
            let (head, body) =
                answers.get(path).map_or(("404 Not Found", ""), |answer| answer.split_once("||").unwrap());
            let (status, fields) = head.split_once('|').unwrap_or((head, ""));
            let fields: String = fields
                .split('|')
                .filter(|field| !field.is_empty())
                .map(|field| format!("{field}\r\n"))
                .collect();
            let length = body.len();
            drop(write!(stream, "HTTP/1.1 {status}\r\n{fields}Content-Length: {length}\r\n\r\n{body}"));
        }
    });
    let server = Server { place: Place::Tcp(address), host: "door.test".to_owned() };
    let taker = |path: &str| match path {
        "/" => Some(Taken::Another("app web".to_owned())),
        path if path.starts_with("/shop") => Some(Taken::Itself),
        path if path.starts_with("/shared") => Some(Taken::Another("the route /shared/*".to_owned())),
        _ => None,
    };
    Walk::new(&server, "/shop", &taker).go().unwrap()
}

const HTML: &str = "200 OK|Content-Type: text/html";

fn escapes(seen: &Seen) -> Vec<String> {
    seen.escapes
        .iter()
        .map(|escape| format!("{} {} on {}: {}", escape.what, escape.written, escape.page, escape.why))
        .collect()
}

#[test]
fn what_a_page_loads_from_outside_its_mount_has_escaped_unless_somebody_serves_it() {
    let page = "<link rel=stylesheet href=/style.css><script src=app.js></script><script src=\"/shared/x.js\"></script>\
                <img src=/shared/none.png><img src=\"http://127.0.0.1:5000/y.png\"><script src=https://cdn.test/z.js></script>";
    let seen = walked(&[
        ("/shop", "307 Temporary Redirect|Location: /shop/||"),
        ("/shop/", &format!("{HTML}||{page}")),
        ("/shop/app.js", "200 OK|Content-Type: text/javascript||fetch('/api/items'); fetch('/shop/fine')"),
        ("/shop/api/items", "200 OK|Content-Type: application/json||{}"),
        ("/shared/x.js", "200 OK|Content-Type: text/javascript||"),
    ]);
    assert_eq!(
        escapes(&seen),
        [
            "style /style.css on /shop/: nobody answers there",
            "request /api/items on /shop/app.js: nobody answers there",
            "image /shared/none.png on /shop/: goes to the route /shared/*, which answers 404",
            "image http://127.0.0.1:5000/y.png on /shop/: names a port that only this machine reaches",
        ]
    );
    assert_eq!((seen.pages, seen.fails), (1, None));
}

#[test]
fn a_link_has_escaped_only_if_the_app_itself_has_that_page() {
    let seen = walked(&[
        (
            "/shop",
            &format!("{HTML}||<a href=/>home</a><a href=/about>a</a><a href=/blog>b</a><form action=/buy>"),
        ),
        ("/shop/about", &format!("{HTML}||")),
        ("/shop/buy", "405 Method Not Allowed||"),
    ]);
    assert_eq!(
        escapes(&seen),
        ["link /about on /shop: nobody answers there", "form /buy on /shop: nobody answers there"]
    );
}

#[test]
fn redirects_cookies_and_sockets_can_leave_as_well() {
    let page = "<script>new WebSocket('ws://door.test/live'); new WebSocket('/shop/ok')</script><a href=/shop/next>n</a>";
    let seen = walked(&[
        (
            "/shop",
            &format!(
                "{HTML}|Set-Cookie: a=1; Path=/other|Set-Cookie: b=1; Path=/|Set-Cookie: c=1; Path=/shop/x||{page}"
            ),
        ),
        ("/shop/next", "302 Found|Location: /login||"),
        ("/shop/login", &format!("{HTML}||")),
    ]);
    assert_eq!(
        escapes(&seen),
        [
            "cookie a Path=/other on /shop: never comes back to the app",
            "WebSocket ws://door.test/live on /shop: nobody answers there",
            "redirect /login on /shop/next: nobody answers there",
        ]
    );
    assert_eq!(seen.notes, ["cookie b has Path=/: the other apps of this host see it, too"]);
}

#[test]
fn a_part_that_is_missing_below_the_mount_is_told_and_a_mount_without_anything_fails() {
    let seen = walked(&[("/shop", &format!("{HTML}||<script src=gone.js></script>"))]);
    // Relative, and the mount has no slash here: it leads out.
    assert_eq!(escapes(&seen), ["script gone.js on /shop: nobody answers there"]);
    let seen = walked(&[("/shop/", &format!("{HTML}||<script src=gone.js></script>"))]);
    assert_eq!(escapes(&seen), ["script /shop/gone.js on /shop/: answers 404"]);
    assert_eq!(seen.notes, ["GET /shop answers 404, and with a slash it is found"]);
    assert_eq!(walked(&[]).fails, Some(404));
    let api = walked(&[
        ("/shop/docs", &format!("{HTML}||<script>ui({{ url: '/openapi.json' }})</script>")),
        ("/shop/openapi.json", "200 OK||{}"),
    ]);
    assert_eq!(escapes(&api), ["request /openapi.json on /shop/docs: nobody answers there"]);
    assert_eq!(api.notes, ["GET /shop/ answers 404"]);
}

#[test]
fn a_circle_of_redirects_and_a_page_without_end_come_to_an_end() {
    let seen = walked(&[
        ("/shop", "302 Found|Location: /shop/a||"),
        ("/shop/a", "302 Found|Location: /shop/||"),
        ("/shop/", "302 Found|Location: /shop||"),
    ]);
    assert_eq!(escapes(&seen).len(), 1, "{seen:?}");
    let links: String = (0..1000).map(|n| format!("<a href=/shop/{n}></a><img src=/shop/{n}.png>")).collect();
    let seen = walked(&[("/shop", &format!("{HTML}||{links}"))]);
    assert!(seen.requests <= 120, "{}", seen.requests);
}
