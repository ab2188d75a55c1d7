//! What the commands print.

use std::ffi::OsStr;
use std::path::PathBuf;

use clap::{CommandFactory as _, Parser as _};

use super::{Arguments, Ended, Paint, Surroundings};
use crate::config::Env;

/// stdout, then stderr.
fn said(arguments: &[&str]) -> (Ended, String, String) {
    let env = Env::made_of([("PATH", "/bin:/usr/bin")]);
    let (mut out, mut talk) = (Vec::new(), Vec::new());
    let mut surroundings = Surroundings { out: &mut out, talk: &mut talk, env: &env, paint: Paint::Plain };
    let parsed = Arguments::try_parse_from([&["onedoor"], arguments].concat()).unwrap();
    let ended = super::done(parsed.command.unwrap(), &mut surroundings);
    (ended.unwrap(), String::from_utf8(out).unwrap(), String::from_utf8(talk).unwrap())
}

/// The zoo in a folder of its own, with programs that are there.
struct Zoo {
    folder: tempfile::TempDir,
}

impl Zoo {
    fn new(more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let zoo = include_str!("../config/tests/zoo.toml");
        let zoo = zoo
            .replace("uvicorn main:app", "sh py")
            .replace("node main.js", "sh js")
            .replace("./go", "sh go");
        for dir in ["python", "node", "go"] {
            std::fs::create_dir(folder.path().join(dir)).unwrap();
        }
        std::fs::write(folder.path().join("onedoor.toml"), format!("{zoo}{more}")).unwrap();
        Self { folder }
    }

    /// stdout and stderr together, with the folder's name taken out.
    fn says(&self, arguments: &[&str]) -> String {
        let file: PathBuf = self.folder.path().join("onedoor.toml");
        let (_, out, talk) = said(&[arguments, &["-f", file.to_str().unwrap()]].concat());
        format!("{out}{talk}").replace(&format!("{}/", self.folder.path().display()), "")
    }

    fn explains(&self, requests: &[&[&str]]) -> String {
        requests
            .iter()
            .map(|request| self.says(&[&["explain"], *request].concat()))
            .collect::<Vec<_>>()
            .join("\n")
    }
}

#[test]
fn explain_tells_the_zoo() {
    let zoo = Zoo::new("");
    insta::assert_snapshot!(zoo.explains(&[
        &["/"],
        &["/nodejs"],
        &["/node/a?b=c"],
        &["POST", "http://example.com/google/search?q=x"],
        &["/google"],
        &["/health"],
        &["/health/"],
    ]));
}

#[test]
fn explain_tells_methods_hosts_captures_and_redirects() {
    let more = "\"POST /users/{id}\" = { app = \"node\", rewrite = \"/v2/{id}\" }\n\
                \"GET api.example.com/users/{id:[0-9]+}\" = { respond = \"x\" }\n\
                \"/old/*\" = { redirect = \"/new\", status = 308 }\n";
    let zoo = Zoo::new(more);
    insta::assert_snapshot!(zoo.explains(&[
        &["POST", "/users/7"],
        &["GET", "/users/7", "--host", "api.example.com"],
        &["/users/x", "--host", "api.example.com"],
        &["/old/a/b?c"],
    ]));
}

#[test]
fn explain_says_what_the_door_refuses_and_what_it_resolves() {
    let zoo = Zoo::new("\"/strict/*\" = { app = \"node\", encoded_slash = \"reject\" }\n");
    insta::assert_snapshot!(zoo.explains(&[
        &["/node/../go/x"],
        &["/%6eode?a"],
        &["/%2e%2e/x"],
        &["/../x"],
        &["/caf\u{e9}"],
        &["/strict/a%2fb"],
        &["TRACE", "/"],
        &["get", "/"],
        &["http://a b/"],
    ]));
}

#[test]
fn explain_tells_conditions_policies_and_every_field() {
    let more = "\"/api/*\" = { app = \"node\", strip = true, when = { header = { X-Canary = \"1\" }, \
                ip = [\"10.0.0.0/8\"] }, limits = { body = \"1MiB\" }, while_down = { do = \"page\" } }\n\
                \"/api/{rest...}\" = { respond = \"old\" }\n";
    let zoo = Zoo::new(more);
    insta::assert_snapshot!(zoo.explains(&[
        &["POST", "/api/x?a", "-H", "X-Canary: 1", "-H", "Content-Length: 3", "--ip", "10.1.2.3"],
        &["/api/x", "-H", "x-canary: 2"],
        &[
            "/api/x",
            "-H",
            "X-Canary: 1",
            "-H",
            "Connection: x-canary",
            "-H",
            "X-Forwarded-For: 6.6.6.6",
            "--ip",
            "10.0.0.1"
        ],
        &["POST", "/api/x", "-H", "X-Canary: 1", "-H", "Content-Length: 3000000", "--ip", "10.1.2.3"],
        &["/api/x", "--json"],
        &["/api/x", "-H", "X-Canary"],
    ]));
}

#[test]
fn explain_says_who_decided_about_the_prefix_and_when_a_slash_is_missing() {
    let more = "[apps.flower]\nrun = \"env uvicorn main:app\"\npath = \"/flower\"\nprefix = \"auto\"\n\
                [apps.books]\nrun = \"env gunicorn main:app\"\npath = \"/books\"\nprefix = \"auto\"\n";
    let zoo = Zoo::new(more);
    insta::assert_snapshot!(zoo.explains(&[
        &["/flower?x=1"],
        &["POST", "/flower"],
        &["/flower/x"],
        &["/books"],
    ]));
}

#[test]
fn explain_says_what_is_mended_on_the_way_back() {
    let more = "\"/v1/*\" = { proxy = \"http://up.test:81\", rewrite = \"/v2\" }\n\
                \"/deep/*\" = { proxy = \"http://up.test/under/\", rewrite = \"/v2\", host = \"keep\" }\n\
                \"/based/*\" = { proxy = \"http://up.test/under\", strip = true }\n\
                \"/joined/*\" = { proxy = \"http://up.test/under\" }\n\
                \"/whole/{rest...}\" = { proxy = \"http://up.test\", rewrite = \"/x/{rest}\" }\n";
    let zoo = Zoo::new(more);
    let paths = ["/v1/a", "/deep/a", "/based/a", "/joined/a", "/whole/a"];
    let told = paths.map(|path| {
        let said = zoo.says(&["explain", path]);
        let upstream_sees = said.find("  upstream").expect("it goes on");
        said[..upstream_sees].to_owned()
    });
    insta::assert_snapshot!(told.join("\n"));
    insta::assert_snapshot!(zoo.explains(&[&["/deep/a", "--json"]]));
}

#[test]
fn explain_wants_a_path() {
    let (ended, out, talk) = said(&["explain", "nodejs"]);
    assert_eq!((ended, out.as_str()), (Ended::Wrong, ""));
    assert_eq!(talk, "error: \"nodejs\" is no path: write \"/nodejs\", or a URL with its scheme\n");
}

#[test]
fn check_shows_what_would_be_served() {
    insta::assert_snapshot!(Zoo::new("[apps.w]\nrun = \"sh\"\n").says(&["check"]));
}

#[test]
fn a_file_with_mistakes_or_none_at_all_is_wrong() {
    let (ended, out, talk) = said(&["check", "-f", "/nowhere/onedoor.toml"]);
    assert_eq!((ended, out.as_str()), (Ended::Wrong, ""));
    assert!(talk.starts_with("error[no-file]: there is no /nowhere/onedoor.toml\n"), "{talk}");
    assert!(talk.contains("[apps]\n"), "{talk}");
}

#[test]
fn docs_tell_a_key_by_its_path_its_end_or_its_own_name_in_a_file() {
    let (ended, out, _) = said(&["docs", "apps.web.ready"]);
    assert_eq!(ended, Ended::Well);
    insta::assert_snapshot!(out);
    assert!(said(&["docs", "first_byte"]).1.starts_with("server.timeout.first_byte\n"));
    assert!(said(&["docs", "volumes"]).1.contains("not supported yet"));
    let (ended, out, talk) = said(&["docs", "trusted_proxy"]);
    assert_eq!((ended, out.as_str()), (Ended::Wrong, ""));
    assert_eq!(talk, "there is no key `trusted_proxy`\ndid you mean `trusted_proxies`?\n");
}

#[test]
fn the_reference_has_every_key() {
    let markdown = said(&["docs", "--markdown"]).1;
    for row in crate::config::catalogue::rows() {
        assert!(markdown.contains(&format!("| `{}` |", row.path)), "{}", row.path);
    }
    assert!(said(&["docs"]).1.lines().any(|line| line.starts_with("server.listen ")));
}

/// Made anew by `onedoor docs --markdown > docs/config.md`.
#[test]
fn the_reference_in_the_repository_is_what_this_version_says() {
    let committed = include_str!("../../../../docs/config.md");
    let made = said(&["docs", "--markdown"]).1;
    assert!(committed == made, "docs/config.md is stale: onedoor docs --markdown > docs/config.md");
}

#[test]
fn version_is_one_line_for_machines() {
    assert_eq!(said(&["version"]).1, format!("onedoor {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn help_teaches_with_examples() {
    let mut command = Arguments::command().term_width(100);
    insta::assert_snapshot!("help", command.render_long_help());
    command.build();
    let explain = command.find_subcommand_mut(OsStr::new("explain")).unwrap();
    insta::assert_snapshot!("help_explain", explain.render_long_help());
    let init = command.find_subcommand_mut(OsStr::new("init")).unwrap();
    insta::assert_snapshot!("help_init", init.render_long_help());
    let fmt = command.find_subcommand_mut(OsStr::new("fmt")).unwrap();
    insta::assert_snapshot!("help_fmt", fmt.render_long_help());
}

#[test]
fn bare_onedoor_is_up() {
    let parsed = Arguments::try_parse_from(["onedoor"]).unwrap();
    assert!(parsed.command.is_none());
    assert_eq!(parsed.up.files.layers().first(), PathBuf::from("onedoor.toml"));
    assert!(Arguments::try_parse_from(["onedoor", "-f", "x.toml"]).is_ok());
    assert_eq!(Arguments::try_parse_from(["onedoor", "upp"]).unwrap_err().exit_code(), 2);
}

#[test]
fn routes_tells_the_zoo_from_whoever_wins_to_whoever_is_left() {
    let more = "\"POST /users/{id}\" = { app = \"node\", rewrite = \"/v2/{id}\" }\n\
                \"/node/*\" = { respond = \"x\", when = { header = { X-Canary = \"1\" } } }\n\
                [apps.mailer]\nrun = \"sh mail\"\n[jobs]\nclean = { run = \"sh clean\", on = \"start\" }\n";
    let zoo = Zoo::new(more);
    insta::assert_snapshot!(format!("{}\n{}", zoo.says(&["routes"]), zoo.says(&["routes", "--json"])));
}
