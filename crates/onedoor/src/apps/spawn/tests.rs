//! The promises of `spawn`: what a process would see.

use std::time::Duration;

use super::*;
use crate::apps::secret::Secrets;
use crate::apps::spec::{
    EnvPiece, EnvValue, Environment, GiveUp, Grace, Liveness, PrefixMode, Readiness, ReplaceHow,
    RestartPolicy, RestartWhen, StartWhen, StopPolicy, StopSignal, Watch,
};
use crate::apps::success::SuccessCodes;
use crate::registry::{AppId, Weight};

fn app(words: &[&str], listening: Listening) -> AppSpec {
    AppSpec {
        id: AppId(0),
        name: "web".into(),
        place: "onedoor.toml:2".into(),
        command: Command::Exec(words.iter().map(|&word| word.into()).collect()),
        dir: "/".into(),
        environment: Environment {
            inherited: vec![("PATH".into(), "/usr/bin:/bin".into())],
            ..Environment::default()
        },
        isolation: Arc::default(),
        listening,
        prefix_mode: PrefixMode::Stripped,
        readiness: Readiness::Accept,
        liveness: Liveness::Unwatched,
        start_timeout: Duration::from_secs(300),
        restart: RestartPolicy {
            when: RestartWhen::Always,
            backoff_min: Duration::from_millis(100),
            backoff_max: Duration::from_secs(10),
            give_up: GiveUp::Never,
        },
        stop: StopPolicy {
            signal: StopSignal::Term,
            grace: Grace::RestOfBudget,
            drain: Duration::from_secs(30),
        },
        success: SuccessCodes::default(),
        weight: Weight::Optional,
        cap: Cap::Auto,
        replicas: 1,
        replace: ReplaceHow::Overlap,
        start: StartWhen::Eager,
        stop_after_idle: None,
        needs: Vec::new(),
        watch: Watch::Nothing,
    }
}

fn launch(app: &AppSpec) -> Launch {
    launcher(app).prepare(app, 1, &Secrets::default()).unwrap()
}

fn launcher(app: &AppSpec) -> Launcher {
    let ports = Arc::new(PrivatePorts::of_this_host(std::collections::BTreeSet::new()));
    let runtime = Arc::new(RuntimeDir::of_this_host().unwrap());
    Launcher::new(
        app,
        Shared { ports, addresses: Addresses::default(), runtime, confinement: Arc::default() },
    )
}

fn variable(launch: &Launch, name: &str) -> Option<String> {
    let found = launch.spec.env.iter().find(|(found, _)| found == name);
    found.map(|(_, value)| value.to_str().unwrap().to_owned())
}

fn private_port() -> Listening {
    Listening::PrivatePort { prefix: Some("/api".into()) }
}

#[test]
fn an_app_is_told_its_port_its_host_and_its_prefix() {
    let launch = launch(&app(&["sleep", "1"], private_port()));
    let port = launch.told.port.unwrap();
    assert_eq!(variable(&launch, "PORT"), Some(port.to_string()));
    assert_eq!(variable(&launch, "HOST").unwrap(), "127.0.0.1");
    assert_eq!(variable(&launch, "PREFIX").unwrap(), "/api");
    assert_eq!(variable(&launch, "SOCKET"), None);
    assert_eq!(launch.spec.program, Path::new("/usr/bin/sleep"));
}

#[test]
fn a_worker_is_told_no_place() {
    let launch = launch(&app(&["sleep", "1"], Listening::Nowhere));
    assert!(["PORT", "HOST", "PREFIX", "SOCKET"].iter().all(|name| variable(&launch, name).is_none()));
}

#[test]
fn the_apps_own_variables_beat_ours_and_ours_beat_the_containers() {
    let mut app = app(&["env", "uvicorn"], private_port());
    app.environment.inherited.extend([
        ("UVICORN_PORT".into(), "80".into()),
        ("FORWARDED_ALLOW_IPS".into(), "10.0.0.1".into()),
        ("HOST".into(), "0.0.0.0".into()),
    ]);
    app.environment.own.push(("HOST".into(), "::1".into()));
    let launch = launch(&app);
    assert_eq!(variable(&launch, "UVICORN_PORT"), variable(&launch, "PORT"));
    assert_eq!(variable(&launch, "FORWARDED_ALLOW_IPS").unwrap(), "10.0.0.1");
    assert_eq!(variable(&launch, "HOST").unwrap(), "::1");
}

#[test]
fn the_words_of_a_command_see_the_apps_environment() {
    let words = ["echo", "--port=$PORT", "${GREETING}", "[$SOCKET]", "$UNKNOWN"];
    let mut app = app(&words, Listening::FixedPort { port: 9300, prefix: None });
    app.environment.own.push(("GREETING".into(), "hello".into()));
    let argv = launch(&app).spec.argv;
    assert_eq!(argv, ["echo", "--port=9300", "hello", "[]", "$UNKNOWN"]);
}

fn launcher_beside(app: &AppSpec, siblings: &[(&str, u16)]) -> Launcher {
    let launcher = launcher(app);
    launcher.shared.addresses.replace(siblings.iter().map(|(name, port)| ((*name).into(), *port)));
    launcher
}

#[test]
fn an_app_is_told_where_the_others_are_unless_somebody_has_said_something_else() {
    let mut app = app(&["echo", "$ADMIN_API_URL"], private_port());
    app.environment.inherited.push(("DATABASE_URL".into(), "postgres://db".into()));
    app.environment.own.push(("MAIL_URL".into(), "smtp://mail".into()));
    let own = app.name.to_string();
    let siblings = [("admin-api", 21_001), ("database", 21_002), ("mail", 21_003), (own.as_str(), 21_004)];
    let launch = launcher_beside(&app, &siblings).prepare(&app, 1, &Secrets::default()).unwrap();
    assert_eq!(launch.spec.argv[1], "http://127.0.0.1:21001");
    assert_eq!(variable(&launch, "ADMIN_API_URL").unwrap(), "http://127.0.0.1:21001");
    assert_eq!(variable(&launch, "DATABASE_URL").unwrap(), "postgres://db");
    assert_eq!(variable(&launch, "MAIL_URL").unwrap(), "smtp://mail");
    assert_eq!(variable(&launch, &crate::loopback::variable_of(&own)), None);
}

#[test]
fn a_value_that_names_a_sibling_has_its_address_or_is_not_there() {
    let mut app = app(&["sleep", "1"], private_port());
    let pieces = vec![EnvPiece::UrlOf("api".into()), EnvPiece::Text("/v1".into())];
    app.environment.inherited.push(("BASE".into(), "elsewhere".into()));
    app.environment.own.push(("BASE".into(), EnvValue { pieces }));
    let beside = launcher_beside(&app, &[("api", 21_001)]).prepare(&app, 1, &Secrets::default()).unwrap();
    assert_eq!(variable(&beside, "BASE").unwrap(), "http://127.0.0.1:21001/v1");
    assert_eq!(variable(&launch(&app), "BASE"), None);
}

#[test]
fn each_start_has_a_fresh_port_and_a_fresh_marker() {
    let app = app(&["sleep", "1"], private_port());
    let mut launcher = launcher(&app);
    let (first, second) = (
        launcher.prepare(&app, 1, &Secrets::default()).unwrap(),
        launcher.prepare(&app, 1, &Secrets::default()).unwrap(),
    );
    assert_ne!(first.told.port, second.told.port);
    assert_ne!(first.marker, second.marker);
    assert_eq!(variable(&first, MARKER).unwrap(), first.marker.to_str().unwrap());
}

#[test]
fn programs_of_the_apps_own_folders_come_first() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join(".venv/bin");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("sleep"), "#!/bin/sh\n").unwrap();
    std::fs::set_permissions(folder.join("sleep"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut app = app(&["sleep", "1"], Listening::Nowhere);
    app.dir = dir.path().into();
    assert_eq!(launch(&app).spec.program, folder.join("sleep"));
}

#[test]
fn a_framework_that_takes_a_socket_gets_one_beside_its_port() {
    let auto = || Listening::Auto { prefix: None };
    let told = |words: &[&str]| {
        let app = app(words, auto());
        launcher(&app).place(&app, 1).unwrap().0
    };
    assert!(told(&["uvicorn", "main:app"]).socket.is_some());
    assert!(told(&["uvicorn", "main:app"]).port.is_some());
    assert!(told(&["uvicorn", "main:app", "--port", "8000"]).socket.is_none());
    assert!(told(&["serve", "unix:$SOCKET"]).socket.is_some());
    assert!(told(&["node", "main.js"]).socket.is_none());
}

#[test]
fn where_nothing_is_writable_a_port_does_and_the_reason_is_kept() {
    let mut app = app(&["env", "unix:$SOCKET"], Listening::Auto { prefix: None });
    // No folder can have that name.
    app.name = "nowhere/web".into();
    let launch = launch(&app);
    assert!(launch.socketless.is_some() && launch.told.socket.is_none());
    assert_eq!(variable(&launch, "PORT"), launch.told.port.map(|port| port.to_string()));
}

#[test]
fn an_app_that_asked_for_a_socket_is_told_it_as_its_port() {
    let launch = launch(&app(&["env", "node", "main.js"], Listening::UnixSocket { prefix: None }));
    let socket = launch.told.socket.as_deref().unwrap().to_str().unwrap().to_owned();
    assert_eq!(variable(&launch, "PORT"), Some(socket));
    assert_eq!(launch.told.port, None);
}

#[test]
fn a_missing_program_is_named() {
    let app = app(&["no-such-program"], private_port());
    let error = launcher(&app).prepare(&app, 1, &Secrets::default()).unwrap_err();
    assert!(error.to_string().contains("no-such-program"), "{error}");
}

#[test]
fn a_framework_hears_of_a_prefix_only_if_it_is_the_kind_that_needs_to() {
    let uvicorn = |prefix_mode| {
        let app = AppSpec { prefix_mode, ..app(&["env", "uvicorn", "main:app"], private_port()) };
        let launch = launch(&app);
        assert_eq!(variable(&launch, "PREFIX").unwrap(), "/api");
        variable(&launch, "UVICORN_ROOT_PATH")
    };
    assert_eq!(uvicorn(PrefixMode::Stripped).as_deref(), Some("/api"));
    // uvicorn would put the prefix before a path that has it already.
    assert_eq!(uvicorn(PrefixMode::Kept), None);
}

#[test]
fn an_app_that_notifies_is_told_where_and_how_often_and_no_other_is() {
    let mut app = app(&["sleep", "1"], Listening::Nowhere);
    assert_eq!(variable(&launch(&app), "NOTIFY_SOCKET"), None);
    app.liveness = Liveness::Beats { within: Duration::from_secs(30) };
    let mut launcher = launcher(&app);
    let [first, second] = [
        launcher.prepare(&app, 1, &Secrets::default()).unwrap(),
        launcher.prepare(&app, 1, &Secrets::default()).unwrap(),
    ];
    assert_eq!(variable(&first, "WATCHDOG_USEC").unwrap(), "30000000");
    let [one, two] = [&first, &second].map(|launch| variable(launch, "NOTIFY_SOCKET").unwrap());
    assert_ne!(one, two, "two starts may live at once");
    assert!(one.len() <= 107);
    assert!(one.starts_with('@') || Path::new(&one).exists());
    drop(first);
    assert!(!Path::new(&one).exists());
}
