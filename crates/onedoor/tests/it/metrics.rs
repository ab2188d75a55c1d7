//! The promise: `builtin = "metrics"` says exactly what has happened at the door, whichever worker it happened to.
//!
//! A request is counted when it is over, which may be a moment after its answer was read: a test waits for the number
//! it expects, and a number that passes it fails.

use std::collections::BTreeMap;
use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::kit::{Door, ECHO_PY, GUARD, Message, Stream, Upstream, Wire, proxy_to, run_onedoor, signal};

const METRICS: &str = "\"/metrics\" = { builtin = \"metrics\" }\n";

/// Between two looks.
const PACE: Duration = Duration::from_millis(5);

/// A page as a scraper sees it: each sample, by its name and labels.
#[derive(Debug)]
struct Page {
    samples: BTreeMap<String, f64>,
    /// The bytes of the scraper's pages before this one: they are counted in it.
    scraped: f64,
}

impl Page {
    fn of(message: &Message, scraped: f64) -> Self {
        assert_eq!(message.status(), 200);
        let mut samples = BTreeMap::new();
        for line in message.text().lines().filter(|line| !line.starts_with('#')) {
            let (series, value) = line.rsplit_once(' ').expect("a sample is a series and a value");
            let value = value.parse().unwrap_or_else(|error| panic!("{error}: {line}"));
            assert_eq!(samples.insert(series.to_owned(), value), None, "{series} is there twice");
        }
        Self { samples, scraped }
    }

    /// 0 for what is not there: a series begins when there is something to count.
    fn value(&self, series: &str) -> f64 {
        self.samples.get(series).copied().unwrap_or(0.0)
    }

    /// Body bytes in `direction`, however they were moved, the scraper's own pages apart.
    fn bytes(&self, direction: &str) -> f64 {
        let of = |how| format!("onedoor_body_bytes_total{{direction=\"{direction}\",how=\"{how}\"}}");
        let own = if direction == "down" { self.scraped } else { 0.0 };
        self.samples[&of("copied")] + self.samples[&of("spliced")] - own
    }
}

/// Asks again and again, on one connection of its own.
struct Scraper {
    wire: Wire,
    scraped: f64,
}

impl Scraper {
    fn at(door: &Door) -> Self {
        Self { wire: door.wire(), scraped: 0.0 }
    }

    fn scrape(&mut self) -> Page {
        let message = self.wire.get("/metrics");
        let page = Page::of(&message, self.scraped);
        self.scraped += message.body.len() as f64;
        page
    }

    /// Waits until each of these series has the value beside it, and fails if one has more.
    fn until(&mut self, expected: &[(&str, f64)]) -> Page {
        self.until_page(|page| {
            let passed = expected.iter().find(|(series, value)| page.value(series) > *value);
            assert_eq!(passed, None, "{page:#?}");
            expected.iter().all(|(series, value)| page.value(series) >= *value)
        })
    }

    fn until_page(&mut self, wanted: impl Fn(&Page) -> bool) -> Page {
        let deadline = Instant::now() + GUARD;
        loop {
            let page = self.scrape();
            if wanted(&page) {
                return page;
            }
            assert!(Instant::now() < deadline, "{page:#?}");
            // Paced: what is waited for needs the processor, too.
            thread::park_timeout(PACE);
        }
    }
}

/// A peer that answers `/up/NNN` with that status.
fn answering_statuses() -> u16 {
    Upstream::answering(|request: &Message| {
        let status = request.target().trim_start_matches("/up/");
        match status {
            "204" => "HTTP/1.1 204 Nothing\r\n\r\n".to_owned(),
            _ => format!("HTTP/1.1 {status} Whatever\r\nContent-Length: 12\r\n\r\ntwelve bytes"),
        }
    })
}

#[test]
fn every_request_is_counted_once_whichever_worker_served_it() {
    let peer = answering_statuses();
    let door = Door::start(&format!(
        "[server]\nworkers = 3\n[log]\naccess = \"off\"\n[routes]\n\"/up/*\" = {{ proxy = \"http://127.0.0.1:{peer}\" }}\n\"/own\" = {{ respond = \"own\" }}\n\"/lost/*\" = {{ proxy = \"http://127.0.0.1:1\" }}\n{METRICS}"
    ));
    let (port, clients, rounds) = (door.port(), 12, 5);
    let statuses = [200, 201, 204, 301, 404, 418, 500, 503, 599];
    thread::scope(|scope| {
        for _ in 0..clients {
            scope.spawn(|| {
                let mut wire = Wire::to(port);
                for _ in 0..rounds {
                    for status in statuses {
                        assert_eq!(wire.get(&format!("/up/{status}")).status(), status);
                    }
                    assert_eq!(wire.get("/own").status(), 200);
                    assert_eq!(wire.get("/lost/x").status(), 502);
                    assert_eq!(wire.get("/nowhere").status(), 404);
                }
            });
        }
    });
    let (each, behind) = (f64::from(clients * rounds), statuses.len() as f64);
    let by_status =
        |(route, status)| format!("onedoor_requests_total{{route=\"{route}\",status=\"{status}\"}}");
    let own = [("/own", 200), ("/lost/*", 502), ("none", 404)];
    let routes = statuses.iter().map(|status| ("/up/*", *status)).chain(own).map(by_status);
    let refusals = ["no_route", "upstream_unreachable"]
        .map(|cause| format!("onedoor_refusals_total{{cause=\"{cause}\"}}"));
    let once: Vec<String> = routes.chain(refusals).collect();
    let mut expected: Vec<(&str, f64)> = once.iter().map(|series| (&**series, each)).collect();
    let durations = "onedoor_request_duration_seconds";
    let (count, last) = (
        format!("{durations}_count{{route=\"/up/*\"}}"),
        format!("{durations}_bucket{{le=\"+Inf\",route=\"/up/*\"}}"),
    );
    expected.extend([(&*count, each * behind), (&*last, each * behind)]);
    let page = Scraper::at(&door).until(&expected);
    // All but one of the answers from behind have a body; a refusal's is what it says to the client.
    let told = (door.fetch("/lost/x").body.len() + door.fetch("/nowhere").body.len()) as f64;
    assert_eq!(page.bytes("down"), each * (12.0 * (behind - 1.0) + 3.0 + told));
    assert_eq!(page.bytes("up"), 0.0);
    let (opened, reused) = (
        page.value("onedoor_upstream_connections_opened_total"),
        page.value("onedoor_upstream_connections_reused_total"),
    );
    assert_eq!(opened + reused, each * behind);
    assert!(opened <= f64::from(clients), "{opened} connections for {clients} clients");
    // The scraper's, and the one that found the door open.
    assert_eq!(page.value("onedoor_connections_accepted_total"), f64::from(clients) + 2.0);
    assert_eq!(page.value("onedoor_workers"), 3.0);
}

#[test]
fn body_bytes_are_counted_exactly_in_both_directions() {
    let (up, down) = (3_000_017, 5_000_011);
    let upstream = Upstream::listen();
    let door = Door::start(&format!("{}{METRICS}", proxy_to(upstream.port())));
    let mut client = door.wire();
    for chunked in [false, true] {
        let framed = |bytes: usize| {
            let body = "x".repeat(bytes);
            if chunked {
                format!("Transfer-Encoding: chunked\r\n\r\n{bytes:x}\r\n{body}\r\n0\r\n\r\n")
            } else {
                format!("Content-Length: {bytes}\r\n\r\n{body}")
            }
        };
        let mut peer = thread::scope(|scope| {
            scope.spawn(|| client.send(format!("PUT /x HTTP/1.1\r\nHost: a\r\n{}", framed(up))));
            let mut peer = upstream.accept();
            assert_eq!(peer.request().body.len(), up);
            peer
        });
        thread::scope(|scope| {
            // Closed after each: the next request comes over a connection of its own.
            scope.spawn(|| peer.send(format!("HTTP/1.1 200 OK\r\nConnection: close\r\n{}", framed(down))));
            assert_eq!(client.response().body.len(), down);
        });
    }
    // A small body is read whole before the peer is asked.
    client.send("PUT /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
    let mut peer = upstream.accept();
    assert_eq!(peer.request().text(), "hello");
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyes");
    assert_eq!(client.response().text(), "yes");
    let page = Scraper::at(&door).until(&[("onedoor_requests_total{route=\"/*\",status=\"200\"}", 3.0)]);
    assert_eq!(page.bytes("up"), (2 * up + 5) as f64);
    assert_eq!(page.bytes("down"), (2 * down + 3) as f64);
}

#[test]
fn a_stream_is_counted_while_it_flows_and_its_request_when_it_ends() {
    let upstream = Upstream::listen();
    let door = Door::start(&format!("{}{METRICS}", proxy_to(upstream.port())));
    let (mut client, mut scraper) = (door.wire(), Scraper::at(&door));
    client.send("GET /events HTTP/1.1\r\nHost: a\r\n\r\n");
    let mut peer = upstream.accept();
    peer.request();
    peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nevent\r\n");
    client.head();
    assert_eq!(client.chunk(), b"event");
    let page = scraper.until_page(|page| page.bytes("down") >= 5.0);
    assert_eq!(page.bytes("down"), 5.0);
    let requests = "onedoor_requests_total{route=\"/*\",status=\"200\"}";
    assert_eq!(page.value(requests), 0.0);
    // The scrape itself is under way, too.
    assert_eq!(page.value("onedoor_requests_in_flight"), 2.0);
    peer.send("0\r\n\r\n");
    scraper.until(&[(requests, 1.0)]);
}

#[test]
fn a_tunnel_is_open_until_it_is_closed_and_its_time_is_no_requests_slowness() {
    let upstream = Upstream::listen();
    let door = Door::start(&format!("{}{METRICS}", proxy_to(upstream.port())));
    let (mut client, mut scraper) = (door.wire(), Scraper::at(&door));
    client.send("GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    let mut peer = upstream.accept();
    peer.request();
    peer.send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    assert_eq!(client.head().status(), 101);
    client.send("three");
    assert_eq!(peer.bytes(5), b"three");
    peer.send("two");
    assert_eq!(client.bytes(3), b"two");
    let page = scraper.until_page(|page| page.bytes("up") >= 5.0 && page.bytes("down") >= 3.0);
    assert_eq!((page.bytes("up"), page.bytes("down"), page.value("onedoor_tunnels")), (5.0, 3.0, 1.0));
    drop((client, peer));
    let page = scraper.until(&[("onedoor_requests_total{route=\"/*\",status=\"101\"}", 1.0)]);
    assert_eq!((page.value("onedoor_tunnels"), page.value("onedoor_tunnels_opened_total")), (0.0, 1.0));
    assert_eq!(page.value("onedoor_request_duration_seconds_count{route=\"/*\"}"), 1.0);
}

#[test]
fn a_client_that_leaves_and_an_answer_that_is_cut_are_told_apart() {
    let upstream = Upstream::listen();
    let door = Door::start(&format!("{}{METRICS}", proxy_to(upstream.port())));
    let mut client = door.wire();
    client.send("GET /unwanted HTTP/1.1\r\nHost: a\r\n\r\n");
    let mut peer = upstream.accept();
    peer.request();
    drop(client);
    let mut client = door.wire();
    client.send("GET /cut HTTP/1.1\r\nHost: a\r\n\r\n");
    let mut peer = upstream.accept();
    peer.request();
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nonly this");
    drop(peer);
    assert_eq!(client.head().status(), 200);
    client.rest_until_cut();
    Scraper::at(&door).until(&[
        ("onedoor_requests_total{route=\"/*\",status=\"499\"}", 1.0),
        ("onedoor_requests_cut_total{by=\"client\"}", 1.0),
        ("onedoor_requests_total{route=\"/*\",status=\"200\"}", 1.0),
        ("onedoor_requests_cut_total{by=\"upstream\"}", 1.0),
    ]);
}

#[test]
fn a_killed_app_is_ready_again_and_its_restart_is_counted() {
    let file = format!("[apps]\nweb = {{ run = \"python3 app.py\", path = \"/\" }}\n[routes]\n{METRICS}");
    let door = Door::with(&file).file("app.py", ECHO_PY).start();
    let pid = door.fetch("/pid").text().parse().expect("a process id");
    let mut scraper = Scraper::at(&door);
    let (ready, restarts) = ("onedoor_app_ready{app=\"web\"}", "onedoor_app_restarts_total{app=\"web\"}");
    let page = scraper.scrape();
    assert_eq!((page.value(ready), page.value(restarts)), (1.0, 0.0));
    assert_eq!(page.value("onedoor_app_state{app=\"web\",state=\"ready\"}"), 1.0);
    assert_eq!(page.value("onedoor_app_state{app=\"web\",state=\"down\"}"), 0.0);
    signal(pid, "KILL");
    door.lines_until(2, Stream::Stderr, |line| line.contains("ready in"));
    scraper.until(&[(ready, 1.0), (restarts, 1.0)]);
    assert_eq!(door.fetch("/again").text(), "GET /again");
}

#[test]
fn a_request_that_waits_for_its_app_is_seen_waiting() {
    let file = format!(
        "[apps]\nslow = {{ run = \"python3 app.py\", path = \"/\", env = {{ GATE = \"gate\" }} }}\n[routes]\n{METRICS}"
    );
    let door = Door::with(&file).file("app.py", ECHO_PY).gate("gate").start();
    let (mut client, mut scraper) = (door.wire(), Scraper::at(&door));
    client.send("GET /early HTTP/1.1\r\nHost: a\r\n\r\n");
    let page = scraper.until(&[("onedoor_requests_held", 1.0)]);
    assert_eq!(page.value("onedoor_app_state{app=\"slow\",state=\"starting\"}"), 1.0);
    door.open_gate("gate");
    assert_eq!(client.response().text(), "GET /early");
    let requests = "onedoor_requests_total{route=\"apps.slow.path = \\\"/\\\"\",app=\"slow\",status=\"200\"}";
    let page = scraper.until(&[(requests, 1.0)]);
    assert_eq!((page.value("onedoor_requests_held"), page.value("onedoor_holds_total")), (0.0, 1.0));
}

#[test]
fn what_an_operator_writes_cannot_break_the_page() {
    let file = format!("[routes]\n'/n/{{id:(?:\\d|\"q\")+}}' = {{ respond = \"number\" }}\n{METRICS}");
    let door = Door::start(&file);
    assert_eq!(door.fetch("/n/12").text(), "number");
    let series = r#"onedoor_requests_total{route="/n/{id:(?:\\d|\"q\")+}",status="200"}"#;
    Scraper::at(&door).until(&[(series, 1.0)]);
}

#[test]
fn no_number_falls_while_the_door_is_busy() {
    let peer = answering_statuses();
    let door = Door::start(&format!(
        "[server]\nworkers = 2\n[routes]\n\"/up/*\" = {{ proxy = \"http://127.0.0.1:{peer}\" }}\n\"/own\" = {{ respond = \"own\" }}\n{METRICS}"
    ));
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        for number in 0..4 {
            let (port, over) = (door.port(), &over);
            scope.spawn(move || {
                while !over.load(Ordering::Relaxed) {
                    let mut wire = Wire::to(port);
                    for status in 200..220 {
                        wire.get(&format!("/up/{}", status + number * 20));
                        wire.get("/own");
                    }
                }
            });
        }
        let mut scraper = Scraper::at(&door);
        let mut last = scraper.scrape();
        // Until the busy ones have left their mark between two scrapes often enough.
        for _ in 0..40 {
            let grown = |page: &Page| page.bytes("down") > last.bytes("down");
            let now = scraper.until_page(grown);
            for (series, value) in &last.samples {
                let name = series.split('{').next().unwrap_or_default();
                if ["_total", "_count", "_sum", "_bucket"].iter().any(|end| name.ends_with(end)) {
                    assert!(
                        now.value(series) >= *value,
                        "{series} fell from {value} to {}",
                        now.value(series)
                    );
                }
            }
            last = now;
        }
        over.store(true, Ordering::Relaxed);
    });
}

#[test]
fn a_scraper_gets_the_format_that_it_asks_for() {
    let door = Door::start(&format!("[routes]\n{METRICS}"));
    let mut wire = door.wire();
    let classic = wire.get("/metrics");
    assert_eq!(classic.field("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    assert!(classic.text().contains("# TYPE onedoor_requests_total counter\n"));
    assert!(!classic.text().contains("# EOF"));
    wire.send("GET /metrics HTTP/1.1\r\nHost: a\r\nAccept: application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.2\r\n\r\n");
    let open = wire.response();
    assert_eq!(
        open.field("content-type"),
        Some("application/openmetrics-text; version=1.0.0; charset=utf-8")
    );
    assert!(open.text().contains("# TYPE onedoor_requests counter\nonedoor_requests_total{"));
    assert!(open.text().ends_with("\n# EOF\n"));
    wire.send("HEAD /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
    let head = wire.response_to_head();
    assert_eq!(head.field("content-type"), classic.field("content-type"));
    assert!(head.field("content-length").is_some());
    assert_eq!(wire.get("/metrics").status(), 200, "nothing came behind the head");
}

#[test]
fn routes_of_one_key_are_counted_apart_however_their_list_is_sorted() {
    let (new, old) = ("{ respond = \"new\", when.query.v = \"2\" }", "{ respond = \"old\" }");
    let file = |first, second| format!("[routes]\n\"/a\" = [{first}, {second}]\n{METRICS}");
    let door = Door::start(&file(new, old));
    assert_eq!(door.fetch("/a?v=2").text(), "new");
    assert_eq!(door.fetch("/a").text(), "old");
    assert_eq!(door.fetch("/a?v=1").text(), "old");
    let series = |route| format!("onedoor_requests_total{{route=\"{route}\",status=\"200\"}}");
    let (new_series, old_series) = (series("/a when query v = \\\"2\\\""), series("/a"));
    Scraper::at(&door).until(&[(&new_series, 1.0), (&old_series, 2.0)]);
    fs::write(door.dir().join("onedoor.toml"), file(old, new)).expect("the test's own folder");
    assert_eq!(run_onedoor(door.dir(), &["reload"]).status.code(), Some(0));
    assert_eq!(door.fetch("/a").text(), "old");
    Scraper::at(&door).until(&[(&new_series, 1.0), (&old_series, 3.0)]);
}
