//! Each section for what it is: programs, what holds for all of them, and what only supervisord itself needs.

use crate::import::finding::{Ledger, Verdict};
use crate::import::sketch::Sketch;

use super::expand::pairs;
use super::ini::Section;
use super::program;

const OWN: &str = "onedoor has no such file or setting: it is the container's first process, stays in the foreground and logs to stdout";
const CONTROL: &str =
    "`onedoor status`, `logs`, `restart` and the like ask onedoor over its own socket ([admin] socket)";

/// What `[supervisord]` says for all programs.
#[derive(Debug, Default)]
pub(super) struct Common {
    pub(super) env: Vec<(String, String)>,
    pub(super) umask: Option<String>,
}

pub(super) fn convert(sections: &[Section], sketch: &mut Sketch, ledger: &mut Ledger) {
    let mut common = Common::default();
    for section in sections.iter().filter(|section| section.name == "supervisord") {
        supervisord(section, &mut common, ledger);
    }
    for section in sections {
        match section.name.split_once(':') {
            Some(("program", name)) => program::convert(section, name.trim(), &common, sketch, ledger),
            Some(("eventlistener", name)) => listener(section, name, ledger),
            Some(("fcgi-program", _)) => settle(
                section,
                &Verdict::Missing(
                    "onedoor speaks HTTP to apps, not FastCGI: let the program serve HTTP itself".to_owned(),
                ),
                ledger,
            ),
            Some(("group", _)) => group(section, ledger),
            Some(("rpcinterface", _)) => settle(section, &Verdict::Unneeded(CONTROL.to_owned()), ledger),
            _ => match section.name.as_str() {
                "supervisord" | "include" => {}
                "unix_http_server" | "supervisorctl" => {
                    settle(section, &Verdict::Unneeded(CONTROL.to_owned()), ledger);
                }
                "inet_http_server" => {
                    let how = format!("onedoor has no web page yet; {CONTROL}");
                    settle(section, &Verdict::Missing(how), ledger);
                }
                _ => {
                    let how = "onedoor has nothing for this section";
                    settle(section, &Verdict::Missing(how.to_owned()), ledger);
                }
            },
        }
    }
}

fn supervisord(section: &Section, common: &mut Common, ledger: &mut Ledger) {
    ledger.converted(section.item, "onedoor itself");
    for key in &section.keys {
        let item = key.item;
        match key.name.as_str() {
            "environment" => match pairs(&key.value) {
                Ok(pairs) => {
                    common.env = pairs;
                    ledger.converted(item, "env of every app");
                }
                Err(rest) => ledger.missing(item, format!("`{rest}` is no NAME=value")),
            },
            "umask" => {
                common.umask = Some(key.value.clone());
                ledger.converted(item, "umask of every app");
            }
            "user" if key.value == "root" => ledger.unneeded(item, "onedoor runs as whoever starts the container"),
            "user" => ledger.missing(item, "start the container as this user, or give each app its `user`"),
            "minfds" => ledger.unneeded(item, "onedoor raises its own limit of open files as far as it may; an app's is limits = { files = … }"),
            "minprocs" => ledger.unneeded(item, "an app's limit is limits = { processes = … }"),
            "directory" => ledger.missing(item, "write `dir` in each app, or start onedoor in this folder"),
            "nodaemon" | "logfile" | "logfile_maxbytes" | "logfile_backups" | "loglevel" | "pidfile" | "silent" | "identifier"
            | "childlogdir" | "nocleanup" | "strip_ansi" => ledger.unneeded(item, OWN),
            _ => ledger.missing(item, "onedoor has nothing for it"),
        }
    }
}

/// What people have listeners for is mostly to end the container when a program is given up.
fn listener(section: &Section, name: &str, ledger: &mut Ledger) {
    let command = section.value("command").unwrap_or_default();
    let ends = ["kill", "quit", "exit", "fatal", "stop", "watchdog", "processes", "shutdown"];
    let is_end = ends.iter().any(|word| name.contains(word) || command.contains(word));
    let how = if is_end {
        "onedoor has no event listeners. If this one ends the container when a program fails: essential = true in that \
         app does it (and it is the default of the app at /)"
    } else {
        "onedoor has no event listeners: `onedoor events`, the log and builtin = \"metrics\" tell what happens"
    };
    settle(section, &Verdict::Missing(how.to_owned()), ledger);
}

fn group(section: &Section, ledger: &mut Ledger) {
    ledger.unneeded(section.item, "onedoor has no groups; each program is an app of its own");
    for key in &section.keys {
        match key.name.as_str() {
            "programs" => {
                ledger.unneeded(key.item, "onedoor has no groups; each program is an app of its own")
            }
            _ => ledger.changed(
                key.item,
                "onedoor starts everything at once; write `needs` where one waits for another",
            ),
        }
    }
}

/// The section and all in it.
pub(super) fn settle(section: &Section, verdict: &Verdict, ledger: &mut Ledger) {
    ledger.settle(section.item, verdict.clone());
    for key in section.keys.iter().filter(|key| key.name != "files" || section.name != "include") {
        ledger.settle(key.item, verdict.clone());
    }
}
