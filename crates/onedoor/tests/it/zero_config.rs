//! The promise: a folder without a file is started as its own files say, with a table of what was decided because of
//! which file; `onedoor init` writes the same down, and what it writes passes `check`.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::kit::{Door, Setting, Stream, repository, run_onedoor};

/// A server in Python's own library that answers with its name and the path it saw.
const ECHO: &str = r#"
import http.server, os, sys
class Echo(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = f"{sys.argv[1] if len(sys.argv) > 1 else 'echo'} {self.path}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *words): pass
http.server.HTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Echo).serve_forever()
"#;

const NODE: &str = "require('http').createServer((q, a) => a.end('node ' + q.url))\
                    .listen(process.env.PORT, process.env.HOST)\n";

/// A folder with these files and no `onedoor.toml`.
fn folder(files: &[(&str, &str)]) -> Setting {
    let setting = Door::with("").command(&[]);
    fs::remove_file(setting.path().join("onedoor.toml")).expect("it was written");
    write(setting.path(), files);
    setting
}

fn write(dir: &Path, files: &[(&str, &str)]) {
    for (name, text) in files {
        let path = dir.join(name);
        fs::create_dir_all(path.parent().expect("a file lies in a folder")).expect("the folder can be made");
        fs::write(path, text).expect("the folder can be written");
    }
}

fn body(door: &Door, target: &str) -> String {
    String::from_utf8(door.fetch(target).body).expect("the apps speak UTF-8")
}

/// stdout, stderr and the code of onedoor run in a folder with these files.
fn said(files: &[(&str, &str)], arguments: &[&str]) -> (String, String, Option<i32>, TempDir) {
    let dir = TempDir::new().expect("a folder for the test");
    write(dir.path(), files);
    let output = run_onedoor(dir.path(), arguments);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr), output.status.code(), dir)
}

#[test]
fn a_procfiles_apps_are_started_and_its_release_runs_before_them() {
    let procfile = "release: touch released\nweb: python3 echo.py web\nadmin: test -e released && python3 echo.py admin $PORT\n";
    let door = folder(&[("Procfile", procfile), ("echo.py", ECHO)]).start();
    assert_eq!(body(&door, "/x"), "web /x");
    assert_eq!(body(&door, "/admin/x"), "admin /admin/x");
    door.line(Stream::Stderr, |line| line.contains("what the Procfile says"));
    door.line(Stream::Stderr, |line| line.contains("Procfile:2: web"));
    assert_eq!(door.stop(), 0);
}

#[test]
fn three_languages_in_three_folders_are_found_and_started_behind_one_port() {
    let go = "package main\n\nimport (\n\t\"fmt\"\n\t\"net/http\"\n\t\"os\"\n)\n\nfunc main() {\n\
              \thttp.HandleFunc(\"/api/hello\", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, \"go \"+r.URL.Path) })\n\
              \thttp.ListenAndServe(os.Getenv(\"HOST\")+\":\"+os.Getenv(\"PORT\"), nil)\n}\n";
    let files = [
        ("web/index.html", "<title>plain</title>"),
        ("node/main.js", NODE),
        ("backend/go.mod", "module example.com/backend\n\ngo 1.19\n"),
        ("backend/main.go", go),
    ];
    let door = folder(&files).environment("GOFLAGS", "-mod=mod").environment("GOTOOLCHAIN", "local").start();
    assert_eq!(body(&door, "/"), "<title>plain</title>");
    assert_eq!(body(&door, "/node/x"), "node /node/x");
    // Its routes begin with /api, so it is there and not at /backend.
    assert_eq!(body(&door, "/api/hello"), "go /api/hello");
    assert!(!door.dir().join("onedoor.toml").exists(), "a start writes no file");
    assert_eq!(door.stop(), 0);
}

#[test]
fn a_reload_looks_at_the_folder_again() {
    let door = folder(&[("web/index.html", "one")]).start();
    assert_eq!(body(&door, "/"), "one");
    write(door.dir(), &[("node/main.js", NODE)]);
    door.signal("HUP");
    door.line(Stream::Stderr, |line| line.contains("reloaded"));
    assert_eq!(body(&door, "/node/x"), "node /node/x");
    assert_eq!(door.stop(), 0);
}

#[test]
fn check_and_explain_answer_for_a_folder_without_a_file() {
    let files = [("web/index.html", "x"), ("node/main.js", NODE)];
    let (out, talk, code, _dir) = said(&files, &["check"]);
    assert_eq!(code, Some(0), "{talk}");
    assert!(out.contains("/node/*"), "{out}");
    assert!(talk.contains("there is no onedoor.toml") && talk.contains("node/main.js: .listen"), "{talk}");
    let (out, talk, code, _dir) = said(&files, &["explain", "/node/x"]);
    assert_eq!(code, Some(0), "{talk}");
    assert!(out.contains("app node") && talk.contains("as detected"), "{out}{talk}");
}

#[test]
fn nothing_to_be_started_is_an_error_that_says_what_was_looked_for() {
    for command in ["check", "up"] {
        let (_, talk, code, _dir) = said(&[("notes.txt", "x")], &[command]);
        assert_eq!(code, Some(2), "{talk}");
        for part in
            ["there is no onedoor.toml", "[apps]", "Procfile", "package.json", "go.mod", "pyproject.toml"]
        {
            assert!(talk.contains(part), "{part}: {talk}");
        }
    }
}

#[test]
fn a_file_that_was_named_is_not_replaced_by_what_is_found() {
    let (_, talk, code, _dir) = said(&[("web/index.html", "x")], &["check", "-f", "other.toml"]);
    assert_eq!(code, Some(2), "{talk}");
    assert!(talk.contains("there is no other.toml") && !talk.contains("index.html"), "{talk}");
}

#[test]
fn what_is_not_installed_is_said_before_it_fails() {
    let files = [
        ("frontend/package.json", r#"{"scripts":{"start":"node x.js"},"dependencies":{"express":"5"}}"#),
        ("frontend/package-lock.json", "{}"),
        ("frontend/x.js", "app.listen(1)"),
    ];
    let (_, talk, _, _dir) = said(&files, &["check"]);
    assert!(talk.contains("missing: frontend: packages are not installed (there is no node_modules): run `npm ci` in frontend first"), "{talk}");
}

#[test]
fn init_writes_what_was_found_once_and_it_passes_check() {
    let files = [("web/index.html", "x"), ("node/main.js", NODE), ("node/.env", "SECRET=hunter2")];
    let (out, talk, code, dir) = said(&files, &["init"]);
    assert_eq!((code, out.as_str()), (Some(0), ""), "{talk}");
    assert!(talk.contains("wrote onedoor.toml"), "{talk}");
    let file = dir.path().join("onedoor.toml");
    let text = fs::read_to_string(&file).expect("it was written");
    assert!(text.contains("env_file = \"node/.env\"") && !text.contains("hunter2"), "{text}");
    let checked = run_onedoor(dir.path(), &["check"]);
    assert_eq!(checked.status.code(), Some(0), "{}", String::from_utf8_lossy(&checked.stderr));
    assert_eq!(fs::read_dir(dir.path()).expect("a folder").count(), 3, "nothing is left beside it");

    fs::write(&file, "mine").expect("the folder can be written");
    let again = run_onedoor(dir.path(), &["init"]);
    assert_eq!(again.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&again.stderr).contains("--force"));
    assert_eq!(fs::read_to_string(&file).expect("it is there"), "mine");
    assert_eq!(run_onedoor(dir.path(), &["init", "--force"]).status.code(), Some(0));
    assert_eq!(fs::read_to_string(&file).expect("it is there"), text);
    let shown = run_onedoor(dir.path(), &["init", "--stdout"]);
    assert_eq!(String::from_utf8_lossy(&shown.stdout), text);
}

#[test]
fn init_looks_at_the_folder_of_the_file_it_writes() {
    let (_, talk, code, dir) = said(&[("shop/index.html", "x")], &["init", "-o", "shop/onedoor.toml"]);
    assert_eq!(code, Some(0), "{talk}");
    let text = fs::read_to_string(dir.path().join("shop/onedoor.toml")).expect("it was written");
    assert!(text.contains("static = \".\"") && !text.contains("dir ="), "{text}");
}

#[test]
fn init_in_the_zoo_says_what_its_own_file_says() {
    let dir = TempDir::new().expect("a folder for the test");
    for file in ["python/main.py", "python/requirements.txt", "node/main.js", "go/go.mod", "go/main.go"] {
        let text = fs::read_to_string(repository().join("examples/zoo").join(file)).expect("the zoo has it");
        write(dir.path(), &[(file, &text)]);
    }
    // As `make` leaves it: Go's program is built.
    write(dir.path(), &[("go/go", "#!/bin/sh\n")]);
    let made_a_program = crate::kit::run_program(dir.path(), "chmod", &["+x", "go/go"]);
    assert!(made_a_program.status.success());
    let output = run_onedoor(dir.path(), &["init", "--stdout"]);
    let read = |text: &str| toml::from_str::<toml::Table>(text).expect("it is TOML");
    let found = read(&String::from_utf8_lossy(&output.stdout));
    let own = fs::read_to_string(repository().join("examples/zoo/onedoor.toml")).expect("the zoo has a file");
    let own = read(&own);
    for app in ["python", "node", "go"] {
        for key in ["dir", "run", "path", "strip"] {
            assert_eq!(found["apps"][app].get(key), own["apps"][app].get(key), "apps.{app}.{key}");
        }
    }
    assert_eq!(found["routes"].get("/health"), own["routes"].get("/health"));
}

/// docs/zero-config.md shows what these files give.
#[test]
fn the_paper_shows_what_is_really_said() {
    let go = "package main\n\nfunc main() {\n\thttp.HandleFunc(\"/api/items\", list)\n\thttp.ListenAndServe(address, nil)\n}\n";
    let files = [
        ("web/index.html", "<h1>Shop</h1>"),
        ("backend/go.mod", "module example.com/backend\n\ngo 1.26\n"),
        ("backend/main.go", go),
        ("mailer/worker.py", "import time\nwhile True: time.sleep(60)\n"),
    ];
    let paper = fs::read_to_string(repository().join("docs/zero-config.md")).expect("the paper is there");
    let dir = TempDir::new().expect("a folder for the test");
    write(dir.path(), &files);
    write(dir.path(), &[("backend/backend", "#!/bin/sh\n")]);
    let made_a_program = crate::kit::run_program(dir.path(), "chmod", &["+x", "backend/backend"]);
    assert!(made_a_program.status.success());
    let talk = String::from_utf8_lossy(&run_onedoor(dir.path(), &["check"]).stderr).into_owned();
    assert!(paper.contains(&talk), "docs/zero-config.md is stale:\n{talk}");
    let written = run_onedoor(dir.path(), &["init", "--stdout"]);
    let written = String::from_utf8_lossy(&written.stdout).into_owned();
    let shown = written.split("[apps]").nth(1).and_then(|rest| rest.split("\n# note").next());
    assert!(paper.contains(shown.unwrap_or(&written).trim_end()), "docs/zero-config.md is stale:\n{written}");
}

#[test]
fn a_profile_without_a_file_is_refused_as_a_flag_and_told_as_a_variable() {
    let files = [("Procfile", "web: python3 -m http.server $PORT\n")];
    let (_, talk, code, _) = said(&files, &["check", "--profile", "dev"]);
    assert_eq!(code, Some(2));
    assert_eq!(
        talk,
        "error: there is no profile \"dev\": no file is read here that could say [profile.dev]\n  \
         = help: `onedoor init` writes a file; or leave --profile out\n"
    );
    let (_, talk, code, _) = said(&files, &["--profile", "dev", "--", "true"]);
    assert_eq!(code, Some(2));
    assert!(talk.starts_with("error: there is no profile \"dev\""), "{talk}");
    let door = folder(&[("Procfile", "web: python3 echo.py\n"), ("echo.py", ECHO)])
        .environment("ONEDOOR_PROFILE", "dev")
        .start();
    assert_eq!(body(&door, "/"), "echo /");
    let told = "warning: ONEDOOR_PROFILE changes nothing: no file is read here that could say [profile.dev]";
    door.line(Stream::Stderr, |line| line == told);
}
