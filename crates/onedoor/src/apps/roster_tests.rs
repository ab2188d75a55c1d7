//! The promises of the roster, kept with real processes: Python servers and shell scripts.

use std::path::Path;

use onedoor_linux::proc::{self, Liveness, Pid};
use onedoor_linux::signal::Signal;

use super::super::board::AppState;
use super::super::spec::{
    Cap, Command, Environment, GiveUp, PrefixMode, Readiness, ReplaceHow, RestartPolicy, RestartWhen,
    StartWhen, StopPolicy, StopSignal, Watch,
};
use super::super::success::SuccessCodes;
use super::*;
use crate::observe::log::{Format, LogConfig};
use crate::registry::{AppId, Choice, Endpoint, EndpointAddr, FailedEndpoints, Failure, Registry, Unready};

/// Long enough for any machine; nothing here waits for it to pass.
const PATIENCE: Duration = Duration::from_secs(60);

/// Serves on the port or the socket path given first; ends with code 3 when it is sent anything that begins with
/// `die`, and answers everything else. Probes send nothing.
const SERVER: &str = r#"
import socket, sys, os
where = sys.argv[1]
if "/" in where:
    listener = socket.socket(socket.AF_UNIX); listener.bind(where)
else:
    listener = socket.socket(); listener.bind(("127.0.0.1", int(where)))
listener.listen(16)
print("up", file=sys.stderr, flush=True)
while True:
    peer, _ = listener.accept()
    if peer.recv(100).startswith(b"die"):
        print("last words", file=sys.stderr, flush=True)
        os._exit(3)
    peer.close()
"#;

fn spec(command: Command) -> AppSpec {
    let path = std::env::var_os("PATH").unwrap();
    let home = std::env::var_os("HOME").unwrap_or_else(|| "/".into());
    AppSpec {
        id: AppId(0),
        name: "web".into(),
        place: "onedoor.toml:2".into(),
        command,
        dir: "/".into(),
        environment: Environment {
            inherited: vec![("PATH".into(), path), ("HOME".into(), home)],
            ..Environment::default()
        },
        isolation: Arc::default(),
        listening: Listening::PrivatePort { prefix: None },
        prefix_mode: PrefixMode::Kept,
        readiness: Readiness::Accept,
        liveness: super::super::spec::Liveness::Unwatched,
        start_timeout: PATIENCE,
        restart: RestartPolicy {
            when: RestartWhen::Always,
            backoff_min: Duration::from_millis(1),
            backoff_max: Duration::from_millis(10),
            give_up: GiveUp::After { failures: 3, within: PATIENCE },
        },
        stop: StopPolicy { signal: StopSignal::Term, grace: Grace::RestOfBudget, drain: PATIENCE },
        success: SuccessCodes::default(),
        weight: Weight::Essential,
        cap: Cap::Auto,
        replicas: 1,
        replace: ReplaceHow::Overlap,
        start: StartWhen::Eager,
        stop_after_idle: None,
        needs: Vec::new(),
        watch: Watch::Nothing,
    }
}

fn server(place: &str) -> AppSpec {
    spec(Command::Exec(["python3", "-c", SERVER, place].map(String::from).to_vec()))
}

fn shell(line: &str) -> AppSpec {
    spec(Command::Shell(line.into()))
}

struct Running {
    apps: Apps,
    registry: Arc<Registry>,
}

fn start(specs: Vec<AppSpec>) -> Running {
    start_with(specs, Log::to_nowhere())
}

fn start_with(mut specs: Vec<AppSpec>, log: Log) -> Running {
    for (index, spec) in specs.iter_mut().enumerate() {
        spec.id = AppId(u16::try_from(index).unwrap());
    }
    let slots: Vec<_> = specs.iter().map(|spec| (Arc::clone(&spec.name), spec.weight)).collect();
    let (registry, publishers) = Registry::new(&slots, 1);
    let config = Config { apps: specs, jobs: Vec::new(), stop_budget: PATIENCE };
    let loopback = Loopback {
        ports: Arc::new(PrivatePorts::of_this_host(Default::default())),
        addresses: Addresses::default(),
    };
    let apps = Apps::start(config, publishers, Children::for_tests(), log, loopback).unwrap();
    Running { apps, registry }
}

impl Running {
    async fn ready(&self, failed: &[&Endpoint]) -> Arc<Endpoint> {
        let failed: FailedEndpoints = failed.iter().map(|endpoint| endpoint.id).collect();
        self.registry
            .ready_after(AppId(0), &failed, Choice::InTurn(0), Instant::now() + PATIENCE)
            .await
            .unwrap()
    }

    async fn stop(self) -> StopReport {
        self.apps.stop(Instant::now() + PATIENCE, std::future::pending()).await
    }
}

async fn send(endpoint: &Endpoint, bytes: &[u8]) {
    use tokio::io::AsyncWriteExt;
    let EndpointAddr::Tcp(at) = endpoint.addr else { panic!("a port was asked for") };
    let mut stream = tokio::net::TcpStream::connect(at).await.unwrap();
    stream.write_all(bytes).await.unwrap();
}

fn is_alive(pid: i32) -> bool {
    proc::process(Pid::new(pid).unwrap()).is_some_and(|process| process.life == Liveness::Alive)
}

/// The number a script wrote into `file`, once it has.
async fn pid_in(file: &Path) -> i32 {
    loop {
        if let Some(pid) = std::fs::read_to_string(file).ok().and_then(|text| text.trim().parse().ok()) {
            return pid;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn an_app_is_ready_where_it_was_told_and_ends_when_asked() {
    let running = start(vec![server("$PORT")]);
    let endpoint = running.ready(&[]).await;
    assert!(matches!(endpoint.addr, EndpointAddr::Tcp(at) if at.ip().is_loopback()));
    assert!(matches!(running.apps.table()[0].state, AppState::Ready { listens: Some(_), .. }));
    let report = running.stop().await;
    assert!(report.is_clean(), "{report:?}");
}

#[tokio::test]
async fn an_app_that_asks_for_a_socket_is_reached_on_it() {
    let mut app = server("$SOCKET");
    app.listening = Listening::Auto { prefix: None };
    let running = start(vec![app]);
    let endpoint = running.ready(&[]).await;
    let EndpointAddr::Unix(path) = &endpoint.addr else { panic!("{endpoint:?}") };
    assert!(path.exists());
    running.stop().await;
    assert!(!path.parent().unwrap().exists(), "the socket's folder is left behind");
}

#[tokio::test]
async fn an_app_that_listens_elsewhere_is_found_there_and_named_once() {
    let (log, _out, mut err) = Log::to_pipes(&LogConfig { format: Format::Human, ..LogConfig::default() });
    let running = start_with(vec![server("0")], log.clone());
    let first = running.ready(&[]).await;
    let EndpointAddr::Tcp(at) = first.addr else { panic!("{first:?}") };
    running.registry.report(AppId(0), first.id, Failure::Refused);
    running.ready(&[&first]).await;
    running.stop().await;
    log.flush(PATIENCE);
    let mut bytes = vec![0; 64 * 1024];
    let len = io::Read::read(&mut err, &mut bytes).unwrap();
    let text = String::from_utf8_lossy(&bytes[..len]);
    let port = at.port();
    let warning = format!("onedoor.toml:2: app \"web\" listens on {port}, was told ");
    assert_eq!(text.matches(&warning).count(), 1, "{text}");
    assert!(text.contains(&format!("using {port} (say port = {port} to make that official)")), "{text}");
}

/// The app opens a port of its own first, and the one it was told once somebody has come to the first.
#[tokio::test]
async fn an_app_that_listens_where_it_was_told_after_all_is_followed_there() {
    const LATE: &str = r#"
import socket, sys
side = socket.create_server(("127.0.0.1", 0))
side.accept()
told = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True: told.accept()
"#;
    let words = ["python3", "-c", LATE, "$PORT"];
    let running = start(vec![spec(Command::Exec(words.map(String::from).to_vec()))]);
    let side = running.ready(&[]).await;
    let told = running.ready(&[&side]).await;
    assert_ne!(side.addr, told.addr);
    assert_eq!(side.generation, told.generation);
    running.stop().await;
}

#[tokio::test]
async fn a_process_of_a_shell_counts_as_the_apps() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("server.py"), SERVER).unwrap();
    let mut app = shell("true && python3 server.py $PORT");
    app.dir = dir.path().into();
    let running = start(vec![app]);
    running.ready(&[]).await;
    let report = running.stop().await;
    assert!(report.is_clean(), "{report:?}");
}

#[tokio::test]
async fn a_crash_is_followed_by_a_new_generation() {
    let running = start(vec![server("$PORT")]);
    let first = running.ready(&[]).await;
    send(&first, b"die").await;
    let second = running.ready(&[&first]).await;
    assert_eq!((first.generation, second.generation), (1, 2));
    running.stop().await;
}

#[tokio::test]
async fn a_refused_endpoint_that_answers_again_has_a_new_id() {
    let running = start(vec![server("$PORT")]);
    let first = running.ready(&[]).await;
    running.registry.report(AppId(0), first.id, Failure::Refused);
    let second = running.ready(&[&first]).await;
    assert_ne!(first.id, second.id);
    assert_eq!(first.generation, second.generation);
    running.registry.report(AppId(0), second.id, Failure::Reset);
    let third = running.ready(&[&first, &second]).await;
    assert_eq!(third.generation, second.generation);
    running.stop().await;
}

#[tokio::test]
async fn readiness_by_http_waits_for_the_status() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("well"), "").unwrap();
    let words = ["python3", "-m", "http.server", "--bind", "127.0.0.1", "$PORT"];
    let mut app = spec(Command::Exec(words.map(String::from).to_vec()));
    app.dir = dir.path().into();
    app.readiness = Readiness::Http {
        path: "/well".into(),
        status: None,
        every: Duration::from_secs(5),
        timeout: PATIENCE,
    };
    let running = start(vec![app]);
    running.ready(&[]).await;
    running.stop().await;
}

#[tokio::test]
async fn a_missing_command_ends_the_program_like_a_shell_would() {
    let mut running = start(vec![spec(Command::Exec(vec!["no-such-program".into()]))]);
    let end = running.apps.ended().await;
    assert_eq!(end.exit_code, 127);
    assert!(end.why.contains("onedoor.toml:2") && end.why.contains("no-such-program"), "{}", end.why);
    running.stop().await;
}

#[tokio::test]
async fn an_essential_app_that_gives_up_leaves_its_code_and_its_last_words() {
    let mut running = start(vec![shell("echo listen EADDRINUSE >&2; exit 7")]);
    let end = running.apps.ended().await;
    assert_eq!(end.exit_code, 7);
    assert_eq!(end.last_lines, ["listen EADDRINUSE"]);
    assert!(end.why.contains("gave up after 3 failures") && end.why.contains("$PORT"), "{}", end.why);
    let refused = running
        .registry
        .ready_after(AppId(0), &FailedEndpoints::new(), Choice::InTurn(0), Instant::now() + PATIENCE)
        .await;
    assert!(matches!(refused, Err(Unready::Down { retry_after: None, .. })), "{refused:?}");
    running.stop().await;
}

#[tokio::test]
async fn an_exit_code_that_is_listed_is_no_failure_and_the_program_ends_with_0() {
    let ending = |when, line: &str| {
        let mut app = shell(line);
        app.success = SuccessCodes::beside_zero([143, 3]);
        app.restart.when = when;
        app
    };
    for (when, line, code) in [
        (RestartWhen::OnFailure, "exit 3", 0),
        (RestartWhen::OnFailure, "kill -TERM $$", 0),
        (RestartWhen::Never, "exit 143", 0),
        (RestartWhen::Never, "exit 4", 4),
        // It is started again and again all the same, and has failed at that.
        (RestartWhen::Always, "exit 3", 1),
    ] {
        let mut running = start(vec![ending(when, line)]);
        let end = running.apps.ended().await;
        assert_eq!(end.exit_code, code, "{line}: {}", end.why);
        running.stop().await;
    }
}

#[tokio::test]
async fn an_essential_app_past_its_start_deadline_ends_the_program() {
    let mut app = shell("exec sleep 600");
    app.start_timeout = Duration::from_millis(1);
    let mut running = start(vec![app]);
    let end = running.apps.ended().await;
    assert_eq!(end.exit_code, 1);
    assert!(end.why.contains("did not become ready within"), "{}", end.why);
    running.stop().await;
}

#[tokio::test]
async fn the_last_served_app_takes_the_program_with_it_and_a_worker_does_not() {
    let ends = |name: &str, code: u8, listening: Listening| {
        let mut app = shell(&format!("exit {code}"));
        app.name = name.into();
        app.weight = Weight::Optional;
        app.listening = listening;
        app.restart.when = RestartWhen::Never;
        app
    };
    let mut running = start(vec![
        ends("worker", 4, Listening::Nowhere),
        ends("first", 5, Listening::PrivatePort { prefix: None }),
        ends("second", 5, Listening::PrivatePort { prefix: None }),
    ]);
    let end = running.apps.ended().await;
    assert_eq!(end.exit_code, 5);
    let others = |row: &AppRow| matches!(row.state, AppState::Down { .. }) || row.name == Arc::from("worker");
    assert!(running.apps.table().iter().all(others));
    running.stop().await;
}

#[tokio::test]
async fn an_app_that_ignores_its_stop_signal_is_killed_and_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("pid");
    let mut app = shell(&format!("trap '' TERM; echo $$ > {}; while :; do sleep 1; done", file.display()));
    app.listening = Listening::Nowhere;
    app.stop.grace = Grace::AtMost(Duration::from_millis(1));
    let running = start(vec![app]);
    let pid = pid_in(&file).await;
    let report = running.stop().await;
    assert!(matches!(report.apps[0].how, StopOutcome::Killed { .. }), "{report:?}");
    assert!(!is_alive(pid));
}

/// The shell is gone at once when its group is signalled; the server behind it has answers to finish.
#[tokio::test]
async fn a_server_behind_a_shell_may_finish_after_the_shell_has_ended() {
    const SLOW: &str = r#"
import os, signal, socket, sys, time
shell = os.getppid()
def finish(*_):
    while os.getppid() == shell: time.sleep(0.01)
    time.sleep(0.2)
    open("finished", "w").close()
    os._exit(0)
signal.signal(signal.SIGTERM, finish)
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True: listener.accept()
"#;
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("slow.py"), SLOW).unwrap();
    let mut app = shell("python3 slow.py $PORT; true");
    app.dir = dir.path().into();
    let running = start(vec![app]);
    running.ready(&[]).await;
    let report = running.stop().await;
    assert!(report.is_clean() && dir.path().join("finished").exists(), "{report:?}");
}

#[tokio::test]
async fn an_app_that_was_stopped_hears_its_stop_signal_all_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("pid");
    let mut app = shell(&format!("echo $$ > {}; exec sleep 600", file.display()));
    app.listening = Listening::Nowhere;
    let running = start(vec![app]);
    let pid = Pid::new(pid_in(&file).await).unwrap();
    // It may have written its number down before whoever made it has.
    while Children::for_tests().signal_group(pid, Signal::from_name("STOP").unwrap()).is_err() {
        tokio::task::yield_now().await;
    }
    // Otherwise it would be killed, after almost a minute.
    let report = running.stop().await;
    assert!(report.is_clean(), "{report:?}");
}

#[tokio::test]
async fn an_app_that_could_not_be_started_once_ends_with_its_own_code_all_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let mut app = spec(Command::Exec(vec!["./program".into()]));
    app.dir = dir.path().into();
    app.restart.give_up = GiveUp::After { failures: 20, within: PATIENCE };
    let program = dir.path().join("program");
    std::fs::write(&program, "#!/bin/sh\nexit 7\n").unwrap();
    std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    // ETXTBSY: somebody is still writing it (execve(2)).
    let writer = std::fs::OpenOptions::new().append(true).open(&program).unwrap();
    let mut running = start(vec![app]);
    while !matches!(running.apps.table()[0].state, AppState::Down { .. }) {
        tokio::task::yield_now().await;
    }
    drop(writer);
    let end = running.apps.ended().await;
    assert_eq!(end.exit_code, 7, "{}", end.why);
    running.stop().await;
}

#[tokio::test]
async fn a_daemon_that_left_its_session_does_not_outlive_its_app() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("pid");
    let daemon = format!("trap \"\" TERM; echo $$ > {}; while :; do sleep 1; done", file.display());
    let mut app = shell(&format!("setsid sh -c '{daemon}' & exec sleep 600"));
    app.listening = Listening::Nowhere;
    app.stop.grace = Grace::AtMost(Duration::from_millis(1));
    let running = start(vec![app]);
    let daemon = pid_in(&file).await;
    let report = running.stop().await;
    assert!(report.apps[0].leftovers > 0, "{report:?}");
    assert!(!is_alive(daemon));
}

#[tokio::test]
async fn an_app_that_puts_itself_into_the_background_is_told_to_stay_in_front() {
    let mut running = start(vec![shell("setsid sleep 600 & sleep 0.1; exit 0")]);
    let end = running.apps.ended().await;
    assert_eq!(end.exit_code, 1);
    assert!(end.why.contains("foreground"), "{}", end.why);
    running.stop().await;
}

#[tokio::test]
async fn a_program_that_is_away_for_a_moment_is_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    let (program, away) = (dir.path().join("program"), dir.path().join("away"));
    std::fs::write(&program, format!("#!/usr/bin/env python3\n{SERVER}")).unwrap();
    std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let mut app = spec(Command::Exec(["./program", "$PORT"].map(String::from).to_vec()));
    app.dir = dir.path().into();
    app.restart.give_up = GiveUp::Never;
    let running = start(vec![app]);
    let first = running.ready(&[]).await;
    std::fs::rename(&program, &away).unwrap();
    send(&first, b"die").await;
    let is_missed = |state: &AppState| matches!(state, AppState::Down { why } if why.contains("cannot be"));
    while !is_missed(&running.apps.table()[0].state) {
        tokio::task::yield_now().await;
    }
    std::fs::rename(&away, &program).unwrap();
    running.ready(&[&first]).await;
    running.stop().await;
}

#[tokio::test]
async fn an_app_that_nobody_watches_any_more_ends_the_program() {
    let mut running = start(vec![shell("exec sleep 600")]);
    running.apps.tasks.spawn(async { panic!("the panic that this test asks for") });
    assert_eq!(running.apps.ended().await.exit_code, 70);
    running.stop().await;
}

#[tokio::test]
async fn a_second_wish_to_stop_shortens_the_grace() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("pid");
    let mut app = shell(&format!("trap '' TERM; echo $$ > {}; while :; do sleep 1; done", file.display()));
    app.listening = Listening::Nowhere;
    let running = start(vec![app]);
    pid_in(&file).await;
    // Without the hurry the kill would come after a minute, and the test's own time limit before.
    let report = running.apps.stop(Instant::now() + PATIENCE, std::future::ready(())).await;
    assert!(
        matches!(report.apps[0].how, StopOutcome::Killed { after } if after < PATIENCE / 2),
        "{report:?}"
    );
}

#[tokio::test]
async fn a_stop_is_seen_by_requests_as_draining() {
    let running = start(vec![server("$PORT")]);
    running.ready(&[]).await;
    let registry = Arc::clone(&running.registry);
    running.stop().await;
    let refused = registry
        .ready_after(AppId(0), &FailedEndpoints::new(), Choice::InTurn(0), Instant::now() + PATIENCE)
        .await;
    assert_eq!(refused.unwrap_err(), Unready::Draining);
}
