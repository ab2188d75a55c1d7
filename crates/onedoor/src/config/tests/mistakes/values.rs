//! Values of the wrong kind, without their unit, or in the spelling of others.

pub(super) const MISTAKES: &[(&str, &str)] = &[
    (
        "a_word_of_a_later_version",
        r#"[routes]
"/x" = { builtin = "status" }
"#,
    ),
    (
        "a_wrong_type",
        r#"[apps.a]
run = 3
path = true
port = "x"
"#,
    ),
    (
        "a_quoted_number",
        r#"[apps.a]
run = "a"
port = "9300"
strip = "true"
"#,
    ),
    (
        "a_number_out_of_range",
        r#"[apps.a]
run = "a"
port = 70000
[server]
workers = 0
"#,
    ),
    (
        "a_duration_without_unit",
        r#"[server]
timeout = { idle = 75 }
[apps]
web = "a"
"#,
    ),
    (
        "a_bad_duration",
        r#"[server]
timeout = { idle = "75 seconds", connect = "0s" }
[apps]
web = "a"
"#,
    ),
    (
        "a_bad_size",
        r#"[server]
limits = { body = "10M", header = "1MiB", fields = 5000 }
[apps]
web = "a"
"#,
    ),
    (
        "a_misspelt_word",
        r#"[apps.a]
run = "a"
restart = { when = "alway" }
"#,
    ),
    (
        "a_list_with_a_number_in_it",
        r#"[apps]
web = ["node", 3]
"#,
    ),
    (
        "a_variable_that_is_not_a_string",
        r#"[apps.a]
run = "a"
env = { A = [1] , "B=C" = "x" }
"#,
    ),
    (
        "an_unset_variable",
        r#"[apps.a]
run = "a"
env = { DB = "${DB_URL}", B = "x ${A:?ask the database team} y" }
"#,
    ),
    (
        "a_broken_variable",
        r#"[apps.a]
run = "a"
env = { DB = "${DB_URL", E = "${DB-URL}" }
"#,
    ),
    (
        "a_bad_listen",
        r#"[server]
listen = ["localhost:3000", "8000", "example.com:80", ":80", ":80", "unix:"]
[apps]
web = "a"
"#,
    ),
    (
        "an_empty_listen",
        r#"[server]
listen = []
[apps]
web = "a"
"#,
    ),
    (
        "a_bad_trusted_proxy",
        r#"[server]
trusted_proxies = ["privat", "10.0.0.0/33"]
[apps]
web = "a"
"#,
    ),
    (
        "a_proxy_protocol_that_nobody_may_speak",
        r#"[server]
proxy_protocol = true
[apps]
web = "a"
"#,
    ),
    (
        "a_size_beside_an_app",
        r#"[apps]
web = "a"
[routes]
"POST /up" = { app = "web", body = "200MiB" }
"#,
    ),
    (
        "limits_that_are_none",
        r#"[apps]
web = { run = "a", path = "/", limits = { memory = 512, cpu = "two", files = 1 } }
api = { run = "b", limits = { memory = "12B", cpu = 0.0001, processes = 1.5 } }
[jobs]
tidy = { run = "c", on = "start", limits = "512MiB", secrets = { A = "hunter2" } }
"#,
    ),
    (
        "a_duration_of_two_units",
        r#"[server]
timeout = { idle = "1m30s", connect = 1.5, first_byte = "PT30S" }
[apps]
web = "x"
"#,
    ),
    (
        "a_number_that_could_be_milliseconds",
        r#"[server]
timeout = { idle = 5000 }
[apps]
web = "x"
"#,
    ),
    (
        "sizes_of_others",
        r#"[server]
limits = { body = 10485760, header = "16k" }
[apps.web]
run = "x"
limits = { memory = "512Mi", cpu = "500m" }
"#,
    ),
    (
        "words_of_others",
        r#"[apps.web]
run = "x"
path = "/"
restart = { when = "unless-stopped" }
stop = { signal = "SIGTERM" }
balance = "least_conn"
[log]
format = "pretty"
access = true
"#,
    ),
    (
        "ports_of_compose",
        r#"[apps.web]
run = "x"
path = "/"
port = ["3000:3000"]
"#,
    ),
    (
        "a_list_of_variables",
        r#"[apps.web]
run = "x"
env = ["A=b", "C=d"]
"#,
    ),
    (
        "one_in_brackets",
        r#"[apps.web]
run = "x"
path = ["/"]
"#,
    ),
    (
        "ones_and_noughts",
        r#"[apps.web]
run = "x"
path = "/"
strip = 0
essential = "yes"
"#,
    ),
    (
        "variables_in_the_spelling_of_others",
        r#"[apps.web]
run = "x"
env = { A = "${A-x}", B = "${env.B:-y}", C = "${ C :-z}", D = "${D:d}" }
"#,
    ),
    (
        "a_default_port_that_is_not_set",
        r#"[server]
listen = ":${PORT}"
[apps]
web = "x"
"#,
    ),
    (
        "listen_in_the_spelling_of_others",
        r#"[server]
listen = ["http://0.0.0.0:8000/", "*:8001", "127.0.0.1", "/run/door.sock"]
[apps]
web = "x"
"#,
    ),
    (
        "a_bare_variable_in_listen",
        r#"[server]
listen = "0.0.0.0:$PORT"
[apps]
web = "x"
"#,
    ),
    (
        "networks_in_the_spelling_of_others",
        r#"[server]
trusted_proxies = ["10.0.0.0/255.0.0.0", "192.0.2.7:80", "cloud-flare"]
[apps]
web = "x"
"#,
    ),
    (
        "backoff_in_the_spelling_of_others",
        r#"[apps.web]
run = "x"
path = "/"
restart = { backoff = "1s-1m30s", give_up = "5/1m" }
"#,
    ),
    (
        "a_umask_as_a_number",
        r#"[apps.web]
run = "x"
path = "/"
umask = 27
"#,
    ),
    (
        "what_would_inherit_nothing",
        r#"[apps.a]
run = "a"
path = "/"
replicas = 0
inherit_env = ["*", "A=b"]
"#,
    ),
];
