//! The promise: three unchanged apps in three languages, an external site and a builtin look like one application on
//! one port. The real uvicorn, Node and Go processes of `examples/zoo`; `make zoo` prepares them.

use std::fs;
use std::os::unix::fs::symlink;

use crate::kit::{Door, Upstream, repository};

/// The zoo's own file, with google.com played by a peer of ours: no test needs the internet.
fn open_zoo(google: u16) -> Door {
    let zoo = repository().join("examples/zoo");
    let file = fs::read_to_string(zoo.join("onedoor.toml")).expect("the zoo has its file");
    assert!(file.contains("proxy = \"https://google.com\""), "the zoo's file has changed; so must this test");
    let file = file.replace("https://google.com", &format!("http://127.0.0.1:{google}"));
    let setting = Door::with(&file);
    for app in ["python", "node", "go"] {
        symlink(zoo.join(app), setting.path().join(app)).expect("a link can be made");
    }
    assert!(zoo.join("go/go").is_file(), "the zoo is not prepared: run `make zoo` first");
    setting.start()
}

/// Targets and bodies: the one table, which the tests of images read, too.
fn answers() -> Vec<(String, String)> {
    let table =
        fs::read_to_string(repository().join("examples/zoo/answers.txt")).expect("the zoo has its table");
    let lines = table.lines().filter(|line| !line.starts_with('#'));
    let answers: Vec<_> = lines
        .map(|line| {
            let cells: Vec<&str> = line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect();
            let [target, name, seen] = cells[..] else { panic!("three cells: {line}") };
            (target.to_owned(), format!("{name}\r\n{seen}\r\n"))
        })
        .collect();
    assert!(answers.len() > 9, "{answers:?}");
    answers
}

#[test]
fn the_whole_table_is_served_byte_for_byte() {
    let google = Upstream::answering(|request| {
        let target = request.target();
        format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{target}", target.len())
    });
    let door = open_zoo(google);
    for (target, body) in answers() {
        let response = door.fetch(&target);
        assert_eq!((response.status(), response.text()), (200, &*body), "{target}");
    }
    for (target, asked) in [
        ("/google", "/"),
        ("/google/", "/"),
        ("/google/?q=abc", "/?q=abc"),
        ("/google/search", "/search"),
        ("/google/search?q=a%20b", "/search?q=a%20b"),
    ] {
        let response = door.fetch(target);
        assert_eq!((response.status(), response.text()), (200, asked), "{target}");
    }
    assert_eq!(door.fetch("/health").status(), 200);
}

#[test]
fn the_apps_answer_as_plain_text() {
    let door = open_zoo(1);
    for target in ["/a", "/node/a", "/go/a"] {
        let response = door.fetch(target);
        let kind = response.field("content-type").expect("a Content-Type");
        assert!(kind.starts_with("text/plain"), "{target}: {kind}");
    }
}

#[test]
fn google_gets_its_own_name_as_host_and_its_redirect_goes_back_to_the_client() {
    let google = Upstream::listen();
    let door = open_zoo(google.port());
    let mut client = door.wire();
    client.send("GET /google/search HTTP/1.1\r\nHost: zoo.test\r\n\r\n");
    let mut peer = google.accept();
    let request = peer.request();
    assert_eq!(request.target(), "/search");
    assert_eq!(request.field("host"), Some(&*format!("127.0.0.1:{}", google.port())));
    peer.send("HTTP/1.1 301 Moved\r\nLocation: https://www.google.com/search\r\nContent-Length: 0\r\n\r\n");
    let response = client.response();
    assert_eq!(response.status(), 301);
    assert_eq!(response.field("location"), Some("https://www.google.com/search"));
}

#[test]
fn the_zoo_ends_cleanly() {
    let door = open_zoo(1);
    assert_eq!(door.fetch("/node/x").status(), 200);
    assert_eq!(door.stop(), 0);
}
