//! Apps and jobs, and how they stand to one another.

pub(super) const MISTAKES: &[(&str, &str)] = &[
    (
        "jobs_that_are_run_at_no_time_or_named_like_an_app",
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
"#,
    ),
    (
        "needs_that_are_never_met",
        r#"[apps]
api = { run = "a", path = "/", needs = ["tick", "migrte"] }
[jobs]
tick = { run = "b", on = "cron @daily" }
migrate = { run = "b", on = "start", needs = "migrate" }
"#,
    ),
    (
        "an_app_and_a_job_that_wait_for_one_another",
        r#"[apps]
api = { run = "a", path = "/", needs = "migrate" }
[jobs]
migrate = { run = "b", on = "start", needs = "api" }
"#,
    ),
    (
        "a_missing_run",
        r#"[apps.a]
path = "/"
"#,
    ),
    (
        "the_address_of_a_sibling",
        r#"[apps.a]
run = "a --api ${app.api.url}"
env = { ONE = "${app.wob.url}", TWO = "${app.mailer.url}/x", THREE = "${app.clean.url}", FOUR = "${app.web.port}" }
[apps.web]
run = "web"
path = "/"
[apps.mailer]
run = "mailer"
[jobs.clean]
run = "clean"
on = "start"
[routes]
"/where" = { respond = "${app.web.url}" }
"#,
    ),
    (
        "a_bad_app_name",
        r#"[apps]
My_App = "a"
"1" = "b"
"#,
    ),
    (
        "an_empty_command",
        r#"[apps]
web = ""
api = []
"#,
    ),
    (
        "an_unclosed_quote_in_a_command",
        r#"[apps]
web = "node 'x"
"#,
    ),
    (
        "an_assignment_before_a_command",
        r#"[apps]
web = "NODE_ENV=production node x.js"
"#,
    ),
    (
        "two_apps_on_one_port",
        r#"[apps]
a = { run = "a", path = "/a", port = 9300 }
b = { run = "b", path = "/b", port = 9300 }
"#,
    ),
    (
        "an_app_on_the_public_port",
        r#"[apps]
a = { run = "a", path = "/", port = 8000 }
"#,
    ),
    (
        "a_port_and_a_socket",
        r#"[apps]
a = { run = "a", path = "/", port = 9300, socket = true }
"#,
    ),
    (
        "a_worker_that_is_asked",
        r#"[apps]
w = { run = "celery", ready = { path = "/healthz" } }
"#,
    ),
    (
        "a_bad_readiness",
        r#"[apps]
a = { run = "a", path = "/", ready = { path = "healthz" } }
b = { run = "a", path = "/b", ready = { every = "1s" } }
"#,
    ),
    (
        "readiness_that_cannot_be",
        r#"[apps]
a = { run = "a", path = "/", ready = { log = "ready (" } }
b = { run = "a", path = "/b", ready = { path = "/x", log = "up" } }
c = { run = "a", ready = { log = "up", every = "1s" } }
d = { run = "a", ready = { exec = "x 'y", status = 200 } }
e = { run = "a", ready = "notified" }
"#,
    ),
    (
        "liveness_that_cannot_be",
        r#"[apps]
a = { run = "a", path = "/", live = { every = "1s" } }
b = { run = "a", live = "accept" }
c = { run = "a", live = { path = "/healthz" } }
d = { run = "a", live = { notify = "1ms", failures = 2 } }
e = { run = "a", live = { log = "up" } }
"#,
    ),
    (
        "two_apps_at_one_path",
        r#"[apps]
web = "a"
b = { run = "b", path = "/" }
"#,
    ),
    (
        "a_mistake_beyond_ascii",
        r#"[apps.a]
run = "a"
# éé
env = { "É" = "é ${NIX}" }
"#,
    ),
    (
        "mistakes_of_every_layer_are_shown_at_once_in_the_order_of_the_file",
        r#"[server]
listen = "localhost:80"
timeot = {}
[apps]
a = { run = "x", port = 8000, dir = 3 }
b = { run = "y", path = "/b", env = { A = "${NOT_SET}" } }
[routes]
"/b/*" = { app = "b" }
"/c*" = { app = "c" }
"/d" = { split = { a = 1 } }
"#,
    ),
    (
        "exit_codes_that_are_none",
        r#"[apps]
web = { run = "a", path = "/", success = 143 }
api = { run = "b", success = [143, "130", 256, -1, true] }
[jobs]
tidy = { run = "c", on = "start", success = "3" }
"#,
    ),
    (
        "a_umask_that_is_none",
        r#"[apps]
web = { run = "a", path = "/", umask = "089" }
api = { run = "b", umask = "1777" }
[jobs]
tidy = { run = "c", on = "start", umask = "u=rwx" }
"#,
    ),
    (
        "variables_in_front_of_a_command",
        r#"[apps.web]
run = "NODE_ENV=production PORT=1 node x.js"
path = "/"
"#,
    ),
    (
        "secrets_in_the_spelling_of_others",
        r#"[apps.web]
run = "x"
secrets = { A = "/run/secrets/a", B = "$B", C = "file:///run/c" }
"#,
    ),
    (
        "commands_of_secrets_that_are_none",
        r#"[apps.web]
run = "x"
[apps.web.secrets]
EMPTY = "cmd:"
BLANK = "cmd:  "
QUOTE = "cmd:vault read 'secret/app"
PIPED = "cmd:vault read -format=json secret/app | jq -r .data.token"
THEN = "cmd:cat \"a b\" && true"
DOLLAR = "cmd:vault read $VAULT_PATH"
SET = "cmd:VAULT_ADDR=http://vault:8200 vault read secret/app"
"#,
    ),
    (
        "secrets_kept_where_nobody_looks",
        r#"[apps.web]
run = "x"
[apps.web.secrets]
OP = "op://vault/app/token"
EXEC = "exec:vault read secret/app"
VAULT = "vault:secret/app"
"#,
    ),
    (
        "secrets_by_the_names_of_what_onedoor_sets",
        r#"[apps.web]
run = "x"
secrets = { PORT = "file:/port", ONEDOOR_ID = "cmd:uuidgen", NOTIFY_SOCKET = "file:/n" }
"#,
    ),
    (
        "a_secret_that_is_a_variable_as_well",
        r#"[apps.web]
run = "x"
env = { A = "1", B = "2" }
secrets = { A = "file:/a" }
"#,
    ),
    (
        "an_app_that_needs_itself",
        r#"[apps.web]
run = "x"
needs = ["web", "db"]
[apps.db]
run = "y"
"#,
    ),
    (
        "times_of_jobs_in_the_spelling_of_others",
        r#"[jobs]
a = { run = "x", schedule = "*/5 * * * *" }
b = { run = "x", on = "daily" }
c = { run = "x", on = "startup" }
"#,
    ),
];
