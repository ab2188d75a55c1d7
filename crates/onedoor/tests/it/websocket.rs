//! The promise: WebSocket works with no knob. Real clients and real servers: Python's `websockets` and Node's `ws`, each
//! with each; a thousand connections at once; messages of 16 MiB; pings, and the codes of both closes.
//!
//! That tunnels outlive a change of the routes is not promised yet: routes do not change while the door is open.

use std::path::PathBuf;

use crate::kit::{
    Door, Upstream, anonymous_bytes, node_modules, proxy_to, python_peer, run_program, start_program,
};

const CROWD: usize = 1000;

/// What a silent tunnel may cost the door: two sockets' states and their buffers.
const TUNNEL_BYTES_MAX: u64 = 64 * 1024;

/// A file beside the lists of what is installed.
fn script(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/peers").join(name);
    path.into_os_string().into_string().expect("the repository's path is UTF-8")
}

/// Both servers behind one door.
fn door() -> Door {
    Door::start(&format!(
        "[log]\naccess = \"off\"\n[server]\nworkers = 2\n[apps]\npython = {{ run = \"{} {}\", path = \"/python\" }}\nnode = {{ run = \"node {}\", path = \"/node\", env = {{ NODE_PATH = \"{}\" }} }}\n",
        python_peer("python"),
        script("ws_server.py"),
        script("ws_server.js"),
        node_modules()
    ))
}

/// The client ended well and said all of it.
#[track_caller]
fn content(output: &std::process::Output) {
    let said = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    assert_eq!(said, "messages\nserver closes\nclient closes\n", "{complained}");
}

#[test]
fn messages_pings_and_closes_pass_between_each_client_and_each_server() {
    let door = door();
    let port = door.port().to_string();
    for path in ["/python", "/node"] {
        let (python, client) = (python_peer("python"), script("ws_client.py"));
        content(&run_program(door.dir(), &python, &[&client, &port, "words", path]));
        let (modules, client) = (format!("NODE_PATH={}", node_modules()), script("ws_client.js"));
        content(&run_program(door.dir(), "env", &[&modules, "node", &client, &port, path]));
    }
}

#[test]
fn a_thousand_connections_live_side_by_side() {
    let door = door();
    let port = door.port().to_string();
    for path in ["/python", "/node"] {
        let before = anonymous_bytes(door.pid());
        let count = CROWD.to_string();
        let client = script("ws_client.py");
        let mut crowd =
            start_program(door.dir(), &python_peer("python"), &[&client, &port, "crowd", path, &count]);
        assert_eq!(crowd.line(), format!("open {CROWD}"));
        if let (Some(before), Some(after)) = (before, anonymous_bytes(door.pid())) {
            let each = after.saturating_sub(before) / CROWD as u64;
            eprintln!(
                "{path}: {} KiB before, {} KiB with {CROWD} tunnels: {each} bytes each",
                before >> 10,
                after >> 10
            );
            assert!(each < TUNNEL_BYTES_MAX, "{each} bytes for a tunnel");
        }
        crowd.say("go");
        assert_eq!(crowd.line(), format!("closed {CROWD}"));
    }
}

#[test]
fn a_tunnel_in_which_nobody_says_anything_ends_after_its_time() {
    let upstream = Upstream::listen();
    let door =
        Door::start(&format!("[server]\ntimeout = {{ tunnel = \"500ms\" }}\n{}", proxy_to(upstream.port())));
    let mut client = door.wire();
    client.send("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\n");
    let mut peer = upstream.accept();
    peer.request();
    peer.send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\n");
    assert_eq!(client.head().status(), 101);
    peer.send("words");
    assert_eq!(client.bytes(5), b"words");
    client.expect_close();
    peer.expect_close();
}
