//! Routes, their keys and their targets.

pub(super) const MISTAKES: &[(&str, &str)] = &[
    (
        "a_bad_restart",
        r#"[apps]
a = { run = "a", path = "/", restart = { backoff = "10s..1s", give_up = "often" } }
"#,
    ),
    (
        "a_route_to_an_app_that_is_not_there",
        r#"[apps]
node = "a"
[routes]
"/x" = { app = "nod" }
"/y" = { app = "python" }
"#,
    ),
    (
        "a_route_without_a_target",
        r#"[routes]
"/x" = { strip = true }
"/y" = {}
"#,
    ),
    (
        "a_route_with_two_targets",
        r#"[apps]
web = "a"
[routes]
"/x/*" = { app = "web", proxy = "https://google.com" }
"#,
    ),
    (
        "a_key_beside_the_wrong_target",
        r#"[routes]
"/x" = { respond = "a", strip = true, while_down = { do = "hold" } }
"/y" = { builtin = "health", status = 201 }
"#,
    ),
    (
        "files_that_cannot_be_served_so",
        r#"[routes]
"/a/*" = { static = "a", strip = true, spa = true, not_found = "404.html" }
"/b/{rest...}" = { static = "b" }
"/c" = { static = "c/", cache = "1 year" }
"/d/*" = { static = "d", index = "sub/index.html", not_found = "../404.html" }
"/e.txt" = { static = "e.txt", spa = true }
"/f/*" = { app = "f", spa = true }
"/g/*" = { static = "." }
"#,
    ),
    (
        "strip_and_rewrite",
        r#"[routes]
"/x/*" = { proxy = "http://h", strip = true, rewrite = "/v2" }
"#,
    ),
    (
        "strip_of_an_exact_route",
        r#"[routes]
"/x" = { proxy = "http://h", strip = true }
"/y/*" = { proxy = "http://h", strip = "/z" }
"#,
    ),
    (
        "a_rewrite_with_an_unknown_capture",
        r#"[routes]
"/users/{id}" = { proxy = "http://h", rewrite = "/v2/{name}" }
"#,
    ),
    (
        "a_star_after_text",
        r#"[apps]
node = { run = "a", path = "/n" }
[routes]
"/node*" = { app = "node" }
"#,
    ),
    (
        "bad_route_keys",
        r#"[routes]
"health" = { builtin = "health" }
"get /x" = { respond = "" }
"/a/../b" = { respond = "" }
"/a?b" = { respond = "" }
"https://h/x" = { respond = "" }
"#,
    ),
    (
        "a_star_in_an_apps_path",
        r#"[apps]
node = { run = "a", path = "/node/*" }
"#,
    ),
    (
        "a_bad_app_host",
        r#"[apps]
node = { run = "a", host = "https://example.com" }
"#,
    ),
    (
        "a_route_that_is_an_apps_path",
        r#"[apps]
node = { run = "a", path = "/node" }
[routes]
"/node/*" = { respond = "x" }
"#,
    ),
    (
        "a_tie_of_regexes",
        r#"[routes]
"/{a:[0-9]+}" = { respond = "a" }
"/{b:[0-5]+}" = { respond = "b" }
"#,
    ),
    (
        "bad_proxy_urls",
        r#"[routes]
"/a" = { proxy = "google.com" }
"/b" = { proxy = "ftp://h" }
"/c" = { proxy = "http://u:p@h/" }
"/d" = { proxy = "http://h/?q" }
"/e" = { proxy = "ws://h" }
"/f" = { proxy = "unix:" }
"#,
    ),
    (
        "a_proxy_to_the_door_itself",
        r#"[routes]
"/a" = { proxy = "http://localhost:8000" }
"#,
    ),
    (
        "bad_redirects",
        r#"[routes]
"/a" = { redirect = "example.com/x" }
"/b" = { redirect = "/x", status = 200 }
"#,
    ),
    (
        "two_bodies",
        r#"[routes]
"/a" = { respond = "x", body = "y" }
"/b" = { status = 204, body = "y" }
"#,
    ),
    (
        "bad_headers",
        r#"[routes]
"/a" = { respond = "x", type = "a\nb", headers = { Content-Length = "3", "a b" = "c", X = "a\r\nb", Content-Type = "x" } }
"#,
    ),
    (
        "a_misspelt_builtin",
        r#"[routes]
"/health" = { builtin = "helth" }
"/status" = { builtin = "status" }
"#,
    ),
    (
        "a_host_that_nobody_has",
        r#"[apps]
web = "a"
[routes]
"/x" = { app = "web", host = "upstream" }
"/y" = { proxy = "unix:/run/y.sock", host = "upstream" }
"#,
    ),
    (
        "routes_that_are_strings",
        r#"[apps]
web = "x"
[routes]
"/a" = "web"
"/b/*" = "http://localhost:3000"
"/c" = "/d"
"/e" = 404
"#,
    ),
    (
        "a_server_of_compose",
        r#"[routes]
"/api/*" = { proxy = "api:3000", strip_prefix = true }
"#,
    ),
    (
        "a_query_and_spaces_in_a_target",
        r#"[routes]
"/a" = { proxy = "http://h/x?y=1" }
"/b" = { proxy = "http://h/a b" }
"#,
    ),
    (
        "a_lower_case_method",
        r#"[routes]
"post /x" = { respond = "" }
"GETS /y" = { respond = "" }
"#,
    ),
    (
        "a_path_without_its_slash",
        r#"[apps.web]
run = "x"
path = "web"
ready = { path = "http://localhost:3000/healthz" }
"#,
    ),
    (
        "a_redirect_from_nginx",
        r#"[routes]
"/x/*" = { redirect = "https://h.example$request_uri" }
"/y/*" = { redirect = "$scheme://h.example/y" }
"#,
    ),
];
