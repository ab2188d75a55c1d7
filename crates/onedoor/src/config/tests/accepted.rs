//! What the file may say, and what it then means.

use std::net::SocketAddr;
use std::path::Path;

use super::{Env, check, check_text, fine};
use crate::apps::spec::{Command, JobOn, Listening, Need, Overlap};
use crate::apps::success::SuccessCodes;
use crate::config::Loaded;
use crate::proxy::config::{Listen, Origin, ProxyProtocol};
use crate::proxy::route::{Action, Ask, Balance, Details, Found, UpstreamHost};
use crate::registry::{AppId, Weight};

const ZOO: &str = include_str!("zoo.toml");

fn found<'l>(loaded: &'l Loaded, host: &str, path: &str) -> &'l Action {
    let details = Details::default();
    let ask = Ask { method: b"GET", host: host.as_bytes(), path: path.as_bytes(), details };
    match loaded.proxy.routes.find(&ask) {
        Found::Route(matched) => &matched.route.action,
        other => panic!("{path}: {other:?}"),
    }
}

fn app_at(loaded: &Loaded, host: &str, path: &str) -> String {
    match found(loaded, host, path) {
        Action::App { app, .. } => loaded.apps.apps[usize::from(app.0)].name.to_string(),
        other => panic!("{path}: {other:?}"),
    }
}

#[test]
fn the_zoo_is_served_as_its_seven_lines_say() {
    let loaded = fine(ZOO);
    assert_eq!(app_at(&loaded, "h", "/"), "python");
    assert_eq!(app_at(&loaded, "h", "/node"), "node");
    assert_eq!(app_at(&loaded, "h", "/nodejs"), "python");
    assert_eq!(app_at(&loaded, "h", "/go/x"), "go");
    match found(&loaded, "h", "/google/search") {
        Action::Proxy { host, rewrite, .. } => {
            assert_eq!(*host, UpstreamHost::Upstream("google.com".into()));
            assert_eq!(rewrite.stripped_prefix(), Some("/google"));
        }
        other => panic!("{other:?}"),
    }
    let weights: Vec<_> = loaded.apps.apps.iter().map(|app| app.weight).collect();
    assert_eq!(weights, [Weight::Essential, Weight::Optional, Weight::Optional]);
    assert_eq!(loaded.apps.apps[0].dir, Path::new("/srv/python"));
    assert_eq!(loaded.apps.apps[0].listening, Listening::Auto { prefix: None });
    assert_eq!(loaded.apps.apps[1].listening, Listening::Auto { prefix: Some("/node".to_owned()) });
    assert!(loaded.warnings.is_empty());
}

#[test]
fn plain_commands_are_served_web_at_the_root_and_others_at_their_names() {
    let loaded = fine("[apps]\nweb = \"uvicorn main:app\"\napi = \"node server.js\"\n");
    assert_eq!(app_at(&loaded, "h", "/x"), "web");
    assert_eq!(app_at(&loaded, "h", "/api/x"), "api");
}

#[test]
fn a_table_without_path_host_port_or_route_is_a_worker() {
    let text = "[apps]\nw = { run = \"celery\" }\nr = { run = \"r\" }\np = { run = \"p\", port = 9 }\n\
                h = { run = \"h\", host = \"h.example.com\" }\n[routes]\n\"/r/*\" = { app = \"r\" }\n";
    let loaded = fine(text);
    let listening: Vec<_> = loaded.apps.apps.iter().map(|app| app.listening.clone()).collect();
    let prefix = None;
    assert_eq!(
        listening,
        [
            Listening::Nowhere,
            Listening::Auto { prefix: Some("/r".to_owned()) },
            Listening::FixedPort { port: 9, prefix: prefix.clone() },
            Listening::Auto { prefix },
        ]
    );
    assert_eq!(app_at(&loaded, "h.example.com", "/"), "h");
    assert_eq!(loaded.warnings.len(), 0, "the others can ask it");
    let alone = fine("[apps]\np = { run = \"p\", port = 9 }\n[routes]\n\"/\" = { respond = \"\" }\n");
    assert_eq!(alone.warnings.len(), 1, "an app on a port that nobody asks is worth a word");
}

#[test]
fn the_only_served_app_is_essential_wherever_it_is_and_can_say_otherwise() {
    let weight = |text: &str| fine(text).apps.apps[0].weight;
    assert_eq!(
        weight("[apps]\na = { run = \"a\", path = \"/a\" }\nw = { run = \"w\" }\n"),
        Weight::Essential
    );
    assert_eq!(weight("[apps]\na = { run = \"a\", path = \"/\", essential = false }\n"), Weight::Optional);
}

#[test]
fn a_command_keeps_its_dollars_and_a_value_loses_them() {
    let env = Env::made_of([("LEVEL", "info"), ("N", "9300")]);
    let text = "[apps.a]\nrun = \"serve ${PORT} $HOST\"\npath = \"/\"\nport = \"${N}\"\nenv = { L = \"${LEVEL}\", ONE = 1 }\n";
    let loaded = check_text(text, &env).unwrap();
    let app = &loaded.apps.apps[0];
    assert_eq!(app.command, Command::Exec(["serve", "${PORT}", "$HOST"].map(str::to_owned).to_vec()));
    assert_eq!(app.listening, Listening::FixedPort { port: 9300, prefix: None });
    let own: Vec<_> = app
        .environment
        .own
        .iter()
        .map(|(name, value)| format!("{name}={}", value.text().unwrap_or_default()))
        .collect();
    assert_eq!(own, ["L=info", "ONE=1"]);
}

#[test]
fn apps_inherit_what_is_not_onedoors_own() {
    let env = Env::made_of([
        ("PORT", "80"),
        ("HOME", "/root"),
        ("LISTEN_FDS", "1"),
        ("NOTIFY_SOCKET", "/n"),
        ("ONEDOOR_X", "1"),
        ("LANG", "C"),
    ]);
    let names = |text: &str| {
        let loaded = check_text(text, &env).unwrap();
        let inherited = &loaded.apps.apps[0].environment.inherited;
        inherited.iter().map(|(name, _)| name.to_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names("[apps]\nweb = \"a\"\n"), ["HOME", "LANG"]);
    assert_eq!(names("[apps.a]\nrun = \"a\"\ninherit_env = [\"LANG\", \"PORT\"]\n"), ["LANG"]);
    assert_eq!(names("[apps.a]\nrun = \"a\"\ninherit_env = []\n"), [""; 0]);
}

#[test]
fn the_port_of_the_platform_is_the_doors() {
    let env = Env::made_of([("PORT", "80")]);
    let listen = |text: &str| check_text(text, &env).unwrap().proxy.listen;
    assert_eq!(listen("[apps]\nweb = \"a\"\n"), [Listen::AnyAddress { port: 80 }]);
    let text = "[server]\nlisten = [\"127.0.0.1:${PORT}\", \":81\", \"unix:d.sock\"]\n[apps]\nweb = \"a\"\n";
    let expected = [
        Listen::Tcp(SocketAddr::from(([127, 0, 0, 1], 80))),
        Listen::AnyAddress { port: 81 },
        Listen::Unix("/srv/d.sock".into()),
    ];
    assert_eq!(listen(text), expected);
}

#[test]
fn a_port_that_is_none_is_said_though_it_is_not_in_the_file() {
    let env = Env::made_of([("PORT", "tcp://10.0.0.1:80")]);
    let errors = check_text("[apps]\nweb = \"a\"\n", &env).unwrap_err();
    insta::assert_snapshot!(errors);
}

#[test]
fn the_platform_says_who_is_trusted_and_how_long_a_stop_may_take() {
    let on = |variable| check_text("[apps]\nweb = \"a\"\n", &Env::made_of([(variable, "x")])).unwrap();
    let fly = on("FLY_APP_NAME");
    assert_eq!(fly.apps.stop_budget.as_secs(), 5);
    assert_eq!(fly.proxy.trusted_peers.why.as_deref(), Some("Fly.io (FLY_APP_NAME)"));
    assert_eq!(on("NOTHING").apps.stop_budget.as_secs(), 10);
    assert!(on("NOTHING").proxy.trusted_peers.networks.is_empty());
    assert!(!on("K_SERVICE").proxy.trusted_peers.networks.is_empty());
}

#[test]
fn presets_and_networks_are_trusted_side_by_side() {
    let text =
        "[server]\ntrusted_proxies = [\"auto\", \"cloudflare\", \"192.0.2.0/24\"]\n[apps]\nweb = \"a\"\n";
    let trusted = check_text(text, &Env::made_of([("FLY_APP_NAME", "x")])).unwrap().proxy.trusted_peers;
    for address in ["172.19.0.1", "162.158.1.1", "2606:4700::1", "192.0.2.9"] {
        let address = address.parse().unwrap();
        assert!(
            trusted.networks.iter().any(|network| network.contains::<&std::net::IpAddr>(&address)),
            "{address}"
        );
    }
    assert_eq!(trusted.client_field, Some("fly-client-ip"));
    let by_name = check_text(
        "[server]\ntrusted_proxies = [\"fly\", \"cloudrun\"]\n[apps]\nweb = \"a\"\n",
        &Env::made_of([]),
    );
    assert!(by_name.unwrap().proxy.trusted_peers.networks.len() > 5);
}

#[test]
fn a_unix_socket_may_speak_the_proxy_protocol_with_nobody_trusted() {
    let loaded = fine(
        "[server]\nlisten = \"unix:/tmp/x\"\nproxy_protocol = true\n[routes]\n\"/\" = { respond = \"x\" }\n",
    );
    assert_eq!(loaded.proxy.proxy_protocol, ProxyProtocol::Required);
}

#[test]
fn one_server_is_one_upstream_however_many_routes_lead_there() {
    let loaded = fine(
        "[routes]\n\"/a\" = { proxy = \"https://h/a\" }\n\"/b\" = { proxy = \"https://H:443\" }\n\
         \"/c\" = { proxy = \"http://h\" }\n",
    );
    assert_eq!(loaded.proxy.upstreams.len(), 2);
    assert_eq!(loaded.proxy.upstreams[1].origin, Origin::Http { host: "h".into(), port: 80 });
}

#[test]
fn an_answer_has_its_type_its_fields_and_its_body() {
    let text = "[routes]\n\"/a\" = { respond = \"hi\", status = 418, headers = { X-A = \"b\" } }\n\
                \"/b\" = { json = { a = [1, true] } }\n\"/c\" = { respond = { status = 204 } }\n";
    let loaded = fine(text);
    let shown = |path| match found(&loaded, "", path) {
        Action::Respond(answer) => {
            format!("{} {:?} {}", answer.status, answer.fields, String::from_utf8_lossy(&answer.body))
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(shown("/a"), "418 [(\"Content-Type\", \"text/plain; charset=utf-8\"), (\"X-A\", \"b\")] hi");
    assert_eq!(shown("/b"), "200 [(\"Content-Type\", \"application/json\")] {\"a\":[1,true]}");
    assert_eq!(shown("/c"), "204 [] ");
}

#[test]
fn keys_that_start_with_x_are_the_operators_own() {
    fine("x-note = 1\n[x-mine]\na = 1\n[apps.web]\nx-team = \"a\"\nrun = \"a\"\npath = \"/\"\n");
}

/// Each ```toml block of the papers, with the name of its file.
fn examples() -> Vec<(String, String)> {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut folders = vec![repository.join("docs")];
    let mut papers = vec![repository.join("README.md")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            match entry.extension() {
                None if entry.is_dir() => folders.push(entry),
                Some(extension) if extension == "md" => papers.push(entry),
                _ => {}
            }
        }
    }
    let mut found = Vec::new();
    for paper in papers {
        let text = std::fs::read_to_string(&paper).unwrap();
        let blocks = text.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next());
        found.extend(blocks.map(|block| (paper.display().to_string(), block.to_owned())));
    }
    found
}

#[test]
fn every_example_in_the_papers_is_a_file_without_mistakes_or_warnings() {
    let examples = examples();
    assert!(examples.len() > 5, "the examples were not found");
    for (paper, block) in examples {
        match check(&block) {
            Ok(loaded) => assert!(loaded.warnings.is_empty(), "{paper}: {:?}", loaded.warnings),
            Err(errors) => panic!("{paper}\n{errors}"),
        }
    }
}

#[test]
fn jobs_are_behind_the_apps_and_one_that_is_not_enabled_is_not_waited_for() {
    let loaded = fine(
        r#"[apps]
web = { run = "a", path = "/", needs = ["off", "seed"] }
[jobs]
off = { run = "b", on = "start", enabled = false }
migrate = { run = "b", on = "start" }
seed = { run = "b", on = "start", needs = "migrate", max = "5m" }
mail = { run = "b", on = "cron */5 * * * *", overlap = "queue", tz = "Europe/Berlin", needs = "web" }
"#,
    );
    let jobs = &loaded.apps.jobs;
    assert_eq!(jobs.iter().map(|job| &*job.worker.name).collect::<Vec<_>>(), ["migrate", "seed", "mail"]);
    assert_eq!(jobs.iter().map(|job| job.worker.id).collect::<Vec<_>>(), [AppId(1), AppId(2), AppId(3)]);
    assert_eq!(loaded.apps.apps[0].needs, [Need::Job(jobs[1].id)]);
    assert_eq!(jobs[1].worker.needs, [Need::Job(jobs[0].id)]);
    assert_eq!(jobs[2].worker.needs, [Need::App(AppId(0))]);
    assert!(matches!(jobs[2].on, JobOn::Cron { overlap: Overlap::Queue, .. }));
    let row = &loaded.table.last().unwrap().what;
    assert!(row.starts_with("job mail at */5 * * * * (Europe/Berlin), next "), "{row}");
}

#[test]
fn a_job_goes_by_the_containers_time_zone_where_it_has_none_of_its_own() {
    let zone = |tz: &str| {
        let env = Env::made_of([("TZ", tz)]);
        let text = "[jobs]\nmail = { run = \"b\", on = \"cron @daily\" }\n";
        let loaded = check_text(text, &env).unwrap();
        let warned = loaded.warnings.len();
        (loaded.table[0].what.split(", next").next().unwrap().to_owned(), warned)
    };
    assert_eq!(zone(":Asia/Tokyo"), ("job mail at @daily (Asia/Tokyo)".into(), 0));
    assert_eq!(zone(""), ("job mail at @daily (UTC)".into(), 0));
    assert_eq!(zone("CET-1CEST,M3.5.0,M10.5.0/3"), ("job mail at @daily (local time)".into(), 0));
    assert_eq!(zone("Nowhere"), ("job mail at @daily (UTC)".into(), 1));
}

#[test]
fn exit_codes_beside_0_may_be_successes() {
    let file = r#"[apps]
web = { run = "java -jar a.jar", path = "/", success = [143, "${INTERRUPTED:-130}"] }
api = "b"
[jobs]
tidy = { run = "c", on = "start", success = [3] }
"#;
    let loaded = fine(file);
    let codes = |codes: &[u8]| SuccessCodes::beside_zero(codes.iter().copied());
    assert_eq!(loaded.apps.apps[0].success, codes(&[143, 130]));
    assert_eq!(loaded.apps.apps[1].success, SuccessCodes::default());
    assert_eq!(loaded.apps.jobs[0].worker.success, codes(&[3]));
}

#[test]
fn apps_with_somebody_to_ask_them_have_side_doors_that_lead_to_them_alone() {
    let text = "[apps]\nweb = \"web\"\napi = { run = \"api\", path = \"/api\", strip = true, balance = \"ip-hash\", env = { W = \"<${app.web.url}>\" } }\nmailer = { run = \"mailer\" }\n";
    let loaded = fine(text);
    let doors = &loaded.proxy.side_doors;
    assert_eq!(doors.iter().map(|door| &*door.app).collect::<Vec<_>>(), ["web", "api"]);
    let numbers: Vec<u16> = loaded.proxy.all_routes().map(|(id, _)| id.0).collect();
    assert_eq!(numbers, [0, 1, 2, 3]);
    let (_, route) = doors[1].routes.all().next().unwrap();
    assert_eq!((&*route.name, route.policy.balance), ("app.api.url", Balance::RoundRobin));
    let Action::App { app, rewrite, .. } = &route.action else { panic!("{route:?}") };
    assert_eq!((*app, rewrite.stripped_prefix()), (AppId(1), None));
    let (name, value) = &loaded.apps.apps[1].environment.own[0];
    let url = |app: &str| Some(format!("http://{app}"));
    assert_eq!((name.as_str(), value.with(url).as_deref()), ("W", Some("<http://web>")));
}

#[test]
fn an_app_that_nobody_could_ask_has_no_side_door() {
    assert_eq!(fine("[apps]\nweb = \"web\"\n").proxy.side_doors.len(), 0);
    let own = "apps.web = { run = \"web\", path = \"/\", env = { ME = \"${app.web.url}\" } }\n";
    assert_eq!(fine(own).proxy.side_doors.len(), 1);
    let job = "apps.web = \"web\"\njobs.a = { run = \"a\", on = \"start\" }\n";
    assert_eq!(fine(job).proxy.side_doors.len(), 1);
}
