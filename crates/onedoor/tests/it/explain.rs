//! The promise: what `onedoor explain` says is what a running door does.

use crate::kit::{Door, Message, Upstream, run_onedoor};

/// A peer that answers with its own name and all of what `explain` foretells.
fn named(name: &'static str) -> u16 {
    Upstream::answering(move |request: &Message| {
        let field = |name| request.all(name).join(",");
        let (host, prefix) = (field("host"), field("x-forwarded-prefix"));
        let body = format!("{name} {} {} {host} {prefix}", request.method(), request.target());
        format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len())
    })
}

/// The zoo's shape, and a route of every other kind.
fn routes() -> String {
    let (python, node, google) = (named("python"), named("node"), named("google"));
    format!(
        r#"[apps]
sub = {{ run = "sleep 1000" }}
[routes]
"/*" = {{ proxy = "http://127.0.0.1:{python}", host = "keep" }}
"/node/*" = {{ proxy = "http://127.0.0.1:{node}", host = "keep" }}
"/google/*" = {{ proxy = "http://127.0.0.1:{google}", strip = true }}
"/base/*" = {{ proxy = "http://127.0.0.1:{google}/under", strip = true }}
"/v1/*" = {{ proxy = "http://127.0.0.1:{node}", rewrite = "/v2" }}
"/strict/*" = {{ proxy = "http://127.0.0.1:{node}", encoded_slash = "reject" }}
"POST /users/{{id}}" = {{ proxy = "http://127.0.0.1:{node}", rewrite = "/u/{{id}}" }}
"api.test/users/{{id:[0-9]+}}" = {{ proxy = "http://127.0.0.1:{google}", host = "keep" }}
"GET api.test/only" = {{ respond = "here" }}
"only.test/x" = {{ respond = "x" }}
"GET only.test/get" = {{ respond = "got" }}
"/old/*" = {{ redirect = "/new", status = 308 }}
"/sub/*" = {{ app = "sub", strip = true }}
"/health" = {{ builtin = "health" }}
"/metrics" = {{ builtin = "metrics" }}
"/when/*" = {{ proxy = "http://127.0.0.1:{node}", host = "keep" }}
"/when/{{a...}}" = {{ proxy = "http://127.0.0.1:{google}", strip = "/when", when = {{ header = {{ X-Canary = "1" }} }} }}
"/when/{{b...}}" = {{ respond = "v2", when = {{ query = {{ v = "~[2-9]" }} }} }}
"/when/{{c...}}" = {{ redirect = "/beta/{{c}}", when = {{ cookie = {{ beta = "on" }} }} }}
"/inside" = {{ respond = "in", when = {{ ip = ["127.0.0.0/8", "::1"] }} }}
"/outside" = {{ redirect = "/out", when = {{ ip = "203.0.113.0/24" }} }}
"GET /only-get" = {{ respond = "got", when = {{ header = {{ X-A = "~.*" }} }} }}
"/small" = {{ respond = "ok", limits = {{ body = "10B" }} }}
"#
    )
}

/// Method, Host, target.
type Request = (&'static str, &'static str, &'static str);

const REQUESTS: &[Request] = &[
    ("GET", "door.test", "/"),
    ("GET", "door.test", "/?q=a%20b"),
    ("GET", "door.test", "/node"),
    ("GET", "door.test", "/node/"),
    ("GET", "door.test", "/node/a/b?c=d"),
    ("GET", "door.test", "/nodejs"),
    ("GET", "door.test", "/Node"),
    ("GET", "door.test", "/node;v=1"),
    ("GET", "door.test", "/node%2Fa"),
    ("GET", "door.test", "//node"),
    ("GET", "door.test", "/%6eode/%61"),
    ("GET", "door.test", "/node/../google/x"),
    ("GET", "door.test", "/node/./a/.."),
    ("GET", "door.test", "/google/%41%2f?x=/../y"),
    ("GET", "door.test", "/google"),
    ("GET", "door.test", "/google/"),
    ("GET", "door.test", "/google//x"),
    ("GET", "door.test:8443", "/google/search?q=abc"),
    ("GET", "door.test", "/base"),
    ("GET", "door.test", "/base/a"),
    ("GET", "door.test", "/v1/a?b"),
    ("GET", "door.test", "/strict/a%2fb"),
    ("GET", "door.test", "/strict/a"),
    ("POST", "door.test", "/users/7"),
    ("GET", "door.test", "/users/7"),
    ("POST", "door.test", "/users/a%2fb"),
    ("GET", "api.test", "/users/7"),
    ("GET", "API.test.:80", "/users/7"),
    ("GET", "api.test", "/users/x"),
    ("GET", "api.test", "/only"),
    ("POST", "api.test", "/only"),
    ("POST", "only.test", "/get"),
    ("get", "door.test", "/node"),
    ("PURGE", "door.test", "/node"),
    ("TRACE", "door.test", "/"),
    ("OPTIONS", "door.test", "*"),
    ("GET", "door.test", "/old/a/../b?c"),
    ("GET", "door.test", "/old"),
    ("GET", "door.test", "/sub"),
    ("HEAD", "door.test", "/%73ub?x=%2F"),
    ("GET", "door.test", "/sub/../sub"),
    ("GET", "door.test", "/health?x"),
    ("GET", "door.test", "/health/"),
    ("GET", "door.test", "/metrics"),
    ("GET", "door.test", "/../x"),
    ("GET", "door.test", "/a/%2e%2e/x"),
    ("GET", "door.test", "/a\\b"),
    ("GET", "door.test", "/%zz"),
    ("GET", "door.test", "/%00"),
    ("GET", "door.test", "/é"),
    ("GET", "bad_host:x", "/"),
];

/// With the fields that conditions, and those who forward, look at.
const WITH_FIELDS: &[(Request, &[&str])] = &[
    (("GET", "door.test", "/when/a"), &[]),
    (("GET", "door.test", "/when/a"), &["X-Canary: 1"]),
    (("GET", "door.test", "/when/a"), &["x-canary:   1  "]),
    (("GET", "door.test", "/when/a"), &["X-Canary: 1", "X-Canary: 1"]),
    (("GET", "door.test", "/when/a"), &["X-Canary: 2"]),
    (("GET", "door.test", "/when/a"), &["Connection: x-canary", "X-Canary: 1"]),
    (("GET", "door.test", "/when/a?v=2"), &[]),
    (("GET", "door.test", "/when/a?v=1&v=2"), &[]),
    (("GET", "door.test", "/when/a?%76=%32"), &["X-Canary: 1"]),
    (("GET", "door.test", "/when/a?v=2"), &["Cookie: a=b; beta=on"]),
    (("GET", "door.test", "/when/a"), &["Cookie: a=b; beta=on"]),
    (("GET", "door.test", "/when/a"), &["Cookie: beta=off; beta=on"]),
    (("GET", "door.test", "/inside"), &[]),
    (("GET", "door.test", "/outside"), &[]),
    (("GET", "door.test", "/outside"), &["X-Forwarded-For: 203.0.113.7"]),
    (("POST", "door.test", "/only-get"), &["X-A: 1"]),
    (("POST", "door.test", "/only-get"), &[]),
    (("GET", "door.test", "/only-get"), &["X-A: 1"]),
    (("POST", "door.test", "/small"), &["Content-Length: 11"]),
    (("GET", "door.test", "/node"), &["X Y: 1"]),
    (("GET", "door.test", "/node"), &["Transfer-Encoding: gzip"]),
    (("OPTIONS", "door.test", "/node"), &["Max-Forwards: 0"]),
];

/// What the door did, in the words of [`foretold`].
fn done(door: &Door, (method, host, target): Request, fields: &[&str]) -> String {
    let mut wire = door.wire();
    let mut head = format!("{method} {target} HTTP/1.1\r\nHost: {host}\r\n");
    fields.iter().for_each(|field| head.extend([field, "\r\n"]));
    wire.send(format!("{head}\r\n"));
    let answer = if method == "HEAD" { wire.response_to_head() } else { wire.response() };
    match (answer.status(), answer.text()) {
        (200, body) if body.split(' ').count() == 5 => {
            body.split_once(' ').map_or("", |(_, saw)| saw).to_owned()
        }
        (status @ 300..=399, _) => format!("{status} {}", answer.all("location").join(",")),
        (status, _) => status.to_string(),
    }
}

/// What `explain` says will be done: what the upstream sees, where a redirect leads, or the status.
fn foretold(door: &Door, (method, host, target): Request, fields: &[&str]) -> String {
    let mut words = vec!["explain", "--host", host, method, target];
    fields.iter().for_each(|field| words.extend(["-H", field]));
    let told = run_onedoor(door.dir(), &words);
    let told = String::from_utf8(told.stdout).expect("explain speaks UTF-8");
    let line = |start: &str| told.lines().find_map(|line| line.trim_start().strip_prefix(start));
    let verdict = told.lines().next().and_then(|line| line.split_once("  ->  ")).expect("a verdict").1;
    if let Some(seen) = line("upstream  ") {
        return format!(
            "{seen} {} {}",
            line("Host: ").unwrap_or(""),
            line("X-Forwarded-Prefix: ").unwrap_or("")
        );
    }
    let number = verdict.split(|sign: char| !sign.is_ascii_digit()).find(|word| word.len() == 3);
    match (number, line("location  ")) {
        (Some(status), Some(location)) => format!("{status} {location}"),
        (Some(status), None) => status.to_owned(),
        // Builtins.
        (None, _) => "200".to_owned(),
    }
}

#[test]
fn what_explain_says_is_what_the_door_does() {
    let door = Door::start(&routes());
    let plain = REQUESTS.iter().map(|request| (*request, &[][..]));
    for (request, fields) in plain.chain(WITH_FIELDS.iter().copied()) {
        assert_eq!(foretold(&door, request, fields), done(&door, request, fields), "{request:?} {fields:?}");
    }
}

/// A peer that names what the query tells it to, as paths and as URLs to itself, and a cookie for its own host.
fn naming() -> u16 {
    Upstream::answering(|request: &Message| {
        let host = request.field("host").unwrap_or_default();
        let path = request.target().split_once('?').map_or("", |(_, query)| query);
        let domain = host.split(':').next().unwrap_or_default();
        format!(
            "HTTP/1.1 201 Created\r\nLocation: {path}\r\nContent-Location: {path}\r\n\
             Link: <{path}>; rel=a, <http://{host}{path}>; rel=b\r\nRefresh: 5; url={path}\r\n\
             Set-Cookie: c=1; Path={path}; Domain={domain}\r\nContent-Length: 0\r\n\r\n"
        )
    })
}

/// The fields of [`naming`] as they come back, one a line.
fn come_back(door: &Door, host: &str, target: &str) -> String {
    let mut wire = door.wire();
    wire.send(format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n"));
    let answer = wire.response();
    let fields = ["location", "content-location", "link", "refresh", "set-cookie"];
    fields.map(|name| answer.all(name).join(" and ")).join("\n")
}

/// The same, made from nothing but what `explain --json` says is mended.
fn told_to_come_back(door: &Door, host: &str, target: &str) -> String {
    let told = run_onedoor(door.dir(), &["explain", "--json", "--host", host, target]);
    let told: serde_json::Value = serde_json::from_slice(&told.stdout).expect("explain --json speaks JSON");
    let upstream_host = told["upstream"]["headers"][0].as_str().expect("a Host").trim_start_matches("Host: ");
    let path = target.split_once('?').expect("a query names the path").1;
    let paths = &told["mended"]["paths"];
    let (mended, url) = match paths["outside"].as_str() {
        None => (path.to_owned(), format!("http://{upstream_host}{path}")),
        Some(outside) => {
            assert_eq!(paths["authority"], upstream_host, "{target}");
            let inside = paths["inside"].as_array().expect("what gives way");
            let inside = inside.iter().map(|start| start.as_str().expect("a path"));
            let below = |start: &str| {
                path.strip_prefix(start)
                    .filter(|rest| start.is_empty() || rest.is_empty() || rest.starts_with('/'))
            };
            let given_way = inside.into_iter().find_map(|start| Some((start, below(start)?)));
            let is_mounted = |start: &str| below(outside).is_some() && outside.len() >= start.len();
            match given_way.filter(|(start, _)| !is_mounted(start)) {
                Some((_, rest)) => (format!("{outside}{rest}"), format!("{outside}{rest}")),
                None if below(outside).is_some() => (path.to_owned(), path.to_owned()),
                None => (path.to_owned(), format!("http://{upstream_host}{path}")),
            }
        }
    };
    let own_domain = upstream_host.split(':').next().unwrap_or_default();
    let domain = match told["mended"]["cookie_domain"].as_str() {
        Some(dropped) if dropped == own_domain => String::new(),
        Some(_) | None => format!("; Domain={own_domain}"),
    };
    format!(
        "{mended}\n{mended}\n<{mended}>; rel=a, <{url}>; rel=b\n5; url={mended}\nc=1; Path={mended}{domain}"
    )
}

#[test]
fn what_explain_says_is_mended_is_what_comes_back() {
    let peer = naming();
    let door = Door::start(&format!(
        r#"[routes]
"/*" = {{ proxy = "http://127.0.0.1:{peer}", host = "keep" }}
"/other/*" = {{ proxy = "http://127.0.0.1:{peer}" }}
"/cut/*" = {{ proxy = "http://127.0.0.1:{peer}", strip = true }}
"/kept/*" = {{ proxy = "http://127.0.0.1:{peer}", strip = true, host = "keep" }}
"/v1/*" = {{ proxy = "http://127.0.0.1:{peer}", rewrite = "/v2" }}
"/based/*" = {{ proxy = "http://127.0.0.1:{peer}/under", strip = true }}
"/deep/*" = {{ proxy = "http://127.0.0.1:{peer}/under", rewrite = "/v2" }}
"/joined/*" = {{ proxy = "http://127.0.0.1:{peer}/under" }}
"/same/*" = {{ proxy = "http://127.0.0.1:{peer}/same", strip = true }}
"/u/{{id}}/*" = {{ proxy = "http://127.0.0.1:{peer}", rewrite = "/who/{{id}}" }}
"/whole/{{rest...}}" = {{ proxy = "http://127.0.0.1:{peer}", rewrite = "/v2/{{rest}}" }}
"#
    ));
    let mounts =
        ["", "/other", "/cut", "/kept", "/v1", "/based", "/deep", "/joined", "/same", "/u/7", "/whole"];
    for mount in mounts {
        for path in
            ["/x", "/v2/x", "/v22/x", "/under/x", "/under/v2/x", "/who/7/x", "/cut/x", "/same/x", "/u/7/x"]
        {
            for host in ["door.test", "sub.127.0.0.1", "127.0.0.1:8000"] {
                let target = format!("{mount}/a?{path}");
                let came = come_back(&door, host, &target);
                assert_eq!(told_to_come_back(&door, host, &target), came, "{host} {target}");
            }
        }
    }
}
