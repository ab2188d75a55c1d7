//! The promise: what `init --from` makes of a supervisord and an nginx answers as they did. The table was recorded from
//! nginx 1.22 with the same programs behind it; where onedoor differs, docs/migrate.md says so.

use std::net::TcpListener;

use crate::kit::{Door, ECHO_PY, run_onedoor};

const NGINX: &str = r#"
upstream api { server 127.0.0.1:API; }
server {
    listen 8080;
    proxy_set_header Host $http_host;
    rewrite ^/old/(.*)$ /new/$1 permanent;
    location / { proxy_pass http://127.0.0.1:SITE; }
    location /api/ { proxy_pass http://api/; }
    location /keep/ { proxy_pass http://api; }
    location /v1/ { proxy_pass http://api/internal/v1/; }
    location /rw { rewrite ^/rw/(.*)$ /$1 break; proxy_pass http://api; }
    location = /exact { proxy_pass http://api/one; }
    location ~ ^/users/(\d+)/avatar$ { proxy_pass http://api/avatars/$1; }
    location ~ ^/(docs|redoc)(/|$) { proxy_pass http://api; }
    location = /hello { default_type text/plain; return 200 "hi\n"; }
    location /moved { return 302 /target; }
    location /gone { return 410; }
    location /secret/ { deny all; }
}
"#;

const SUPERVISORD: &str = r#"
[supervisord]
nodaemon=true
[program:nginx]
command=nginx -g "daemon off;"
[program:api]
command=python3 api.py
environment=PORT="API"
[program:site]
command=python3 site.py
environment=PORT="SITE"
"#;

/// What is asked, the status, and what the app saw or where the client is sent.
const ANSWERS: &[(&str, u16, &str)] = &[
    ("/", 200, "site /"),
    ("/nodejs", 200, "site /nodejs"),
    ("/api/", 200, "api /"),
    ("/api/x?q=1", 200, "api /x?q=1"),
    ("/api/x/y/", 200, "api /x/y/"),
    ("/apix", 200, "site /apix"),
    ("/keep/a", 200, "api /keep/a"),
    ("/v1/users", 200, "api /internal/v1/users"),
    ("/v1/", 200, "api /internal/v1/"),
    ("/rw/a/b", 200, "api /a/b"),
    ("/exact", 200, "api /one"),
    ("/exact/", 200, "site /exact/"),
    ("/users/42/avatar", 200, "api /avatars/42"),
    ("/users/x/avatar", 200, "site /users/x/avatar"),
    ("/docs", 200, "api /docs"),
    ("/docs/a", 200, "api /docs/a"),
    ("/docsx", 200, "site /docsx"),
    ("/redoc/", 200, "api /redoc/"),
    ("/hello", 200, "hi"),
    ("/moved", 302, "/target"),
    ("/moved/deep", 302, "/target"),
    ("/gone", 410, ""),
    ("/secret/x", 403, ""),
    ("/old/a/b", 301, "/new/a/b"),
    ("/a%20b", 200, "site /a%20b"),
];

#[test]
fn a_converted_nginx_and_supervisord_answer_as_they_did() {
    let ports = [free_port(), free_port()];
    let filled =
        |text: &str| text.replace("API", &ports[0].to_string()).replace("SITE", &ports[1].to_string());
    let app =
        |name: &str| ECHO_PY.replace("{self.command} {self.path} {body}", &format!("{name} {{self.path}}"));
    let folder = tempfile::tempdir().expect("a folder for the test");
    for (name, text) in [("nginx.conf", filled(NGINX)), ("supervisord.conf", filled(SUPERVISORD))] {
        std::fs::write(folder.path().join(name), text).expect("the folder can be written");
    }
    let made = run_onedoor(folder.path(), &["init", "--stdout", "--from", "nginx", "--from", "supervisord"]);
    let report = String::from_utf8_lossy(&made.stderr).into_owned();
    assert!(made.status.success(), "{report}");
    assert!(report.contains("CHANGED MEANING") && !report.contains("NOT CONVERTED"), "{report}");

    let written = String::from_utf8(made.stdout).expect("the file is UTF-8");
    let door = Door::with(&written).file("api.py", app("api")).file("site.py", app("site")).start();
    for (asked, status, expected) in ANSWERS {
        let answer = door.fetch(asked);
        assert_eq!(answer.status(), *status, "{asked}\n{written}");
        let said = answer.field("location").unwrap_or_else(|| answer.text().trim()).to_owned();
        assert_eq!(said, *expected, "{asked}\n{written}");
    }
}

#[test]
fn a_malformed_file_is_told_with_its_place_and_nothing_is_written() {
    let folder = tempfile::tempdir().expect("a folder for the test");
    std::fs::write(folder.path().join("nginx.conf"), "server {\n  listen 80\n}\n")
        .expect("it can be written");
    let made = run_onedoor(folder.path(), &["init", "--from", "nginx"]);
    let report = String::from_utf8_lossy(&made.stderr);
    assert_eq!(made.status.code(), Some(2), "{report}");
    assert!(report.starts_with("nginx.conf:2: `listen` does not end; add a `;` behind it"), "{report}");
    assert!(!folder.path().join("onedoor.toml").exists());
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    listener.local_addr().expect("a listener has an address").port()
}
