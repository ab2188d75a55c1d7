//! `when` in the file: what it means, and what is said about the ways it goes wrong.

use std::net::IpAddr;

use onedoor_http1::RequestHead;

use super::{Env, check_text, fine};
use crate::config::Loaded;
use crate::proxy::route::{Ask, Details, Found};

/// The key of the route that takes a GET with these field lines from this client.
pub(super) fn taken<'l>(loaded: &'l Loaded, path: &str, lines: &str, client: Option<IpAddr>) -> &'l str {
    let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
    let bytes = format!("GET / HTTP/1.1\r\nHost: h\r\n{lines}\r\n");
    let mut head = RequestHead::default();
    head.parse(bytes.as_bytes(), &Default::default()).unwrap();
    let query = query.map(str::as_bytes);
    let details = Details { bytes: bytes.as_bytes(), fields: head.fields(), query, client };
    match loaded.proxy.routes.find(&Ask { method: b"GET", host: b"h", path: path.as_bytes(), details }) {
        Found::Route(matched) => &matched.route.name,
        Found::MethodNotAllowed { .. } | Found::NotFound => "-",
    }
}

fn mistakes(text: &str) -> String {
    check_text(text, &Env::made_of([])).expect_err("the text is wrong").to_string()
}

#[test]
fn a_route_takes_only_the_requests_that_its_when_describes() {
    let loaded = fine(
        r#"[apps]
api = "a"
[routes]
"/api/{all...}" = { respond = "1", when = { header = { X-Canary = "1", X-Version = 2 } } }
"/beta/*" = { respond = "2", when = { query = { v = "~[0-9]+" }, cookie = { beta = "on" } } }
"/in/*" = { respond = "3", when = { ip = "10.0.0.0/8" } }
"/in" = { respond = "4", when = { ip = ["192.0.2.7", "2001:db8::/32"] } }
"#,
    );
    let ip = |text: &str| Some(text.parse().unwrap());
    for (path, lines, client, route) in [
        ("/api/x", "", None, "apps.api"),
        ("/api/x", "X-Canary: 1\r\n", None, "apps.api"),
        ("/api/x", "X-Canary: 1\r\nx-version: 2\r\n", None, "/api/{all...}"),
        ("/beta/x?v=17", "Cookie: beta=on\r\n", None, "/beta/*"),
        ("/beta/x?v=x", "Cookie: beta=on\r\n", None, "-"),
        ("/in/x", "", ip("10.1.2.3"), "/in/*"),
        ("/in", "", ip("10.1.2.3"), "/in/*"),
        ("/in", "", ip("192.0.2.7"), "/in"),
        ("/in", "", ip("2001:db8::7"), "/in"),
        ("/in", "", None, "-"),
    ] {
        assert_eq!(taken(&loaded, path, lines, client), route, "{path} {lines}");
    }
    let rows: Vec<_> = loaded.table.iter().map(|row| row.what.as_str()).collect();
    assert!(
        rows.contains(&"answer 200, 1 bytes when header X-Canary = \"1\" and header X-Version = \"2\""),
        "{rows:?}"
    );
}

#[test]
fn what_a_condition_cannot_be() {
    insta::assert_snapshot!(mistakes(
        r#"[routes]
"/a" = { respond = "", when = { header = { Host = "a.example", Cookie = "x", X-Forwarded-For = "10.0.0.1" } } }
"/b" = { respond = "", when = { header = { Upgrade = "websocket", X-Forwarded-Proto = "http" } } }
"/c" = { respond = "", when = { header = { X-Debug = true, x-debug = "1", X-A = "~(" } } }
"/d" = { respond = "", when = { cookie = { session = "a b" }, query = { "" = "1" } } }
"/e" = { respond = "", when = { ip = ["10.0.0.0/33", "::ffff:10.0.0.0/104"], headers = { a = "1" } } }
"/f" = { respond = "", when = { ip = [] } }
"/g" = { respond = "", when = "X-Canary" }
"#
    ));
}

#[test]
fn more_conditions_than_anybody_needs() {
    let many: Vec<String> = (0..17).map(|number| format!("p{number} = \"1\"")).collect();
    let text =
        format!("[routes]\n\"/a\" = {{ respond = \"\", when = {{ query = {{ {} }} }} }}\n", many.join(", "));
    let told = mistakes(&text);
    assert!(told.contains("the route has 17 conditions; 16 is the most"), "{told}");
}

#[test]
fn routes_whose_conditions_can_hold_together_tie() {
    insta::assert_snapshot!(mistakes(
        r#"[routes]
"/api/*" = { respond = "a", when = { header = { X-Canary = "1" } } }
"/api/{rest...}" = { respond = "b", when = { header = { X-Beta = "~on|1" } } }
"#
    ));
}

#[test]
fn a_route_that_another_one_hides() {
    insta::assert_snapshot!(mistakes(
        r#"[routes]
"/users/{id}" = { respond = "a" }
"/users/{name:.*}" = { respond = "b" }
"/x/*" = { respond = "c", when = { header = { X-Canary = "~.*" } }, priority = 1 }
"/x/{rest...}" = { respond = "d", when = { header = { X-Canary = "1" } } }
"#
    ));
}

#[test]
fn a_when_without_a_condition_is_a_trap() {
    let loaded = fine("[routes]\n\"/a\" = { respond = \"\", when = {} }\n");
    assert_eq!(loaded.warnings.found[0].fact, "`when` names no condition, so it changes nothing");
}
