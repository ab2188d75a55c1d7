//! Every default and every cross-check: from the file's sections to what each part wants.
//!
//! The order: the server (its ports and its stop budget are asked about later), the apps' names and mounts, the routes,
//! which name apps, and last the specs of apps and jobs, which depend on who is served. Mistakes are collected, never thrown: the
//! next check still runs. The only I/O is looking whether folders and programs are there.

mod answer;
mod app;
mod app_spec;
mod build;
mod command;
mod develop;
mod environment;
mod files;
mod health;
mod isolation;
mod job;
mod log;
mod needs;
mod platform;
mod policy;
mod prefix;
mod route;
mod secrets;
mod server;
mod shell_only;
mod siblings;
mod table;
mod traps;
mod trust;
mod upstream;
mod when;

pub(crate) use table::TableRow;

/// Where this runs, and how long a stop may take there.
pub(crate) fn platform_of(env: &Env) -> (String, Duration) {
    let platform = platform::Platform::of(env);
    (platform.show(), platform.stop_budget())
}

use self::siblings::Siblings;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use onedoor_draft::Build;

use super::code::Severity;
use super::env::Env;
use super::error::{Code, ConfigError, Warnings};
use super::fix::Fix;
use super::section::Section;
use super::several;
use super::source::{Located, Source, Span};
use super::surgery;
use crate::apps::spec;
use crate::observe::log::LogConfig;
use crate::proxy::config as proxy;

/// Whether folders and programs are looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Disk {
    Real,
    /// A pure check of a text: everything named is taken to be there.
    Untouched,
}

/// What every check may ask, and where it says what it found.
pub(super) struct Context<'a> {
    pub(super) source: &'a Source,
    pub(super) env: &'a Env,
    pub(super) disk: Disk,
    /// The file's own folder, absolute: relative paths start here.
    pub(super) folder: &'a Path,
    pub(super) stop_budget: Duration,
    /// Where the file says on what the door listens.
    pub(super) listen: Option<Span>,
    /// The apps that are not enabled, and where that is said.
    pub(super) disabled: BTreeMap<String, Span>,
    /// The container's variables that only those who name them as a secret may see.
    pub(super) secret_variables: BTreeSet<String>,
    pub(super) siblings: Siblings,
    pub(super) errors: Vec<ConfigError>,
    pub(super) warnings: Vec<ConfigError>,
}

impl Context<'_> {
    fn has_disk(&self) -> bool {
        self.disk == Disk::Real
    }

    fn warn(&mut self, trap: ConfigError) {
        debug_assert_eq!(trap.code.severity(), Severity::Warning, "{:?}", trap.code);
        self.warnings.push(trap);
    }
}

/// Without the entry `key` of `section`.
fn take_out(section: &Section, key: &str, context: &Context<'_>) -> Option<Fix> {
    let entry = section.entries.iter().find(|entry| entry.key.value == key)?;
    let value = entry.node.as_ref()?.span;
    surgery::take_out(context.source, entry.key.span, value).map(|edit| Fix::of(vec![edit]))
}

/// Without one item of the list at `key`, or without the whole entry where the item is all of it.
fn take_out_of_list(section: &Section, key: &str, item: Span, context: &Context<'_>) -> Option<Fix> {
    if section.list(key)?.len() > 1 {
        return surgery::take_out(context.source, item, item).map(|edit| Fix::of(vec![edit]));
    }
    take_out(section, key, context)
}

/// What is wrong with a text where a list may stand is most often that it is several.
fn apart(error: ConfigError, section: &Section, key: &str, item: Located<&str>) -> ConfigError {
    let Some(listed) = several::listed(item.value) else { return error };
    let is_whole = section.node(key).is_some_and(|node| node.span == item.span);
    let items = listed.trim_matches(['[', ']']);
    let text = if is_whole { &listed } else { items };
    let error = ConfigError { fixes: Vec::new(), ..error };
    error.remedy(format!("several stand in a list: {text}")).replace(item.span, text)
}

/// The smallest file that works, for messages.
pub(crate) const EXAMPLE: &str = "[apps]\nweb = \"uvicorn main:app\"      # served at /\napi = \"node server.js\"        # served at /api\n";

/// What the file means: each part's own configuration, every default filled in.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) name: Option<Arc<str>>,
    pub(crate) proxy: proxy::Config,
    pub(crate) apps: spec::Config,
    /// How each app gets into an image, in the order of the apps.
    pub(crate) builds: Vec<Build>,
    pub(crate) log: LogConfig,
    /// Where the operator wants the control socket.
    pub(crate) control_socket: Option<PathBuf>,
    /// A path of the door's own that answers how it is: of `builtin = "ready"`, else of `"health"`.
    pub(crate) health_path: Option<String>,
    /// What is shown at start: where → what.
    pub(crate) table: Vec<TableRow>,
    pub(crate) warnings: Warnings,
}

/// What the file means. It is worth something only if `context.errors` is empty afterwards.
pub(super) fn resolve(file: &Section, context: &mut Context<'_>) -> Loaded {
    let nothing_to_do = ["apps", "routes", "jobs"].iter().all(|table| is_empty(file.table(table)));
    let is_said = context.errors.iter().any(|error| error.code == Code::EmptyFile);
    if nothing_to_do && !file.is_flawed() && !is_said {
        let fact = "the file has neither an app nor a route nor a job";
        let error = ConfigError::new(Code::EmptyFile, Span::default(), fact);
        context.errors.push(error.remedy(format!("the smallest one that works:\n\n{}", EXAMPLE.trim_end())));
    }
    let nothing = Section::empty("server");
    let mut server = server::server(file.table("server").unwrap_or(&nothing), context);
    server.listen = develop::listen(server.listen, file.table("apps"), context);
    context.stop_budget = server.stop_budget;
    context.listen = file.table("server").and_then(|server| server.key("listen"));
    let public: Vec<u16> = server.public_ports().collect();

    context.disabled = app::disabled(file.table("apps"));
    let drafts = app::drafts(file.table("apps"), context);
    let jobs = job::drafts(file.table("jobs"), &drafts, context);
    let routes = route::drafts(file.table("routes"), &drafts, context);
    let routed = route::apps_routed(&routes);
    let sections = drafts.iter().filter_map(|draft| draft.section);
    let sections = sections.chain(jobs.iter().map(|job| job.section));
    context.secret_variables = secrets::secret_variables(sections);
    let names = needs::Names { apps: &drafts, jobs: &jobs };
    let served = app_spec::served(&drafts, &routed);
    context.siblings = Siblings::of(&drafts, &served, &jobs);
    let apps = app_spec::specs(names, &routed, &served, &public, context);
    let builds = build::builds(&drafts, &apps, context);
    let job_sections: Vec<_> = jobs.iter().map(|job| (job.name.value, job.section)).collect();
    let (jobs, job_rows) = job::specs(names, context);
    needs::check_circles(&apps, &jobs, names, context);
    let mut built = table::build((&drafts, &apps), routes, (&public, server.limits.body_max), context);
    for (draft, app) in drafts.iter().zip(&apps) {
        traps::of_app(app, draft, &public, context);
    }
    traps::of_jobs(&job_sections, context);
    traps::nobody_counts(&drafts, &apps, context);
    traps::of_platform(file, &server.listen, context);
    built.rows.extend(job_rows);
    let members = apps.iter().chain(jobs.iter().map(|job| &job.worker));
    let name_width = members.map(|member| member.name.len()).max().unwrap_or(0);
    let numbers = (built.routes.all().len(), server.limits.body_max);
    let side_doors = siblings::side_doors(&drafts, &apps, &jobs, numbers);
    let (log, access_log) = log::log(file.table("log"), name_width);
    let log = develop::log(log, context);

    Loaded {
        name: file.text("name").map(|name| Arc::from(name.value)),
        proxy: proxy::Config {
            listen: server.listen,
            workers: server.workers,
            limits: server.limits,
            timeouts: server.timeouts,
            trusted_peers: server.trusted_peers,
            proxy_protocol: server.proxy_protocol,
            via: server.via,
            access_log: develop::access_log(access_log, context),
            candour: develop::candour(&apps, context),
            routes: Arc::new(built.routes),
            side_doors,
            upstreams: built.upstreams,
        },
        apps: spec::Config { apps, jobs, stop_budget: server.stop_budget },
        builds,
        log,
        control_socket: file
            .table("admin")
            .and_then(|admin| admin.text("socket"))
            .map(|path| context.folder.join(path.value)),
        health_path: built.health_path,
        table: built.rows,
        warnings: Warnings::new(context.source, std::mem::take(&mut context.warnings)),
    }
}

fn is_empty(section: Option<&Section>) -> bool {
    section.is_none_or(|section| section.entries.is_empty())
}
