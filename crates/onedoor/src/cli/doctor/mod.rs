//! `onedoor doctor`: what this container allows, and what is done instead where it does not.
//!
//! Only looks; what it tries (a folder, a socket) it removes again.

mod calls;
mod subject;

use std::fs;
use std::io::{self, Write};
use std::net::{Ipv6Addr, TcpListener};
use std::path::{Path, PathBuf};

use onedoor_linux::control_group::{self, ControlGroups};
use onedoor_linux::memory_group::MemoryGroup;
use onedoor_linux::{cpu, signal};
use serde_json::json;

use self::subject::Subject;
use super::operate::Target;
use super::{Ended, Surroundings};
use crate::config::{Env, platform_of, show_duration};
use crate::control::Place;

/// One thing that was looked at.
struct Finding {
    what: &'static str,
    found: String,
    /// What onedoor does because of it.
    so: String,
    health: Health,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Health {
    Fine,
    /// Something is done instead.
    Less,
    /// onedoor cannot run like this.
    Broken,
}

impl Health {
    fn word(self) -> &'static str {
        match self {
            Self::Fine => "ok",
            Self::Less => "less",
            Self::Broken => "broken",
        }
    }
}

pub(super) fn run(target: &Target, surroundings: &mut Surroundings<'_>) -> io::Result<Ended> {
    let places = target.places(surroundings.env);
    let subject = Subject::found(places.clone());
    let env = subject.env(surroundings.env);
    let mut findings = vec![subject.finding(), init(&subject), proc_mounted(), user(&subject)];
    findings.extend([runtime_folder(), control_socket(&subject, &places)]);
    findings.extend([control_groups(&subject), memory(&subject), processes(&subject)]);
    findings.extend([cpus(&subject, &env), open_files(&subject), sandbox(&subject)]);
    findings.extend(calls::findings());
    findings.extend([root(&subject), ipv6(), low_ports(&subject), time_zone(&env), platform(&env)]);
    if target.json {
        let list: Vec<_> = findings.iter().map(Finding::to_json).collect();
        writeln!(surroundings.out, "{}", json!(list))?;
    } else {
        write_table(&findings, surroundings.out)?;
    }
    let is_broken = findings.iter().any(|finding| finding.health == Health::Broken);
    Ok(if is_broken { Ended::Refused } else { Ended::Well })
}

impl Finding {
    fn fine(what: &'static str, found: impl Into<String>, so: impl Into<String>) -> Self {
        Self { what, found: found.into(), so: so.into(), health: Health::Fine }
    }

    fn less(what: &'static str, found: impl Into<String>, so: impl Into<String>) -> Self {
        Self { health: Health::Less, ..Self::fine(what, found, so) }
    }

    fn broken(what: &'static str, found: impl Into<String>, so: impl Into<String>) -> Self {
        Self { health: Health::Broken, ..Self::fine(what, found, so) }
    }

    fn to_json(&self) -> serde_json::Value {
        json!({"what": self.what, "found": self.found, "so": self.so, "state": self.health.word()})
    }
}

fn write_table(findings: &[Finding], out: &mut dyn Write) -> io::Result<()> {
    let width =
        |text: fn(&Finding) -> &str| findings.iter().map(|it| text(it).chars().count()).max().unwrap_or(0);
    let (what, found) = (width(|it| it.what), width(|it| &it.found));
    for finding in findings {
        let line = format!(
            "{:6}  {:what$}  {:found$}  {}",
            finding.health.word(),
            finding.what,
            finding.found,
            finding.so
        );
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

/// Whether the one that runs became a subreaper is not shown anywhere; in its place we would.
fn init(subject: &Subject) -> Finding {
    let pid = subject.pid;
    if pid.number() == 1 {
        return Finding::fine("init", "PID 1", "every orphan is reaped, and everything ends with it");
    }
    let found = format!("PID {pid}, not 1");
    match signal::become_subreaper() {
        Ok(()) => {
            Finding::fine("init", found, "a child subreaper: orphans of the apps are reaped all the same")
        }
        Err(error) => Finding::less(
            "init",
            found,
            format!("no child subreaper ({error}): a daemon that leaves its app is not stopped with it"),
        ),
    }
}

fn proc_mounted() -> Finding {
    let hidden = fs::read_to_string("/proc/self/mounts").unwrap_or_default();
    let hidden = hidden.lines().any(|line| line.contains(" /proc ") && line.contains("hidepid="));
    match Path::new("/proc/self/exe").exists() {
        false => Finding::broken("/proc", "not mounted", "nothing can be started: mount -t proc proc /proc"),
        true if hidden => Finding::less(
            "/proc",
            "mounted with hidepid",
            "other users' processes cannot be seen: daemons may stay",
        ),
        true => Finding::fine("/proc", "mounted", ""),
    }
}

/// CAP_SETGID is bit 6, CAP_SETUID bit 7 (capabilities(7)).
fn user(subject: &Subject) -> Finding {
    match subject.user() {
        0 if subject.has_capability(6) && subject.has_capability(7) => {
            Finding::fine("user", "root", "apps can be started as others (user, group)")
        }
        0 => Finding::less("user", "root without CAP_SETUID", "apps run as root; `user` and `group` need it"),
        user => Finding::fine(
            "user",
            format!("user {user}"),
            "apps run as this user; `user` and `group` need root",
        ),
    }
}

/// Tried as they will be.
fn runtime_folder() -> Finding {
    let xdg = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|path| path.is_absolute());
    let bases = xdg.into_iter().chain(["/run".into(), "/tmp".into(), "/dev/shm".into()]);
    let trial = format!("onedoor-doctor-{}", std::process::id());
    let writable = bases.into_iter().find(|base: &PathBuf| {
        let folder = base.join(&trial);
        fs::create_dir(&folder).and_then(|()| fs::remove_dir(&folder)).is_ok()
    });
    match writable {
        Some(base) => {
            Finding::fine("sockets", base.display().to_string(), "apps get Unix sockets where they can")
        }
        None => Finding::less(
            "sockets",
            "no folder can be written",
            "apps get loopback ports; notify sockets are abstract",
        ),
    }
}

fn control_socket(subject: &Subject, places: &[Place]) -> Finding {
    let can_hold = |place: &&Place| match place {
        Place::Path(path) => path.parent().is_some_and(|folder| {
            let trial = folder.join(format!("onedoor-doctor-{}", std::process::id()));
            fs::write(&trial, "").and_then(|()| fs::remove_file(&trial)).is_ok()
        }),
        Place::Abstract(_) => true,
    };
    match subject.place.as_ref().or_else(|| places.iter().find(can_hold)) {
        Some(place @ Place::Path(_)) => Finding::fine("control", place.to_string(), ""),
        Some(place) => Finding::less(
            "control",
            place.to_string(),
            "an abstract socket; whoever asks must be this user, or root",
        ),
        None => Finding::less("control", "no place", "`onedoor status` and its like do not work; signals do"),
    }
}

fn control_groups(subject: &Subject) -> Finding {
    let held = ControlGroups::at_a_glance(subject.pid).controllers();
    match held.as_slice() {
        [] => Finding::less(
            "limits",
            "no control group can be made",
            "limits.memory is watched by the referee, cpu is an affinity, processes are counted per user",
        ),
        [_, _, _] => Finding::fine(
            "limits",
            "control groups for memory, cpu, pids",
            "the kernel holds apps to their limits",
        ),
        some => Finding::less(
            "limits",
            format!("control groups for {}", some.join(", ")),
            "the others by referee, affinity, and a count per user",
        ),
    }
}

fn memory(subject: &Subject) -> Finding {
    match MemoryGroup::of(subject.pid) {
        None => Finding::less(
            "memory",
            "the kernel counts nothing for us",
            "an app that memory ended is told as killed",
        ),
        Some(group) => {
            let limit = group.limit().map(|limit| format!("at most {} MiB", limit >> 20));
            Finding::fine(
                "memory",
                limit.unwrap_or_else(|| "no limit".to_owned()),
                "an app that memory ended is told with the figures",
            )
        }
    }
}

fn processes(subject: &Subject) -> Finding {
    match control_group::processes_max(subject.pid) {
        Some(most) => Finding::fine(
            "processes",
            format!("at most {most} and threads"),
            "an app that needs more is told that the resource is unavailable (EAGAIN)",
        ),
        None => Finding::fine("processes", "no limit", ""),
    }
}

fn cpus(subject: &Subject, env: &Env) -> Finding {
    let workers = env.machine.cpus;
    Finding::fine(
        "CPUs",
        format!("{} to run on", cpu::allowed_to(subject.pid).len()),
        format!("{workers} workers, unless server.workers says otherwise"),
    )
}

fn open_files(subject: &Subject) -> Finding {
    let limits = subject.read("limits");
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files")).unwrap_or_default();
    let mut words = line.split_whitespace();
    let (soft, hard) = (words.next().unwrap_or("?"), words.next().unwrap_or("?"));
    let found = format!("{soft} open files (hard limit {hard})");
    match soft.parse::<u64>() {
        Ok(few) if few < 4096 => Finding::less(
            "files",
            found,
            "40 % of them may be connections: `ulimit -n`, or docker run --ulimit nofile=65536",
        ),
        Ok(_) | Err(_) => Finding::fine("files", found, "40 % of them may be connections"),
    }
}

fn sandbox(subject: &Subject) -> Finding {
    let (privileges, so) = match subject.status("NoNewPrivs") {
        "1" => ("no_new_privs", "no app gains rights by a set-uid program"),
        _ => ("new privileges allowed", ""),
    };
    let seccomp = match subject.status("Seccomp") {
        "0" => "no seccomp",
        "1" => "seccomp (strict)",
        _ => "seccomp filter",
    };
    Finding::fine("sandbox", format!("{privileges}, {seccomp}"), so)
}

fn root(subject: &Subject) -> Finding {
    let mounts = subject.read("mounts");
    let options = mounts.lines().rev().find_map(|line| {
        let mut words = line.split(' ').skip(1);
        (words.next() == Some("/")).then(|| words.nth(1).unwrap_or_default().to_owned())
    });
    let is_read_only = options.is_some_and(|options| options.split(',').any(|option| option == "ro"));
    match is_read_only {
        true => Finding::fine("root", "read-only", "nothing of onedoor's is written there"),
        false => Finding::fine("root", "writable", ""),
    }
}

fn ipv6() -> Finding {
    match TcpListener::bind((Ipv6Addr::UNSPECIFIED, 0)) {
        Ok(_) => Finding::fine("IPv6", "available", "the door listens on [::], IPv4 included"),
        Err(_) => Finding::less("IPv6", "not available", "the door listens on 0.0.0.0"),
    }
}

/// CAP_NET_BIND_SERVICE is bit 10 (capabilities(7)).
fn low_ports(subject: &Subject) -> Finding {
    let first = fs::read_to_string("/proc/sys/net/ipv4/ip_unprivileged_port_start").unwrap_or_default();
    let first: u16 = first.trim().parse().unwrap_or(1024);
    match (subject.has_capability(10), first) {
        (true, _) | (false, 0..=80) => Finding::fine("ports", "80 and 443 may be bound", ""),
        (false, first) => {
            Finding::fine("ports", format!("only those from {first} on"), "server.listen takes one of these")
        }
    }
}

fn time_zone(env: &Env) -> Finding {
    match env.text("TZ").filter(|zone| !zone.is_empty()) {
        Some(zone) => Finding::fine("time zone", zone, "jobs without a `tz` go by it"),
        None => Finding::fine("time zone", "TZ is not set", "jobs without a `tz` go by UTC"),
    }
}

fn platform(env: &Env) -> Finding {
    let (name, budget) = platform_of(env);
    Finding::fine("platform", name, format!("a stop may take {}", show_duration(budget)))
}
