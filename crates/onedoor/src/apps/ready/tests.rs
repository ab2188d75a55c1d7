//! The promises of `ready`: with this test program as the app's family, and real listeners.

use std::ffi::OsString;
use std::net::TcpListener;
use std::os::unix::net::UnixListener;

use onedoor_linux::proc::Pid;

use super::*;

fn prober(told: Told) -> Prober {
    of(ours(), told)
}

fn of(kin: Kin, told: Told) -> Prober {
    ready_by(Readiness::Accept, kin, told)
}

fn ready_by(readiness: Readiness, kin: Kin, told: Told) -> Prober {
    let path = std::env::var_os("PATH").unwrap();
    let asker = Asker {
        children: crate::init::Children::for_tests(),
        environment: Arc::new([("PATH".into(), path)].into()),
        mask: crate::apps::secret::Mask::default(),
        dir: "/".into(),
        isolation: Arc::default(),
    };
    let signs = Signs::expected_by(&readiness);
    Prober::new(kin, told, readiness, signs, asker)
}

fn ours() -> Kin {
    Kin { leader: Pid::ours(), marker: OsString::from("no such marker") }
}

fn at_port(port: u16) -> Told {
    Told { port: Some(port), ..Told::default() }
}

#[tokio::test]
async fn the_told_socket_counts_before_the_told_port() {
    let folder = tempfile::tempdir().unwrap();
    let path = Arc::new(folder.path().join("app.sock"));
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    let _unix = UnixListener::bind(&*path).unwrap();
    let told =
        Told { socket: Some(Arc::clone(&path)), port: Some(tcp.local_addr().unwrap().port()), handed: None };
    let (_, sight) = prober(told).look().await;
    let Sight::Answers(found) = sight else { panic!("{sight:?}") };
    assert_eq!(found, Found { at: EndpointAddr::Unix(path), place: FoundPlace::AsTold });
}

#[tokio::test]
async fn a_listener_on_the_ipv6_loopback_alone_is_reached_there() {
    let Ok(listener) = TcpListener::bind("[::1]:0") else { return };
    let at = listener.local_addr().unwrap();
    let (_, sight) = prober(at_port(at.port())).look().await;
    let Sight::Answers(found) = sight else { panic!("{sight:?}") };
    assert_eq!(found.at, EndpointAddr::Tcp(at));
}

#[tokio::test]
async fn a_strangers_listener_on_the_told_port_does_not_count() {
    let stranger = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = stranger.local_addr().unwrap().port();
    // Process 1's family would include us where tests run below it; a pid that is gone has no family, so /proc
    // cannot say anything about it either. A child that listens nowhere is both visible and innocent.
    let child = crate::init::Children::for_tests();
    let mut spec = onedoor_linux::spawn::SpawnSpec::new("/bin/sleep", "/");
    spec.argv.push("600".into());
    let child_process = child.spawn(spec).await.unwrap();
    let kin = Kin { leader: child_process.pid, marker: OsString::from("no such marker") };
    let (_, sight) = of(kin, at_port(port)).look().await;
    child.signal_group(child_process.pid, onedoor_linux::signal::Signal::KILL).unwrap();
    assert!(matches!(&sight, Sight::Silent(Why::Stranger { .. })), "{sight:?}");
}

#[tokio::test]
async fn nobody_is_not_ready() {
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let (_, sight) = prober(at_port(gone)).look().await;
    assert!(matches!(sight, Sight::Silent(Why::NobodyListens)), "{sight:?}");
}

#[tokio::test]
async fn a_listener_on_all_addresses_is_reached_on_the_loopback() {
    let everywhere = TcpListener::bind("0.0.0.0:0").unwrap();
    let port = everywhere.local_addr().unwrap().port();
    let reached = connectable(everywhere.local_addr().unwrap()).await;
    assert_eq!(reached, Some(SocketAddr::from(([127, 0, 0, 1], port))));
}

#[tokio::test]
async fn an_app_on_a_socket_of_its_own_choice_is_told_where_it_should_listen() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.sock");
    let script = "import socket, sys, time\ns = socket.socket(socket.AF_UNIX)\ns.bind(sys.argv[1])\ns.listen()\nprint(flush=True)\ntime.sleep(600)";
    let children = crate::init::Children::for_tests();
    let mut spec = onedoor_linux::spawn::SpawnSpec::new("/usr/bin/env", "/");
    spec.argv.extend(["python3", "-c", script].map(OsString::from));
    spec.argv.push(path.clone().into());
    spec.env = std::env::vars_os().collect();
    let app = children.spawn(spec).await.unwrap();
    let mut listens = tokio::net::unix::pipe::Receiver::from_owned_fd(app.stdout).unwrap();
    tokio::io::AsyncReadExt::read_u8(&mut listens).await.unwrap();
    let kin = Kin { leader: app.pid, marker: OsString::from("no such marker") };
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let (_, sight) = of(kin, at_port(gone)).look().await;
    children.signal_group(app.pid, onedoor_linux::signal::Signal::KILL).unwrap();
    assert!(matches!(&sight, Sight::Silent(Why::OtherSocket { path: found }) if *found == path), "{sight:?}");
}

#[test]
fn an_app_that_takes_long_is_asked_no_more_often_than_the_operator_says() {
    let every = Duration::from_secs(3);
    let readiness =
        Readiness::Http { path: "/".into(), status: None, every, timeout: Duration::from_secs(1) };
    let mut prober = Prober { readiness, ..prober(Told::default()) };
    let pauses: Vec<Duration> = (0..40).map(|_| prober.next_pause()).collect();
    assert_eq!((pauses.first(), pauses.last()), (Some(&FIRST_PAUSE), Some(&every)));
}

#[tokio::test]
async fn a_daemon_that_left_session_and_descent_is_found_by_its_mark() {
    let script = "import os, socket, sys, time\nif os.fork(): time.sleep(600)\nos.setsid()\nif os.fork(): os._exit(0)\ns = socket.create_server(('127.0.0.1', int(sys.argv[1])))\nprint(flush=True)\ntime.sleep(600)";
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let children = crate::init::Children::for_tests();
    let mut spec = onedoor_linux::spawn::SpawnSpec::new("/usr/bin/env", "/");
    spec.argv.extend(["python3", "-c", script, &port.to_string()].map(OsString::from));
    let marker = OsString::from("a daemon of this test");
    spec.env = std::env::vars_os().chain([("ONEDOOR_ID".into(), marker.clone())]).collect();
    let app = children.spawn(spec).await.unwrap();
    let mut listens = tokio::net::unix::pipe::Receiver::from_owned_fd(app.stdout).unwrap();
    tokio::io::AsyncReadExt::read_u8(&mut listens).await.unwrap();
    let kin = Kin { leader: app.pid, marker: marker.clone() };
    let stranger = Kin { leader: app.pid, marker: OsString::from("another") };
    let (found, not_found) = (kin.listens_on(port), stranger.listens_on(port));
    children.signal_group(app.pid, onedoor_linux::signal::Signal::KILL).unwrap();
    for daemon in onedoor_linux::proc::with_environment("ONEDOOR_ID".as_ref(), &marker) {
        onedoor_linux::signal::send(daemon.pid, onedoor_linux::signal::Signal::KILL).ok();
    }
    assert_eq!((found, not_found), (Belongs::Yes, Belongs::No));
}

#[tokio::test]
async fn a_worker_is_ready_by_its_line_alone() {
    let pattern = LinePattern::parse("celery@.* ready").unwrap();
    let prober = ready_by(Readiness::Log { pattern: pattern.clone() }, ours(), Told::default());
    let signs = prober.signs.clone();
    let (prober, sight) = prober.look().await;
    assert!(matches!(sight, Sight::Silent(Why::NoSuchLine { pattern: missed }) if missed == pattern));
    let waiting = tokio::spawn(prober.look_again());
    signs.read_line(b"celery@host ready.");
    let (_, sight) = waiting.await.unwrap();
    assert!(matches!(sight, Sight::Runs), "{sight:?}");
}

#[tokio::test]
async fn a_served_app_that_gave_its_sign_must_accept_as_well_and_one_that_accepts_must_give_it() {
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = tcp.local_addr().unwrap().port();
    let prober = ready_by(Readiness::Notify, ours(), at_port(port));
    let signs = prober.signs.clone();
    let (prober, sight) = prober.look().await;
    assert!(matches!(sight, Sight::Silent(Why::NotNotified)), "{sight:?}");
    signs.set(|state| state.announced = Announced::Ready);
    let (prober, sight) = prober.look().await;
    assert!(matches!(&sight, Sight::Answers(found) if found.place == FoundPlace::AsTold), "{sight:?}");
    drop(tcp);
    let (prober, sight) = prober.look().await;
    assert!(matches!(sight, Sight::Silent(Why::NobodyListens)), "{sight:?}");
    signs.set(|state| state.announced = Announced::Stopping);
    let (_, sight) = prober.look().await;
    assert!(matches!(sight, Sight::Silent(Why::Stopping)), "{sight:?}");
}

#[tokio::test]
async fn a_command_decides_once_the_app_accepts() {
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    let told = at_port(tcp.local_addr().unwrap().port());
    let (every, timeout) = (Duration::from_secs(1), Duration::from_secs(60));
    let exec = |line: &str| Readiness::Exec { command: Command::Shell(line.into()), every, timeout };
    let (_, sight) = ready_by(exec("exit 0"), ours(), told.clone()).look().await;
    assert!(matches!(sight, Sight::Answers(_)), "{sight:?}");
    let (mut prober, sight) = ready_by(exec("echo not yet >&2; exit 3"), ours(), told).look().await;
    let Sight::Silent(why) = sight else { panic!("{sight:?}") };
    assert_eq!(why.to_string(), "`echo not yet >&2; exit 3`: exit code 3: not yet");
    assert_eq!(prober.next_pause(), FIRST_COMMAND_PAUSE);
}
