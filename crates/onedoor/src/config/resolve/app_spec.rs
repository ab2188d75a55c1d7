//! `[apps]`, second look, with the routes known: each app's [`AppSpec`], and the clashes between apps.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::app::Draft;
use super::environment::environment;
use super::health::{self, Patient};
use super::needs::Names;
use super::route::Routed;
use super::{Context, command, develop, isolation, needs, policy, prefix};
use crate::apps::spec::{AppSpec, Command, Environment, Listening};
use crate::config::error::{Code, ConfigError};
use crate::config::fix::{Edit, Fix, quoted};
use crate::config::section::{Node, Section, Value};
use crate::config::source::{Located, Span};
use crate::config::{suggest, surgery};
use crate::registry::{AppId, Weight};

const START_TIMEOUT: Duration = Duration::from_secs(5 * 60);

/// The finished apps. `routed` has what the routes say of each app that they name.
pub(super) fn specs(
    names: Names<'_>,
    routed: &BTreeMap<AppId, Option<Routed<'_>>>,
    served: &[AppId],
    public: &[u16],
    context: &mut Context<'_>,
) -> Vec<AppSpec> {
    let drafts = names.apps;
    check_ports(drafts, public, context);
    let mut specs = Vec::with_capacity(drafts.len());
    for draft in drafts {
        let nothing = Section::empty("apps.*");
        let section = draft.section.unwrap_or(&nothing);
        let is_alone = served == [draft.id];
        let weight = match section.flag("essential") {
            Some(true) => Weight::Essential,
            Some(false) => Weight::Optional,
            None if is_alone || draft.is_at_root() => Weight::Essential,
            None => Weight::Optional,
        };
        let (prefix, said) = mount_of(draft, routed);
        let listening = listening(section, served.contains(&draft.id), prefix, context);
        let app = spec(draft, section, (listening, said), weight, names, context);
        specs.push(develop::app(app, section, context));
    }
    specs
}

/// The apps that take requests.
pub(super) fn served(drafts: &[Draft<'_>], routed: &BTreeMap<AppId, Option<Routed<'_>>>) -> Vec<AppId> {
    let is_served = |draft: &&Draft<'_>| {
        draft.mount.is_some()
            || routed.contains_key(&draft.id)
            || draft.section.is_some_and(|section| section.key("port").is_some())
    };
    drafts.iter().filter(is_served).map(|draft| draft.id).collect()
}

/// The app's mount as `$PREFIX` tells it, none at the root, and what becomes of it.
fn mount_of<'a>(
    draft: &Draft<'a>,
    routed: &BTreeMap<AppId, Option<Routed<'a>>>,
) -> (Option<String>, prefix::Said<'a>) {
    let said = draft.section.map_or(prefix::Said::Nothing, prefix::Said::of);
    let own = draft.mount.as_ref().map(|mount| mount.path.value.trim_end_matches('/').to_owned());
    match (own, routed.get(&draft.id).and_then(Option::as_ref)) {
        (Some(own), _) => (Some(own).filter(|prefix| !prefix.is_empty()), said),
        (None, Some(routed)) => (Some(routed.prefix.clone()), routed.said),
        (None, None) => (None, said),
    }
}

fn spec(
    draft: &Draft<'_>,
    section: &Section,
    (listening, said): (Listening, prefix::Said<'_>),
    weight: Weight,
    names: Names<'_>,
    context: &mut Context<'_>,
) -> AppSpec {
    develop::check(section, context);
    let (command, dir, environment) = program(draft.run, section, context);
    let patient = Patient { name: draft.name.value, section, listening: &listening };
    let readiness = health::readiness(patient, context);
    let liveness = health::liveness(patient, context);
    let replicas = policy::replicas(draft.name.value, section, &listening, context);
    let replace = policy::replace(section, &listening, context);
    let (start, stop_after_idle) = policy::laziness(draft.name.value, section, &listening, context);
    AppSpec {
        id: draft.id,
        name: Arc::from(draft.name.value),
        place: context.source.place(draft.name.span),
        dir,
        environment,
        isolation: Arc::new(isolation::isolation(section, context)),
        listening,
        prefix_mode: said.for_app(&command).mode,
        command,
        readiness,
        liveness,
        start_timeout: section.duration("start_timeout").unwrap_or(START_TIMEOUT),
        restart: policy::restart(section, context),
        stop: policy::stop(section, context),
        success: policy::success(section),
        weight,
        cap: policy::cap(section),
        replicas,
        replace,
        start,
        stop_after_idle,
        needs: needs::of(("app", draft.name.value), section, names, context),
        watch: develop::watch(section, context),
    }
}

/// What is run, where, and with which variables.
pub(super) fn program(
    run: Option<&Node>,
    section: &Section,
    context: &mut Context<'_>,
) -> (Command, PathBuf, Environment) {
    let dir = dir(section, context);
    let environment = environment(section, context);
    let command = run.map(|run| (run.span, command::parse(run)));
    let command = match command {
        Some((span, Ok(command))) => {
            let path = search_path(&environment);
            if context.has_disk() && dir.is_dir() {
                let found = command::look_up(&command, &dir, path.as_deref(), span);
                context.errors.extend(found.err());
            }
            command
        }
        Some((_, Err(error))) => {
            let moved = run.and_then(|run| without_assignments(run, section, context));
            context.errors.push(error.fix(moved.map(Fix::of)));
            Command::Exec(Vec::new())
        }
        None => Command::Exec(Vec::new()),
    };
    (command, dir, environment)
}

/// The variables in front of the command moved into `env`.
fn without_assignments(run: &Node, section: &Section, context: &Context<'_>) -> Option<Vec<Edit>> {
    let Value::Text(line) = &run.value else { return None };
    let (env, rest) = command::assignments(line)?;
    let text = quoted(&rest);
    let command = |text: String| Edit { span: run.span, text };
    let Some(key) = section.key("run") else {
        // The app is nothing but its command: `web = "A=1 node x"`.
        let name = context.source.line(run.span).split('=').next().unwrap_or("").trim();
        let path = if name == "web" { String::new() } else { name.to_owned() };
        let table = format!("{{ run = {text}, env = {env}, path = {} }}", quoted(&format!("/{path}")));
        return Some(vec![command(table)]);
    };
    let beside = surgery::put_beside(context.source, key, run.span, &format!("env = {env}"))?;
    if beside.span.start == run.span.end {
        return Some(vec![command(format!("{text}{}", beside.text))]);
    }
    Some(vec![command(text), beside])
}

fn dir(section: &Section, context: &mut Context<'_>) -> PathBuf {
    let Some(written) = section.text("dir") else { return context.folder.to_owned() };
    let dir: PathBuf = context.folder.join(written.value).components().collect();
    if context.has_disk() && !dir.is_dir() {
        context.errors.push(no_folder(&dir, written));
    }
    dir
}

fn no_folder(dir: &Path, written: Located<&str>) -> ConfigError {
    if dir.exists() {
        let fact = format!("{} is a file, not a folder", dir.display());
        return ConfigError::new(Code::DirMissing, written.span, fact)
            .remedy("dir is the folder that the command is run in");
    }
    let error =
        ConfigError::new(Code::DirMissing, written.span, format!("there is no folder {}", dir.display()));
    let siblings = folder_names(dir.parent());
    let wanted = dir.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    match suggest::nearest(&wanted, siblings.iter().map(String::as_str)) {
        _ if written.value.starts_with('~') => {
            let meant = written.value.replacen('~', "${HOME}", 1);
            error.remedy("`~` is not expanded: write ${HOME}").replace(written.span, quoted(&meant))
        }
        Some(near) => {
            let meant = match written.value.trim_end_matches('/').rsplit_once('/') {
                Some((before, _)) => format!("{before}/{near}"),
                None => near.to_owned(),
            };
            error.remedy(format!("did you mean {near}?")).replace(written.span, quoted(&meant))
        }
        None => error.remedy("create it; a relative path starts at the folder of this file"),
    }
}

fn folder_names(parent: Option<&Path>) -> Vec<String> {
    let entries = parent.and_then(|parent| parent.read_dir().ok());
    let folders = entries.into_iter().flatten().flatten().filter(|entry| entry.path().is_dir());
    folders.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

/// The PATH the app will see, without the app's own folders in front.
fn search_path(environment: &Environment) -> Option<String> {
    let own = environment.own.iter().find(|(name, _)| name == "PATH").and_then(|(_, path)| path.text());
    own.or_else(|| {
        let inherited = environment.inherited.iter().find(|(name, _)| name == "PATH");
        inherited.and_then(|(_, path)| path.to_str()).map(str::to_owned)
    })
}

fn check_ports(drafts: &[Draft<'_>], public: &[u16], context: &mut Context<'_>) {
    let mut taken: BTreeMap<i64, (Span, &str)> = BTreeMap::new();
    for draft in drafts {
        let Some(port) = draft.section.and_then(|section| section.int("port")) else { continue };
        let name = draft.name.value;
        if public.iter().any(|public| i64::from(*public) == port.value) {
            let fact = format!("app \"{name}\": port {} is the door's own", port.value);
            let error = ConfigError::new(Code::PortPublic, port.span, fact);
            let error = match context.listen {
                Some(place) => error.also(place, "the door's"),
                None => error,
            };
            context
                .errors
                .push(error.remedy("leave it out and onedoor will choose, or change server.listen"));
        }
        match taken.get(&port.value) {
            Some((first, other)) => {
                let fact = format!("app \"{name}\": port {} is already given to app \"{other}\"", port.value);
                let error = ConfigError::new(Code::PortTaken, port.span, fact).also(*first, "given here");
                context
                    .errors
                    .push(error.remedy("choose another, or leave both out and onedoor will choose"));
            }
            None => drop(taken.insert(port.value, (port.span, name))),
        }
    }
}

fn listening(
    section: &Section,
    is_served: bool,
    prefix: Option<String>,
    context: &mut Context<'_>,
) -> Listening {
    if !is_served {
        return Listening::Nowhere;
    }
    let port = section.int("port");
    let activated = section.text("socket").is_some_and(|word| word.value == "activate");
    let socket = section.flag("socket");
    if let (Some(port), true) = (&port, activated || socket == Some(true)) {
        let place = section.key("socket").unwrap_or_default();
        let error = ConfigError::new(Code::Contradiction, place, "an app has a port or a socket, not both");
        context.errors.push(error.also(port.span, "the port").remedy("keep one of them"));
    }
    match (port.and_then(|port| u16::try_from(port.value).ok()), socket) {
        _ if activated => Listening::Handed { prefix },
        (_, Some(true)) => Listening::UnixSocket { prefix },
        (Some(port), _) => Listening::FixedPort { port, prefix },
        (None, Some(false)) => Listening::PrivatePort { prefix },
        (None, None) => Listening::Auto { prefix },
    }
}
