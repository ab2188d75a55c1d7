//! The promise: an app finds another at an address that outlives its processes, and is served there as well as at the
//! front: held, spread, woken.

use std::collections::BTreeSet;
use std::net::TcpStream;
use std::thread;

use crate::kit::{Door, ECHO_PY, Stream, Wire, run_onedoor};

const TWO: &str = r#"
[apps]
web = { run = "python3 app.py", path = "/", env = { BASE = "<${app.api.url}/v1>" } }
api = { run = "python3 app.py", path = "/api", strip = true }
"#;

fn door(file: &str) -> Door {
    Door::with(file).file("app.py", ECHO_PY).start()
}

/// The port at which the others find the app, as the root's app was told.
fn side_door(door: &Door, variable: &str) -> u16 {
    let url = door.fetch(&format!("/environment/{variable}")).text().to_owned();
    let port = url.strip_prefix("http://127.0.0.1:").unwrap_or_else(|| panic!("{variable} is {url}"));
    port.parse().expect("a port")
}

fn reload(door: &Door, file: &str) -> String {
    std::fs::write(door.dir().join("onedoor.toml"), file).expect("the test's own folder");
    let output = run_onedoor(door.dir(), &["reload"]);
    String::from_utf8([output.stdout, output.stderr].concat()).expect("onedoor writes UTF-8")
}

#[test]
fn each_app_is_told_where_the_others_are_and_asks_their_own_paths() {
    let door = door(TWO);
    let port = side_door(&door, "API_URL");
    assert_eq!(door.fetch("/environment/BASE").text(), format!("<http://127.0.0.1:{port}/v1>"));
    assert_eq!(door.fetch("/environment/WEB_URL").text(), "unset");
    assert_ne!(door.fetch("/api/environment/WEB_URL").text(), "unset");
    let mut wire = Wire::to(port);
    assert_eq!(wire.get("/x?y=1").text(), "GET /x?y=1");
    assert_eq!(wire.get("/api/x").text(), "GET /api/x", "nothing is stripped");
    let line = door.access_line("/x\"");
    assert_eq!((&line["route"], &line["app"]), (&"app.api.url".into(), &"api".into()));
    door.line(Stream::Stderr, |line| line.contains("find each other by API_URL = http://127.0.0.1:"));
}

#[test]
fn what_a_sibling_posts_while_the_app_restarts_is_held_and_served() {
    let file = TWO.replace("strip = true", "strip = true, env = { GATE = \"gate\" }");
    let door = Door::with(&file).file("app.py", ECHO_PY).gate("gate").start();
    let port = side_door(&door, "API_URL");
    door.open_gate("gate");
    let mut wire = Wire::to(port);
    assert_eq!(wire.get("/first").status(), 200);
    door.make_gate("again");
    std::fs::rename(door.dir().join("again"), door.dir().join("gate")).expect("the test's own folder");
    let mut killer = Wire::to(port);
    killer.send("POST /kill HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(killer.response().status(), 502);
    // Until its end is seen, a POST could still go to a connection of the dead one.
    door.line(Stream::Stderr, |line| line.contains("api") && line.to_lowercase().contains("kill"));
    wire.send("POST /held HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody");
    door.open_gate("gate");
    assert_eq!(wire.response().text(), "POST /held body");
}

#[test]
fn an_app_that_is_run_alone_finds_its_siblings_through_the_door_that_runs() {
    let file = format!("{}jobs.look = {{ run = \"sh -c 'echo $API_URL'\", on = \"cron 0 0 1 1 *\" }}\n", TWO);
    let door = door(
        &file.replace("[apps]", "").replace("\nweb =", "\napps.web =").replace("\napi =", "\napps.api ="),
    );
    let port = side_door(&door, "API_URL");
    let run = run_onedoor(door.dir(), &["run", "look"]);
    assert_eq!(String::from_utf8_lossy(&run.stdout), format!("http://127.0.0.1:{port}\n"));
    let dir = door.dir().to_owned();
    std::fs::copy(dir.join("onedoor.toml"), dir.join("other.toml")).expect("it can be copied");
    let run = run_onedoor(&dir, &["run", "look", "-f", "other.toml"]);
    let talk = String::from_utf8_lossy(&run.stderr).into_owned();
    assert_eq!(String::from_utf8_lossy(&run.stdout), "\n", "{talk}");
    assert!(talk.contains("look is without WEB_URL, API_URL"), "{talk}");
    assert!(talk.contains("no onedoor runs this file"), "{talk}");
}

#[test]
fn replicas_share_what_siblings_ask() {
    let door = door(&TWO.replace("strip = true", "strip = true, replicas = 2, balance = \"ip-hash\""));
    let port = side_door(&door, "API_URL");
    let both_are_ready = || {
        let status = run_onedoor(door.dir(), &["status"]).stdout;
        String::from_utf8_lossy(&status).lines().any(|line| line.starts_with("api") && line.contains(", :"))
    };
    while !both_are_ready() {}
    let status = run_onedoor(door.dir(), &["status"]).stdout;
    let status = String::from_utf8_lossy(&status).into_owned();
    assert!(status.contains("SIDE DOOR") && status.contains(&format!("  127.0.0.1:{port}  ")), "{status}");
    let pids: BTreeSet<String> = (0..4).map(|_| Wire::to(port).get("/pid").text().to_owned()).collect();
    assert_eq!(pids.len(), 2);
}

#[test]
fn a_lazy_app_is_woken_and_a_job_knows_the_address() {
    let file = format!(
        "{}jobs.note = {{ run = \"sh -c 'echo $API_URL > seen'\", on = \"start\" }}\n",
        TWO.replace("strip = true", "strip = true, start = \"lazy\"")
    );
    let door = door(
        &file.replace("[apps]", "").replace("\nweb =", "\napps.web =").replace("\napi =", "\napps.api ="),
    );
    let port = side_door(&door, "API_URL");
    assert_eq!(Wire::to(port).get("/woken").text(), "GET /woken");
    door.line(Stream::Stderr, |line| line.contains("done in"));
    let seen = std::fs::read_to_string(door.dir().join("seen")).expect("the job wrote it");
    assert_eq!(seen.trim(), format!("http://127.0.0.1:{port}"));
}

#[test]
fn a_reload_keeps_the_address_opens_that_of_a_new_app_and_closes_that_of_one_that_is_gone() {
    let door = door(TWO);
    let port = side_door(&door, "API_URL");
    let mut kept = Wire::to(port);
    assert_eq!(kept.get("/before").status(), 200);
    let more = format!(
        "{TWO}more = {{ run = \"python3 app.py\", path = \"/more\", env = {{ A = \"${{app.api.url}}\" }} }}\n"
    );
    assert_eq!(reload(&door, &more), "more added\n");
    assert_eq!(door.fetch("/more/x").status(), 200);
    assert_eq!(kept.get("/after").text(), "GET /after");
    let asks = TWO.replace("<${app.api.url}/v1>", "${app.more.url}");
    let asks = more.replace(TWO, &asks);
    assert_eq!(reload(&door, &asks), "web changed\n");
    assert_eq!(side_door(&door, "API_URL"), port);
    let new = side_door(&door, "BASE");
    assert_eq!(Wire::to(new).get("/new").text(), "GET /new");

    assert_eq!(
        reload(
            &door,
            &asks.replace(
                "\"python3 app.py\", path = \"/more\"",
                &format!("\"python3 app.py\", port = {port}")
            )
        )
        .lines()
        .next()
        .map(|line| line.contains(&format!("port {port} is where the siblings of app \"api\" find it"))),
        Some(true)
    );

    let mut left = Wire::to(new);
    assert_eq!(left.get("/still").status(), 200);
    let change = reload(&door, TWO);
    assert!(change.contains("more removed"), "{change}");
    assert_eq!(left.get("/gone").status(), 404);
    while TcpStream::connect(("127.0.0.1", new)).is_ok() {
        thread::yield_now();
    }
}

#[test]
fn a_request_in_flight_can_ask_a_sibling_when_the_door_is_closed_to_all_others() {
    let file = format!(
        "{TWO}slow = {{ run = \"python3 app.py\", path = \"/slow\", env = {{ GATE = \"gate\" }} }}\n"
    );
    let door = Door::with(&file).file("app.py", ECHO_PY).gate("gate").start();
    let port = side_door(&door, "API_URL");
    assert_eq!(door.fetch("/api/up").status(), 200);
    let mut held = door.wire();
    held.send("GET /slow/x HTTP/1.1\r\nHost: a\r\n\r\n");
    // It is being held: a later request has been answered.
    assert_eq!(door.fetch("/y").status(), 200);
    door.signal("TERM");
    while TcpStream::connect(("127.0.0.1", door.port())).is_ok() {
        thread::yield_now();
    }
    assert_eq!(Wire::to(port).get("/still").text(), "GET /still");
    door.open_gate("gate");
    assert_eq!(held.response().text(), "GET /slow/x");
    assert_eq!(door.stop(), 0);
}
