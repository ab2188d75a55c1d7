//! The promise: the door listens where the file says, takes nobody's place, and shares out whoever comes.

use std::collections::HashMap;
use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv6Addr, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::time::Instant;

use crate::kit::{Door, GUARD, Setting, Stream, run_onedoor};

const ANSWER: &str = "[routes]\n\"/*\" = { respond = \"x\" }\n";
const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/// Asks over any kind of connection, which stays open.
fn ask(stream: &mut (impl Read + Write)) {
    stream.write_all(REQUEST).expect("the door reads");
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\nx") {
        let mut piece = [0; 1024];
        let read = stream.read(&mut piece).expect("the door answers");
        assert!(read > 0, "the door closed: {}", String::from_utf8_lossy(&answer));
        answer.extend_from_slice(&piece[..read]);
    }
    assert!(answer.starts_with(b"HTTP/1.1 200"));
}

fn ask_unix(path: &Path) {
    let mut stream = UnixStream::connect(path).expect("the door listens on its socket");
    stream.set_read_timeout(Some(GUARD)).expect("a guard can be set");
    ask(&mut stream);
}

#[test]
fn every_address_of_a_list_is_served() {
    let door = Door::start(&format!(
        "[server]\nlisten = [\"127.0.0.1:${{PORT}}\", \"[::1]:${{PORT}}\", \"unix:door.sock\"]\n{ANSWER}"
    ));
    ask(&mut TcpStream::connect(("127.0.0.1", door.port())).expect("IPv4 is served"));
    ask(&mut TcpStream::connect((Ipv6Addr::LOCALHOST, door.port())).expect("IPv6 is served"));
    ask_unix(&door.dir().join("door.sock"));
}

#[test]
fn the_ipv6_wildcard_serves_ipv4_whose_clients_have_ipv4_addresses() {
    let door = Door::start(&format!("[server]\nlisten = \"[::]:${{PORT}}\"\n{ANSWER}"));
    ask(&mut TcpStream::connect(("127.0.0.1", door.port())).expect("IPv4 is served"));
    ask(&mut TcpStream::connect((Ipv6Addr::LOCALHOST, door.port())).expect("IPv6 is served"));
    door.line(Stream::Stdout, |line| line.contains("\"127.0.0.1\""));
}

#[test]
fn a_second_door_on_the_port_is_told_that_it_is_taken() {
    let door = Door::start(ANSWER);
    let second = tempfile::tempdir().expect("a folder for the test");
    for listen in [format!("127.0.0.1:{}", door.port()), format!(":{}", door.port())] {
        let file = format!("[server]\nlisten = \"{listen}\"\n{ANSWER}");
        fs::write(second.path().join("onedoor.toml"), file).expect("the test's folder can be written");
        let ended = run_onedoor(second.path(), &["up"]);
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert_eq!(ended.status.code(), Some(1), "{said}");
        assert!(said.contains("onedoor up) listens there already") && said.contains(": pid "), "{said}");
        assert!(said.contains("another port (PORT="), "{said}");
        assert!(said.contains(&door.port().to_string()), "{said}");
    }
    assert_eq!(door.fetch("/").text(), "x", "the first one is as it was");
}

/// A door with one Unix socket besides its port, in which somebody may have been before.
fn with_socket() -> Setting {
    Door::with(&format!("[server]\nlisten = [\"127.0.0.1:${{PORT}}\", \"unix:door.sock\"]\n{ANSWER}"))
}

#[test]
fn the_socket_of_a_dead_door_is_replaced_and_removed_at_the_end() {
    let setting = with_socket();
    let path = setting.path().join("door.sock");
    // Dropped, its file is left: as after a kill.
    drop(UnixListener::bind(&path).expect("a socket in the test's folder"));
    assert!(path.exists());
    let mut door = setting.start();
    ask_unix(&path);
    door.signal("TERM");
    assert_eq!(door.exit_code(), 0);
    assert!(!path.exists(), "the door takes its socket with it");
}

#[test]
fn a_socket_somebody_listens_on_is_left_to_them() {
    let setting = with_socket();
    let path = setting.path().join("door.sock");
    let living = UnixListener::bind(&path).expect("a socket in the test's folder");
    let mut door = setting.launch();
    assert_eq!(door.exit_code(), 1);
    door.line(Stream::Stderr, |line| {
        line.contains("door.sock") && line.contains("something else listens there")
    });
    assert!(path.exists());
    drop(living);
}

#[test]
fn a_socket_path_that_the_kernel_cannot_take_is_a_mistake_in_the_file() {
    let name = "s".repeat(120);
    let setting = Door::with(&format!("[server]\nlisten = \"unix:{name}\"\n{ANSWER}"));
    let ended = run_onedoor(setting.path(), &["check"]);
    let said = String::from_utf8_lossy(&[ended.stdout, ended.stderr].concat()).into_owned();
    assert_eq!(ended.status.code(), Some(2), "{said}");
    assert!(said.contains("a Unix socket takes 107"), "{said}");
}

#[test]
fn two_workers_share_a_burst_of_connections_sixty_to_forty_at_worst() {
    const BURST: usize = 64;
    let door = Door::start(&format!("[server]\nworkers = 2\n[log]\naccess = \"off\"\n{ANSWER}"));
    ask(&mut TcpStream::connect(("127.0.0.1", door.port())).expect("the door accepts"));
    let Some(_) = watched(door.pid()) else {
        eprintln!(
            "SKIPPED: this kernel does not say what an epoll instance watches; the shares are not counted"
        );
        return;
    };
    for burst in 0..20 {
        let before = settled(&door, usize::MAX);
        let mut kept: Vec<_> = (0..BURST)
            .map(|_| TcpStream::connect(("127.0.0.1", door.port())).expect("the door accepts"))
            .collect();
        for client in &mut kept {
            ask(client);
        }
        let after = watched(door.pid()).expect("it could be read before");
        let mut shares: Vec<usize> = after
            .iter()
            .map(|(waker, count)| count.saturating_sub(before.get(waker).copied().unwrap_or(0)))
            .filter(|share| *share > 0)
            .collect();
        shares.sort_unstable();
        assert_eq!(shares.iter().sum::<usize>(), BURST, "burst {burst}: {before:?}, {after:?}");
        assert!(shares.len() == 2 && shares[1] * 100 <= BURST * 60, "burst {burst}: {shares:?}");
        drop(kept);
        // Until the door has seen all of them leave.
        settled(&door, before.values().sum());
    }
}

/// What is watched once it is at most `total_max` and two looks in a row agree.
fn settled(door: &Door, total_max: usize) -> HashMap<u32, usize> {
    let started = Instant::now();
    let mut last = None;
    loop {
        let now = watched(door.pid()).expect("it could be read before");
        if now.values().sum::<usize>() <= total_max && last.as_ref() == Some(&now) {
            return now;
        }
        assert!(started.elapsed() < GUARD, "connections that were closed stay: {now:?}");
        last = Some(now);
        std::thread::yield_now();
    }
}

/// Each event loop of the door, by the descriptor that wakes it, and how many descriptors it watches (proc(5), fdinfo): a
/// worker has one loop, and each of its connections is watched there. A loop may have two descriptors of one epoll instance.
fn watched(pid: u32) -> Option<HashMap<u32, usize>> {
    let mut found = HashMap::new();
    for entry in fs::read_dir(format!("/proc/{pid}/fd")).ok()? {
        let entry = entry.ok()?;
        if fs::read_link(entry.path()).is_ok_and(|kind| kind.as_os_str() == "anon_inode:[eventpoll]") {
            let number = entry.file_name().into_string().ok()?;
            let info = fs::read_to_string(format!("/proc/{pid}/fdinfo/{number}")).ok()?;
            let watches: Vec<Vec<&str>> = info
                .lines()
                .filter(|line| line.starts_with("tfd:"))
                .map(|line| line.split_ascii_whitespace().collect())
                .collect();
            // tfd: 5 events: 80000019 data: 0 …
            let waker = watches.iter().find(|words| words.get(5) == Some(&"0"));
            if let Some(waker) = waker.and_then(|words| words.get(1)?.parse().ok()) {
                found.insert(waker, watches.len());
            }
        }
    }
    (!found.is_empty()).then_some(found)
}
