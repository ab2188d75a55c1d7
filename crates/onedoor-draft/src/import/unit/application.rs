//! An application: Unit ran its code inside of itself, onedoor starts a server for it.

use crate::draft::{Entry, Value};
use crate::import::files::Input;
use crate::import::finding::{Item, Ledger, Place};
use crate::import::sketch::{Reach, Service, Sketch, app_name, command, value_text};
use crate::import::yaml::Node;

pub(super) fn convert(name: &str, node: &Node, input: &Input, sketch: &mut Sketch, ledger: &mut Ledger) {
    let place = |node: &Node| Place { file: input.name.as_str().into(), line: node.line };
    let item = ledger.open(place(node), &format!("applications.{name}"));
    let own = app_name(name, |name| sketch.services.iter().any(|service| service.app.name == name));
    if own != name {
        ledger.changed(item, format!("it is called {own}: a name is [a-z][a-z0-9-]*"));
    }
    let mut app = Entry::named(own);
    run(node, &mut app, item, ledger);
    let dir = node.said("working_directory").or_else(|| node.said("path"));
    if let Some(dir) = dir {
        app.say("dir", value_text(dir));
    }
    for (key, node) in node.entries() {
        let item = ledger.open(place(node), &format!("{name}.{key}: {}", node.shown()));
        small(key, node, item, &mut app, ledger);
    }
    ledger.converted(item, format!("[apps.{}]", app.name));
    let called = name.to_owned();
    sketch.services.push(Service { app, called, item, listens: Vec::new(), reach: Reach::Siblings });
}

/// The command that serves what Unit loaded.
fn run(node: &Node, app: &mut Entry, item: Item, ledger: &mut Ledger) {
    let said = |key: &str| node.said(key).unwrap_or_default();
    let kind = said("type").split_whitespace().next().unwrap_or_default();
    let processes = node.said("processes").and_then(|text| text.parse::<u16>().ok());
    let workers =
        processes.filter(|count| *count > 1).map(|count| vec!["--workers".to_owned(), count.to_string()]);
    let words: Vec<String> = match kind {
        kind if kind.starts_with("python") => {
            let callable = node.said("callable").unwrap_or("application");
            let target = format!("{}:{callable}", said("module"));
            let is_async = said("protocol") == "asgi" || said("module").contains("asgi");
            let server = if is_async { "uvicorn" } else { "gunicorn" };
            let how = format!(
                "Unit ran Python inside of itself; onedoor starts {server}, which has to be installed"
            );
            ledger.changed(item, how);
            let program =
                node.said("home").map_or_else(|| server.to_owned(), |home| format!("{home}/bin/{server}"));
            let threads = node.said("threads").filter(|_| !is_async);
            let threads = threads.map(|count| vec!["--threads".to_owned(), count.to_owned()]);
            [program, target]
                .into_iter()
                .chain(workers.unwrap_or_default())
                .chain(threads.unwrap_or_default())
                .collect()
        }
        "external" => {
            ledger.changed(
                item,
                "it spoke to Unit through a library; it has to listen at $PORT by itself now, over HTTP",
            );
            if let Some(count) = processes.filter(|count| *count > 1) {
                app.say("replicas", i64::from(count));
            }
            let args = node.entry("arguments").map(Node::texts).unwrap_or_default();
            [said("executable").to_owned()].into_iter().chain(without_loader(args)).collect()
        }
        kind if kind.starts_with("php") => {
            ledger.changed(item, "Unit ran PHP inside of itself; `php -S` serves one request at a time: FrankenPHP or RoadRunner do it for production");
            let root = ["php", "-S", "127.0.0.1:$PORT", "-t", said("root")].map(str::to_owned);
            let script = node.said("script").map(|script| format!("{}/{script}", said("root")));
            root.into_iter().chain(script).collect()
        }
        kind if kind.starts_with("ruby") => {
            ledger.changed(
                item,
                "Unit ran Ruby inside of itself; onedoor starts puma, which has to be installed",
            );
            ["puma", "-b", "tcp://127.0.0.1:$PORT", said("script")].map(str::to_owned).to_vec()
        }
        kind if kind.starts_with("perl") => {
            ledger.changed(
                item,
                "Unit ran Perl inside of itself; onedoor starts plackup, which has to be installed",
            );
            ["plackup", "-p", "$PORT", said("script")].map(str::to_owned).to_vec()
        }
        _ => {
            let how = format!(
                "Unit ran {kind} inside of itself, and no server for it is known here: write what it runs"
            );
            ledger.missing(item, how);
            let placeholder = format!("echo 'onedoor.toml: write what app {} runs' >&2; exit 1", app.name);
            app.say("run", placeholder);
            return;
        }
    };
    app.say("run", command(&words));
}

/// Node's arguments without Unit's own loader.
fn without_loader(args: Vec<String>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for arg in args {
        if arg.contains("unit-http") {
            kept.pop_if(|before| before.starts_with("--"));
        } else {
            kept.push(arg);
        }
    }
    kept
}

fn small(key: &str, node: &Node, item: Item, app: &mut Entry, ledger: &mut Ledger) {
    let text = node.text().unwrap_or_default();
    match key {
        "environment" => {
            let pairs = node.pairs().into_iter().map(|(name, value)| (name, value_text(&value.unwrap_or_default())));
            app.say("env", Value::texts(pairs.collect::<Vec<_>>()));
            ledger.converted(item, "env");
        }
        "user" | "group" => {
            app.say(key, text);
            ledger.converted(item, key);
        }
        "processes" if node.text().is_none() => {
            ledger.changed(item, "onedoor does not grow and shrink by itself: write workers in the command, or replicas");
        }
        "type" | "module" | "callable" | "protocol" | "home" | "executable" | "arguments" | "root" | "script" | "threads"
        | "processes" => ledger.converted(item, "run"),
        "working_directory" | "path" => ledger.converted(item, "dir"),
        "index" => ledger.unneeded(item, "index.php is the default"),
        "stdout" | "stderr" => ledger.changed(item, "no file is written: what apps print goes to onedoor's stdout, line by line"),
        "limits" => ledger.missing(item, "onedoor ends no request for its length; a server's own option, such as gunicorn's --max-requests, does it"),
        "isolation" => ledger.missing(item, "the container isolates; user, umask and limits are the app's"),
        _ => ledger.missing(item, "write it into the command, or into env"),
    }
}
