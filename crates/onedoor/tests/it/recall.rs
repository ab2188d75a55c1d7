//! The promise: what was said and done is remembered for whoever asks later, and nobody waits for one who reads it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;

use serde_json::Value;

use crate::kit::{Door, ECHO_PY, GUARD, Stream, run_onedoor, signal};

/// A door whose control socket has a place of its own.
fn door(log: &str, keys: &str, script: &str) -> Door {
    let file = format!(
        "[admin]\nsocket = \"control.sock\"\n[log]\naccess = \"off\"\n{log}\n[apps]\nweb = {{ run = \"python3 app.py\", path = \"/\", {keys} }}\n"
    );
    let door = Door::with(&file).file("app.py", format!("{script}\n{ECHO_PY}")).start();
    assert_eq!(door.fetch("/up").status(), 200);
    door
}

/// What a command says: its exit code, stdout, stderr.
fn said(dir: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output = run_onedoor(dir, arguments);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code().expect("not killed"), text(output.stdout), text(output.stderr))
}

/// The objects that a command says.
fn objects(door: &Door, arguments: &[&str]) -> Vec<Value> {
    let (code, out, talk) = said(door.dir(), arguments);
    assert_eq!(code, 0, "{talk}");
    out.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

fn events(door: &Door) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    objects(door, &["events", "web", "--json"])
        .iter()
        .map(|event| (text(&event["event"]), text(&event["text"])))
        .collect()
}

/// Asks until this has happened.
fn await_event(door: &Door, wanted: &str) -> String {
    let began = std::time::Instant::now();
    loop {
        if let Some((_, text)) = events(door).into_iter().rev().find(|(event, _)| event == wanted) {
            return text;
        }
        assert!(began.elapsed() < GUARD, "{wanted} never happens: {:?}", events(door));
        std::thread::yield_now();
    }
}

/// Somebody on the control socket who need not be a `onedoor`.
struct Client(BufReader<UnixStream>);

impl Client {
    fn of(door: &Door) -> Self {
        let stream = UnixStream::connect(door.dir().join("control.sock")).expect("the socket is there");
        stream.set_read_timeout(Some(GUARD)).expect("a socket has a timeout");
        Self(BufReader::new(stream))
    }

    fn asking(door: &Door, words: impl AsRef<[u8]>) -> Self {
        let mut client = Self::of(door);
        client.say(words);
        client
    }

    fn say(&mut self, words: impl AsRef<[u8]>) {
        // Who has been sent away already need not be listened to.
        self.0.get_mut().write_all(&[words.as_ref(), b"\n"].concat()).ok();
    }

    /// None: there is no more.
    fn line(&mut self) -> Option<Value> {
        let mut line = String::new();
        let read = self.0.read_line(&mut line).expect("a line, or the end");
        (read > 0).then(|| serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}")))
    }
}

const FOLLOW: &str = r#"{"v":1,"do":"logs","follow":true}"#;

#[test]
fn what_was_printed_and_said_is_remembered_with_its_time_app_and_stream() {
    for shape in ["raw", "prefix", "json"] {
        let door = door(&format!("apps = \"{shape}\""), "", "print('a {word}', flush=True)");
        let lines = objects(&door, &["logs", "--json"]);
        let find = |message: &str| {
            let found = lines.iter().find(|line| line["message"] == message);
            found.unwrap_or_else(|| panic!("{message} is missing: {lines:?}"))
        };
        let (out, err) = (find("a {word}"), find("a word on stderr"));
        assert_eq!((&out["app"], &out["stream"]), (&"web".into(), &"stdout".into()));
        assert_eq!(err["stream"], "stderr");
        assert!(out["pid"].is_u64() && out["time"].as_str().is_some_and(|time| time.ends_with('Z')));
        let ready =
            |line: &&Value| line["app"] == "web" && line["message"].as_str().unwrap().starts_with("ready");
        assert_eq!(lines.iter().find(ready).expect("our own words")["level"], "info");
        let (_, for_people, _) = said(door.dir(), &["logs", "web", "-n", "1"]);
        assert_eq!(for_people.lines().count(), 1);
        assert!(objects(&door, &["logs", "--json", "--since", "0s"]).is_empty());
    }
}

#[test]
fn an_app_that_is_not_there_is_told_with_the_one_that_was_meant() {
    let door = door("", "", "");
    for command in ["logs", "events", "restart"] {
        let (code, out, talk) = said(door.dir(), &[command, "wbe"]); // typos: ignore
        assert_eq!((code, out.as_str()), (1, ""));
        assert_eq!(talk, "onedoor: there is no app \"wbe\"; did you mean \"web\"?\n"); // typos: ignore
    }
    let (code, _, talk) = said(door.dir(), &["logs", "--since", "soon"]);
    assert_eq!(code, 2);
    assert!(talk.contains("10m") || talk.contains("5m"), "{talk}");
}

#[test]
fn who_follows_hears_what_comes_and_how_it_ends() {
    let door = door("", "", "");
    let mut client = Client::asking(&door, FOLLOW);
    assert_eq!(client.line().expect("an answer")["ok"], true);
    door.fetch("/exit/7");
    let mut messages = Vec::new();
    let mut until = |client: &mut Client, wanted: &str| {
        while !messages.last().is_some_and(|message: &String| message.contains(wanted)) {
            let line = client.line().unwrap_or_else(|| panic!("no {wanted}: {messages:?}"));
            messages.push(line["message"].as_str().expect("a message").to_owned());
        }
    };
    until(&mut client, "exit code 7");
    until(&mut client, "ready in");
    assert_eq!(door.stop(), 0);
    until(&mut client, "every app has ended");
    assert_eq!(client.line(), None);
}

#[test]
fn what_happened_to_an_app_is_told_in_its_order_under_stable_names() {
    let door = door("", "restart = { backoff = \"1ms..1ms\" }", "");
    door.fetch("/exit/7");
    await_event(&door, "restarted");
    door.fetch("/up");
    for arguments in [&["restart", "web"][..], &["scale", "web=2"], &["stop", "web"], &["start", "web"]] {
        let (code, _, talk) = said(door.dir(), arguments);
        assert_eq!(code, 0, "{talk}");
    }
    let events = events(&door);
    let mut words = events.iter().map(|(event, _)| event.as_str());
    for wanted in [
        "started",
        "ready",
        "crashed",
        "restarted",
        "ready",
        "replaced",
        "scaled",
        "stopped",
        "started",
        "ready",
    ] {
        assert!(words.any(|word| word == wanted), "{wanted} is missing: {events:?}");
    }
    let crash = await_event(&door, "crashed");
    assert!(crash.contains("exit code 7") && crash.contains("next start in"), "{crash}");
    let lines = objects(&door, &["events", "--json", "-n", "1"]);
    let keys: Vec<&String> = lines[0].as_object().expect("an object").keys().collect();
    assert_eq!(keys, ["app", "event", "text", "time"]);
    let (_, for_people, _) = said(door.dir(), &["events"]);
    assert!(for_people.contains("web  crashed"), "{for_people}");
}

#[test]
fn an_app_that_gives_up_is_an_event_as_well() {
    let file = "[admin]\nsocket = \"control.sock\"\n[apps]\nweb = { run = \"python3 app.py\", path = \"/\", restart = { when = \"never\" } }\nbad = { run = \"false\", path = \"/bad\", essential = false, restart = { backoff = \"1ms..1ms\", give_up = \"2 in 1m\" } }\n";
    let door = Door::with(file).file("app.py", ECHO_PY).start();
    door.line(Stream::Stderr, |line| line.contains("gave up"));
    let events = objects(&door, &["events", "bad", "--json"]);
    let last = events.last().expect("something happened");
    assert_eq!(last["event"], "gave-up", "{events:?}");
}

#[test]
fn a_reader_that_never_reads_blocks_nobody_and_is_told_what_it_missed() {
    let flood = "import threading\ndef flood():\n    for number in range(60000):\n        print(number, 'x' * 500)\n    print('flooded', file=sys.stderr, flush=True)\nimport sys\nthreading.Timer(0.0, flood).start()\n";
    let door = door("apps = \"prefix\"", "", "");
    let mut idle: Vec<Client> = (0..8).map(|_| Client::asking(&door, FOLLOW)).collect();
    for client in &mut idle {
        assert_eq!(client.line().expect("an answer")["ok"], true);
    }
    std::fs::write(door.dir().join("app.py"), format!("{flood}\n{ECHO_PY}")).expect("the folder is there");
    let (code, _, talk) = said(door.dir(), &["restart", "web"]);
    assert_eq!(code, 0, "{talk}");
    door.line(Stream::Stderr, |line| line.contains("flooded"));
    assert_eq!(door.fetch("/still").text(), "GET /still");
    assert_eq!(said(door.dir(), &["status"]).0, 0);
    let late = &mut idle[0];
    let told = std::iter::from_fn(|| late.line())
        .find(|line| line["message"].as_str().is_some_and(|message| message.contains("lost here")));
    assert!(told.is_some());
}

#[test]
fn followers_have_room_of_their_own_and_those_who_left_give_it_back() {
    let door = door("", "", "");
    let mut clients: Vec<Client> = (0..200).map(|_| Client::asking(&door, FOLLOW)).collect();
    let answers: Vec<Value> = clients.iter_mut().map(|client| client.line().expect("an answer")).collect();
    let admitted = answers.iter().filter(|answer| answer["ok"] == true).count();
    assert_eq!(admitted, 16, "{answers:?}");
    assert!(answers[199]["error"].as_str().is_some_and(|why| why.contains("16 follow already")));
    assert_eq!(said(door.dir(), &["status"]).0, 0);
    drop(clients);
    let began = std::time::Instant::now();
    while Client::asking(&door, FOLLOW).line().expect("an answer")["ok"] != true {
        assert!(began.elapsed() < GUARD, "no place is given back");
    }
}

#[test]
fn a_follower_that_is_killed_in_the_middle_of_a_flood_is_forgotten() {
    let flood = "import threading\ndef flood():\n    while True:\n        print('x' * 500)\nthreading.Thread(target=flood, daemon=True).start()\n";
    let door = door("apps = \"prefix\"", "", flood);
    for _ in 0..40 {
        let mut client = Client::asking(&door, FOLLOW);
        assert_eq!(client.line().expect("an answer")["ok"], true);
        let mut some = [0; 10_000];
        client.0.read_exact(&mut some).expect("a flood");
    }
    assert_eq!(door.fetch("/still").text(), "GET /still");
    signal(door.pid(), "TERM");
}

#[test]
fn nonsense_on_the_control_socket_hurts_nobody() {
    let door = door("", "", "");
    for nonsense in [
        &b""[..],
        b"{",
        b"\xff\xfe\0",
        b"null",
        b"[]",
        br#"{"v":2,"do":"logs"}"#,
        br#"{"v":1,"do":"logs","apps":"web"}"#,
        br#"{"v":1,"do":"logs","apps":[1]}"#,
        br#"{"v":1,"do":"logs","lines":-1}"#,
        br#"{"v":1,"do":"logs","since_ms":"1"}"#,
        br#"{"v":1,"do":"logs","follow":"yes"}"#,
        br#"{"v":1,"do":"events","apps":["no such"]}"#,
    ] {
        let answer = Client::asking(&door, nonsense).line().expect("an answer");
        assert!(answer["ok"] == false && answer["error"].is_string(), "{answer}");
    }
    // More than a line may have, and no end of it.
    let mut endless = Client::asking(&door, [b'x'; 100_000]);
    // Cut off with unread words of ours, it may be an error as well.
    assert!(endless.0.fill_buf().map_or(true, <[u8]>::is_empty));
    for words in [
        r#"{"v":1,"do":"logs","lines":18446744073709551615,"since_ms":18446744073709551615}"#,
        r#"{"v":1,"do":"logs","apps":[],"lines":null}"#,
    ] {
        assert_eq!(Client::asking(&door, words).line().expect("an answer")["ok"], true);
    }
    assert_eq!(said(door.dir(), &["status"]).0, 0);
}

#[test]
fn status_tells_of_each_process_since_when_it_runs_and_what_it_uses() {
    let door = door(
        "",
        "replicas = 2",
        "import time\nbusy = time.process_time()\nwhile time.process_time() < busy + 0.05: pass",
    );
    let (code, out, talk) = said(door.dir(), &["status", "--json"]);
    assert_eq!(code, 0, "{talk}");
    let status: Value = serde_json::from_str(&out).expect("JSON");
    let process = &status["apps"][0]["processes"][0];
    assert!(process["up_ms"].is_u64(), "{process}");
    assert!(process["cpu_ms"].as_u64().is_some_and(|cpu| cpu >= 50), "{process}");
    assert!(process["memory_bytes"].as_u64().is_some_and(|bytes| bytes > 1 << 20), "{process}");
    let (_, table, _) = said(door.dir(), &["status"]);
    let first = table.lines().next().expect("where it is");
    assert!(first.starts_with(&format!("onedoor listens on [::]:{}  (/", door.port())), "{table}");
    let head: Vec<&str> = table.lines().nth(1).expect("a head").split_whitespace().collect();
    assert_eq!(head, ["APP", "STATE", "PID", "UP", "RESTARTS", "CPU", "MEM"]);
    assert_eq!(table.lines().filter(|line| line.contains("MiB")).count(), 2, "{table}");
}

/// What a HEALTHCHECK sees: the exit code, and why.
fn health(dir: &Path, file: &str) -> (i32, String) {
    let (code, out, talk) = said(dir, &["health", "-f", file]);
    assert_eq!(out, "");
    (code, talk)
}

#[test]
fn health_is_1_until_every_essential_app_is_ready_and_says_why() {
    let file = "[admin]\nsocket = \"control.sock\"\n[apps]\nweb = { run = \"python3 app.py\", path = \"/\", env = { GATE = \"gate\" } }\nextra = { run = \"false\", path = \"/extra\", essential = false }\n";
    let door = Door::with(file).file("app.py", ECHO_PY).gate("gate").start();
    assert_eq!(health(door.dir(), "onedoor.toml"), (1, "onedoor: app \"web\" is starting\n".into()));
    door.open_gate("gate");
    await_event(&door, "ready");
    assert_eq!(health(door.dir(), "onedoor.toml"), (0, String::new()));
    assert_eq!(said(door.dir(), &["stop", "web"]).0, 0);
    let (code, why) = health(door.dir(), "onedoor.toml");
    assert!(code == 1 && why.contains("app \"web\" is down: stopped by the operator"), "{why}");
    let (_, json, _) = said(door.dir(), &["health", "--json"]);
    let answer: Value = serde_json::from_str(&json).expect("JSON");
    assert!(answer["ok"] == false && answer["error"].is_string(), "{answer}");
}

#[test]
fn health_does_without_a_good_file_and_without_the_control_socket() {
    let file = "[apps]\nweb = { run = \"python3 app.py\", path = \"/\", env = { GATE = \"gate\" } }\n[routes]\n\"/well\" = { builtin = \"health\" }\n";
    let door = Door::with(file).file("app.py", ECHO_PY).gate("gate").start();
    let dir = door.dir();
    let listen = format!("[server]\nlisten = \"127.0.0.1:{}\"\n", door.port());
    let write = |name: &str, text: String| std::fs::write(dir.join(name), text).expect("the folder is there");
    // Other files, so other control sockets, and nobody there.
    write("health.toml", format!("{listen}[routes]\n\"/well\" = {{ builtin = \"health\" }}\n"));
    write("none.toml", format!("{listen}[routes]\n\"/x\" = {{ respond = \"\" }}\n"));
    write(
        "missing.toml",
        format!("{listen}[routes]\n\"/no\" = {{ builtin = \"ready\" }}\n[apps]\nweb = \"true\"\n"),
    );
    write(
        "nobody.toml",
        "[server]\nlisten = \"127.0.0.1:1\"\n[routes]\n\"/x\" = { respond = \"\" }\n".into(),
    );
    assert_eq!(health(dir, "health.toml"), (0, String::new()));
    assert_eq!(health(dir, "none.toml"), (0, String::new()));
    let (code, why) = health(dir, "nobody.toml");
    assert!(code == 1 && why.contains("127.0.0.1:1"), "{why}");
    door.open_gate("gate");
    assert_eq!(door.fetch("/up").status(), 200);
    // The app answers /no with 200, as it does everything: asked is what the file says.
    assert_eq!(health(dir, "missing.toml"), (0, String::new()));
    // Changed after it was started from: the place is the same.
    write("onedoor.toml", "[apps\n".into());
    assert_eq!(health(dir, "onedoor.toml"), (0, String::new()));
    assert_eq!(door.stop(), 0);
}

#[test]
fn a_onedoor_that_hangs_is_not_well() {
    let door = door("", "", "");
    signal(door.pid(), "STOP");
    let (code, why) = health(door.dir(), "onedoor.toml");
    assert!(code == 1 && why.contains("does not answer"), "{why}");
    signal(door.pid(), "CONT");
    assert_eq!(health(door.dir(), "onedoor.toml").0, 0);
}
