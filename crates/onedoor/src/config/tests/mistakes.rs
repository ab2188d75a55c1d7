//! Every mistake as it is drawn, plainly. Accept a changed text only if it reads better.

use super::mistakes;

#[test]
fn the_empty_file() {
    insta::assert_snapshot!(mistakes(r""));
}

#[test]
fn a_file_of_comments() {
    insta::assert_snapshot!(mistakes(
        r"# nothing
"
    ));
}

#[test]
fn not_toml() {
    insta::assert_snapshot!(mistakes(
        r"[apps]
web = uvicorn main:app
"
    ));
}

#[test]
fn two_syntax_errors() {
    insta::assert_snapshot!(mistakes(
        r#"[apps]
web = 
[routes
"/x" = { app = "web" }
"#
    ));
}

#[test]
fn a_duplicate_key() {
    insta::assert_snapshot!(mistakes(
        r#"[apps]
web = "a"
web = "b"
"#
    ));
}

#[test]
fn a_duplicate_route_key() {
    insta::assert_snapshot!(mistakes(
        r#"[routes]
"/x" = { respond = "a" }
"/x" = { respond = "b" }
"#
    ));
}

#[test]
fn an_unknown_top_level_key() {
    insta::assert_snapshot!(mistakes(
        r#"[app]
web = "a"
"#
    ));
}

#[test]
fn an_unknown_key_with_a_near_one() {
    insta::assert_snapshot!(mistakes(
        r#"[apps]
node = { run = "node main.js", pathh = "/node" }
"#
    ));
}

#[test]
fn an_unknown_key_with_none_near() {
    insta::assert_snapshot!(mistakes(
        r#"[apps]
node = { run = "node main.js", banana = true }
"#
    ));
}

#[test]
fn an_unknown_key_deep_inside() {
    insta::assert_snapshot!(mistakes(
        r#"[apps.a]
run = "a"
ready = { pth = "/" }
"#
    ));
}

#[test]
fn a_key_of_a_later_version() {
    insta::assert_snapshot!(mistakes(
        r#"[apps.a]
run = "a"
image = "x"
[volumes]
data = "x"
"#
    ));
}

#[test]
fn jobs_that_are_run_at_no_time_or_named_like_an_app() {
    insta::assert_snapshot!(mistakes(
        r#"[apps]
api = "a"
[jobs]
api = { run = "b", on = "0 3 * * *" }
tick = { run = "b", on = "cron 61 * * * *" }
tock = { run = "b", on = "cron @daily", tz = "Europe/Berln" }
never = { run = "b", on = "cron 0 0 30 2 *" }
boot = { run = "b", on = "cron @reboot" }
migrate = { run = "b", on = "start", tz = "UTC" }
none = { run = "b" }
"#
    ));
}

#[test]
fn needs_that_are_never_met() {
    insta::assert_snapshot!(mistakes(
        r#"[apps]
api = { run = "a", path = "/", needs = ["tick", "migrte"] }
[jobs]
tick = { run = "b", on = "cron @daily" }
migrate = { run = "b", on = "start", needs = "migrate" }
"#
    ));
}

#[test]
fn an_app_and_a_job_that_wait_for_one_another() {
    insta::assert_snapshot!(mistakes(
        r#"[apps]
api = { run = "a", path = "/", needs = "migrate" }
[jobs]
migrate = { run = "b", on = "start", needs = "api" }
"#
    ));
}

#[test]
fn a_word_of_a_later_version() {
    insta::assert_snapshot!(mistakes(
        r#"[routes]
"/x" = { builtin = "status" }
"#
    ));
}

#[test]
fn a_wrong_type() {
    insta::assert_snapshot!(mistakes(
        r#"[apps.a]
run = 3
path = true
port = "x"
"#
    ));
}

#[test]
fn a_quoted_number() {
    insta::assert_snapshot!(mistakes(
        r#"[apps.a]
run = "a"
port = "9300"
strip = "true"
"#
    ));
}

#[test]
fn a_number_out_of_range() {
    insta::assert_snapshot!(mistakes(
        r#"[apps.a]
run = "a"
port = 70000
[server]
workers = 0
"#
    ));
}

#[test]
fn a_duration_without_unit() {
    insta::assert_snapshot!(mistakes(
        r#"[server]
timeout = { idle = 75 }
[apps]
web = "a"
"#
    ));
}

#[test]
fn a_bad_duration() {
    insta::assert_snapshot!(mistakes(
        r#"[server]
timeout = { idle = "75 seconds", connect = "0s" }
[apps]
web = "a"
"#
    ));
}

#[test]
fn a_bad_size() {
    insta::assert_snapshot!(mistakes(
        r#"[server]
limits = { body = "10M", header = "1MiB", fields = 5000 }
[apps]
web = "a"
"#
    ));
}

#[test]
fn a_misspelt_word() {
    insta::assert_snapshot!(mistakes(
        r#"[apps.a]
run = "a"
restart = { when = "alway" }
"#
    ));
}

#[test]
fn a_list_with_a_number_in_it() {
    insta::assert_snapshot!(mistakes(
        r#"[apps]
web = ["node", 3]
"#
    ));
}

#[test]
fn a_variable_that_is_not_a_string() {
    insta::assert_snapshot!(mistakes(
        r#"[apps.a]
run = "a"
env = { A = [1] , "B=C" = "x" }
"#
    ));
}

#[test]
fn a_missing_run() {
    insta::assert_snapshot!(mistakes(
        r#"[apps.a]
path = "/"
"#
    ));
}

#[test]
fn an_unset_variable() {
    insta::assert_snapshot!(mistakes(
        r#"[apps.a]
run = "a"
env = { DB = "${DB_URL}", B = "x ${A:?ask the database team} y" }
"#
    ));
}

#[test]
fn a_broken_variable() {
    insta::assert_snapshot!(mistakes(
        r#"[apps.a]
run = "a"
env = { DB = "${DB_URL", E = "${DB-URL}" }
"#
    ));
}

#[test]
fn the_address_of_a_sibling() {
    insta::assert_snapshot!(mistakes(
        r#"[apps.a]
run = "a"
env = { WEB = "${app.web.url}" }
"#
    ));
}

#[test]
fn a_bad_app_name() {
    insta::assert_snapshot!(mistakes(
        r#"[apps]
My_App = "a"
"1" = "b"
"#
    ));
}

#[test]
fn an_empty_command() {
    insta::assert_snapshot!(mistakes(
        r#"[apps]
web = ""
api = []
"#
    ));
}

#[test]
fn an_unclosed_quote_in_a_command() {
    insta::assert_snapshot!(mistakes(
        r#"[apps]
web = "node 'x"
"#
    ));
}

#[test]
fn an_assignment_before_a_command() {
    insta::assert_snapshot!(mistakes(
        r#"[apps]
web = "NODE_ENV=production node x.js"
"#
    ));
}

#[test]
fn two_apps_on_one_port() {
    insta::assert_snapshot!(mistakes(
        r#"[apps]
a = { run = "a", path = "/a", port = 9300 }
b = { run = "b", path = "/b", port = 9300 }
"#
    ));
}

#[test]
fn an_app_on_the_public_port() {
    insta::assert_snapshot!(mistakes(
        r#"[apps]
a = { run = "a", path = "/", port = 8000 }
"#
    ));
}

#[test]
fn a_port_and_a_socket() {
    insta::assert_snapshot!(mistakes(
        r#"[apps]
a = { run = "a", path = "/", port = 9300, socket = true }
"#
    ));
}

#[test]
fn a_worker_that_is_asked() {
    insta::assert_snapshot!(mistakes(
        r#"[apps]
w = { run = "celery", ready = { path = "/healthz" } }
"#
    ));
}

#[test]
fn a_bad_readiness() {
    insta::assert_snapshot!(mistakes(
        r#"[apps]
a = { run = "a", path = "/", ready = { path = "healthz" } }
b = { run = "a", path = "/b", ready = { every = "1s" } }
"#
    ));
}

#[test]
fn readiness_that_cannot_be() {
    insta::assert_snapshot!(mistakes(
        r#"[apps]
a = { run = "a", path = "/", ready = { log = "ready (" } }
b = { run = "a", path = "/b", ready = { path = "/x", log = "up" } }
c = { run = "a", ready = { log = "up", every = "1s" } }
d = { run = "a", ready = { exec = "x 'y", status = 200 } }
e = { run = "a", ready = "notified" }
"#
    ));
}

#[test]
fn liveness_that_cannot_be() {
    insta::assert_snapshot!(mistakes(
        r#"[apps]
a = { run = "a", path = "/", live = { every = "1s" } }
b = { run = "a", live = "accept" }
c = { run = "a", live = { path = "/healthz" } }
d = { run = "a", live = { notify = "1ms", failures = 2 } }
e = { run = "a", live = { log = "up" } }
"#
    ));
}

#[test]
fn a_bad_restart() {
    insta::assert_snapshot!(mistakes(
        r#"[apps]
a = { run = "a", path = "/", restart = { backoff = "10s..1s", give_up = "often" } }
"#
    ));
}

#[test]
fn a_bad_listen() {
    insta::assert_snapshot!(mistakes(
        r#"[server]
listen = ["localhost:3000", "8000", "example.com:80", ":80", ":80", "unix:"]
[apps]
web = "a"
"#
    ));
}

#[test]
fn an_empty_listen() {
    insta::assert_snapshot!(mistakes(
        r#"[server]
listen = []
[apps]
web = "a"
"#
    ));
}

#[test]
fn a_bad_trusted_proxy() {
    insta::assert_snapshot!(mistakes(
        r#"[server]
trusted_proxies = ["privat", "10.0.0.0/33"]
[apps]
web = "a"
"#
    ));
}

#[test]
fn a_proxy_protocol_that_nobody_may_speak() {
    insta::assert_snapshot!(mistakes(
        r#"[server]
proxy_protocol = true
[apps]
web = "a"
"#
    ));
}

#[test]
fn a_route_to_an_app_that_is_not_there() {
    insta::assert_snapshot!(mistakes(
        r#"[apps]
node = "a"
[routes]
"/x" = { app = "nod" }
"/y" = { app = "python" }
"#
    ));
}

#[test]
fn a_route_without_a_target() {
    insta::assert_snapshot!(mistakes(
        r#"[routes]
"/x" = { strip = true }
"/y" = {}
"#
    ));
}

#[test]
fn a_route_with_two_targets() {
    insta::assert_snapshot!(mistakes(
        r#"[apps]
web = "a"
[routes]
"/x/*" = { app = "web", proxy = "https://google.com" }
"#
    ));
}

#[test]
fn a_key_beside_the_wrong_target() {
    insta::assert_snapshot!(mistakes(
        r#"[routes]
"/x" = { respond = "a", strip = true, while_down = { do = "hold" } }
"/y" = { builtin = "health", status = 201 }
"#
    ));
}

#[test]
fn strip_and_rewrite() {
    insta::assert_snapshot!(mistakes(
        r#"[routes]
"/x/*" = { proxy = "http://h", strip = true, rewrite = "/v2" }
"#
    ));
}

#[test]
fn strip_of_an_exact_route() {
    insta::assert_snapshot!(mistakes(
        r#"[routes]
"/x" = { proxy = "http://h", strip = true }
"/y/*" = { proxy = "http://h", strip = "/z" }
"#
    ));
}

#[test]
fn a_rewrite_with_an_unknown_capture() {
    insta::assert_snapshot!(mistakes(
        r#"[routes]
"/users/{id}" = { proxy = "http://h", rewrite = "/v2/{name}" }
"#
    ));
}

#[test]
fn a_star_after_text() {
    insta::assert_snapshot!(mistakes(
        r#"[apps]
node = { run = "a", path = "/n" }
[routes]
"/node*" = { app = "node" }
"#
    ));
}

#[test]
fn bad_route_keys() {
    insta::assert_snapshot!(mistakes(
        r#"[routes]
"health" = { builtin = "health" }
"get /x" = { respond = "" }
"/a/../b" = { respond = "" }
"/a?b" = { respond = "" }
"https://h/x" = { respond = "" }
"#
    ));
}

#[test]
fn a_star_in_an_apps_path() {
    insta::assert_snapshot!(mistakes(
        r#"[apps]
node = { run = "a", path = "/node/*" }
"#
    ));
}

#[test]
fn a_bad_app_host() {
    insta::assert_snapshot!(mistakes(
        r#"[apps]
node = { run = "a", host = "https://example.com" }
"#
    ));
}

#[test]
fn a_route_that_is_an_apps_path() {
    insta::assert_snapshot!(mistakes(
        r#"[apps]
node = { run = "a", path = "/node" }
[routes]
"/node/*" = { respond = "x" }
"#
    ));
}

#[test]
fn two_apps_at_one_path() {
    insta::assert_snapshot!(mistakes(
        r#"[apps]
web = "a"
b = { run = "b", path = "/" }
"#
    ));
}

#[test]
fn a_tie_of_regexes() {
    insta::assert_snapshot!(mistakes(
        r#"[routes]
"/{a:[0-9]+}" = { respond = "a" }
"/{b:[0-5]+}" = { respond = "b" }
"#
    ));
}

#[test]
fn bad_proxy_urls() {
    insta::assert_snapshot!(mistakes(
        r#"[routes]
"/a" = { proxy = "google.com" }
"/b" = { proxy = "ftp://h" }
"/c" = { proxy = "http://u:p@h/" }
"/d" = { proxy = "http://h/?q" }
"/e" = { proxy = "ws://h" }
"/f" = { proxy = "unix:" }
"#
    ));
}

#[test]
fn a_proxy_to_the_door_itself() {
    insta::assert_snapshot!(mistakes(
        r#"[routes]
"/a" = { proxy = "http://localhost:8000" }
"#
    ));
}

#[test]
fn bad_redirects() {
    insta::assert_snapshot!(mistakes(
        r#"[routes]
"/a" = { redirect = "example.com/x" }
"/b" = { redirect = "/x", status = 200 }
"#
    ));
}

#[test]
fn two_bodies() {
    insta::assert_snapshot!(mistakes(
        r#"[routes]
"/a" = { respond = "x", body = "y" }
"/b" = { status = 204, body = "y" }
"#
    ));
}

#[test]
fn bad_headers() {
    insta::assert_snapshot!(mistakes(
        r#"[routes]
"/a" = { respond = "x", type = "a\nb", headers = { Content-Length = "3", "a b" = "c", X = "a\r\nb", Content-Type = "x" } }
"#
    ));
}

#[test]
fn a_misspelt_builtin() {
    insta::assert_snapshot!(mistakes(
        r#"[routes]
"/health" = { builtin = "helth" }
"/status" = { builtin = "status" }
"#
    ));
}

#[test]
fn a_mistake_beyond_ascii() {
    insta::assert_snapshot!(mistakes(
        r#"[apps.a]
run = "a"
# éé
env = { "É" = "é ${NIX}" }
"#
    ));
}

#[test]
fn a_host_that_nobody_has() {
    insta::assert_snapshot!(mistakes(
        r#"[apps]
web = "a"
[routes]
"/x" = { app = "web", host = "upstream" }
"/y" = { proxy = "unix:/run/y.sock", host = "upstream" }
"#
    ));
}

#[test]
fn mistakes_of_every_layer_are_shown_at_once_in_the_order_of_the_file() {
    insta::assert_snapshot!(mistakes(
        r#"[server]
listen = "localhost:80"
timeot = {}
[apps]
a = { run = "x", port = 8000, dir = 3 }
b = { run = "y", path = "/b", env = { A = "${NOT_SET}" } }
[routes]
"/b/*" = { app = "b" }
"/c*" = { app = "c" }
"/d" = { static = "d" }
"#
    ));
}

#[test]
fn a_key_in_the_wrong_table() {
    insta::assert_snapshot!(mistakes(
        r#"listen = ":80"
[server]
apps = {}
[apps.web]
run = "a"
listen = 3
"#
    ));
}

#[test]
fn a_size_beside_an_app() {
    insta::assert_snapshot!(mistakes(
        r#"[apps]
web = "a"
[routes]
"POST /up" = { app = "web", body = "200MiB" }
"#
    ));
}

#[test]
fn exit_codes_that_are_none() {
    insta::assert_snapshot!(mistakes(
        r#"[apps]
web = { run = "a", path = "/", success = 143 }
api = { run = "b", success = [143, "130", 256, -1, true] }
[jobs]
tidy = { run = "c", on = "start", success = "3" }
"#
    ));
}

#[test]
fn a_umask_that_is_none() {
    insta::assert_snapshot!(mistakes(
        r#"[apps]
web = { run = "a", path = "/", umask = "089" }
api = { run = "b", umask = "1777" }
[jobs]
tidy = { run = "c", on = "start", umask = "u=rwx" }
"#
    ));
}

#[test]
fn limits_that_are_none() {
    insta::assert_snapshot!(mistakes(
        r#"[apps]
web = { run = "a", path = "/", limits = { memory = 512, cpu = "two", files = 1 } }
api = { run = "b", limits = { memory = "12B", cpu = 0.0001, processes = 1.5 } }
[jobs]
tidy = { run = "c", on = "start", limits = "512MiB", secrets = { A = "hunter2" } }
"#
    ));
}

#[test]
fn a_key_of_a_later_version_is_the_only_complaint() {
    insta::assert_snapshot!(mistakes(
        r#"[apps]
api = "a"
[routes]
"/api/*" = { respond = "x", auth = { basic = "file:htpasswd" } }
[log]
access = { sample = 0.1 }
"#
    ));
}
