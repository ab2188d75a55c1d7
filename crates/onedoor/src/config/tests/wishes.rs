//! Words that give way: a lower layer's to a higher one's, and a default's where it has no meaning.

use super::stack::Stack;
use crate::apps::spec::{Listening, Liveness, Readiness, StartWhen};

#[track_caller]
fn over(base: &str, over: &str) -> Vec<String> {
    Stack::new(&[("a.toml", base), ("b.toml", over)]).table()
}

#[test]
fn of_two_layers_the_later_one_says_what_becomes_of_the_path() {
    let app = |key: &str| format!("apps.api = {{ run = \"x\", path = \"/api\", {key} }}\n");
    let word = |key: &str| format!("[apps.api]\n{key}\n");
    for (below, above, what) in [
        ("strip = true", "rewrite = \"/v2\"", "app api (rewrite /v2)"),
        ("rewrite = \"/v2\"", "strip = true", "app api (strip)"),
        ("strip = true", "prefix = \"keep\"", "app api"),
        ("prefix = \"keep\"", "strip = true", "app api (strip)"),
        ("rewrite = \"/v2\"", "strip = false", "app api"),
    ] {
        let table = over(&app(below), &word(above));
        assert_eq!(table, [format!("/api/* {what} a.toml:1")], "{below}, then {above}");
        let route = |key: &str| {
            format!("[apps]\napi = {{ run = \"x\" }}\n[routes]\n\"/r/*\" = {{ app = \"api\", {key} }}\n")
        };
        let table = over(&route(below), &format!("[routes.\"/r/*\"]\n{above}\n"));
        assert_eq!(table, [format!("/r/* {what} a.toml:4")], "{below}, then {above}");
    }
}

#[test]
fn of_two_layers_the_later_one_says_the_answer() {
    let base = "routes.\"/a\" = { respond = \"long\", status = 503 }\n";
    assert_eq!(over(base, "routes.\"/a\".json = 1\n"), ["/a answer 503, 1 bytes b.toml:1"]);
    assert_eq!(over("routes.\"/a\".body = \"x\"\n", base), ["/a answer 503, 4 bytes b.toml:1"]);
}

#[test]
fn of_two_layers_the_later_one_says_where_an_app_listens_and_what_is_secret() {
    let base = "[apps.api]\nrun = \"x\"\npath = \"/\"\nport = 9000\nenv = { KEY = \"k\", A = \"1\" }\n";
    let loaded = |over: &str| Stack::new(&[("a.toml", base), ("b.toml", over)]).fine().apps.apps.remove(0);
    assert!(matches!(loaded("apps.api.socket = \"activate\"\n").listening, Listening::Handed { .. }));
    assert!(matches!(loaded("apps.api.socket = false\n").listening, Listening::FixedPort { port: 9000, .. }));
    let api = loaded("apps.api.secrets.KEY = \"file:/run/secrets/key\"\n");
    assert_eq!(api.environment.own, [("A".into(), "1".into())]);
    assert_eq!(api.environment.secrets.len(), 1);
}

#[test]
fn a_job_that_is_to_run_at_the_start_loses_its_timetable() {
    let base = "[jobs.j]\nrun = \"x\"\non = \"cron @daily\"\ntz = \"UTC\"\noverlap = \"queue\"\n";
    Stack::new(&[("a.toml", base), ("b.toml", "jobs.j.on = \"start\"\n")]).fine();
    insta::assert_snapshot!(
        Stack::new(&[
            ("a.toml", "jobs.j = { run = \"x\", on = \"start\" }\n"),
            ("b.toml", "jobs.j.tz = \"UTC\"\n")
        ])
        .mistakes()
    );
}

#[test]
fn two_rivals_in_one_layer_are_a_contradiction_still() {
    let base = "[apps.api]\nrun = \"x\"\npath = \"/api\"\nstrip = true\n";
    let both = "[apps.api]\nprefix = \"keep\"\nrewrite = \"/\"\n";
    insta::assert_snapshot!(Stack::new(&[("a.toml", base), ("b.toml", both)]).mistakes());
}

const WISHES: &str = r#"
[defaults.app]
ready = { path = "/healthz", every = "5s" }
live = "accept"
start = "lazy"
stop_after_idle = "10m"
replicas = 2
replace = "overlap"
socket = true
strip = true
needs = ["db"]
"#;

#[test]
fn a_default_is_passed_over_where_it_has_no_meaning() {
    let file = format!(
        "{WISHES}[apps]\nweb = \"x\"\nfixed = {{ run = \"x\", path = \"/f\", port = 9000, rewrite = \"/v\" }}\n\
         db = {{ run = \"x\", ready = {{ log = \"up\" }} }}\nworker = {{ run = \"x\" }}\n"
    );
    let apps = Stack::of(&file).fine().apps.apps;
    let [web, fixed, db, worker] = &apps[..] else { panic!("{apps:?}") };
    assert!(
        matches!(web.readiness, Readiness::Http { .. }) && matches!(web.liveness, Liveness::Asked { .. })
    );
    assert_eq!((web.start, web.replicas), (StartWhen::Lazy, 2));
    assert!(matches!(fixed.listening, Listening::FixedPort { port: 9000, .. }));
    assert_eq!(fixed.replicas, 1);
    assert!(matches!(db.readiness, Readiness::Log { .. }) && db.needs.is_empty());
    assert_eq!(worker.readiness, Readiness::Accept);
    assert_eq!(worker.liveness, Liveness::Unwatched);
    assert_eq!((worker.start, worker.stop_after_idle), (StartWhen::Eager, None));
    assert_eq!(worker.needs.len(), 1);
}

#[test]
fn what_an_app_says_itself_is_no_wish() {
    let own = |key: &str| {
        Stack::of(&format!("{WISHES}[apps]\nweb = \"x\"\ndb = \"y\"\nworker = {{ run = \"x\", {key} }}\n"))
            .mistakes()
    };
    insta::assert_snapshot!(
        [
            "ready = { path = \"/up\" }",
            "ready = { every = \"1s\" }",
            "live = \"accept\"",
            "start = \"lazy\"",
            "stop_after_idle = \"1m\"",
            "port = 9000, replicas = 3",
            "needs = [\"worker\"]",
        ]
        .map(own)
        .join("---\n")
    );
}
