//! Mistakes that two layers make together, or one of them alone: the right file, place, cause and remedy.

use super::stack::Stack;

const WEB: &str = "[apps.web]\nrun = \"x\"\npath = \"/\"\nready = { path = \"/up\" }\n";

/// What is said of each second file over the first, which is TOML.
fn over(pairs: &[(&str, &str)]) -> String {
    let told = |(base, over): &(&str, &str)| Stack::new(&[("a.toml", base), ("b.toml", over)]).mistakes();
    pairs.iter().map(told).collect::<Vec<_>>().join("---\n")
}

/// What is said of each file, with this profile chosen.
fn with_profile(files: &[(&str, &str)]) -> String {
    let told = |(profile, text): &(&str, &str)| Stack::of(text).profile(profile).mistakes();
    files.iter().map(told).collect::<Vec<_>>().join("---\n")
}

fn alone(files: &[&str]) -> String {
    files.iter().map(|text| Stack::of(text).mistakes()).collect::<Vec<_>>().join("---\n")
}

#[test]
fn a_slip_in_a_later_file_is_said_there() {
    insta::assert_snapshot!(over(&[
        (WEB, "[apps.web]\nrpelicas = 2\n"),
        (WEB, "[apps.web]\nready = \"log\"\nlive = \"path\"\nenv = \"none\"\n"),
        (WEB, "[apps.web.ready]\nlog = \"up\"\nstatus = 204\n"),
        (WEB, "[apps]\nweb = { path = \"/a\", strip = true, rewrite = \"/b\" }\n"),
        ("[apps]\nweb = { run = \"x\", path = \"/web\", strip = true }\n", "[apps.web]\nrewrite = \"web\"\n"),
        (
            "[routes]\n\"/v1/*\" = { proxy = \"https://h\", strip = true }\n",
            "[routes.\"/v1/*\"]\nprefix = \"auto\"\n"
        ),
        ("[apps.web]\nrun = \"x\"\nenv = { A = \"${A}\" }\n", "[apps.web.env]\nA = \"${B}\"\n"),
        (
            "[apps]\nweb = \"x\"\n",
            "[routes]\n\"/a\" = [{ app = \"web\" }, { app = \"wep\", when.query.v = \"1\" }]\n"
        ),
        ("[apps\nweb = \"x\"\n", "[apps]\nwep = { rn = \"x\" }\n"),
        ("min_version = \"9.0\"\nfuture = 1\n", "[apps.web]\nbanana = 1\nrun = 5\n"),
    ]));
}

#[test]
fn what_two_files_do_to_each_other_is_shown_in_both() {
    insta::assert_snapshot!(over(&[
        (
            "[apps.api]\nrun = \"x\"\npath = \"/api\"\n",
            "[apps.api]\npath = \"/\"\n[apps.web]\nrun = \"y\"\npath = \"/\"\n"
        ),
        ("[apps]\napi = \"x\"\n[routes]\n\"/v1/*\" = { app = \"api\" }\n", "[apps.api]\nenabled = false\n"),
        ("[apps.web]\nrun = \"x\"\npath = \"/\"\nport = 9000\n", "[server]\nlisten = \":9000\"\n"),
        ("[apps]\na = { run = \"x\", needs = [\"b\"] }\nb = \"y\"\n", "[apps.b]\nneeds = [\"a\"]\n"),
        ("[apps]\nweb = \"x\"\n", "[jobs]\nweb = { run = \"y\", on = \"start\" }\n"),
        ("[routes]\n\"/a\" = { respond = \"\", status = 204 }\n", "[routes]\n\"/a\" = { respond = \"x\" }\n"),
        (
            "[routes]\n\"/a\" = [{ respond = \"1\" }, { respond = \"2\", when.query.v = \"2\" }]\n",
            "[routes.\"/a\"]\nwhen.query.v = \"3\"\n",
        ),
        (
            "[routes]\n\"/x/*\" = { respond = \"1\" }\n",
            "[routes]\n\"/x/{rest...}\" = [{ respond = \"2\" }]\n"
        ),
    ]));
}

#[test]
fn a_mistake_in_a_profile_has_its_own_place() {
    insta::assert_snapshot!(with_profile(&[
        ("dev", "[apps]\nweb = \"x\"\n[profile.dev]\nroutes.\"/a\" = { app = \"wep\" }\n"),
        ("dev", "[apps]\nweb = \"x\"\n[profile.dev.apps.web]\nstrip = true\nprefix = \"keep\"\n"),
        ("dev", "[apps]\nweb = \"x\"\n[profile]\ndev = \"debug\"\n"),
        ("dev", "[apps]\nweb = \"x\"\n[profiles.dev]\nlog.format = \"json\"\n"),
        ("Dev", "[apps]\nweb = \"x\"\n[profile.dev]\nlog.fromat = \"json\"\n"),
        (
            "a",
            "[apps.web]\nrun = \"x\"\n[profile.a]\napps.web.path = \"web\"\n[profile.b]\napps.web.path = \"/\"\n"
        ),
        ("prod", "[profile.dev]\napps.web = \"x\"\n"),
        ("dev", "[apps]\nweb = \"x\"\n[profile.dev.defaults.app]\npath = \"/\"\n[profile.dev.profile.x]\n"),
    ]));
}

#[test]
fn a_file_whose_apps_are_all_in_profiles_asks_for_one() {
    insta::assert_snapshot!(alone(&["[profile.dev]\napps.web = \"x\"\n[profile.prod]\napps.web = \"y\"\n"]));
}

#[test]
fn a_mistake_in_the_defaults_is_said_once_and_there() {
    insta::assert_snapshot!(alone(&[
        "[defaults.app]\nready = { path = \"healthz\" }\n[apps]\nweb = \"x\"\napi = \"y\"\n",
        "[defaults]\nstop = { grace = \"3s\" }\n[apps]\nweb = \"x\"\n",
        "[defaults]\napp = \"x\"\n[apps]\nweb = \"x\"\n",
        "[defaults.apps]\nstop = { grace = \"3s\" }\n[apps]\nweb = \"x\"\n",
        "[defaults.app]\nstrip = true\nrewrite = \"/\"\n[apps]\nweb = \"x\"\napi = \"y\"\n",
        "[defaults.app]\nneeds = [\"db\"]\n[apps]\nweb = \"x\"\n",
        "[defaults.app]\nneeds = [\"db\"]\n[apps]\nweb = \"x\"\ncache = { run = \"c\" }\ndb = { run = \"y\", needs = [\"cache\"] }\n",
        "[defaults.app]\nready = { path = \"/a\", log = \"b\" }\nlive = \"alive\"\n[apps]\nweb = \"x\"\n",
        "[defaults.app]\nenv = { A = \"${NOPE}\" }\n[apps]\nweb = \"x\"\napi = \"y\"\n",
        "[defaults.job]\nmax = \"1m\"\n[jobs]\nj = { run = \"x\", on = \"start\" }\n",
    ]));
}

#[test]
fn a_mistake_in_one_notation_is_said_there_whatever_the_other_is() {
    let told = |files: &[(&str, &str)]| Stack::new(files).mistakes();
    insta::assert_snapshot!(
        [
            told(&[
                ("a.json", "{\n  \"apps\": { \"web\": \"x\" }\n}\n"),
                ("b.toml", "[routes]\n\"/a\" = { app = \"web\", redirect = \"/b\" }\n"),
            ]),
            told(&[
                ("a.toml", "[apps]\nweb = \"x\"\n"),
                ("b.json", "{\n  \"apps\": { \"web\": { \"path\": \"/w\", \"strip\": true, \"rewrite\": \"/\" } }\n}\n"),
            ]),
            told(&[("a.toml", "[apps]\nweb = \"x\"\n"), ("b.json", "{\n  \"apps\": { \"web\": null },\n}\n")]),
            told(&[("a.json", "{ \"apps\": { \"web\": \"x\" },\n  \"routes\": { \"/a\": [], \"/b\": [1, \"web\"] } }\n")]),
            told(&[("a.json", "{ \"apps\": { \"web\": \"x\" },\n  \"defaults\": { \"app\": { \"run\": \"y\", \"port\": 1 } } }\n")]),
            told(&[("a.toml", "[apps]\nweb = \"x\"\n"), ("b.yaml", "apps:\n  web: x\n")]),
        ]
        .join("---\n")
    );
}

#[test]
fn a_proxy_that_a_later_layer_leads_elsewhere_asks_for_no_certificate() {
    let base = "[routes]\n\"/v1/*\" = { proxy = \"https://h\", tls = { ca = \"ca.pem\" } }\n";
    let stack =
        Stack::new(&[("a.toml", base), ("b.toml", "[routes.\"/v1/*\"]\nproxy = \"http://127.0.0.1:9\"\n")]);
    assert_eq!(stack.table(), ["/v1/* http://127.0.0.1:9 b.toml:1"]);
}
