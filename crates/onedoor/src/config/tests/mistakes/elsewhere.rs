//! What comes over from the files of nginx, Caddy, supervisord, systemd, Compose, Kubernetes and Fly.io, and from
//! whoever guesses.

pub(super) const MISTAKES: &[(&str, &str)] = &[
    (
        "a_regex_location_of_nginx",
        r#"[apps]
web = "node s.js"
[routes]
"~ ^/api/" = { app = "web" }
"#,
    ),
    (
        "a_regex_of_nginx_without_case",
        r#"[apps]
web = "node s.js"
[routes]
"~* ^/images/.*" = { app = "web" }
"#,
    ),
    (
        "a_regex_of_nginx_for_an_ending",
        r#"[apps]
web = "node s.js"
[routes]
"~ \\.php$" = { app = "web" }
"#,
    ),
    (
        "an_exact_location_of_nginx",
        r#"[apps]
web = "node s.js"
[routes]
"=/health" = { builtin = "health" }
"#,
    ),
    (
        "a_prefix_location_of_nginx",
        r#"[apps]
web = "node s.js"
[routes]
"^~ /static/" = { app = "web" }
"#,
    ),
    (
        "a_regex_as_an_apps_path",
        r#"[apps.web]
run = "node s.js"
path = "^/api"
"#,
    ),
    (
        "the_word_location_in_a_key",
        r#"[apps]
web = "node s.js"
[routes]
"location /api/" = { proxy = "http://localhost:3000" }
"#,
    ),
    (
        "statements_of_nginx",
        r#"[server]
listen 80;
client_max_body_size 10m;
[apps]
web = "node s.js"
"#,
    ),
    (
        "a_file_of_nginx",
        r#"server {
  listen 80;
  location / {
    proxy_pass http://localhost:3000;
  }
}
"#,
    ),
    (
        "a_caddyfile",
        r#":8080 {
  reverse_proxy /api/* localhost:3000
}
"#,
    ),
    (
        "a_unit_of_systemd",
        r#"[Unit]
Description=My app
[Service]
ExecStart=/usr/bin/node s.js
Restart=always
"#,
    ),
    (
        "a_file_of_supervisord",
        r#"[program:web]
command=node s.js
autostart=true
autorestart=true
environment=A="b",C="d"
[supervisord]
nodaemon=true
"#,
    ),
    (
        "apps_as_a_list_with_names",
        r#"[[apps]]
name = "web"
run = "node s.js"
path = "/"
[[apps]]
name = "api"
run = "node t.js"
path = "/api"
"#,
    ),
    (
        "routes_as_a_list_with_paths",
        r#"[apps]
web = "node s.js"
[[routes]]
path = "/api"
app = "web"
strip = true
[[routes]]
path = "/google/*"
proxy = "https://google.com"
"#,
    ),
    (
        "a_route_in_a_list_with_host_and_method",
        r#"[apps]
web = "node s.js"
[[routes]]
host = "example.com"
path = "/x"
method = "GET"
proxy = "http://localhost:3000"
"#,
    ),
    (
        "jobs_as_a_list_with_names",
        r#"[apps]
web = "node s.js"
[[jobs]]
name = "migrate"
run = "node m.js"
on = "start"
"#,
    ),
    (
        "apps_as_a_list_of_one_command",
        r#"apps = ["node s.js"]
"#,
    ),
    (
        "apps_as_a_list_in_one_line",
        r#"apps = [{ name = "web", run = "node s.js" }, { name = "api", run = "node t.js" }]
"#,
    ),
    (
        "routes_as_a_list_in_one_line",
        r#"routes = [{ path = "/x", proxy = "http://localhost:3000" }]
[apps]
web = "node s.js"
"#,
    ),
    (
        "apps_as_one_command",
        r#"apps = "node s.js"
"#,
    ),
    (
        "an_app_without_a_name",
        r#"run = "node s.js"
path = "/"
"#,
    ),
    (
        "routes_of_an_app",
        r#"[apps.web]
run = "node s.js"
routes = ["/api/*", "/x"]
"#,
    ),
    (
        "a_table_of_routes_in_an_app",
        r#"[apps.web]
run = "node s.js"
[apps.web.routes]
"/api/*" = { strip = true }
"#,
    ),
    (
        "a_path_of_the_server",
        r#"[server]
path = "/"
listen = 8000
[apps]
web = "node s.js"
"#,
    ),
    (
        "a_timeout_at_the_top",
        r#"timeout = "30s"
[apps]
web = "node s.js"
"#,
    ),
    (
        "a_timeout_of_an_app",
        r#"[apps.web]
run = "node s.js"
path = "/"
timeout = "30s"
"#,
    ),
    (
        "one_timeout_for_all",
        r#"[server]
timeout = "30s"
[apps]
web = "node s.js"
"#,
    ),
    (
        "trusted_proxies_at_the_top",
        r#"trusted_proxies = "private"
[apps]
web = "node s.js"
"#,
    ),
    (
        "strip_in_the_server",
        r#"[server]
strip = true
[apps]
web = "node s.js"
"#,
    ),
    (
        "env_at_the_top",
        r#"env = { A = "b" }
[apps]
web = "node s.js"
"#,
    ),
    (
        "restart_at_the_top",
        r#"restart = "always"
[apps]
web = "node s.js"
"#,
    ),
    (
        "routes_in_the_server",
        r#"[server.routes]
"/x" = { respond = "x" }
[apps]
web = "node s.js"
"#,
    ),
    (
        "apps_in_the_server",
        r#"[server.apps]
web = "node s.js"
"#,
    ),
    (
        "a_duration_as_a_clock_has_it",
        r#"[apps.web]
run = "node s.js"
path = "/"
start_timeout = "00:01:30"
"#,
    ),
    (
        "a_duration_without_end",
        r#"[server.timeout]
idle = "infinity"
[apps]
web = "node s.js"
"#,
    ),
    (
        "a_size_of_nothing",
        r#"[server.limits]
body = 0
[apps]
web = "node s.js"
"#,
    ),
    (
        "a_number_in_the_list_of_listen",
        r#"[server]
listen = [8000]
[apps]
web = "node s.js"
"#,
    ),
    (
        "listen_as_a_table",
        r#"[server]
listen = { host = "0.0.0.0", port = 8000 }
[apps]
web = "node s.js"
"#,
    ),
    (
        "host_and_port_of_the_server",
        r#"[server]
host = "0.0.0.0"
port = 8000
[apps]
web = "node s.js"
"#,
    ),
    (
        "two_ports_of_compose",
        r#"[apps.web]
run = "node s.js"
path = "/"
ports = ["8080:3000"]
"#,
    ),
    (
        "a_port_with_a_point",
        r#"[apps.web]
run = "node s.js"
path = "/"
port = 3000.0
"#,
    ),
    (
        "variables_as_a_list",
        r#"[apps.web]
run = "node s.js"
path = "/"
env = ["A=b", "C=d=e", "FLAG"]
"#,
    ),
    (
        "variables_of_kubernetes",
        r#"[apps.web]
run = "node s.js"
path = "/"
env = [{ name = "A", value = "b" }, { name = "C", value = "d" }]
"#,
    ),
    (
        "variables_in_one_text",
        r#"[apps.web]
run = "node s.js"
path = "/"
env = "A=b, C=d"
"#,
    ),
    (
        "needs_in_one_text",
        r#"[apps.web]
run = "node s.js"
path = "/"
needs = "db, cache"
[apps.db]
run = "node d.js"
[apps.cache]
run = "node c.js"
"#,
    ),
    (
        "networks_in_one_text",
        r#"[server]
trusted_proxies = "10.0.0.0/8, 192.168.0.0/16"
[apps]
web = "node s.js"
"#,
    ),
    (
        "addresses_in_one_text",
        r#"[server]
listen = ":80, :81"
[apps]
web = "node s.js"
"#,
    ),
    (
        "inherited_variables_in_one_text",
        r#"[apps.web]
run = "node s.js"
path = "/"
inherit_env = "PATH,HOME"
"#,
    ),
    (
        "a_block_of_yaml",
        r#"[apps]
web:
  run: node s.js
  path: /
"#,
    ),
    (
        "a_fly_toml",
        r#"app = "shop"
primary_region = "ams"
[http_service]
internal_port = 8080
force_https = true
[processes]
web = "node s.js"
worker = "node w.js"
"#,
    ),
    (
        "a_list_of_one_check",
        r#"[apps.web]
run = "node s.js"
path = "/"
[[apps.web.checks]]
path = "/healthz"
"#,
    ),
    (
        "a_container_of_kubernetes",
        r#"[apps.web]
command = ["node"]
args = ["s.js"]
path = "/"
readinessProbe = { httpGet = { path = "/healthz", port = 3000 }, periodSeconds = 5 }
resources = { limits = { memory = "512Mi", cpu = "500m" } }
"#,
    ),
    (
        "volumes_and_networks_of_compose",
        r#"[apps.web]
run = "node s.js"
path = "/"
volumes = ["/data:/data"]
networks = ["x"]
"#,
    ),
    (
        "several_methods_in_a_key",
        r#"[apps]
web = "node s.js"
[routes]
"GET,POST /x" = { app = "web" }
"get /y" = { app = "web" }
"ANY /z" = { app = "web" }
"#,
    ),
    (
        "a_method_beside_the_target",
        r#"[apps]
web = "node s.js"
[routes]
"/x" = { app = "web", method = "GET" }
"/y" = { app = "web", methods = ["GET"] }
"#,
    ),
    (
        "a_pause_before_a_restart",
        r#"[apps.web]
run = "node s.js"
path = "/"
restart = { when = "always", delay = 5 }
"#,
    ),
    (
        "what_the_door_does_not_do",
        r#"[server]
cors = true
gzip = true
[apps]
web = "node s.js"
"#,
    ),
    (
        "a_certificate_in_the_server",
        r#"[server]
listen = ":443"
ssl_certificate = "a.crt"
[apps]
web = "node s.js"
"#,
    ),
    (
        "a_list_in_an_item_of_a_list",
        r#"[server]
trusted_proxies = ["10.0.0.0/8,192.168.0.0/16", "private"]
[apps]
web = "a"
"#,
    ),
    (
        "apps_as_a_list_with_tables_inside",
        r#"[[apps]]
name = "web"
run = "a"
[apps.env]
A = "1"
[[apps]]
name = "api"
run = "b"
path = "/api"
"#,
    ),
    (
        "a_key_for_one_of_two_apps",
        r#"env = { A = "b" }
[apps]
web = "a"
api = "b"
"#,
    ),
    (
        "a_key_of_the_only_app_that_has_a_header",
        r#"[server]
env = { A = "b" }
[apps.web]
run = "a"
path = "/"
"#,
    ),
    (
        "a_key_of_the_only_app_in_braces",
        r#"essential = true
[apps]
web = { run = "a", path = "/" }
"#,
    ),
    (
        "a_setting_of_fly_at_the_top",
        r#"primary_region = "ams"
[apps]
web = "a"
"#,
    ),
];
