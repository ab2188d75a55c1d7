//! Several files, profiles and defaults, laid over one another.

use std::fs;

use super::stack::Stack;

const BASE: &str = r#"
[server]
listen = ":8000"
limits = { body = "1MiB", fields = 50 }
[apps]
web = "node web.js"
[apps.api]
run = "node api.js"
path = "/api"
needs = ["web"]
env = { A = "1", B = "2" }
[routes]
"/old" = { redirect = "/new" }
"#;

#[test]
fn a_later_file_is_laid_over_an_earlier_one_key_by_key() {
    let over = "[server]\nlimits = { fields = 60 }\n[apps.api]\nneeds = []\nenv = { B = \"3\" }\n\
                [apps]\nmailer = { run = \"celery\" }\n[routes]\n\"/old\" = { redirect = \"/newer\" }\n";
    let stack = Stack::new(&[("a.toml", BASE), ("b.toml", over)]);
    let loaded = stack.fine();
    assert_eq!(loaded.proxy.limits.body_max, Some(1 << 20));
    assert_eq!(loaded.proxy.limits.head.fields_max, 60);
    let api = &loaded.apps.apps[1];
    assert!(api.needs.is_empty());
    assert_eq!(
        api.environment.own,
        [("A", "1"), ("B", "3")].map(|(name, value)| (name.into(), value.into()))
    );
    insta::assert_debug_snapshot!(stack.table());
}

#[test]
fn a_command_alone_and_a_table_are_two_spellings_of_one_app() {
    let stack = Stack::new(&[
        ("a.toml", "[apps]\nweb = \"node a.js\"\napi = { run = \"node b.js\", path = \"/x\" }\n"),
        ("b.toml", "[apps]\nweb = { replicas = 2 }\napi = \"node c.js\"\n"),
    ]);
    let apps = stack.fine().apps.apps;
    assert_eq!(apps[0].replicas, 2);
    assert_eq!(stack.table(), ["/* app web a.toml:2", "/x/* app api a.toml:3"]);
    insta::assert_debug_snapshot!(apps[1].command);
}

#[test]
fn every_file_is_checked_and_a_clash_is_shown_in_both() {
    let over = "[apps.api]\nport = 9000\nreplica = 1\n[apps.web]\nport = 9000\n[routes]\n\"GET /old\" = { app = \"api\", strip = 1 }\n";
    insta::assert_snapshot!(Stack::new(&[("a.toml", BASE), ("b.toml", over)]).mistakes());
    insta::assert_snapshot!(
        Stack::new(&[
            ("a.toml", "[apps]\nweb = { run = \"x\", port = 8000, path = \"/\" }\n"),
            (
                "b.toml",
                "[apps]\napi = { run = \"x\", port = 8001, path = \"/\" }\n[server]\nlisten = \":8000\"\n"
            )
        ])
        .mistakes()
    );
}

#[test]
fn every_file_that_cannot_be_read_is_named() {
    let stack = Stack::new(&[("a.toml", BASE), ("b.toml", ""), ("c.toml", "")]);
    fs::remove_file(&stack.layers.files[1]).unwrap();
    fs::remove_file(&stack.layers.files[2]).unwrap();
    insta::assert_snapshot!(stack.mistakes());
}

#[test]
fn an_app_that_is_not_enabled_is_not_there() {
    let file = "[apps]\nweb = { run = \"x\", path = \"/\", needs = [\"api\"] }\napi = \"y\"\n\
                [profile.lone]\napps.api.enabled = false\n[profile.routed]\napps.api.enabled = false\n\
                routes.\"/v1\" = { app = \"api\" }\n";
    let stack = Stack::of(file).profile("lone");
    assert_eq!(stack.table(), ["/* app web onedoor.toml:2"]);
    assert!(stack.fine().apps.apps[0].needs.is_empty());
    insta::assert_snapshot!(Stack::of(file).profile("routed").mistakes());
}

/// A profile, and what becomes of the file when it is chosen.
const PROFILES: &str = r#"
[server]
listen = "0.0.0.0:8000"
trusted_proxies = ["10.0.0.0/8", "192.168.0.0/16"]
[apps]
web = "node web.js"
[apps.api]
run = "node api.js"
path = "/api"
replicas = 4
env = { URL = "${DB_URL}", LEVEL = "info" }
[jobs]
nightly = { run = "node clean.js", on = "cron 0 3 * * *" }
[routes]
"/docs/*" = { proxy = "https://docs.example.com", strip = true, host = "keep" }
[profile.dev]
server = { listen = "127.0.0.1:3000", trusted_proxies = [] }
apps.api.replicas = 1
apps.api.env.URL = "sqlite:"
apps.web.env.DEBUG = "1"
apps.mail = "mailpit"
jobs.nightly.enabled = false
routes."/docs/*" = { respond = "no docs here" }
[profile.prod]
apps.api.env.URL = "${PROD_URL}"
"#;

#[test]
fn a_profile_is_laid_over_the_file_when_it_is_chosen() {
    let stack = Stack::of(PROFILES).profile("dev");
    let loaded = stack.fine();
    insta::assert_debug_snapshot!(stack.table());
    assert_eq!(loaded.apps.apps[1].replicas, 1);
    assert!(loaded.apps.jobs.is_empty());
    let own = |app: usize| loaded.apps.apps[app].environment.own.clone();
    assert_eq!(own(0), [("DEBUG".into(), "1".into())]);
    assert_eq!(own(1), [("URL".into(), "sqlite:".into()), ("LEVEL".into(), "info".into())]);
}

#[test]
fn a_variable_is_missed_only_where_its_value_is_used() {
    insta::assert_snapshot!(
        [
            Stack::of(PROFILES).mistakes(),
            Stack::of(PROFILES).profile("dev").mistakes(),
            Stack::of(PROFILES).profile("prod").mistakes(),
        ]
        .join("---\n")
    );
}

#[test]
fn a_profile_that_is_not_chosen_is_checked_all_the_same() {
    let file = "apps.web = \"x\"\n[profile.dev]\nservr = 1\napps.web.replicas = \"two\"\nlog.format = \"yaml\"\n\
                min_version = \"0.1\"\nprofile.x = {}\ndefaults.app.run = \"y\"\napps.web.env.A = \"${NOT_SET}\"\n";
    insta::assert_snapshot!(Stack::of(file).mistakes());
}

#[test]
fn a_profile_that_is_not_there_is_said_with_those_that_are() {
    insta::assert_snapshot!(
        [
            Stack::of(PROFILES).profile("prd").mistakes(),
            Stack::of(PROFILES).profile("staging").mistakes(),
            Stack::of("apps.web = \"x\"\n").profile("dev").mistakes(),
        ]
        .join("---\n")
    );
}

#[test]
fn the_profiles_of_several_files_are_one() {
    let files = [
        ("a.toml", "apps.web = \"a\"\nprofile.dev.apps.web.env = { A = \"1\", B = \"1\" }\n"),
        ("b.toml", "apps.web.env.C = \"2\"\nprofile.dev.apps.web.env.B = \"2\"\n"),
    ];
    let loaded = Stack::new(&files).profile("dev").fine();
    let own: Vec<_> = loaded.apps.apps[0]
        .environment
        .own
        .iter()
        .map(|(name, value)| format!("{name}={}", value.text().unwrap_or_default()))
        .collect();
    assert_eq!(own, ["C=2", "A=1", "B=2"]);
}

const DEFAULTS: &str = r#"
[defaults.app]
restart = { when = "never", backoff = "1s..2s" }
stop.grace = "3s"
env = { LEVEL = "info", REGION = "eu" }
ready = { path = "/healthz", every = "5s" }
[apps]
web = "node web.js"
[apps.api]
run = "node api.js"
path = "/api"
restart.when = "always"
env = { LEVEL = "debug" }
ready = { log = "listening" }
"#;

#[test]
fn defaults_are_under_every_app_and_its_own_word_wins() {
    let stack = Stack::of(DEFAULTS);
    let apps = stack.fine().apps.apps;
    assert_eq!(stack.table(), ["/* app web onedoor.toml:8", "/api/* app api onedoor.toml:11"]);
    let told =
        |app: usize| (&apps[app].restart, &apps[app].stop, &apps[app].readiness, &apps[app].environment.own);
    insta::assert_debug_snapshot!((told(0), told(1)));
}

#[test]
fn a_mistake_in_the_defaults_is_one_however_many_apps_there_are() {
    let file = "[defaults.app]\npath = \"/\"\nreplica = 1\nreplicas = \"two\"\nrestart.backoff = \"long\"\n\
                env.A = \"${NOT_SET}\"\nhost = \"x\"\n[defaults]\njob = {}\n[apps]\nweb = \"x\"\napi = \"y\"\n\
                third = { run = \"z\", path = \"/z\" }\n";
    insta::assert_snapshot!(Stack::of(file).mistakes());
}

#[test]
fn a_file_for_a_newer_onedoor_is_one_mistake() {
    let newer = "min_version = \"99.1\"\ncolour = 1\n[apps]\nweb = { runs = \"x\" }\n";
    insta::assert_snapshot!(
        [
            Stack::of(newer).mistakes(),
            Stack::of("min_version = \"new\"\napps.web = \"x\"\n").mistakes(),
            Stack::of("min_version = 0.1\napps.web = \"x\"\n").mistakes(),
            Stack::of("min_version = \"0.1\"\napps.web = \"x\"\n").mistakes(),
        ]
        .join("---\n")
    );
}

#[test]
fn the_same_file_can_be_written_as_json() {
    let json = r#"{
  "$schema": "./onedoor.schema.json",
  "x-note": ["anything"],
  "min_version": "0.1",
  "server": { "listen": ":8000", "limits": { "body": "1MiB" } },
  "defaults": { "app": { "x-a": null, "stop": { "grace": "3s" } } },
  "apps": {
    "web": "node web.js",
    "api": { "run": ["node", "\u0061pi.js"], "path": "/api", "replicas": 4, "limits": { "cpu": 1.5 } }
  },
  "routes": { "/answer": { "json": { "a": [1, 2.5, null, true] } } },
  "profile": { "dev": { "apps": { "api": { "replicas": 1 } } } }
}"#;
    let stack = Stack::new(&[("onedoor.json", json)]).profile("dev");
    let loaded = stack.fine();
    insta::assert_debug_snapshot!(stack.table());
    assert_eq!(loaded.apps.apps[1].replicas, 1);
    insta::assert_debug_snapshot!(loaded.apps.apps[1].command);
}

#[test]
fn a_mistake_in_json_has_its_place() {
    let told = |text: &str| Stack::new(&[("onedoor.json", text)]).mistakes();
    insta::assert_snapshot!([
        "{\n  \"apps\": {\n    \"web\": { \"runn\": \"x\", \"ready\": \"/healthz\", \"path\": null }\n  }\n}\n",
        "{\n  \"apps\": {\n    \"web\": \"x\",\n    \"web\": \"y\"\n  }\n}\n",
        "{\n  // the apps\n  \"apps\": {}\n}\n",
        "{\n  \"apps\": { \"web\": \"x\", }\n}\n",
        "{\n  \"apps\": { \"web\": \"x\" }\n",
        "{ \"apps\": { \"web\": \"x\" \"api\": \"y\" } }\n",
        "{ 'apps': { \"web\": \"x\" } }\n",
        "{ apps: { \"web\": \"x\" } }\n",
        "[apps]\nweb = \"x\"\n",
        "[1]",
        "",
        "{ \"apps\": { \"web\": { \"run\": \"x\", \"env\": { \"\u{e9}\": \"${NOT_SET}\" }, \"port\": 99999999999999999999 } } }",
    ]
    .map(told)
    .join("---\n"));
}
