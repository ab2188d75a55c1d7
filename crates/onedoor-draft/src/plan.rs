//! From what was found to what is to be written: names, mounts, prefixes, each with its reason.
//!
//! Pure. Where two readings are possible the safe one is taken and a note says so; nothing is decided silently.

use super::detect::{Fallback, Found, Knows, Missing, PrefixHabit, Reason, Role, knows, survey};
use crate::draft::{Draft, Entry, Value};
use crate::folder::{Tree, base, join};

/// Folders that a project's pages live in, best first. The root itself stands before them.
const FRONTS: [&str; 7] = ["web", "frontend", "client", "ui", "site", "app", "root"];

const NAME_MOST: usize = 40;

/// What is to be started and served, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// In the order of their folders.
    pub apps: Vec<App>,
    /// What runs at the start, before the apps.
    pub jobs: Vec<App>,
    /// What is missing for the apps to start, each with its remedy.
    pub missing: Vec<String>,
    /// What was decided between two readings, and what could not be looked at.
    pub notes: Vec<String>,
    /// How each served app's folder was understood; nothing for a Procfile.
    pub(crate) found: Vec<Found>,
}

/// An app, or a job that is run at the start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct App {
    /// As an app may be called.
    pub name: String,
    /// What it is: `FastAPI`, `Go`. Empty: a Procfile does not say.
    pub(crate) kind: &'static str,
    /// From the root; empty for the root.
    pub dir: String,
    /// What starts it.
    pub run: Command,
    pub(crate) dev: Option<String>,
    /// Where it is served; None: nowhere, it is a worker.
    pub path: Option<String>,
    pub(crate) prefix: Prefix,
    pub(crate) env: Vec<(String, String)>,
    pub(crate) env_file: Option<String>,
    pub(crate) needs: Vec<String>,
    /// `main.py: app = FastAPI()`
    pub why: Vec<String>,
}

/// A command as the file says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// As a line, for onedoor to take apart.
    Line(String),
    /// Word for word.
    Words(Vec<String>),
    /// None: the door serves these files itself.
    Files(Site),
}

/// Files that a browser gets as they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// From the root; empty for the root.
    pub(crate) folder: String,
    pub(crate) fallback: Fallback,
    /// The folder in it whose files are called after what is in them.
    pub(crate) hashed: Option<&'static str>,
}

impl Default for Command {
    fn default() -> Self {
        Self::Line(String::new())
    }
}

impl std::fmt::Display for Command {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Line(line) => f.write_str(line),
            // `sh -c LINE`: the line is what its owner wrote.
            Self::Words(words) => f.write_str(words.last().map_or("", String::as_str)),
            Self::Files(Site { folder, fallback, .. }) => {
                let app = if *fallback == Fallback::Index { " (single-page app)" } else { "" };
                write!(f, "files {}{app}", if folder.is_empty() { "." } else { folder })
            }
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Prefix {
    #[default]
    Kept,
    Stripped,
}

/// What the folder's own files say.
pub(crate) fn of_folder(tree: &Tree) -> Plan {
    let found = survey(tree);
    let mut plan = Plan { notes: tree.troubles(), ..Plan::default() };
    let names = names(&found);
    let mounts = mounts(&found, &names, &mut plan.notes);
    let mut missing: Vec<(String, &Missing)> = Vec::new();
    for ((one, name), mount) in found.iter().zip(names).zip(mounts) {
        // `web` was to be at /, and somebody else is.
        let gave_way =
            name == "web" && one.folder.is_empty() && mount.as_ref().is_some_and(|mount| mount.path != "/");
        let name =
            if gave_way && !plan.apps.iter().any(|app| app.name == "api") { "api".to_owned() } else { name };
        let mut app = App {
            name,
            kind: one.framework.unwrap_or_else(|| one.provider.name()),
            dir: one.folder.clone(),
            run: command(one),
            dev: one.dev.clone(),
            env: one.env.clone(),
            env_file: env_file(tree, &one.folder),
            why: one.why.iter().map(Reason::to_string).collect(),
            ..App::default()
        };
        if let Some(mount) = mount {
            app.why.extend(mount.why);
            app.prefix = prefix(one, &mut app.why, &mut plan.notes, &app.name, &mount.path);
            app.path = Some(mount.path);
        } else if one.framework.is_none() {
            plan.notes.push(format!(
                "{}: nothing in it listens, so it is a worker; `path` would serve it",
                app.name
            ));
        }
        missing.extend(one.missing.iter().map(|what| (app.name.clone(), what)));
        plan.notes.extend(one.notes.iter().map(|what| format!("{}: {what}", app.name)));
        plan.apps.push(app);
    }
    plan.missing = told_once(&missing);
    plan.found = found;
    plan
}

fn command(one: &Found) -> Command {
    match &one.files {
        None => Command::Line(one.run.clone()),
        Some(files) => {
            let folder =
                if files.folder == "." { one.folder.clone() } else { join(&one.folder, &files.folder) };
            Command::Files(Site { folder, fallback: files.fallback, hashed: files.hashed })
        }
    }
}

/// Each once, with the apps that miss it.
fn told_once(missing: &[(String, &Missing)]) -> Vec<String> {
    let mut told: Vec<(Vec<&str>, &Missing)> = Vec::new();
    for (name, what) in missing {
        match told.iter_mut().find(|(_, known)| known == what) {
            Some((names, _)) => names.push(name),
            None => told.push((vec![name], what)),
        }
    }
    told.iter().map(|(names, what)| format!("{}: {what}", names.join(", "))).collect()
}

/// The `.env` beside an app, as its tools read it. Only its name is written down.
pub(super) fn env_file(tree: &Tree, folder: &str) -> Option<String> {
    Some(join(folder, ".env")).filter(|file| tree.has(file) && !tree.is_folder(file))
}

struct Mount {
    path: String,
    why: Option<String>,
}

/// Where each is served; None for workers.
fn mounts(found: &[Found], names: &[String], notes: &mut Vec<String>) -> Vec<Option<Mount>> {
    let first = at_root(found, names, notes);
    let mut taken: Vec<String> = Vec::new();
    let mut mount = |(index, (one, name)): (usize, (&Found, &String))| {
        if one.role == Role::Worker {
            return None;
        }
        let mut mount =
            if first == Some(index) { Mount { path: "/".to_owned(), why: None } } else { beside(one, name) };
        if taken.contains(&mount.path) {
            mount = Mount { path: format!("/{name}"), why: None };
        }
        taken.push(mount.path.clone());
        Some(mount)
    };
    found.iter().zip(names).enumerate().map(&mut mount).collect()
}

/// Not at the root: at the folder's name, or where all of its own routes begin.
fn beside(one: &Found, name: &str) -> Mount {
    let own = format!("/{name}");
    if knows(&one.routes, &own) != Knows::Prefix && knows(&one.routes, "/api") == Knows::Prefix {
        return Mount { path: "/api".to_owned(), why: Some("its routes begin with /api".to_owned()) };
    }
    // The root's own app has no folder to be called after.
    let path = if one.folder.is_empty() && name == "web" { "/api".to_owned() } else { own };
    Mount { path, why: None }
}

/// Who has `/`: the only one, or whoever is called like pages, or the only one that is most like them.
fn at_root(found: &[Found], names: &[String], notes: &mut Vec<String>) -> Option<usize> {
    let served: Vec<usize> = (0..found.len()).filter(|index| found[*index].role != Role::Worker).collect();
    if served.len() < 2 {
        return served.first().copied();
    }
    let front = |index: &usize| -> Option<usize> {
        match (found[*index].folder.as_str(), &found[*index].name) {
            ("", None) => Some(0),
            // One program of several is known by its own name.
            ("", Some(name)) => FRONTS.iter().position(|front| front == name),
            (folder, _) => FRONTS.iter().position(|front| *front == base(folder)).map(|place| place + 1),
        }
    };
    let mut called: Vec<usize> = served.iter().copied().filter(|index| front(index).is_some()).collect();
    sorted::by_key(&mut called, |index| (found[*index].role != Role::Pages, front(index)));
    if let Some((first, others)) = called.split_first() {
        for other in others {
            notes.push(format!("{}: / is {}'s; `path` says otherwise", names[*other], names[*first]));
        }
        return Some(*first);
    }
    let best = served.iter().map(|index| found[*index].role).min()?;
    let most: Vec<usize> = served.iter().copied().filter(|index| found[*index].role == best).collect();
    match most.as_slice() {
        [only] => {
            let why = match best {
                Role::Pages => "it alone serves pages",
                Role::Service => "it alone is built on a web framework",
                Role::Listener | Role::Worker => "it alone listens",
            };
            notes.push(format!("{}: is at /, since {why}; `path` says otherwise", names[*only]));
            Some(*only)
        }
        _ => {
            notes.push(
                "nothing is at /: no folder is called web or frontend; `path = \"/\"` gives it to one"
                    .to_owned(),
            );
            None
        }
    }
}

fn prefix(one: &Found, why: &mut Vec<String>, notes: &mut Vec<String>, name: &str, path: &str) -> Prefix {
    if path == "/" {
        return Prefix::Kept;
    }
    match one.prefix {
        PrefixHabit::Keeps => Prefix::Kept,
        PrefixHabit::WantsStrip => Prefix::Stripped,
        PrefixHabit::BuiltIn(how) => {
            notes.push(format!("{name}: is built for one path; set {how} to {path}, or give it `/`"));
            Prefix::Kept
        }
        PrefixHabit::ByRoutes => match knows(&one.routes, path) {
            Knows::Nothing => {
                let example = one.routes.first().map_or("", String::as_str);
                why.push(format!("its routes ({example}, …) do not begin with {path}: strip"));
                Prefix::Stripped
            }
            Knows::Prefix | Knows::Unclear => Prefix::Kept,
        },
    }
}

/// A name for each: its folder's, with the folder above where two would be the same.
fn names(found: &[Found]) -> Vec<String> {
    let plain = |one: &Found| match (&one.name, base(&one.folder)) {
        (None, "") if one.role == Role::Worker => "worker".to_owned(),
        (None, "") => "web".to_owned(),
        (None, folder) => folder.to_owned(),
        (Some(name), "") => name.clone(),
        (Some(name), folder) => format!("{folder}-{name}"),
    };
    let mut names: Vec<String> = Vec::new();
    for one in found {
        let mut name = slug(&plain(one));
        if names.contains(&name) && one.folder.contains('/') {
            name = slug(&one.folder);
        }
        names.push(unique(name, &names));
    }
    names
}

/// A name that an app may have, as near to this one as can be.
pub(super) fn slug(name: &str) -> String {
    let fine = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let slug: String = name.chars().map(fine).collect();
    let slug = slug.trim_matches('-');
    let slug = if slug.starts_with(|c: char| c.is_ascii_lowercase()) {
        slug.to_owned()
    } else {
        format!("app-{slug}")
    };
    let slug: String = slug.chars().take(NAME_MOST - 4).collect();
    slug.trim_end_matches('-').to_owned()
}

pub(super) fn unique(name: String, taken: &[String]) -> String {
    if !taken.contains(&name) {
        return name;
    }
    (2..).map(|number| format!("{name}-{number}")).find(|name| !taken.contains(name)).unwrap_or(name)
}

/// What a draft is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A file, or a start without one. It also says what `onedoor dev` does instead.
    Use,
    /// `onedoor dev` where there is no file.
    Development,
}

impl Plan {
    /// True if there is nothing to be started.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.apps.is_empty() && self.jobs.is_empty()
    }

    /// True if an app's own code says that it has this route.
    #[must_use]
    pub fn has_route(&self, path: &str) -> bool {
        self.found.iter().any(|found| found.routes.iter().any(|route| route == path))
    }

    /// The same as a file. What is missing is of this machine and this hour, and not written down.
    #[must_use]
    pub fn draft(&self, purpose: Purpose) -> Draft {
        let mut draft = Draft { jobs: self.jobs.iter().map(job_entry).collect(), ..Draft::default() };
        for app in &self.apps {
            match (&app.run, purpose, &app.dev) {
                (Command::Line(_) | Command::Words(_), ..) => draft.apps.push(entry(app)),
                (Command::Files(_), Purpose::Development, Some(_)) => draft.apps.push(entry(app)),
                (Command::Files(site), Purpose::Use, Some(dev)) => {
                    let routes = routes(app, site);
                    draft.dev_apps.push(server(app, dev));
                    draft.dev_routes.extend(routes.iter().map(|route| {
                        let mut instead = Entry::named(&route.name);
                        instead.say("app", app.name.as_str());
                        instead
                    }));
                    draft.routes.extend(routes);
                }
                (Command::Files(site), _, None) => draft.routes.extend(routes(app, site)),
            }
        }
        draft.afterwords.extend(self.notes.iter().map(|note| format!("note: {note}")));
        draft
    }
}

/// Of a site: its development server.
fn entry(app: &App) -> Entry {
    let mut entry = Entry::named(&app.name);
    entry.note(because(app));
    if !app.dir.is_empty() {
        entry.say("dir", literal(&app.dir));
    }
    let run = match &app.run {
        Command::Line(line) => Value::from(line.as_str()),
        Command::Words(words) => Value::from(words.clone()),
        Command::Files(_) => Value::from(app.dev.as_deref().unwrap_or_default()),
    };
    entry.say("run", run);
    if let (Some(command), Command::Line(_) | Command::Words(_)) = (&app.dev, &app.run) {
        entry.say("dev", command.as_str());
    }
    if let Some(path) = &app.path {
        entry.say("path", path.as_str());
    }
    if app.prefix == Prefix::Stripped {
        entry.say("strip", true);
    }
    if !app.env.is_empty() {
        entry.say("env", Value::texts(app.env.iter().map(|(name, value)| (name.as_str(), literal(value)))));
    }
    if let Some(file) = &app.env_file {
        entry.say("env_file", literal(file));
    }
    if !app.needs.is_empty() {
        entry.say("needs", app.needs.clone());
    }
    entry
}

fn because(app: &App) -> String {
    let kind = if app.kind.is_empty() { String::new() } else { format!("{}. ", app.kind) };
    format!("{kind}{}", app.why.join("; "))
}

/// The routes of a site: all of it, and those of its files that may be kept for ever.
fn routes(app: &App, site: &Site) -> Vec<Entry> {
    let mount = app.path.as_deref().unwrap_or("/").trim_end_matches('/');
    let folder = if site.folder.is_empty() { "." } else { &site.folder };
    let mut whole = Entry::named(format!("{mount}/*"));
    whole.note(because(app)).say("static", literal(folder));
    match site.fallback {
        Fallback::Nothing => {}
        Fallback::Index => drop(whole.say("spa", true)),
        Fallback::Page => drop(whole.say("not_found", "404.html")),
    }
    let hashed = site.hashed.map(|hashed| {
        let mut entry = Entry::named(format!("{mount}/{hashed}/*"));
        entry.say("static", literal(&join(folder, hashed))).say("cache", "1y immutable");
        entry
    });
    std::iter::once(whole).chain(hashed).collect()
}

/// What `onedoor dev` runs in place of a site's files; its routes are theirs.
fn server(app: &App, dev: &str) -> Entry {
    let mut entry = Entry::named(&app.name);
    if !app.dir.is_empty() {
        entry.say("dir", literal(&app.dir));
    }
    entry.say("run", dev);
    entry
}

/// A name or a value as it is: nothing in it is onedoor's to fill in.
fn literal(text: &str) -> String {
    text.replace("${", "$${")
}

fn job_entry(job: &App) -> Entry {
    let mut entry = entry(job);
    entry.say("on", "start");
    entry
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_that_an_app_may_have() {
        for (name, expected) in [
            ("web", "web"),
            ("My_App", "my-app"),
            ("3d", "app-3d"),
            ("@scope/pkg", "scope-pkg"),
            ("...", "app"),
            ("ünï", "n"),
        ] {
            assert_eq!(slug(name), expected);
        }
        assert_eq!(slug(&"x".repeat(100)).len(), 36);
        assert_eq!(unique("a".to_owned(), &["a".to_owned(), "a-2".to_owned()]), "a-3");
    }
}
