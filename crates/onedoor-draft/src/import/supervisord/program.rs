//! `[program:x]` as an app, or as a job where it runs once.

use crate::draft::{Draft, Entry, Value};
use crate::import::Format;
use crate::import::finding::{Ledger, Verdict};
use crate::import::listens;
use crate::import::sketch::{Address, Reach, Service, Sketch, app_name, command, said, value_text};

use super::expand::{Names, expand, pairs};
use super::ini::{Key, Section};
use super::section::{self, Common};

/// More processes of one program than this are a mistake.
const PROCESSES_MOST: i64 = 1000;

pub(super) fn convert(
    section: &Section,
    name: &str,
    common: &Common,
    sketch: &mut Sketch,
    ledger: &mut Ledger,
) {
    let Some(written) = section.value("command") else {
        let how = "it has no command, so supervisord refuses it, too";
        return section::settle(section, &Verdict::Missing(how.to_owned()), ledger);
    };
    if is_nginx(written) {
        return dropped(section, sketch, ledger);
    }
    let is_taken = |name: &str| {
        sketch.services.iter().any(|service| service.app.name == name)
            || sketch.jobs.iter().any(|job| job.name == name)
    };
    let own = app_name(name, is_taken);
    if own != name {
        ledger.changed(section.item, format!("it is called {own}: a name is [a-z][a-z0-9-]*"));
    }
    let mut made =
        Program { section, name, app: Entry::named(own), listens: Vec::new(), number: Number::Unasked };
    made.run(ledger);
    made.environment(common, ledger);
    if let (Some(umask), None) = (&common.umask, section.key("umask")) {
        made.app.say("umask", umask.as_str());
    }
    made.restarts(ledger);
    made.others(ledger);
    made.put(sketch, ledger);
}

fn is_nginx(command: &str) -> bool {
    let mut words = command.split_whitespace().map(|word| word.trim_matches(['"', '\'']));
    let first = words.find(|word| {
        !matches!(*word, "exec" | "env" | "bash" | "sh" | "/bin/sh" | "/bin/bash" | "-c" | "-lc")
    });
    let first = first.unwrap_or_default();
    let program = first.rsplit('/').next().unwrap_or_default();
    program == "nginx" || (program == "service" && words.next() == Some("nginx"))
}

fn dropped(section: &Section, sketch: &Sketch, ledger: &mut Ledger) {
    if sketch.formats.contains(&Format::Nginx) {
        let why = "onedoor takes nginx's place";
        return section::settle(section, &Verdict::Unneeded(why.to_owned()), ledger);
    }
    let how = "onedoor takes nginx's place; what it routes is told by its own file: --from nginx FILE --from supervisord FILE";
    section::settle(section, &Verdict::Missing(how.to_owned()), ledger);
}

struct Program<'s> {
    section: &'s Section,
    name: &'s str,
    app: Entry,
    listens: Vec<Address>,
    number: Number,
}

/// Whether its processes are told their numbers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Number {
    Unasked,
    /// It chooses their ports, which onedoor does by itself.
    OfPort,
}

impl Program<'_> {
    fn processes(&self) -> i64 {
        let written = self.section.value("numprocs").and_then(|text| text.parse().ok());
        written.unwrap_or(1).clamp(1, PROCESSES_MOST)
    }

    fn names(&self, number: i64) -> Names<'_> {
        Names { program: self.name, number, processes: self.processes() }
    }

    /// `command`, and where it listens.
    fn run(&mut self, ledger: &mut Ledger) {
        let Some(key) = self.section.key("command") else { return };
        let env = self.pairs("environment", ledger);
        let env = || env.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let words = |names: Names<'_>| -> Result<Vec<String>, String> {
            let text = expand(&key.value.replace('\n', " "), names)?;
            shlex::split(&text)
                .filter(|words| !words.is_empty())
                .ok_or_else(|| "its quotes do not end".to_owned())
        };
        let first = self.section.value("numprocs_start").and_then(|text| text.parse().ok()).unwrap_or(0_i64);
        let processes = self.processes();
        let is_numbered = key.value.contains("%(process_num)") && processes > 1;
        let own = match words(self.names(first)) {
            Ok(own) => own,
            Err(name) => {
                ledger.missing(
                    key.item,
                    format!("`{name}` cannot be understood; the command is written as it was"),
                );
                self.app.say("run", key.value.as_str());
                return;
            }
        };
        self.listens = listens::of(&own, env());
        if is_numbered && !self.listens.is_empty() {
            self.number = Number::OfPort;
            let replaced: Vec<String> = own.iter().map(|word| with_port(word, &self.listens)).collect();
            for number in first + 1..first + processes {
                let others = words(self.names(number)).map(|words| listens::of(&words, env()));
                self.listens.extend(others.unwrap_or_default());
            }
            self.app.say("run", command(&replaced));
            ledger.changed(
                key.item,
                "each process gets a port of onedoor's own choice: the command says $PORT",
            );
            return;
        }
        if is_numbered {
            ledger.missing(
                key.item,
                "onedoor tells no process its number: all replicas run the command of the first",
            );
        }
        self.app.say("run", command(&own));
        ledger.converted(key.item, "run");
    }

    fn pairs(&self, name: &str, ledger: &mut Ledger) -> Vec<(String, String)> {
        let Some(key) = self.section.key(name) else { return Vec::new() };
        match pairs(&key.value) {
            Ok(pairs) => pairs,
            Err(rest) => {
                ledger.missing(key.item, format!("`{rest}` is no NAME=value"));
                Vec::new()
            }
        }
    }

    fn environment(&mut self, common: &Common, ledger: &mut Ledger) {
        let own = self.pairs("environment", ledger);
        let mut env: Vec<(String, String)> = Vec::new();
        for (name, value) in common.env.iter().chain(&own) {
            let names = self.names(0);
            let value = match expand(&value_text(value), names) {
                Ok(value) => value,
                Err(unknown) => {
                    ledger
                        .missing(self.section.item, format!("%({unknown})s in {name} is written as it was"));
                    value_text(value)
                }
            };
            env.retain(|(known, _)| known != name);
            env.push((name.clone(), value));
        }
        if let Some(key) = self.section.key("environment") {
            ledger.converted(key.item, "env");
        }
        if !env.is_empty() {
            self.app.say("env", Value::texts(env));
        }
    }

    /// When it is started again, and how often.
    fn restarts(&mut self, ledger: &mut Ledger) {
        let autorestart = self.section.key("autorestart");
        let mut restart: Vec<(String, Value)> = Vec::new();
        let when = match autorestart.map(|key| key.value.to_ascii_lowercase()).as_deref() {
            Some("true" | "yes" | "1" | "on") => "always",
            Some("false" | "no" | "0" | "off") => "never",
            _ => "on-failure",
        };
        if when != "always" {
            restart.push(("when".to_owned(), Value::from(when)));
        }
        if let Some(key) = autorestart {
            ledger.converted(key.item, format!("restart.when = \"{when}\""));
        }
        if let Some(key) = self.section.key("startretries") {
            match key.value.parse::<u32>() {
                Ok(tries) if tries > 0 && when != "never" => {
                    let give_up = format!("{tries} in 5m");
                    ledger.changed(key.item, format!("restart.give_up = \"{give_up}\": failures are counted in five minutes, not in a row"));
                    restart.push(("give_up".to_owned(), Value::from(give_up)));
                }
                _ => ledger.unneeded(key.item, "it is not started again"),
            }
        }
        if !restart.is_empty() && !self.is_job() {
            self.app.say("restart", Value::Table(restart));
        }
        if let Some(key) = self.section.key("exitcodes") {
            let codes: Vec<i64> = key.value.split(',').filter_map(|code| code.trim().parse().ok()).collect();
            if codes != [0] && !codes.is_empty() {
                self.app.say("success", Value::List(codes.into_iter().map(Value::Integer).collect()));
            }
            ledger.converted(key.item, "success");
        }
    }

    /// Runs once at the start: nobody waits until it is up, and nobody starts it again.
    fn is_job(&self) -> bool {
        let is = |name: &str, words: &[&str]| {
            self.section.value(name).is_some_and(|value| words.contains(&value.to_ascii_lowercase().as_str()))
        };
        is("autorestart", &["false", "no", "0", "off"]) && is("startsecs", &["0"]) && self.listens.is_empty()
    }

    fn others(&mut self, ledger: &mut Ledger) {
        let mut stop: Vec<(String, Value)> = Vec::new();
        for key in &self.section.keys {
            match key.name.as_str() {
                "directory" => {
                    let dir =
                        expand(&value_text(&key.value), self.names(0)).unwrap_or_else(|_| key.value.clone());
                    self.app.say("dir", dir);
                    ledger.converted(key.item, "dir");
                }
                "user" => {
                    match key.value.parse::<i64>() {
                        Ok(number) => self.app.say("user", number),
                        Err(_) => self.app.say("user", key.value.as_str()),
                    };
                    ledger.converted(key.item, "user");
                }
                "umask" => {
                    self.app.say("umask", key.value.as_str());
                    ledger.converted(key.item, "umask");
                }
                "stopsignal" => signal(key, &mut stop, ledger),
                "stopwaitsecs" => match key.value.parse::<u32>() {
                    Ok(seconds) => {
                        stop.push(("grace".to_owned(), Value::from(format!("{seconds}s"))));
                        ledger.converted(key.item, "stop.grace");
                    }
                    Err(_) => ledger.missing(key.item, "it is no number of seconds"),
                },
                "numprocs" => self.replicas(key, ledger),
                _ => {}
            }
        }
        if !stop.is_empty() {
            self.app.say("stop", Value::Table(stop));
        }
        for key in &self.section.keys {
            if !ledger.is_settled(key.item) {
                ledger.settle(key.item, remark(key));
            }
        }
    }

    fn replicas(&mut self, key: &Key, ledger: &mut Ledger) {
        let processes = self.processes();
        if processes > 1 && (self.listens.is_empty() || self.number == Number::OfPort) {
            self.app.say("replicas", processes);
            ledger.converted(key.item, "replicas");
        } else if processes > 1 {
            ledger.missing(
                key.item,
                "all of its processes listen at one port; let each use $PORT and write replicas",
            );
        } else {
            ledger.unneeded(key.item, "one is the default");
        }
    }

    fn put(self, sketch: &mut Sketch, ledger: &mut Ledger) {
        let is_off = |name: &str| {
            self.section.value(name).is_some_and(|value| {
                matches!(value.to_ascii_lowercase().as_str(), "false" | "no" | "0" | "off")
            })
        };
        let is_job = self.is_job();
        let kind = if is_job { "jobs" } else { "apps" };
        let Self { section, mut app, listens, name, .. } = self;
        if said(&app, "run").is_some_and(|run| run.contains("php-fpm")) {
            let how = "PHP-FPM speaks FastCGI, which onedoor does not: it is started, and nobody can reach it through the door. \
                       Let PHP serve HTTP itself (FrankenPHP, RoadRunner, `php -S`)";
            ledger.missing(section.item, how);
        }
        if is_job {
            app.say("on", "start");
            ledger.changed(section.item, "a job at the start: if it fails, the container ends. Whoever is to wait for it needs = [\"NAME\"]");
        }
        if said(&app, "run").is_some_and(|run| run.starts_with("cron ") || run.contains("crond")) {
            ledger.changed(
                section.item,
                "cron runs as it did, with its own crontabs; [jobs] with on = \"cron …\" can take its place",
            );
        }
        if is_off("autostart") {
            let how = format!(
                "it was started by hand only. [{kind}.{}] is at the end of the file, as a comment",
                app.name
            );
            ledger.missing(section.item, how);
            sketch.afterwords.push("Not started by itself (autostart=false):".to_owned());
            if let Some(first) = app.facts.first_mut() {
                first.because = Some("later".to_owned());
            }
            let one = vec![app];
            let draft = if is_job {
                Draft { jobs: one, ..Draft::default() }
            } else {
                Draft { apps: one, ..Draft::default() }
            };
            sketch.afterwords.extend(draft.render().replace("  # later", "").lines().map(str::to_owned));
            return;
        }
        ledger.converted(section.item, format!("[{kind}.{}]", app.name));
        if is_job {
            sketch.jobs.push(app);
        } else {
            sketch.services.push(Service {
                app,
                called: name.to_owned(),
                item: section.item,
                listens,
                reach: Reach::Outside,
            });
        }
    }
}

/// The word with `$PORT` where its port stands.
fn with_port(word: &str, listens: &[Address]) -> String {
    let mut made = word.to_owned();
    for address in listens {
        if let Address::Port(port) = address {
            let port = port.to_string();
            if let Some(before) = made.strip_suffix(&port) {
                made = format!("{before}$PORT");
            }
        }
    }
    made
}

fn signal(key: &Key, stop: &mut Vec<(String, Value)>, ledger: &mut Ledger) {
    let name = key.value.to_ascii_uppercase();
    let name = match name.trim_start_matches("SIG") {
        "1" => "HUP",
        "2" => "INT",
        "3" => "QUIT",
        "9" => "KILL",
        "15" => "TERM",
        other => other,
    };
    if !["TERM", "INT", "QUIT", "HUP", "USR1", "USR2", "KILL"].contains(&name) {
        return ledger.missing(key.item, "onedoor stops with TERM, INT, QUIT, HUP, USR1, USR2 or KILL");
    }
    if name != "TERM" {
        stop.push(("signal".to_owned(), Value::from(name)));
    }
    ledger.converted(key.item, format!("stop.signal = \"{name}\""));
}

/// What is said of a key that needs no translation, or has none.
fn remark(key: &Key) -> Verdict {
    let unneeded = |text: &str| Verdict::Unneeded(text.to_owned());
    let is_console = key.value.starts_with("/dev/") || key.value.starts_with("/proc/");
    match key.name.as_str() {
        "redirect_stderr" => unneeded("stdout and stderr are both logged, line by line"),
        "stdout_logfile" | "stderr_logfile" if is_console => {
            unneeded("what apps print goes to onedoor's stdout, line by line")
        }
        "stdout_logfile" | "stderr_logfile"
            if matches!(key.value.to_ascii_lowercase().as_str(), "auto" | "none" | "") =>
        {
            unneeded("what apps print goes to onedoor's stdout, line by line")
        }
        "stdout_logfile" | "stderr_logfile" => Verdict::Changed(
            "no file is written: what apps print goes to onedoor's stdout, line by line".to_owned(),
        ),
        "stdout_syslog" | "stderr_syslog" => Verdict::Changed(
            "nothing goes to syslog: what apps print goes to onedoor's stdout, line by line".to_owned(),
        ),
        "process_name" | "serverurl" | "numprocs_start" => {
            unneeded("onedoor names an app's processes APP-1, APP-2 …")
        }
        "stopasgroup" | "killasgroup" => unneeded("onedoor always signals an app's whole process group"),
        "startsecs" => unneeded(
            "onedoor waits until an app accepts connections (`ready`), and backs off from one that keeps ending",
        ),
        "autostart" => unneeded("whatever the file has is started"),
        "priority" => Verdict::Changed(
            "onedoor starts everything at once; write `needs` where one waits for another".to_owned(),
        ),
        name if name.contains("_logfile_")
            || name.contains("_capture_")
            || name.contains("_events_enabled") =>
        {
            unneeded("no log files are written, so none is turned over")
        }
        _ => Verdict::Missing("onedoor has nothing for it".to_owned()),
    }
}
