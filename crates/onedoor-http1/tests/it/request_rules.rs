//! The rules for the lines, targets, hosts and limits of requests, by their numbers.

use onedoor_http1::{
    BodyFraming, FieldKind, HeadError, HeadLimits, Hop, Method, Parsed, Persistence, RequestHead, Target,
    Version,
};

use crate::kit::{get_text, get_with, last, refused, refused_with, request};

#[test]
fn a_plain_request_is_read() {
    let text = b"POST /a/b?c=d HTTP/1.1\r\nHost: Example.com:80\r\nContent-Length: 5\r\nX-A:\t b \r\nX-Empty:\r\n\r\n";
    let head = request(text).unwrap();
    let Target::Origin { path, query: Some(query) } = head.target() else { panic!("{:?}", head.target()) };
    assert_eq!((path.of(text), query.of(text)), (&b"/a/b"[..], &b"c=d"[..]));
    assert_eq!((head.method(), head.version()), (Method::Post, Version::Http11));
    assert_eq!(head.authority().of(text), b"Example.com:80");
    assert_eq!(head.framing(), BodyFraming::Length(5));
    assert_eq!(head.persistence(), Persistence::KeepAlive);
    let fields: Vec<_> =
        head.fields().iter().map(|field| (field.name.of(text), field.value.of(text))).collect();
    assert_eq!(fields[2..], [(&b"X-A"[..], &b"b"[..]), (b"X-Empty", b"")]);
}

#[test]
fn rule_09_only_crlf_ends_a_line() {
    refused("GET / HTTP/1.1\nHost: a\r\n\r\n", HeadError::BareLf);
    refused("GET / HTTP/1.1\r\nHost: a\n\r\n", HeadError::BareLf);
    refused("GET / HTTP/1.1\r\nHost: a\r\n\n", HeadError::BareLf);
    refused("GET / HTTP/1.1\r\nHost: a\r\r\n\r\n", HeadError::BareCr);
    refused("GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n", HeadError::BareCr);
    refused("GET / HTTP/1.1\r\nHost: a\r\nX: a\rY: b\r\n\r\n", HeadError::BareCr);
    refused("GET /\r HTTP/1.1\r\nHost: a\r\n\r\n", HeadError::BadTarget);
    refused("GET / HTTP/1.1\r\r\nHost: a\r\n\r\n", HeadError::BadVersion);
}

#[test]
fn rule_10_a_folded_field_is_refused() {
    refused_with("X: a\r\n b\r\n", HeadError::Folded);
    refused_with("X: a\r\n\tb: c\r\n", HeadError::Folded);
    refused_with("X: a\r\n \r\n", HeadError::Folded);
}

#[test]
fn rule_11_no_space_before_the_colon_or_the_first_field() {
    refused_with("X : a\r\n", HeadError::SpaceBeforeColon);
    refused_with("Transfer-Encoding\t: chunked\r\n", HeadError::SpaceBeforeColon);
    refused("GET / HTTP/1.1\r\n Host: a\r\n\r\n", HeadError::SpaceBeforeFields);
    refused("GET / HTTP/1.1\r\n\tHost: a\r\n\r\n", HeadError::SpaceBeforeFields);
}

#[test]
fn rule_12_a_field_is_a_token_a_colon_and_text() {
    refused_with(": a\r\n", HeadError::EmptyName);
    refused_with("X\r\n", HeadError::NoColon);
    refused_with("X a\r\n", HeadError::NoColon);
    for name in ["X(", "X/", "X@", "X\"", "X{", "X\\", "X\0", "X\x7f", "X\x0b", "Xé", "X Y", "X=", "X,"] {
        refused_with(&format!("{name}: a\r\n"), HeadError::BadName);
    }
    for byte in (0..=0x1f_u8).chain([0x7f]).filter(|byte| !b"\t\r\n".contains(byte)) {
        let value = char::from(byte);
        refused_with(&format!("X: a{value}b\r\n"), HeadError::BadValue);
        refused_with(&format!("X:{value}\r\n"), HeadError::BadValue);
    }
    let head = get_with("!#$%&'*+-.^_`|~09azAZ: a\tb \"c\" \u{e9}\r\n").unwrap();
    assert_eq!(last(head.fields()), (FieldKind::Other, Hop::EndToEnd));
}

#[test]
fn rule_13_a_name_that_applications_take_for_another_is_an_alias() {
    for name in [
        "X_Forwarded_For",
        "x_forwarded_for",
        "X-Forwarded_For",
        "X.Forwarded.For",
        "X_Forwarded_Proto",
        "X_Real_IP",
        "Content_Length",
        "Transfer_Encoding",
        "Authorization_",
        "X_Request_Id",
        "X_Script_Name",
        "X~Forwarded~Host",
        "X-Forwarded-Ssl",
        "X-Forwarded-Scheme",
        "X-Original-URL",
        "X-Rewrite-URL",
        "Path-Info",
        "PATH_INFO",
    ] {
        let alias = name != "Authorization_";
        let head = get_with(&format!("{name}: a\r\n")).unwrap();
        let expected = if alias { FieldKind::Alias } else { FieldKind::Other };
        assert_eq!(last(head.fields()).0, expected, "{name}");
    }
    for (name, kind) in [
        ("SCRIPT_NAME", FieldKind::ScriptName),
        ("Proxy", FieldKind::Proxy),
        ("my_own_field", FieldKind::Other),
        ("a_very_long_name_with_underscores_in_it", FieldKind::Other),
    ] {
        assert_eq!(last(get_with(&format!("{name}: a\r\n")).unwrap().fields()).0, kind, "{name}");
    }
}

#[test]
fn rule_14_one_valid_host() {
    refused("GET / HTTP/1.1\r\n\r\n", HeadError::HostMissing);
    refused("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", HeadError::HostTwice);
    refused("GET / HTTP/1.0\r\nHost: a\r\nhost: b\r\n\r\n", HeadError::HostTwice);
    for host in
        ["", "a b", "a,b", "a/b", "u@a", "a:", "a:x", "a:65536", "a:1:2", "[::1", "a#", "a?b", "a\\b", "é"]
    {
        refused(format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n"), HeadError::BadHost);
    }
    let head = request("GET / HTTP/1.0\r\n\r\n").unwrap();
    assert!(head.authority().is_empty());
    assert_eq!((head.version(), head.persistence()), (Version::Http10, Persistence::Close));
}

#[test]
fn rule_15_the_absolute_target_and_host_must_agree() {
    for (target, host) in [
        ("http://a/x", "a"),
        ("HTTP://A/x", "a"),
        ("http://a:80/x", "a"),
        ("http://a/x", "a:80"),
        ("https://a:443/x", "a"),
        ("http://[::1]:8080/x", "[::1]:8080"),
    ] {
        let text = format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n");
        let head = request(&text).unwrap();
        let Target::Absolute { authority, path, query: None, .. } = head.target() else {
            panic!("{:?}", head.target())
        };
        assert_eq!(path.of(text.as_bytes()), b"/x");
        assert_eq!(head.authority(), authority, "the target's authority wins");
    }
    for (target, host) in
        [("http://a/", "b"), ("http://a:81/", "a"), ("https://a/", "a:80"), ("http://a/", "a.")]
    {
        refused(format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n"), HeadError::HostMismatch);
    }
    for (target, error) in [
        ("http://u@a/", HeadError::UserInfo),
        ("http://u:p@a/", HeadError::UserInfo),
        ("http:///", HeadError::BadHost),
        ("http://?a", HeadError::BadHost),
        ("http://a:b/", HeadError::BadHost),
        ("ftp://a/", HeadError::BadScheme),
        ("://a/", HeadError::BadScheme),
        ("a", HeadError::TargetForm),
        ("a:80", HeadError::TargetForm),
        ("a/b", HeadError::TargetForm),
        ("http:/a", HeadError::TargetForm),
    ] {
        refused(format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n"), error);
    }
    refused("GET http://a/ HTTP/1.1\r\n\r\n", HeadError::HostMissing);
    refused("GET http://a/ HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", HeadError::HostTwice);
}

#[test]
fn rule_15_an_absolute_target_may_have_no_path() {
    let text = "GET http://a?b=/c HTTP/1.1\r\nHost: a\r\n\r\n";
    let head = request(text).unwrap();
    let Target::Absolute { path, query: Some(query), .. } = head.target() else {
        panic!("{:?}", head.target())
    };
    assert!(path.is_empty());
    assert_eq!(query.of(text.as_bytes()), b"b=/c");
}

#[test]
fn rule_16_authority_form_is_for_connect_only() {
    let head = request("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n").unwrap();
    assert_eq!((head.method(), head.persistence()), (Method::Connect, Persistence::Close));
    for target in ["/", "a", "http://a/", "*", "a:", "u@a:1", "a:1/"] {
        refused(format!("CONNECT {target} HTTP/1.1\r\nHost: a\r\n\r\n"), HeadError::TargetForm);
    }
}

#[test]
fn rule_17_asterisk_form_is_for_options_only() {
    for target in ["*", "http://a"] {
        let head = request(format!("OPTIONS {target} HTTP/1.1\r\nHost: a\r\n\r\n")).unwrap();
        assert_eq!(head.target(), Target::Asterisk);
        assert_eq!(head.authority().len(), 1);
    }
    refused("GET * HTTP/1.1\r\nHost: a\r\n\r\n", HeadError::TargetForm);
    refused("OPTIONS ** HTTP/1.1\r\nHost: a\r\n\r\n", HeadError::TargetForm);
}

#[test]
fn rule_18_a_target_is_visible_ascii_without_fragment() {
    for target in ["/a b", "/\t", "/\0", "/\x7f", "/a#b", "/a?b#c", "/é", "/\x0b", "", " /", "/ "] {
        refused(format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n"), HeadError::BadTarget);
    }
    for line in ["GET  / HTTP/1.1", "GET /  HTTP/1.1"] {
        refused(format!("{line}\r\nHost: a\r\n\r\n"), HeadError::BadTarget);
    }
}

#[test]
fn rule_34_every_field_that_tells_of_the_client_is_known() {
    for (name, kind) in [
        ("X-Forwarded-For", FieldKind::XForwardedFor),
        ("X-Forwarded-Proto", FieldKind::XForwardedProto),
        ("X-Forwarded-Host", FieldKind::XForwardedHost),
        ("X-Forwarded-Port", FieldKind::XForwardedPort),
        ("X-Forwarded-Prefix", FieldKind::XForwardedPrefix),
        ("X-Forwarded-Server", FieldKind::XForwardedServer),
        ("X-Real-IP", FieldKind::XRealIp),
        ("X-Request-ID", FieldKind::XRequestId),
        ("Forwarded", FieldKind::Forwarded),
        ("Via", FieldKind::Via),
        ("Max-Forwards", FieldKind::MaxForwards),
    ] {
        for name in [name.to_owned(), name.to_lowercase(), name.to_uppercase()] {
            let head = get_with(&format!("{name}: a\r\n")).unwrap();
            assert_eq!(head.find(kind).count(), 1, "{name}");
        }
    }
}

#[test]
fn rule_35_a_query_is_left_as_it_is() {
    for query in ["", "?", "a=%zz", "%", "a;b&c=%00/../", "q=\"<>\\^`{|}"] {
        let text = format!("GET /?{query} HTTP/1.1\r\nHost: a\r\n\r\n");
        let head = request(&text).unwrap();
        let Target::Origin { query: Some(found), .. } = head.target() else { panic!("{:?}", head.target()) };
        assert_eq!(found.of(text.as_bytes()), query.as_bytes());
    }
}

#[test]
fn rule_36_heads_have_limits() {
    let long = "a".repeat(8000);
    assert!(
        request(format!("GET /{long} HTTP/1.1\r\nHost: a\r\n\r\n")).is_ok(),
        "RFC 9112 3: 8000 bytes at least"
    );
    let huge = "a".repeat(33 * 1024);
    refused(format!("GET /{huge}"), HeadError::RequestLineTooLong);
    refused_with(&format!("X: {huge}\r\n"), HeadError::HeadTooLarge);
    refused_with(&"X: a\r\n".repeat(100), HeadError::TooManyFields);
    assert!(get_with(&"X: a\r\n".repeat(99)).is_ok());
    assert_eq!(HeadError::RequestLineTooLong.status(), 414);
    assert_eq!((HeadError::HeadTooLarge.status(), HeadError::TooManyFields.status()), (431, 431));
}

#[test]
fn rule_36_no_limit_reaches_beyond_what_a_span_can_hold() {
    let limits = HeadLimits { bytes_max: usize::MAX, fields_max: usize::MAX };
    let text = get_text(&format!("X: {}\r\n", "a".repeat(70_000)));
    assert_eq!(RequestHead::default().parse(text.as_bytes(), &limits), Err(HeadError::HeadTooLarge));
}

#[test]
fn rule_36_what_is_no_http_is_refused_at_its_first_bytes() {
    let first_bytes: [(&[u8], HeadError); 8] = [
        (b"\x16\x03\x01", HeadError::Tls),
        (b"\x16\x04", HeadError::BadMethod),
        (b"\0", HeadError::BadMethod),
        (b" GET", HeadError::BadMethod),
        (b"SSH-2.0-x\r\n", HeadError::BadMethod),
        (b"PROXY\tTCP4", HeadError::BadMethod),
        (b"\nGET", HeadError::BareLf),
        (b"THIS-METHOD-IS-LONGER-THAN-THIRTY-TWO", HeadError::BadMethod),
    ];
    for (bytes, error) in first_bytes {
        let found = RequestHead::default().parse(bytes, &HeadLimits::default());
        assert_eq!(found, Err(error), "{}", bytes.escape_ascii());
    }
}

#[test]
fn versions_other_than_1_0_and_1_1_are_refused() {
    for (version, error) in [
        ("HTTP/2.0", HeadError::UnsupportedVersion),
        ("HTTP/1.2", HeadError::UnsupportedVersion),
        ("HTTP/0.9", HeadError::UnsupportedVersion),
        ("http/1.1", HeadError::BadVersion),
        ("HTTP/1.1 ", HeadError::BadVersion),
        ("HTTP/01.1", HeadError::BadVersion),
        ("HTTP/1,1", HeadError::BadVersion),
        ("ICY", HeadError::BadVersion),
    ] {
        refused(format!("GET / {version}\r\nHost: a\r\n\r\n"), error);
    }
    refused("GET /\r\nHost: a\r\n\r\n", HeadError::BadRequestLine);
    refused("PRI * HTTP/2.0\r\n\r\n", HeadError::UnsupportedVersion);
    assert_eq!(HeadError::UnsupportedVersion.status(), 505);
}

#[test]
fn rule_39_a_head_ends_at_its_empty_line() {
    let text = get_text("");
    let mut head = RequestHead::default();
    let pipelined = format!("{text}\0garbage");
    for _ in 0..2 {
        let parsed = head.parse(pipelined.as_bytes(), &HeadLimits::default());
        assert_eq!(parsed, Ok(Parsed::Complete { head_bytes: text.len() }));
    }
}

#[test]
fn rule_42_one_empty_line_before_the_request_is_ignored() {
    let text = format!("\r\n{}", get_text(""));
    let head = request(&text).unwrap();
    assert_eq!(head.authority().of(text.as_bytes()), b"a");
    refused(format!("\r\n\r\n{}", get_text("")), HeadError::BadMethod);
    refused(format!("\n{}", get_text("")), HeadError::BareLf);
    refused(format!("\r{}", get_text("")), HeadError::BareCr);
}

#[test]
fn a_cleared_head_is_a_new_one() {
    let mut head = RequestHead::default();
    let limits = HeadLimits::default();
    let first = "POST / HTTP/1.0\r\nHost: a\r\nContent-Length: 5\r\nConnection: keep-alive, upgrade\r\nUpgrade: a\r\n\r\n";
    assert!(head.parse(first.as_bytes(), &limits).is_ok());
    head.clear();
    assert_eq!(format!("{head:?}"), format!("{:?}", RequestHead::default()));
    assert!(head.parse(b"\0", &limits).is_err());
    assert!(
        head.parse(get_text("").as_bytes(), &limits).is_err(),
        "an error stays until the head is cleared"
    );
}

#[test]
fn methods_are_case_sensitive_and_know_what_they_are() {
    let text = b"get / HTTP/1.1\r\nHost: a\r\n\r\n";
    let head = request(text).unwrap();
    assert!(matches!(head.method(), Method::Other(_)));
    assert_eq!(head.method().name(text), b"get");
    assert!(!head.method().is_safe() && !head.method().is_idempotent());
    assert!(Method::Options.is_safe() && Method::Put.is_idempotent() && !Method::Put.is_safe());
    assert!(!Method::Post.is_idempotent() && !Method::Patch.is_idempotent());
}
