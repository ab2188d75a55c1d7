//! Several routes of one key.

use super::conditions::taken;
use super::stack::Stack;
use super::{fine, mistakes};

const CANARY: &str = r#"
[apps]
api = { run = "a" }
legacy = { run = "b" }
[routes]
"/api/*" = [
  { app = "legacy", when = { header = { X-Canary = "1" } } },
  { app = "api" },
]
[[routes."GET /a"]]
respond = "1"
[[routes."GET /a"]]
respond = "2"
when.query.v = "2"
[[routes."/one"]]
respond = "3"
when.query.v = "3"
"#;

#[test]
fn each_of_a_list_is_a_route_with_a_place_of_its_own() {
    insta::assert_debug_snapshot!(Stack::of(CANARY).table());
    let loaded = fine(CANARY);
    for (path, lines, route) in [
        ("/api/x", "", "/api/*"),
        ("/api/x", "X-Canary: 1\r\n", "/api/* when header X-Canary = \"1\""),
        ("/a", "", "GET /a"),
        ("/a?v=2", "", "GET /a when query v = \"2\""),
        ("/one?v=3", "", "/one"),
        ("/one", "", "-"),
    ] {
        assert_eq!(taken(&loaded, path, lines, None), route, "{path} {lines}");
    }
}

#[test]
fn the_order_of_a_list_means_nothing() {
    let first = r#"routes."/a" = [{ respond = "1" }, { respond = "2", when.query.v = "2" }]"#;
    let second = r#"routes."/a" = [{ respond = "2", when.query.v = "2" }, { respond = "1" }]"#;
    for text in [first, second] {
        let loaded = fine(text);
        assert_eq!(taken(&loaded, "/a?v=2", "", None), "/a when query v = \"2\"");
        assert_eq!(taken(&loaded, "/a?v=1", "", None), "/a");
    }
}

#[test]
fn a_list_in_json_is_the_same() {
    let json = r#"{
  "routes": {
    "/a": [
      { "respond": "1" },
      { "respond": "2", "when": { "query": { "v": "2" } } }
    ]
  }
}"#;
    insta::assert_debug_snapshot!(Stack::new(&[("onedoor.json", json)]).table());
}

#[test]
fn a_later_layer_replaces_the_whole_list() {
    let base = "routes.\"/a\" = [{ respond = \"1\" }, { respond = \"2\", when.query.v = \"2\" }]\n\
                routes.\"/b\" = { respond = \"3\", status = 418 }\n";
    let over = "routes.\"/a\" = { respond = \"4\" }\nroutes.\"/b\" = [{ respond = \"5\" }]\n";
    insta::assert_debug_snapshot!(Stack::new(&[("a.toml", base), ("b.toml", over)]).table());
}

#[test]
fn a_variable_in_a_list_is_missed_only_where_the_list_is_used() {
    let file = "routes.\"/a\" = [{ proxy = \"${NOT_SET}\" }, { respond = \"2\", when.query.v = \"2\" }]\n\
                profile.dev.routes.\"/a\" = { respond = \"4\" }\n";
    insta::assert_snapshot!(Stack::of(file).mistakes());
    Stack::of(file).profile("dev").fine();
}

#[test]
fn what_is_wrong_in_a_list_is_said_at_its_item() {
    insta::assert_snapshot!(mistakes(
        r#"[apps]
api = { run = "a" }
[routes]
"/empty" = []
"/texts" = ["api", 7, [{ app = "api" }], { app = "api" }]
"/items/*" = [
  { app = "apo" },
  { app = "api", wen = { ip = "10.0.0.0/8" } },
  { when = { query = { v = "1" } } },
  { app = "api", respond = "x", when = { query = { v = "2" } } },
  { app = "api", redirct = "/x" },
]
"/twice" = [{ respond = "1" }, { respond = "2" }, { respond = "3", when = { query = { v = "1" } } }]
"/tie" = [
  { respond = "1", when = { header = { X-A = "1" } } },
  { respond = "2", when = { header = { X-B = "~on|1" } } },
]
"/users/{id" = [{ respond = "1" }, { respond = "2", when = { query = { v = "1" } } }]
[[routes."/tables"]]
respond = "1"
[[routes."/tables"]]
respond = "2"
status = 99
[[apps.web]]
run = "x"
"#
    ));
}

#[test]
fn a_list_beside_a_table_of_one_key_is_a_key_given_twice() {
    let told = [
        "[routes]\n\"/a\" = { respond = \"1\" }\n[[routes.\"/a\"]]\nrespond = \"2\"\n",
        "[routes]\n\"/a\" = [{ respond = \"1\" }]\n[[routes.\"/a\"]]\nrespond = \"2\"\n",
        "[routes]\n\"/a\" = [{ respond = \"1\" }]\n[routes.\"/a\".when]\nquery.v = \"2\"\n",
    ];
    insta::assert_snapshot!(told.map(mistakes).join("---\n"));
    let json = "{ \"routes\": {\n  \"/a\": { \"respond\": \"1\" },\n  \"/a\": { \"respond\": \"2\" }\n} }\n";
    insta::assert_snapshot!(Stack::new(&[("onedoor.json", json)]).mistakes());
}
