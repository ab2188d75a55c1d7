//! One service as an app: what runs, where, with what, and what Compose says of its life.

use crate::draft::{Entry, Value};
use crate::import::files::Input;
use crate::import::finding::{Item, Ledger, Place};
use crate::import::pairing;
use crate::import::sketch::{Address, Reach, command};
use crate::import::yaml::Node;

use super::command::{argv, context, image, ports};
use super::environment::{Move, Siblings, Turned, interpolated};
use super::remark::{OF_CONTAINERS, remark};

pub(super) struct Process<'n> {
    name: &'n str,
    node: &'n Node,
    item: Item,
    input: &'n Input,
    pub(super) app: Entry,
    pub(super) listens: Vec<Address>,
    pub(super) reach: Reach,
}

impl<'n> Process<'n> {
    pub(super) fn new(name: &'n str, app: Entry, node: &'n Node, item: Item, input: &'n Input) -> Self {
        Self { name, node, item, input, app, listens: Vec::new(), reach: Reach::Siblings }
    }

    pub(super) fn convert(
        &mut self,
        siblings: &Siblings,
        needed: &dyn Fn(&str) -> Option<String>,
        ledger: &mut Ledger,
    ) {
        self.run(ledger);
        let own = siblings.inside.iter().find(|sibling| sibling.name == self.name);
        let moved = own.and_then(|own| own.port);
        self.listens = moved.map(|port| Address::Port(port.to)).into_iter().collect();
        for (key, node) in self.node.entries() {
            let place = Place { file: self.input.name.as_str().into(), line: node.line };
            let item = ledger.open(place, &format!("{}.{key}: {}", self.name, node.shown()));
            match key.as_str() {
                "environment" => self.environment(node, item, siblings, ledger),
                "env_file" => self.env_file(node, item, ledger),
                "depends_on" => self.needs(node, item, needed, ledger),
                "healthcheck" => self.ready(node, item, ledger),
                "restart" => self.restart(node, item, ledger),
                "deploy" => self.deploy(node, item, ledger),
                "ports" => {
                    self.reach = Reach::Outside;
                    ledger.converted(item, "where it listens; the one port of the container is onedoor's");
                }
                "user" => self.user(node, item, ledger),
                _ => self.small(key, node, item, ledger),
            }
            if !ledger.is_settled(item) {
                ledger.settle(item, remark(key));
            }
        }
        if let Some(moved) = moved {
            self.say_port(moved, ledger);
        }
        if self.node.entry("restart").is_none() && self.node.entry("deploy").is_none() {
            ledger.changed(self.item, "Compose leaves a service that ended as it is, where `restart` is not said; onedoor starts it again");
        }
    }

    /// The command: entrypoint and command of the service, or of its image.
    fn run(&mut self, ledger: &mut Ledger) {
        let is_own = ["entrypoint", "command"].iter().any(|key| self.node.entry(key).is_some());
        let words = argv(self.node, image(self.node, self.input).as_ref());
        if let Some(dir) = context(self.node) {
            self.app.say("dir", dir);
        }
        if words.is_empty() {
            self.app
                .note(format!("Nothing said what {} runs: the CMD of its image belongs here.", self.name));
            let placeholder =
                format!("echo 'onedoor.toml: write what app {} runs' >&2; exit 1", self.app.name);
            self.app.say("run", placeholder);
            let how = "its command is in its image alone: write it as run, and see that the program is in this image";
            return ledger.missing(self.item, how);
        }
        if !is_own {
            ledger.changed(self.item, "its command is taken from its Dockerfile");
        }
        self.app.say("run", command(&words));
    }

    /// Where it listens, if that is another port than before, and in any case for onedoor.
    fn say_port(&mut self, moved: Move, ledger: &mut Ledger) {
        let (from, to) = (moved.from.to_string(), moved.to.to_string());
        if !matches!(crate::import::sketch::fact(&self.app, "replicas"), Some(Value::Integer(_))) {
            self.app.say("port", i64::from(moved.to));
        }
        if from == to {
            return;
        }
        let mut is_said = false;
        for fact in
            self.app.facts.iter_mut().filter(|fact| matches!(fact.key.as_str(), "run" | "env" | "ready"))
        {
            is_said |= pairing::renumber(&mut fact.value, &from, &to);
        }
        let how = format!("it listened at {from}, as another one does in the same container: it is {to} now");
        ledger.changed(self.item, how);
        if !is_said {
            self.app.note(format!("It has to listen at {to} now, which PORT says: see that its code does."));
        }
    }

    fn environment(&mut self, node: &Node, item: Item, siblings: &Siblings, ledger: &mut Ledger) {
        let mut env = Vec::new();
        for (name, value) in node.pairs() {
            let Some(value) = value else { continue };
            let value = match siblings.turn(&name, &value) {
                Turned::Same(value) => value,
                Turned::Here(value) => {
                    ledger.changed(
                        item,
                        format!("{name} names a sibling, which listens in the same container now: {value}"),
                    );
                    value
                }
                Turned::Outside { value, host } => {
                    let how = format!(
                        "{name} names {host}, which stays outside: it must be reachable by that name, or the container be given {name}"
                    );
                    ledger.changed(item, how);
                    value
                }
            };
            env.push((name, value));
        }
        if !env.is_empty() {
            self.app.say("env", Value::texts(env));
        }
        ledger.converted(item, "env; what has no value is inherited");
    }

    fn env_file(&mut self, node: &Node, item: Item, ledger: &mut Ledger) {
        let files: Vec<String> = match node.items() {
            [] => node.texts(),
            items => items
                .iter()
                .filter_map(|item| item.text().or_else(|| item.said("path")))
                .map(str::to_owned)
                .collect(),
        };
        match files.as_slice() {
            [] => return,
            [one] => drop(self.app.say("env_file", one.as_str())),
            _ => drop(self.app.say("env_file", files)),
        }
        ledger.converted(item, "env_file");
    }

    fn needs(
        &mut self,
        node: &Node,
        item: Item,
        needed: &dyn Fn(&str) -> Option<String>,
        ledger: &mut Ledger,
    ) {
        let names: Vec<String> = match node.entries() {
            [] => node.texts(),
            entries => entries.iter().map(|(name, _)| name.clone()).collect(),
        };
        let (mut here, mut outside) = (Vec::new(), Vec::new());
        for name in names {
            match needed(&name) {
                Some(name) => here.push(name),
                None => outside.push(name),
            }
        }
        if !here.is_empty() {
            ledger.converted(item, "needs: onedoor waits until it is ready, or done");
            self.app.say("needs", here);
        }
        if !outside.is_empty() {
            let how = format!(
                "onedoor does not wait for {}, which is outside: an app that ends is started again until it finds it",
                outside.join(", ")
            );
            ledger.changed(item, how);
        }
    }

    fn ready(&mut self, node: &Node, item: Item, ledger: &mut Ledger) {
        let test = node.entry("test").map(Node::texts).unwrap_or_default();
        let is_off = node.said("disable") == Some("true") || test.first().is_some_and(|word| word == "NONE");
        if is_off {
            return ledger.converted(item, "nothing: it is turned off");
        }
        let text = test
            .iter()
            .filter(|word| !matches!(word.as_str(), "CMD" | "CMD-SHELL"))
            .cloned()
            .collect::<Vec<_>>();
        let joined = text.join(" ");
        let mut ready: Vec<(String, Value)> = match local_path(&joined) {
            Some(path) => vec![("path".to_owned(), Value::from(path))],
            None if joined.is_empty() => return ledger.missing(item, "it tests nothing"),
            None => {
                let is_shell = test.len() == 1 || test.first().is_some_and(|word| word == "CMD-SHELL");
                let exec = if is_shell {
                    Value::from(interpolated(&joined).replace("$$", "$"))
                } else {
                    Value::from(text)
                };
                vec![("exec".to_owned(), exec)]
            }
        };
        for (theirs, ours) in [("interval", "every"), ("timeout", "timeout")] {
            if let Some(duration) = node.said(theirs).and_then(duration) {
                ready.push((ours.to_owned(), Value::from(duration)));
            }
        }
        self.app.say("ready", Value::Table(ready));
        ledger.converted(
            item,
            "ready: asked while it starts. `live` with the same keys would go on asking, and start it again",
        );
    }

    fn restart(&mut self, node: &Node, item: Item, ledger: &mut Ledger) {
        let text = node.text().unwrap_or_default();
        let (when, tries) = text.split_once(':').unwrap_or((text, ""));
        let when = match when {
            "no" | "false" => "never",
            "on-failure" => "on-failure",
            "always" | "unless-stopped" => {
                return ledger.converted(item, "restart.when = \"always\", the default");
            }
            _ => return ledger.missing(item, "it is always, unless-stopped, on-failure or no"),
        };
        let mut restart = vec![("when".to_owned(), Value::from(when))];
        if let Ok(tries) = tries.parse::<u32>() {
            restart.push(("give_up".to_owned(), Value::from(format!("{} in 5m", tries.max(1)))));
        }
        self.app.say("restart", Value::Table(restart));
        ledger.converted(item, format!("restart.when = \"{when}\""));
    }

    fn deploy(&mut self, node: &Node, item: Item, ledger: &mut Ledger) {
        let mut said = Vec::new();
        if let Some(replicas) = node.said("replicas").and_then(|text| text.parse::<i64>().ok()) {
            self.replicas(replicas);
            said.push("replicas");
        }
        let limits = node.entry("resources").and_then(|resources| resources.entry("limits"));
        if let Some(limits) = limits {
            for (theirs, ours) in [("cpus", "cpu"), ("memory", "memory"), ("pids", "processes")] {
                if let Some(text) = limits.said(theirs) {
                    self.limit(ours, text);
                    said.push("limits");
                }
            }
        }
        match said.as_slice() {
            [] => ledger.missing(item, OF_CONTAINERS),
            _ => ledger.converted(item, "replicas and limits; the rest of it is said of containers"),
        }
    }

    /// Each replica listens where onedoor tells it.
    fn replicas(&mut self, replicas: i64) {
        if replicas > 1 {
            self.app.say("replicas", replicas.min(1000));
            if ports(self.node, self.input).is_empty() {
                return;
            }
            self.app.note("Each replica has to listen at $PORT: see that the command, or the code, does.");
        }
    }

    fn limit(&mut self, key: &str, text: &str) {
        let value = match key {
            "cpu" => text.parse::<f64>().ok().filter(|cpus| *cpus >= 0.01).map(Value::Decimal),
            "memory" => memory(text).map(Value::from),
            _ => text.parse::<i64>().ok().filter(|number| *number > 0).map(Value::Integer),
        };
        let Some(value) = value else { return };
        let mut limits = match crate::import::sketch::fact(&self.app, "limits") {
            Some(Value::Table(limits)) => limits.clone(),
            _ => Vec::new(),
        };
        limits.push((key.to_owned(), value));
        self.app.say("limits", Value::Table(limits));
    }

    fn user(&mut self, node: &Node, item: Item, ledger: &mut Ledger) {
        let text = node.text().unwrap_or_default();
        if text.contains('$') || text.is_empty() {
            return ledger.missing(item, "write user, and group, in the app");
        }
        let (user, group) = text.split_once(':').map_or((text, None), |(user, group)| (user, Some(group)));
        let id = |text: &str| text.parse::<i64>().map_or_else(|_| Value::from(text), Value::Integer);
        self.app.say("user", id(user));
        if let Some(group) = group {
            self.app.say("group", id(group));
        }
        ledger.converted(item, "user");
    }

    /// Keys that say one thing.
    fn small(&mut self, key: &str, node: &Node, item: Item, ledger: &mut Ledger) {
        let text = node.text().unwrap_or_default();
        let into = match key {
            "stop_signal" => {
                let name = text.trim_start_matches("SIG");
                if !["TERM", "INT", "QUIT", "HUP", "USR1", "USR2", "KILL"].contains(&name) {
                    return ledger
                        .missing(item, "onedoor stops with TERM, INT, QUIT, HUP, USR1, USR2 or KILL");
                }
                self.stop("signal", name);
                "stop.signal"
            }
            "stop_grace_period" => match duration(text) {
                Some(grace) => {
                    self.stop("grace", &grace);
                    "stop.grace"
                }
                None => return ledger.missing(item, "it is no duration"),
            },
            "scale" => {
                self.replicas(text.parse().unwrap_or(1));
                "replicas"
            }
            "mem_limit" => {
                self.limit("memory", text);
                "limits.memory"
            }
            "cpus" => {
                self.limit("cpu", text);
                "limits.cpu"
            }
            "pids_limit" => {
                self.limit("processes", text);
                "limits.processes"
            }
            "command" | "entrypoint" => "run",
            "build" => "dir: its context. onedoor builds nothing; the image has to hold the program",
            "expose" => "where it listens",
            "labels" => "see each of them",
            _ => return,
        };
        ledger.converted(item, into);
    }

    fn stop(&mut self, key: &str, value: &str) {
        let mut stop = match crate::import::sketch::fact(&self.app, "stop") {
            Some(Value::Table(stop)) => stop.clone(),
            _ => Vec::new(),
        };
        stop.push((key.to_owned(), Value::from(value)));
        self.app.say("stop", Value::Table(stop));
    }
}

/// `/health` of a test that asks this very service.
fn local_path(test: &str) -> Option<String> {
    let at = ["http://localhost", "http://127.0.0.1", "http://0.0.0.0"]
        .iter()
        .find_map(|host| Some(test.find(host)? + host.len()))?;
    let rest = &test[at..];
    let rest = rest.strip_prefix(':').map_or(rest, |rest| {
        rest.trim_start_matches(|letter: char| letter.is_ascii_alphanumeric() || "${}:-_".contains(letter))
    });
    let end = rest.find([' ', '"', '\'', ')', '|', ';']).unwrap_or(rest.len());
    let path = &rest[..end];
    Some(if path.starts_with('/') { path.to_owned() } else { "/".to_owned() })
}

fn duration(text: &str) -> Option<String> {
    crate::import::nginx::duration(text).filter(|span| span.0 > 0).map(|span| span.to_string())
}

/// `512m`, `1gb`, `512M`.
fn memory(text: &str) -> Option<String> {
    let text = text.trim();
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let number: u64 = digits.parse().ok().filter(|number| *number > 0)?;
    let unit = match text[digits.len()..].to_ascii_lowercase().as_str() {
        "" | "b" => "B",
        "k" | "kb" => "KiB",
        "m" | "mb" => "MiB",
        "g" | "gb" => "GiB",
        _ => return None,
    };
    Some(format!("{number}{unit}"))
}
