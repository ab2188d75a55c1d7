//! The promise: a folder is served as a browser expects it, nothing outside it ever is, and no file, however large, slow
//! or odd, keeps a worker from its other clients.

use std::fs::{self, File};
use std::os::unix::fs::{FileExt, symlink};

use crate::kit::{Door, Ending, Message, Stream, Wire, run_program};

const SITE: &str = r#"
[server]
workers = 1
[routes]
"/*" = { static = "dist", spa = true }
"/assets/*" = { static = "dist/assets", cache = "1y immutable", precompressed = true }
"/docs/*" = { static = "site", not_found = "404.html" }
"/robots.txt" = { static = "robots.txt", cache = "1h" }
"/later/*" = { static = "later" }
"/metrics" = { builtin = "metrics" }
"#;

/// A door before a site, beside which lies a secret.
fn site(more: impl Fn(&std::path::Path)) -> Door {
    let setting = Door::with(SITE);
    let at = setting.path();
    for folder in ["dist/assets", "dist/blog", "dist/post", "dist/.git", "dist/.well-known", "site/guide"] {
        fs::create_dir_all(at.join(folder)).expect("the test's folder can be written");
    }
    for (name, content) in [
        ("dist/index.html", "<p>the app"),
        ("dist/about.html", "<p>about"),
        ("dist/blog/index.html", "<p>blog"),
        ("dist/post.html", "<p>all posts"),
        ("dist/post/one.html", "<p>one post"),
        ("dist/a b.txt", "a b"),
        ("dist/.env", "SECRET"),
        ("dist/.git/config", "SECRET"),
        ("dist/.well-known/security.txt", "Contact: us"),
        ("dist/assets/app.js", "let a = 1; // plain"),
        ("dist/assets/app.js.gz", "as gzip"),
        ("dist/assets/app.js.br", "as brotli"),
        ("dist/assets/only.css", "p{}"),
        ("site/404.html", "<p>no such page"),
        ("site/guide/index.html", "<p>guide"),
        ("robots.txt", "User-agent: *"),
        ("secret", "SECRET"),
    ] {
        fs::write(at.join(name), content).expect("the test's folder can be written");
    }
    more(at);
    setting.start()
}

fn asked(door: &Door, method: &str, target: &str, lines: &str) -> Message {
    let mut wire = door.wire();
    wire.send(format!("{method} {target} HTTP/1.1\r\nHost: a\r\n{lines}\r\n"));
    if method == "HEAD" { wire.response_to_head() } else { wire.response() }
}

#[test]
fn every_path_gets_its_file_or_what_answers_for_it() {
    let door = site(|_| {});
    let html = "text/html; charset=utf-8";
    for (target, status, media, body) in [
        ("/", 200, html, "<p>the app"),
        ("/index.html", 200, html, "<p>the app"),
        ("/some/page/of/the/app", 200, html, "<p>the app"),
        ("/user/john.doe", 200, html, "<p>the app"),
        ("/about", 200, html, "<p>about"),
        ("/blog/", 200, html, "<p>blog"),
        // Both a folder and a page: `next export` writes them so.
        ("/post", 200, html, "<p>all posts"),
        ("/post/one", 200, html, "<p>one post"),
        ("/a%20b.txt?x=1", 200, "text/plain; charset=utf-8", "a b"),
        ("/.well-known/security.txt", 200, "text/plain; charset=utf-8", "Contact: us"),
        ("/assets/only.css", 200, "text/css; charset=utf-8", "p{}"),
        ("/robots.txt", 200, "text/plain; charset=utf-8", "User-agent: *"),
        ("/docs/guide/", 200, html, "<p>guide"),
        ("/docs/nowhere", 404, html, "<p>no such page"),
        ("/docs/", 404, html, "<p>no such page"),
        // A script that is gone is no page.
        ("/old-chunk.js", 404, "text/plain; charset=utf-8", "There is nothing here.\n"),
        ("/assets/nowhere", 404, "text/plain; charset=utf-8", "There is nothing here.\n"),
    ] {
        let answer = door.fetch(target);
        let said = (answer.status(), answer.field("content-type"), answer.text());
        assert_eq!(said, (status, Some(media), body), "{target}");
    }
}

#[test]
fn only_what_has_a_new_name_when_it_changes_is_kept_unasked() {
    let door = site(|_| {});
    for (target, cache) in [
        ("/assets/only.css", "max-age=31536000, immutable"),
        ("/robots.txt", "max-age=3600"),
        ("/", "no-cache"),
        ("/some/page", "no-cache"),
        ("/docs/nowhere", "no-cache"),
    ] {
        assert_eq!(door.fetch(target).all("cache-control"), [cache], "{target}");
    }
}

#[test]
fn whatever_a_path_says_nothing_outside_the_folder_and_nothing_hidden_is_served() {
    let door = site(|at| {
        symlink("../secret", at.join("dist/out.txt")).unwrap();
        symlink(at.join("secret"), at.join("dist/absolute.txt")).unwrap();
        symlink("..", at.join("dist/up")).unwrap();
        symlink("/", at.join("dist/top")).unwrap();
        symlink(".env", at.join("dist/assets/env")).unwrap();
    });
    let steps =
        ["..", "%2e%2e", ".%2e", "%2E.", "..%2f", "%2e%2e%2f", "..%5c", "..\\", "%252e%252e", "...", ".", ""];
    let mut targets: Vec<String> = steps
        .iter()
        .flat_map(|step| (1..4).map(move |times| format!("{step}/").repeat(times)))
        .flat_map(|up| ["/", "/assets/", "/docs/", "/assets"].map(|base| format!("{base}{up}secret")))
        .collect();
    targets.extend(
        [
            "/out.txt",
            "/absolute.txt",
            "/up/secret",
            "/up/",
            "/up",
            "/top/etc/passwd",
            "/.env",
            "/.git/config",
            "/%2eenv",
            "/assets/%2e%2e/.env",
            "/assets/..%2f.env",
            "//secret",
            "///etc/passwd",
            "/%2fetc%2fpasswd",
            "/a/..%00/secret",
            "/secret%00.html",
            "/..;/secret",
            "/assets/env",
            "/assets/../../secret",
            "http://a/../secret",
            "/assets//../../secret",
            "/.well-known/../.env",
            "/.well-known/.env",
        ]
        .map(String::from),
    );
    for target in &targets {
        let mut wire = door.wire();
        wire.send(format!("GET {target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
        let answer = String::from_utf8_lossy(&wire.rest()).into_owned();
        assert!(!answer.contains("SECRET") && !answer.contains(":/bin/"), "{target}: {answer}");
        let is_told = ["HTTP/1.1 400", "HTTP/1.1 404", "HTTP/1.1 200", "HTTP/1.1 308"];
        assert!(is_told.iter().any(|start| answer.starts_with(start)), "{target}: {answer}");
    }
    assert_eq!(door.fetch("/.env").status(), 404);
    assert_eq!(door.fetch("/out.txt").status(), 404);
    let line = door.access_line("/out.txt");
    assert_eq!(line["cause"], "dist/out.txt is not served: a symlink leads out of the folder");
    assert_eq!(line["route"], "/*");
}

#[test]
fn a_link_that_stays_in_the_folder_is_followed() {
    let door = site(|at| {
        symlink("../about.html", at.join("dist/blog/about.html")).unwrap();
        symlink("blog", at.join("dist/weblog")).unwrap();
    });
    assert_eq!(door.fetch("/blog/about.html").text(), "<p>about");
    assert_eq!(door.fetch("/weblog/").text(), "<p>blog");
}

#[test]
fn a_folder_without_its_slash_is_answered_with_the_slash_and_nothing_else() {
    let door = site(|at| fs::create_dir_all(at.join("dist/evil.example")).unwrap());
    for (target, location) in [
        ("/blog", "/blog/"),
        ("/blog?x=%20/", "/blog/?x=%20/"),
        ("/assets", "/assets/"),
        ("/docs?", "/docs/?"),
        ("/docs/guide", "/docs/guide/"),
        ("/%62log", "/%62log/"),
        ("/x/../blog", "/blog/"),
        ("/evil.example", "/evil.example/"),
    ] {
        let answer = door.fetch(target);
        assert_eq!((answer.status(), answer.field("location")), (308, Some(location)), "{target}");
    }
    // A Location that begins with two slashes names another host.
    for target in ["//evil.example", "///evil.example", "/.//evil.example", "/x/..//evil.example"] {
        let answer = door.fetch(target);
        assert_eq!((answer.status(), answer.field("location")), (404, None), "{target}");
    }
}

#[test]
fn what_is_no_file_keeps_nobody_waiting() {
    let door = site(|at| {
        assert!(run_program(at, "mkfifo", &["dist/fifo"]).status.success());
        drop(std::os::unix::net::UnixListener::bind(at.join("dist/socket")).unwrap());
        symlink("/dev/zero", at.join("dist/zero")).unwrap();
    });
    for target in ["/fifo", "/socket", "/zero"] {
        assert_eq!(door.fetch(target).status(), 404, "{target}");
    }
    assert_eq!(door.access_line("/fifo")["cause"], "dist/fifo is not served: neither a file nor a folder");
    assert_eq!(door.fetch("/about").status(), 200);
}

#[test]
fn head_says_what_get_says_and_other_methods_are_refused() {
    let door = site(|_| {});
    let dated = |message: Message| {
        let fields = message.fields.into_iter().filter(|(name, _)| name != "Date");
        (message.start_line, fields.collect::<Vec<_>>())
    };
    for target in ["/", "/assets/app.js", "/blog", "/docs/nowhere", "/old.js"] {
        assert_eq!(
            dated(asked(&door, "HEAD", target, "")),
            dated(asked(&door, "GET", target, "")),
            "{target}"
        );
    }
    for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"] {
        let answer = asked(&door, method, "/assets/app.js", "Content-Length: 0\r\n");
        assert_eq!((answer.status(), answer.field("allow")), (405, Some("GET, HEAD")), "{method}");
    }
    assert_eq!(door.access_line("\"PUT\"")["route"], "/assets/*");
}

#[test]
fn what_a_client_has_is_not_sent_again_until_it_changes_whatever_its_time_says() {
    let door = site(|_| {});
    let page = door.dir().join("dist/index.html");
    // As in an image that is built reproducibly.
    let epoch =
        || File::options().write(true).open(&page).unwrap().set_modified(std::time::UNIX_EPOCH).unwrap();
    epoch();
    let first = door.fetch("/");
    let tag = first.field("etag").unwrap().to_owned();
    assert_eq!(first.field("last-modified"), None);
    let again = asked(&door, "GET", "/", &format!("If-None-Match: {tag}\r\n"));
    assert_eq!((again.status(), again.field("etag"), again.text()), (304, Some(&*tag), ""));
    assert_eq!(again.field("cache-control"), Some("no-cache"));
    assert_eq!(asked(&door, "GET", "/a/page", &format!("If-None-Match: {tag}\r\n")).status(), 304);
    // As long as before, and as old.
    fs::write(&page, "<p>the APP").unwrap();
    epoch();
    let changed = asked(&door, "GET", "/", &format!("If-None-Match: {tag}\r\n"));
    assert_eq!((changed.status(), changed.text()), (200, "<p>the APP"));
    assert_ne!(changed.field("etag"), Some(&*tag));
    assert_eq!(asked(&door, "GET", "/", &format!("If-Match: {tag}\r\n")).status(), 412);
    let dated = door.fetch("/about").field("last-modified").unwrap().to_owned();
    assert_eq!(asked(&door, "GET", "/about", &format!("If-Modified-Since: {dated}\r\n")).status(), 304);
}

#[test]
fn a_large_file_that_changes_behind_its_times_has_another_tag() {
    const LENGTH: u64 = 1 << 20;
    let door = site(|at| File::create(at.join("dist/large.bin")).unwrap().set_len(LENGTH).unwrap());
    let file = File::options().write(true).open(door.dir().join("dist/large.bin")).unwrap();
    file.set_modified(std::time::UNIX_EPOCH).unwrap();
    let tag = asked(&door, "HEAD", "/large.bin", "").field("etag").unwrap().to_owned();
    file.write_at(b"x", LENGTH / 2).unwrap();
    file.set_modified(std::time::UNIX_EPOCH).unwrap();
    assert_ne!(asked(&door, "HEAD", "/large.bin", "").field("etag"), Some(&*tag));
}

/// Twelve mebibytes in which every place shows where it is.
fn numbered() -> Vec<u8> {
    (0_u32..).flat_map(u32::to_le_bytes).take(12 << 20).collect()
}

#[test]
fn a_large_file_comes_whole_and_in_parts() {
    let bytes = numbered();
    let door = site(|at| fs::write(at.join("dist/large.bin"), &bytes).unwrap());
    assert!(door.fetch("/large.bin").body == bytes, "it arrived changed");
    let length = bytes.len();
    for (range, first, last) in [
        ("bytes=0-0".to_owned(), 0, 0),
        ("bytes=65535-65536".to_owned(), 65535, 65536),
        ("bytes=1000000-9000000".to_owned(), 1_000_000, 9_000_000),
        ("bytes=-100".to_owned(), length - 100, length - 1),
        (format!("bytes={}-", length - 1), length - 1, length - 1),
    ] {
        let part = asked(&door, "GET", "/large.bin", &format!("Range: {range}\r\n"));
        let said = (part.status(), part.field("content-range"));
        assert_eq!(said, (206, Some(&*format!("bytes {first}-{last}/{length}"))), "{range}");
        assert!(part.body == bytes[first..=last], "{range} arrived changed");
    }
    let beyond = asked(&door, "GET", "/large.bin", &format!("Range: bytes={length}-\r\n"));
    assert_eq!((beyond.status(), beyond.field("content-range")), (416, Some(&*format!("bytes */{length}"))));
    let part = asked(&door, "GET", "/about.html", "Range: bytes=3-4\r\n");
    assert_eq!((part.status(), part.text()), (206, "ab"));
    let several = asked(&door, "GET", "/about.html", "Range: bytes=0-0,3-4\r\n");
    assert_eq!((several.status(), several.text()), (200, "<p>about"));
}

#[test]
fn a_file_that_shrinks_on_its_way_is_cut_and_never_passed_off_as_whole() {
    const LENGTH: u64 = 64 << 20;
    let door = site(|at| File::create(at.join("dist/large.bin")).unwrap().set_len(LENGTH).unwrap());
    let mut client = Wire::narrow(door.port());
    client.send("GET /large.bin HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(client.head().field("content-length"), Some(&*LENGTH.to_string()));
    client.skip(100_000);
    File::options().write(true).open(door.dir().join("dist/large.bin")).unwrap().set_len(200_000).unwrap();
    let (rest, _) = client.rest_until_cut();
    assert!((rest.len() as u64) < LENGTH - 100_000, "{}", rest.len());
    let line = door.access_line("/large.bin");
    assert!(line["cause"].as_str().unwrap().starts_with("the file ended "), "{line}");
    assert_eq!((&line["status"], &line["cut_by"]), (&200.into(), &"upstream".into()));
}

#[test]
fn a_client_that_does_not_read_is_cut_and_keeps_nobody_else_waiting() {
    let setting = Door::with(
        "[server]\nworkers = 1\ntimeout = { body = \"1s\" }\n[routes]\n\"/*\" = { static = \"dist\" }\n",
    );
    fs::create_dir(setting.path().join("dist")).unwrap();
    File::create(setting.path().join("dist/large.bin")).unwrap().set_len(64 << 20).unwrap();
    let door = setting.file("dist/small.txt", "small").start();
    let mut client = Wire::narrow(door.port());
    client.send("GET /large.bin HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_eq!(client.head().status(), 200);
    assert_eq!(door.fetch("/small.txt").text(), "small");
    let line = door.access_line("/large.bin");
    assert_eq!(line["cut_by"], "client", "{line}");
    assert!(matches!(client.rest_until_cut().1, Ending::Cut | Ending::Closed));
}

#[test]
fn a_sibling_is_sent_to_whom_it_suits_and_caches_are_told() {
    let door = site(|_| {});
    for (accepts, coding, body) in [
        ("", None, "let a = 1; // plain"),
        ("Accept-Encoding: gzip, deflate, br, zstd\r\n", Some("br"), "as brotli"),
        ("Accept-Encoding: gzip\r\n", Some("gzip"), "as gzip"),
        ("Accept-Encoding: br;q=0.5, gzip\r\n", Some("gzip"), "as gzip"),
        ("Accept-Encoding: zstd\r\n", None, "let a = 1; // plain"),
        ("Accept-Encoding: br;q=0\r\nAccept-Encoding: gzip;q=0\r\n", None, "let a = 1; // plain"),
    ] {
        let answer = asked(&door, "GET", "/assets/app.js", accepts);
        assert_eq!((answer.field("content-encoding"), answer.text()), (coding, body), "{accepts}");
        assert_eq!(answer.field("vary"), Some("Accept-Encoding"), "{accepts}");
        assert_eq!(answer.field("content-type"), Some("text/javascript; charset=utf-8"), "{accepts}");
    }
    let tag = |accepts| asked(&door, "GET", "/assets/app.js", accepts).field("etag").unwrap().to_owned();
    assert_ne!(tag("Accept-Encoding: br\r\n"), tag(""));
    assert_eq!(asked(&door, "GET", "/assets/only.css", "Accept-Encoding: br\r\n").text(), "p{}");
    assert_eq!(door.fetch("/about").field("vary"), None);
}

#[test]
fn a_folder_that_comes_later_is_served_from_then_on() {
    let door = site(|_| {});
    assert_eq!(door.fetch("/later/x.txt").status(), 404);
    door.line(Stream::Stderr, |line| line.contains("there is no folder") && line.contains("\"warn\""));
    fs::create_dir(door.dir().join("later")).unwrap();
    fs::write(door.dir().join("later/x.txt"), "there").unwrap();
    assert_eq!(door.fetch("/later/x.txt").text(), "there");
    // Replaced as a whole, as a build does it.
    fs::rename(door.dir().join("later"), door.dir().join("before")).unwrap();
    fs::create_dir(door.dir().join("later")).unwrap();
    fs::write(door.dir().join("later/x.txt"), "new").unwrap();
    assert_eq!(door.fetch("/later/x.txt").text(), "new");
}

#[test]
fn one_connection_asks_for_many_files_at_once_and_an_old_client_for_one() {
    let door = site(|_| {});
    let mut wire = door.wire();
    let one = |target: &str| format!("GET {target} HTTP/1.1\r\nHost: a\r\n\r\n");
    wire.send(
        [one("/about"), one("/assets/app.js"), one("/old.js"), one("/blog"), one("/a%20b.txt")].concat(),
    );
    let statuses: Vec<u16> = (0..5).map(|_| wire.response().status()).collect();
    assert_eq!(statuses, [200, 200, 404, 308, 200]);
    let mut old = door.wire();
    old.send("GET /about HTTP/1.0\r\n\r\n");
    let answer = String::from_utf8(old.rest()).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("\r\n\r\n<p>about"), "{answer}");
}

#[test]
fn files_are_counted_by_their_route() {
    let door = site(|_| {});
    door.fetch("/assets/app.js");
    door.fetch("/assets/none.js");
    let metrics = door.fetch("/metrics").text().to_owned();
    let counted = |words: &[&str]| {
        let mut lines = metrics.lines();
        lines.any(|line| words.iter().all(|word| line.contains(word)) && line.ends_with(" 1"))
    };
    assert!(counted(&["route=\"/assets/*\"", "200"]), "{metrics}");
    assert!(counted(&["no_file"]), "{metrics}");
}
