//! The route table: the apps' own mounts and the file's routes together, their rewriting, the servers they go to, and
//! the clashes between them.

use std::path::PathBuf;
use std::sync::Arc;

use super::app::{AppTerms, Draft as AppDraft, Mount};
use super::prefix::{self, Change, Chosen, Said};
use super::route::{Draft, Standing, Target, mount_error, pattern_error, route_policy, within};
use super::{Context, answer, develop, files, take_out, traps, upstream, when};
use crate::apps::spec::AppSpec;
use crate::config::error::{Code, ConfigError};
use crate::config::fix::quoted;
use crate::config::section::Section;
use crate::config::source::{Located, Span};
use crate::proxy::config::{Origin, TlsTrust, UpstreamSpec};
use crate::proxy::route::{
    Action, Builtin, Conflict, ConflictKind, Pattern, Redirect, Rewrite, RewriteError, RewriteFault, Route,
    RoutePolicy, RouteSpec, Routes, UpstreamHost, UpstreamId, When,
};
use crate::registry::AppId;

const ROUTES_MOST: usize = 10_000;
/// The method and the body are kept, and no browser remembers it for ever.
const REDIRECT_STATUS: u16 = 307;

/// One line of the table shown at start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TableRow {
    /// `/google/*`; empty for a worker.
    pub(crate) at: String,
    /// `https://google.com (strip)`, `app python`, `built-in health`
    pub(crate) what: String,
    /// `onedoor.toml:7`
    pub(crate) place: Arc<str>,
    /// The framework that was asked what becomes of the prefix (`prefix = "auto"`).
    pub(crate) asked: Option<&'static str>,
    /// Who answers, if it is an app.
    pub(crate) app: Option<AppId>,
}

pub(super) struct Built {
    pub(super) routes: Routes,
    pub(super) upstreams: Vec<UpstreamSpec>,
    pub(super) rows: Vec<TableRow>,
    pub(super) health_path: Option<String>,
}

/// What is known so far, while routes are added.
struct Table<'c, 'x> {
    context: &'c mut Context<'x>,
    /// Each with the place it was written at.
    specs: Vec<(RouteSpec, Span)>,
    upstreams: Vec<UpstreamSpec>,
    rows: Vec<TableRow>,
    body_max: Option<u64>,
    public: &'c [u16],
    /// The finished apps, for what their commands start.
    apps: &'c [AppSpec],
}

pub(super) fn build(
    (apps, specs): (&[AppDraft<'_>], &[AppSpec]),
    routes: Vec<Draft<'_>>,
    (public, body_max): (&[u16], Option<u64>),
    context: &mut Context<'_>,
) -> Built {
    let named: Vec<_> = routes.iter().filter_map(|route| route.app()).collect();
    let mut table = Table {
        context,
        specs: Vec::new(),
        upstreams: Vec::new(),
        rows: Vec::new(),
        body_max,
        public,
        apps: specs,
    };
    for app in apps {
        match &app.mount {
            Some(mount) => table.mount(app, mount),
            None if named.contains(&app.id) => {}
            None if apps.len() > 1 => table.unmounted(app, Others::Ask),
            None => table.unmounted(app, Others::AreNone),
        }
    }
    for route in routes.into_iter().take(ROUTES_MOST) {
        table.route(route, apps);
    }
    let Table { context, specs, upstreams, rows, .. } = table;
    let more = develop::routes(apps, &specs, body_max, context);
    let (specs, places): (Vec<_>, Vec<_>) = specs.into_iter().chain(more).unzip();
    let redirects: Vec<_> = specs
        .iter()
        .zip(&places)
        .filter(|(spec, _)| matches!(spec.route.action, Action::Redirect(_)) && spec.when.is_empty())
        .map(|(spec, place)| (spec.pattern.written().to_owned(), *place))
        .collect();
    let health_path = health_path(&specs);
    let builtins = traps::Builtins::of(&specs, &places);
    let names: Vec<Arc<str>> = specs.iter().map(|spec| Arc::clone(&spec.route.name)).collect();
    let routes = Routes::build(specs).unwrap_or_else(|conflicts| {
        let told = conflicts.iter().map(|conflict| clash(conflict, &names, &places));
        context.errors.extend(told);
        Routes::default()
    });
    if !context.env.is_for_development() {
        builtins.hidden(&routes).into_iter().for_each(|trap| context.warn(trap));
    }
    for (written, place) in redirects {
        if traps::goes_round(&routes, &written) {
            let fact = format!("the redirect of {written} leads back to itself: a client would go round");
            let trap = ConfigError::new(Code::RedirectLoop, place, fact);
            context.warn(trap.remedy("redirect to a path that this route does not take"));
        }
    }
    Built { routes, upstreams, rows, health_path }
}

/// A path that can be asked as it is written: no host, no method, nothing that stands for something else.
fn health_path(specs: &[RouteSpec]) -> Option<String> {
    let of = |wanted| {
        let is_it =
            |spec: &&RouteSpec| matches!(spec.route.action, Action::Builtin(builtin) if builtin == wanted);
        let always = specs.iter().filter(|spec| spec.when.is_empty());
        let mut written = always.filter(is_it).map(|spec| spec.pattern.written());
        written.find(|path| path.starts_with('/') && !path.contains(['*', '{', ' ']))
    };
    of(Builtin::Ready).or_else(|| of(Builtin::Health)).map(str::to_owned)
}

fn clash(conflict: &Conflict, names: &[Arc<str>], places: &[Span]) -> ConfigError {
    let Conflict { first, second, kind } = conflict;
    let name = |index: &usize| names.get(*index).map_or("", |name| &**name);
    let place = |index: &usize| places.get(*index).copied().unwrap_or_default();
    let (first_name, second_name) = (name(first), name(second));
    match kind {
        ConflictKind::Duplicate => {
            let fact = format!("`{second_name}` asks for exactly what `{first_name}` asks for");
            ConfigError::new(Code::RouteDuplicate, place(second), fact)
                .also(place(first), "the first")
                .remedy("keep one of them, or give one another path, method, host or `when`")
        }
        ConflictKind::Shadowed => {
            let fact = format!("`{second_name}` is never used: `{first_name}` takes all that it matches");
            ConfigError::new(Code::RouteShadowed, place(second), fact)
                .also(place(first), "this one ranks higher")
                .remedy("take it out, or let it ask for something that the other does not")
        }
        ConflictKind::TooLarge => {
            let fact = format!(
                "from `{second_name}` on the regexes are too many, and too large, to be held against one another"
            );
            ConfigError::new(Code::TooMany, place(second), fact)
                .also(place(first), "where that was given up")
                .remedy("ask for exact values, or let the regexes begin with what tells them apart")
        }
        ConflictKind::Tie { example, when } => {
            let with = if when.is_empty() { "" } else { " with " };
            let fact = format!(
                "`{second_name}` and `{first_name}` tie: both match {example}{with}{}",
                when.join(" and ")
            );
            ConfigError::new(Code::RouteTie, place(second), fact)
                .also(place(first), "the other")
                .remedy("say which wins: priority = 1")
        }
    }
}

/// Who could ask an app without a route.
#[derive(Clone, Copy)]
enum Others {
    Ask,
    AreNone,
}

impl Table<'_, '_> {
    /// An app that has a path or a host of its own.
    fn mount(&mut self, app: &AppDraft<'_>, mount: &Mount<'_>) {
        let nothing = Section::empty("apps.*");
        let section = app.section.unwrap_or(&nothing);
        let path = Located::new(&*mount.path.value, mount.path.span);
        let pattern = Pattern::mount(path.value).map_err(|error| mount_error(path, &error, self.context));
        let pattern = match (pattern, mount.host) {
            (Ok(pattern), Some(host)) => {
                pattern.at_host(host.value).map_err(|error| pattern_error(host, &error, self.context))
            }
            (pattern, _) => pattern,
        };
        let pattern = match pattern {
            Ok(pattern) => pattern,
            Err(error) => return self.context.errors.push(error),
        };
        prefix::check_one(section, self.context);
        let chosen = self.chosen(&pattern, Said::of(section), app.id);
        let Some(rewrite) = self.rewrite(&pattern, chosen.change, None) else { return };
        let action = Action::App { app: app.id, host: UpstreamHost::Keep, rewrite };
        let what = What { text: format!("app {}{}", app.name.value, chosen.note()), asked: chosen.because };
        let policy = route_policy(None, self.body_max, app.terms());
        let rank = (When::default(), 0);
        self.push(pattern, rank, (mount.name.clone(), mount.path.span), (action, policy), what);
    }

    /// An app no request gets to by a route: a worker, or one that only its siblings know.
    fn unmounted(&mut self, app: &AppDraft<'_>, others: Others) {
        let place = self.context.source.place(app.name.span);
        let port = app.section.and_then(|section| section.int("port"));
        let what = match (port, others) {
            (Some(port), Others::Ask) => {
                format!("app {} on port {}, for the other apps", app.name.value, port.value)
            }
            (Some(port), Others::AreNone) => {
                let fact =
                    format!("app \"{}\" listens on {}, but no route leads to it", app.name.value, port.value);
                let trap = ConfigError::new(Code::Unreachable, port.span, fact);
                self.context
                    .warn(trap.remedy("give it a path or a host, or a route; a worker needs no port"));
                format!("app {} on port {}, without a route", app.name.value, port.value)
            }
            (None, _) => format!("worker {}", app.name.value),
        };
        self.rows.push(TableRow { at: String::new(), what, place, asked: None, app: Some(app.id) });
    }

    fn route(&mut self, draft: Draft<'_>, apps: &[AppDraft<'_>]) {
        let place = draft.place();
        let Draft { key, standing, section, pattern, target } = draft;
        let policy = route_policy(Some(section), None, AppTerms::NONE).encoded_slash;
        let of_key = [traps::foreign_capture(key), traps::bare_host(key), traps::encoded_slash(key, policy)];
        let of_target = [section.text("rewrite"), section.text("redirect")].into_iter().flatten();
        let of_target = of_target.filter_map(|to| traps::foreign_target(&pattern, to));
        for trap in of_key.into_iter().flatten().chain(of_target) {
            self.context.warn(trap);
        }
        let Some((action, what)) = self.action((&pattern, key.span), section, target) else { return };
        let terms = match target {
            Target::App { app, .. } => apps.get(usize::from(app.0)).map_or(AppTerms::NONE, AppDraft::terms),
            Target::Proxy(_)
            | Target::Respond(_)
            | Target::Redirect(_)
            | Target::Builtin(_)
            | Target::Files(_) => AppTerms::NONE,
        };
        let Some(when) = when::when(section, self.context) else { return };
        if section.is_flawed() {
            // What was wrong may be what tells it from another route (`when`, `priority`): no clash is sure.
            return;
        }
        let policy = route_policy(Some(section), self.body_max, terms);
        let priority =
            section.int("priority").and_then(|number| i32::try_from(number.value).ok()).unwrap_or(0);
        let condition = condition_note(&when);
        let what = What { text: format!("{}{condition}", what.text), ..what };
        // Counters and log lines tell routes apart by their names.
        let name = match standing {
            Standing::Alone => key.value.to_owned(),
            Standing::OneOfSeveral(_) => format!("{}{condition}", key.value),
        };
        self.push(pattern, (when, priority), (name, place), (action, policy), what);
    }

    fn push(
        &mut self,
        pattern: Pattern,
        (when, priority): (When, i32),
        (name, span): (String, Span),
        (action, policy): (Action, RoutePolicy),
        what: What,
    ) {
        let place = self.context.source.place(span);
        let app = match &action {
            Action::App { app, .. } => Some(*app),
            Action::Proxy { .. }
            | Action::Respond(_)
            | Action::Redirect(_)
            | Action::Builtin(_)
            | Action::Files(_) => None,
        };
        let at = pattern.written().to_owned();
        self.rows.push(TableRow { at, what: what.text, place: Arc::clone(&place), asked: what.asked, app });
        let route = Route { name: Arc::from(name), place, action, policy };
        self.specs.push((RouteSpec { pattern, when, priority, route }, span));
    }

    fn action(
        &mut self,
        (pattern, key): (&Pattern, Span),
        section: &Section,
        target: Target<'_>,
    ) -> Option<(Action, What)> {
        match target {
            Target::App { app, name } => {
                let chosen = self.chosen(pattern, Said::of(section), app);
                let rewrite = self.rewrite(pattern, chosen.change, Some(key))?;
                if let Some(host) = section.text("host").filter(|host| host.value == "upstream") {
                    self.no_name_of_its_own(section, host.span, "an app");
                }
                let action = Action::App { app, host: UpstreamHost::Keep, rewrite };
                let text = format!("app {name}{}", chosen.note());
                Some((action, What { text, asked: chosen.because }))
            }
            Target::Proxy(url) => self.proxy((pattern, key), section, url),
            Target::Respond(text) => {
                let answer = match section.table("respond") {
                    Some(table) => {
                        answer::fixed_answer(table, None, self.context.source, &mut self.context.errors)
                    }
                    None => {
                        answer::fixed_answer(section, text, self.context.source, &mut self.context.errors)
                    }
                };
                let what = format!("answer {}, {} bytes", answer.status, answer.body.len());
                Some((Action::Respond(answer), what.into()))
            }
            Target::Redirect(to) => {
                let status = section.int("status");
                let number =
                    status.and_then(|status| u16::try_from(status.value).ok()).unwrap_or(REDIRECT_STATUS);
                let place = status.map_or(to.span, |status| status.span);
                match Redirect::new(pattern, number, to.value) {
                    Ok(redirect) => {
                        Some((Action::Redirect(redirect), format!("{number} to {}", to.value).into()))
                    }
                    Err(error @ RewriteError { fault: RewriteFault::Status(_), .. }) => {
                        let found = ConfigError::new(Code::RouteRewrite, place, error.fault.to_string());
                        let gone = take_out(section, "status", self.context);
                        self.context.errors.push(found.remedy("leave it out for 307").fix(gone));
                        None
                    }
                    Err(error) => {
                        let found = self.rewrite_error(&error, to);
                        let trap = traps::foreign_target(pattern, to);
                        self.context.errors.push(found.advised_by(trap));
                        None
                    }
                }
            }
            Target::Files(folder) => {
                let files = files::of(pattern, key, section, folder, self.context)?;
                let what = files::shown(&files);
                Some((Action::Files(Arc::new(files)), what.into()))
            }
            Target::Builtin(builtin) => {
                Some((Action::Builtin(builtin), format!("built-in {}", builtin.word()).into()))
            }
        }
    }

    fn proxy(
        &mut self,
        (pattern, key): (&Pattern, Span),
        section: &Section,
        url: Located<&str>,
    ) -> Option<(Action, What)> {
        let trust = self.tls_trust(section);
        let target = match upstream::parse(url, trust, self.context.folder) {
            Ok(target) => target,
            Err(error) => {
                self.context.errors.push(error);
                return None;
            }
        };
        if let (Some(tls), Origin::Http { .. } | Origin::Unix { .. }) = (section.key("tls"), &target.origin) {
            let fact = format!("`tls` has no meaning for {}", url.value);
            let error = ConfigError::new(Code::Contradiction, tls, fact).also(url.span, "the target");
            self.context.errors.push(error.remedy("leave it out, or write https:// in the target"));
        }
        if self.is_the_door(&target.origin) {
            let fact = format!("{} is the door's own port: it would call itself", url.value);
            let error = ConfigError::new(Code::Contradiction, url.span, fact);
            self.context.errors.push(error.remedy("to send requests to an app, write app = \"NAME\""));
        }
        let chosen = Said::of(section).without_app();
        let rewrite = match self.rewrite(pattern, chosen.change, Some(key))?.with_base(&target.base) {
            Ok(rewrite) => rewrite,
            Err(error) => {
                self.context.errors.push(ConfigError::new(Code::BadUrl, url.span, error.fault.to_string()));
                return None;
            }
        };
        let wanted = section.text("host");
        if let (None, Some(host)) = (&target.authority, wanted.filter(|host| host.value == "upstream")) {
            self.no_name_of_its_own(section, host.span, "a Unix socket");
        }
        let keep = wanted.is_some_and(|host| host.value == "keep");
        let host = match (target.authority, keep) {
            (Some(authority), false) => UpstreamHost::Upstream(authority),
            (Some(_), true) | (None, _) => UpstreamHost::Keep,
        };
        let upstream = self.upstream(target.origin, url.value);
        let what = format!("{}{}", url.value, chosen.note());
        Some((Action::Proxy { upstream, host, rewrite }, what.into()))
    }

    fn no_name_of_its_own(&mut self, section: &Section, place: Span, who: &str) {
        let fact = format!("{who} has no host name of its own that could be sent");
        let error = ConfigError::new(Code::Contradiction, place, fact);
        let gone = take_out(section, "host", self.context);
        self.context.errors.push(error.remedy("leave `host` out: the client's is kept").fix(gone));
    }

    fn tls_trust(&mut self, section: &Section) -> TlsTrust {
        let Some(ca) = section.table("tls").and_then(|tls| tls.text("ca")) else { return TlsTrust::System };
        let file: PathBuf = self.context.folder.join(ca.value);
        if self.context.has_disk() && !file.is_file() {
            let error =
                ConfigError::new(Code::FileMissing, ca.span, format!("there is no file {}", file.display()));
            self.context.errors.push(error.remedy("tls.ca is a PEM file, looked for from the file's folder"));
        }
        TlsTrust::Ca(file)
    }

    fn is_the_door(&self, origin: &Origin) -> bool {
        match origin {
            Origin::Http { host, port } | Origin::Https { host, port, .. } => {
                matches!(&**host, "localhost" | "127.0.0.1" | "::1") && self.public.contains(port)
            }
            Origin::Unix { .. } => false,
        }
    }

    /// The same server is one upstream, however many routes lead there: they share its connections.
    fn upstream(&mut self, origin: Origin, written: &str) -> UpstreamId {
        let index = self.upstreams.iter().position(|known| known.origin == origin).unwrap_or_else(|| {
            self.upstreams.push(UpstreamSpec { origin, written: Arc::from(written) });
            self.upstreams.len() - 1
        });
        UpstreamId(u16::try_from(index).unwrap_or(u16::MAX))
    }

    /// What is done with the app's prefix. At the root there is none, and nobody need be asked.
    fn chosen<'a>(&mut self, pattern: &Pattern, said: Said<'a>, app: AppId) -> Chosen<'a> {
        let app = self.apps.get(usize::from(app.0)).filter(|_| pattern.mount_prefix().as_deref() != Some(""));
        let Some(app) = app else { return said.without_app() };
        if let Some(place) = said.unanswered(&app.command) {
            let fact = format!(
                "app \"{}\": nothing is known of what `{}` wants of its prefix, so it is kept",
                app.name, app.command
            );
            let trap = ConfigError::new(Code::PrefixUnknown, place, fact);
            self.context.warn(trap.remedy("say prefix = \"strip\" or \"keep\""));
        }
        said.for_app(&app.command)
    }

    /// What becomes of the path; None: it does not fit, and that was said. `key`: the route's.
    fn rewrite(&mut self, pattern: &Pattern, change: Change<'_>, key: Option<Span>) -> Option<Rewrite> {
        let (made, written) = match change {
            Change::Rewrite(to) => (Rewrite::to(pattern, to.value), to),
            Change::StripNamed(prefix) => (Rewrite::strip_named(pattern, prefix.value), prefix),
            Change::Strip(place) => (Rewrite::strip(pattern), Located::new("", place)),
            Change::Keep => return Some(Rewrite::keep()),
        };
        let error = match made {
            Ok(rewrite) => return Some(rewrite),
            Err(error) => error,
        };
        let found = self.rewrite_error(&error, written);
        let found = match (&error.fault, key) {
            (RewriteFault::StripWithoutMount(path), Some(key)) if !path.contains('{') => {
                let mount = format!("{}/*", path.trim_end_matches('/'));
                found.remedy(format!("as a mount: \"{mount}\"")).replace(key, quoted(&mount))
            }
            (RewriteFault::NotAPrefix { .. }, _) => found.replace(written.span, "true"),
            _ => found,
        };
        let trap = traps::foreign_target(pattern, written);
        self.context.errors.push(found.advised_by(trap));
        None
    }

    fn rewrite_error(&self, error: &RewriteError, written: Located<&str>) -> ConfigError {
        let place = within(written, &error.range, self.context);
        let found = ConfigError::new(Code::RouteRewrite, place, error.fault.to_string());
        let remedy = match (&error.fix, &error.fault) {
            (Some(fix), _) => {
                return found.remedy(format!("write \"{fix}\"")).replace(written.span, quoted(fix));
            }
            (None, RewriteFault::StripWithoutMount(path)) => format!("as a mount: \"{path}/*\""),
            (None, RewriteFault::NotAPrefix { .. }) => "strip = true cuts off the whole mount".to_owned(),
            (None, RewriteFault::UnknownCapture { known, .. }) => match &known[..] {
                [] => "a capture is a segment in braces: \"/users/{id}\"".to_owned(),
                [only] => {
                    let meant = format!("{{{only}}}");
                    let whole =
                        written.value.get(..error.range.start).zip(written.value.get(error.range.end..));
                    let text = whole.map(|(before, after)| {
                        let braces =
                            written.value.get(error.range.clone()).is_some_and(|text| text.starts_with('{'));
                        if braces {
                            format!("{before}{meant}{after}")
                        } else {
                            format!("{before}{only}{after}")
                        }
                    });
                    let found = found.remedy(format!("the only one is {meant}"));
                    return match text {
                        Some(text) => found.replace(written.span, quoted(&text)),
                        None => found,
                    };
                }
                known => format!("there are: {{{}}}", known.join("}, {")),
            },
            (None, _) => return found,
        };
        found.remedy(remedy)
    }
}

/// ` when header X-Canary = "1"`, for the start table.
fn condition_note(when: &When) -> String {
    match &*when.show() {
        [] => String::new(),
        conditions => format!(" when {}", conditions.join(" and ")),
    }
}

/// What a row of the table says of its route.
struct What {
    text: String,
    asked: Option<&'static str>,
}

impl From<String> for What {
    fn from(text: String) -> Self {
        Self { text, asked: None }
    }
}
