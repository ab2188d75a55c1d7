//! What is no TOML, and what is the same thing twice.

pub(super) const MISTAKES: &[(&str, &str)] = &[
    ("the_empty_file", r""),
    (
        "a_file_of_comments",
        r"# nothing
",
    ),
    (
        "not_toml",
        r"[apps]
web = uvicorn main:app
",
    ),
    (
        "two_syntax_errors",
        r#"[apps]
web = 
[routes
"/x" = { app = "web" }
"#,
    ),
    (
        "a_duplicate_key",
        r#"[apps]
web = "a"
web = "b"
"#,
    ),
    (
        "a_duplicate_route_key",
        r#"[routes]
"/x" = { respond = "a" }
"/x" = { respond = "b" }
"#,
    ),
    (
        "a_quote_that_is_never_closed",
        r#"[apps]
web = "uvicorn main:app
api = "x"
"#,
    ),
    (
        "a_colon_instead_of_an_equals_sign",
        r#"[apps]
web: "uvicorn main:app"
"#,
    ),
    (
        "an_apostrophe_in_single_quotes",
        r#"[apps]
web = 'echo it's'
"#,
    ),
    (
        "quotes_inside_of_quotes",
        r#"[apps]
web = "grep "hi" x"
"#,
    ),
    (
        "a_header_that_is_not_closed",
        r#"[apps
web = "x"
"#,
    ),
    (
        "a_header_closed_by_another_bracket",
        r#"[apps.web)
run = "x"
"#,
    ),
    (
        "a_header_with_a_bracket_too_many",
        r#"[apps.web]]
run = "x"
"#,
    ),
    (
        "a_header_with_a_path",
        r#"[routes./x]
respond = "a"
"#,
    ),
    (
        "a_header_of_supervisord",
        r#"[program:web]
command = "x"
directory = "web"
"#,
    ),
    (
        "a_path_without_quotes_as_key",
        r#"[routes]
/x/* = { respond = "a" }
"#,
    ),
    (
        "a_method_and_a_path_without_quotes",
        r#"[routes]
GET /x = { respond = "a" }
"#,
    ),
    (
        "a_key_whose_quote_is_not_closed",
        r#"[routes]
"/x = { respond = "a" }
"#,
    ),
    (
        "curly_quotes",
        r#"[apps.web]
run = “node x”
path = ‘/’
"#,
    ),
    (
        "a_curly_quote_at_the_end",
        r#"[apps]
web = "node x”
"#,
    ),
    (
        "backticks",
        r#"[apps]
web = `node x`
"#,
    ),
    (
        "a_comma_that_is_missing",
        r#"[apps]
web = { run = "x" path = "/" }
"#,
    ),
    (
        "commas_missing_between_lines",
        r#"[apps.web]
run = "x"
env = {
  A = "b"
  C = "d"
}
"#,
    ),
    (
        "a_comma_missing_in_a_list",
        r#"[apps]
web = ["node" "x.js"]
"#,
    ),
    (
        "a_table_that_is_not_closed",
        r#"[apps]
web = { run = "x", path = "/"
api = "y"
"#,
    ),
    (
        "a_list_that_is_not_closed",
        r#"[apps]
web = ["node", "x.js"
api = "y"
"#,
    ),
    (
        "a_table_in_the_way_of_json",
        r#"[apps.web]
run = "x"
env = { "A": "b", "C": 1 }
"#,
    ),
    (
        "a_table_in_parentheses",
        r#"[apps]
web = (run = "x")
"#,
    ),
    (
        "lines_that_end_with_commas",
        r#"[apps.web]
run = "x",
path = "/";
"#,
    ),
    (
        "two_equals_signs",
        r#"[apps.web]
run == "x"
"#,
    ),
    (
        "an_arrow",
        r#"[apps.web]
run => "x"
"#,
    ),
    (
        "no_sign_at_all",
        r#"[apps.web]
run "x"
"#,
    ),
    (
        "comments_of_other_languages",
        r#"// the apps
[apps]
web = "x" // at the root
; done
"#,
    ),
    (
        "two_keys_on_one_line",
        r#"[apps]
web = "x" api = "y"
"#,
    ),
    (
        "a_block_with_braces",
        r#"apps {
  web = "x"
}
"#,
    ),
    (
        "a_file_in_yaml",
        r#"apps:
  web: node server.js
  api:
    run: uvicorn main:app
    path: /api
"#,
    ),
    (
        "a_file_in_json",
        r#"{
  "apps": { "web": "node x" },
  "routes": { "/health": { "builtin": "health" } }
}
"#,
    ),
    (
        "a_variable_without_quotes",
        r#"[server]
listen = ":${PORT:-8000}"
[apps.web]
run = "x"
env = { A = ${HOME:-x} }
"#,
    ),
    (
        "a_duration_without_quotes",
        r#"[server]
timeout = { idle = 30s }
[apps]
web = "x"
"#,
    ),
    (
        "a_path_without_quotes",
        r#"[apps.web]
run = "x"
path = /web
"#,
    ),
    (
        "a_url_without_quotes",
        r#"[routes]
"/a/*" = { proxy = https://example.com, strip = true }
"#,
    ),
    (
        "words_of_a_list_without_quotes",
        r#"[apps]
web = [node, x.js]
"#,
    ),
    (
        "yes",
        r#"[apps.web]
run = "x"
path = "/"
strip = yes
"#,
    ),
    (
        "true_with_a_capital",
        r#"[apps.web]
run = "x"
path = "/"
strip = True
"#,
    ),
    (
        "null",
        r#"[apps.web]
run = "x"
path = null
"#,
    ),
    (
        "a_number_with_a_comma",
        r#"[apps.web]
run = "x"
path = "/"
port = 3,000
"#,
    ),
    (
        "a_number_with_a_zero_in_front",
        r#"[apps.web]
run = "x"
path = "/"
port = 09300
"#,
    ),
    (
        "backslashes_of_windows",
        r#"[apps.web]
run = "x"
dir = "C:\app\new"
"#,
    ),
    (
        "a_regex_in_double_quotes",
        r#"[apps.web]
run = "x"
path = "/"
ready = { log = "\d+ ready" }
"#,
    ),
    (
        "a_long_string_without_end",
        r#"[apps.web]
run = """x
path = "/"
"#,
    ),
    (
        "a_key_without_a_value",
        r#"[apps]
web
"#,
    ),
    (
        "an_equals_sign_without_a_value",
        r#"[apps]
web =
api = "x"
"#,
    ),
    (
        "a_table_that_is_opened_twice",
        r#"[apps]
web = "x"
[server]
listen = ":80"
[apps]
api = "y"
"#,
    ),
    (
        "the_very_same_line_twice",
        r#"[apps.web]
run = "x"
run = "x"
"#,
    ),
    (
        "a_list_of_lines_with_dashes",
        r#"[apps]
- web = "x"
"#,
    ),
    (
        "an_export",
        r#"[apps]
export web="x"
"#,
    ),
    (
        "what_is_behind_a_broken_place",
        r#"[server]
listen = localhost:80
timeot = {}
[apps]
b = { run = "y" pathh = "/b" }
[routes]
"/c*" = { app = "b"
"#,
    ),
    (
        "two_broken_lines_of_which_the_parser_sees_one",
        r#"[apps.web]
run = "x"
restart: "unless-stopped"
[routes]
/health = { builtin = helth }
"#,
    ),
];
