//! Keys that nobody knows, that belong elsewhere, or that come from other programs.

pub(super) const MISTAKES: &[(&str, &str)] = &[
    (
        "an_unknown_top_level_key",
        r#"[app]
web = "a"
"#,
    ),
    (
        "an_unknown_key_with_a_near_one",
        r#"[apps]
node = { run = "node main.js", pathh = "/node" }
"#,
    ),
    (
        "an_unknown_key_with_none_near",
        r#"[apps]
node = { run = "node main.js", banana = true }
"#,
    ),
    (
        "an_unknown_key_deep_inside",
        r#"[apps.a]
run = "a"
ready = { pth = "/" }
"#,
    ),
    (
        "a_key_of_a_later_version",
        r#"[apps.a]
run = "a"
[volumes]
data = "x"
"#,
    ),
    (
        "a_key_in_the_wrong_table",
        r#"listen = ":80"
[server]
apps = {}
[apps.web]
run = "a"
listen = 3
"#,
    ),
    (
        "a_key_of_a_later_version_is_the_only_complaint",
        r#"[apps]
api = "a"
[routes]
"/api/*" = { respond = "x", auth = { basic = "file:htpasswd" } }
[log]
access = { sample = 0.1 }
"#,
    ),
    (
        "keys_of_compose",
        r#"[services.web]
command = "x"
working_dir = "web"
environment = ["A=b", "C=d e"]
restart = "unless-stopped"
stop_grace_period = "5s"
depends_on = ["db"]
[services.db]
command = "y"
"#,
    ),
    (
        "a_slip_in_a_name_of_another_program",
        r#"[apps.web]
comand = "x"
port = "9000"
"#,
    ),
    (
        "keys_of_supervisord",
        r#"[apps.web]
command = "x"
directory = "/srv"
autostart = true
autorestart = true
stopsignal = "INT"
stopwaitsecs = 5
numprocs = 2
stdout_logfile = "/dev/stdout"
"#,
    ),
    (
        "keys_of_nginx",
        r#"[server]
client_max_body_size = "10m"
keepalive_timeout = 65
[routes]
"/api/*" = { proxy_pass = "http://localhost:3000" }
"/old" = { return = "gone", code = 410 }
"#,
    ),
    (
        "keys_in_another_case",
        r#"[apps.web]
Run = "x"
workingDir = "web"
start-timeout = "1m"
"#,
    ),
    (
        "a_port_at_the_top",
        r#"port = 8080
[apps]
web = "x"
"#,
    ),
    (
        "an_app_at_the_top",
        r#"[web]
run = "x"
path = "/"
"#,
    ),
    (
        "a_route_at_the_top",
        r#""/health" = { builtin = "health" }
[apps]
web = "x"
"#,
    ),
    (
        "a_key_of_a_table_inside",
        r#"[apps.web]
run = "x"
path = "/"
grace = "5s"
"#,
    ),
    (
        "a_key_of_another_table",
        r#"[apps]
web = "x"
[log]
trusted_proxies = "private"
"#,
    ),
];
