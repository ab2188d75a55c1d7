//! Node, Bun and Deno: what `package.json` or `deno.json` starts, without a package manager in between.
//!
//! A manager in front of a server eats its signals and its exit code, so the start script is resolved to its own
//! command where that is one.

mod deno;
mod framework;
mod manager;
mod script;

use serde_json::Value as Json;

use self::framework::{FRAMEWORKS, Folder, Framework, Start};
pub(crate) use self::manager::locks;
use self::manager::{Manager, ancestors};
use self::script::{Resolved, SCRIPTS, delegates, listens, resolve};
use super::{Fallback, Files, Found, PrefixHabit, Provider, Role, routes};
use crate::folder::{Place, join};

pub(super) const MANIFESTS: &[&str] = &["package.json", "deno.json", "deno.jsonc", "bun.lock", "bun.lockb"];

const ENDINGS: &[&str] = &[".js", ".mjs", ".cjs", ".ts", ".mts"];

/// The frameworks that are known by a package.
#[cfg(test)]
pub(super) fn frameworks() -> impl Iterator<Item = &'static str> {
    FRAMEWORKS.iter().map(|framework| framework.name)
}

pub(super) fn look(place: Place<'_>) -> Vec<Found> {
    if place.has("package.json") && place.first_of(&["deno.json", "deno.jsonc"]).is_none() {
        return place
            .json("package.json")
            .and_then(|json| Package { place, json }.found())
            .into_iter()
            .collect();
    }
    match place.first_of(&["deno.json", "deno.jsonc"]) {
        Some(manifest) => deno::look(place, manifest).into_iter().collect(),
        None => script::look(place).into_iter().collect(),
    }
}

/// A project in which nothing that can be started is known: its packages are installed all the same.
pub(super) fn project(place: Place<'_>) -> Option<Found> {
    let package = Package { place, json: place.json("package.json")? };
    let mut found = Found::new(place, package.provider(), "");
    package.tell_environment(&mut found);
    Some(found)
}

struct Package<'a> {
    place: Place<'a>,
    json: Json,
}

impl Package<'_> {
    fn found(&self) -> Option<Found> {
        let framework = FRAMEWORKS.iter().find(|framework| self.depends_on(framework.package));
        let start = self.script("start");
        let only_delegates = self.is_workspace() && framework.is_none_or(|_| start.is_none_or(delegates));
        if only_delegates {
            return None;
        }
        let mut found = match framework {
            Some(framework) => self.of_framework(framework)?,
            None => self.of_script()?,
        };
        self.tell_environment(&mut found);
        Some(found)
    }

    fn of_framework(&self, framework: &Framework) -> Option<Found> {
        let place = self.place;
        let mut found = match &framework.start {
            Start::Script => self.of_script()?,
            Start::Spa(..) if place.first_of(&["index.html", "public/index.html"]).is_none() => return None,
            Start::Command(..) | Start::Files(_) | Start::Spa(_) => {
                let run = if let Start::Command(command, _) = framework.start { command } else { "" };
                let mut found = Found::new(place, self.provider(), run);
                found.because(place, "package.json", framework.package);
                found
            }
        };
        found.framework = Some(framework.name);
        found.role = framework.role;
        if framework.prefix != PrefixHabit::ByRoutes {
            found.prefix = framework.prefix;
        }
        if !framework.dev.is_empty() {
            found.dev = Some(framework.dev.to_owned());
        }
        if self.script("build").is_some() && !matches!(framework.start, Start::Script) {
            found.build = Some(self.manager().run("build"));
        }
        let built = match &framework.start {
            Start::Script => None,
            Start::Command(_, built) => Some((*built).to_owned()),
            Start::Files(folder) | Start::Spa(folder) => {
                found.files = Some(self.built(folder, matches!(framework.start, Start::Spa(_))));
                Some(folder.name.to_owned())
            }
        };
        let built = if framework.name == "Next.js" { self.next(&mut found) } else { built };
        // A start script that is a server of its own beats what the framework's template does.
        if matches!(framework.start, Start::Command(..)) && framework.name != "Next.js" {
            self.prefer_own_start(&mut found);
        }
        if let (Some(built), Some(build)) = (built, found.build.clone())
            && !place.has(&built)
        {
            found.misses(&format!("is not built yet (there is no {})", place.path(&built)), &build);
        }
        Some(found)
    }

    /// What the build of a site makes, or has made.
    fn built(&self, folder: &Folder, is_spa: bool) -> Files {
        let place = self.place;
        let has_page =
            folder.page_of.is_some_and(|sources| sources.is_empty() || place.first_of(sources).is_some());
        let fallback = match (is_spa, has_page) {
            (true, _) => Fallback::Index,
            (false, true) => Fallback::Page,
            (false, false) => Fallback::Nothing,
        };
        // What is copied there as it is keeps its name when it changes.
        let is_mixed = place.has(&format!("public/{}", folder.hashed));
        let is_made = place.has(folder.name) && !place.has(&format!("{}/{}", folder.name, folder.hashed));
        let hashed = (!is_mixed && !is_made).then_some(folder.hashed);
        Files { folder: folder.name.to_owned(), fallback, hashed }
    }

    /// What has to be there before it starts. Standalone output is a server of its own, without node_modules.
    fn next(&self, found: &mut Found) -> Option<String> {
        let place = self.place;
        let configs = ["next.config.js", "next.config.mjs", "next.config.ts", "next.config.cjs"];
        let Some(config) = place.first_of(&configs) else { return Some(".next".to_owned()) };
        let text = place.text(config).unwrap_or_default().replace([' ', '\'', '"', '`'], "");
        if text.contains("output:export") {
            found.because(place, config, "output: \"export\"");
            found.run.clear();
            let files =
                Files { folder: "out".to_owned(), fallback: Fallback::Page, hashed: Some("_next/static") };
            found.files = Some(files);
            return Some("out".to_owned());
        }
        if text.contains("output:standalone") {
            found.because(place, config, "output: \"standalone\"");
            // In a monorepo the server lies as deep as the app does.
            let nested = format!(".next/standalone/{}/server.js", place.folder);
            let server = if !place.folder.is_empty() && place.has(&nested) {
                nested
            } else {
                ".next/standalone/server.js".to_owned()
            };
            found.run = format!("node {server}");
            if let Some(folder) = server.strip_suffix("/server.js")
                && place.has(&server)
                && !place.has(&format!("{folder}/.next/static"))
            {
                let public =
                    if place.has("public") { format!(" && cp -r public {folder}/") } else { String::new() };
                let copy = format!("cp -r .next/static {folder}/.next/{public}");
                found.misses("Next.js leaves its static files out of the standalone server", &copy);
            }
            return Some(server);
        }
        Some(".next".to_owned())
    }

    fn prefer_own_start(&self, found: &mut Found) {
        if let Some(script) = self.script("start")
            && let Resolved::Command { env, command } = resolve(script)
            && command.starts_with("node ")
        {
            found.run = command;
            found.env = env;
            found.because(self.place, "package.json", "scripts.start");
        }
    }

    /// What `npm start` does; or what `main` names; or a script that is called like a server.
    fn of_script(&self) -> Option<Found> {
        let place = self.place;
        let sources = place.sources(ENDINGS, MANIFESTS);
        let mut found = if let Some(name) =
            ["start:prod", "start"].into_iter().find(|name| self.script(name).is_some())
        {
            let (run, env) = self.resolved(name);
            let mut found = Found::new(place, self.provider(), run);
            found.env = env;
            found.because(place, "package.json", format!("scripts.{name}"));
            found
        } else {
            let main = self.json.get("main").and_then(Json::as_str).filter(|main| place.has(main));
            // A package with a main and nothing that listens is a library.
            let file = main.or_else(|| SCRIPTS.into_iter().find(|name| place.has(name)))?;
            let text = place.text(file)?;
            listens(&text)?;
            let runtime = if self.provider() == Provider::Bun { "bun" } else { "node" };
            let mut found = Found::new(place, self.provider(), format!("{runtime} {file}"));
            found.because(place, file, "it listens");
            found
        };
        if self.script("dev").is_some() {
            found.dev = Some(self.manager().run("dev"));
        }
        if self.script("build").is_some() {
            let build = self.manager().run("build");
            let built = found
                .run
                .split(' ')
                .nth(1)
                .filter(|file| file.starts_with("dist/") || file.starts_with("build/"));
            if let Some(built) = built.filter(|built| !place.has(built)).map(str::to_owned) {
                found.misses(&format!("is not built yet (there is no {})", place.path(&built)), &build);
            }
            found.build = Some(build);
        }
        let listener = sources.iter().find_map(|source| listens(&source.text));
        found.role = if listener.is_some() || sources.is_empty() { Role::Listener } else { Role::Worker };
        found.routes = routes::of(&sources);
        Some(found)
    }

    fn resolved(&self, name: &str) -> (String, Vec<(String, String)>) {
        let script = self.script(name).unwrap_or_default();
        // npm runs these around it.
        let has_company =
            [format!("pre{name}"), format!("post{name}")].iter().any(|name| self.script(name).is_some());
        match resolve(script) {
            Resolved::Command { env, command } if !has_company => (command, env),
            _ => (self.manager().run(name), Vec::new()),
        }
    }

    fn script(&self, name: &str) -> Option<&str> {
        self.json.get("scripts")?.get(name)?.as_str().filter(|script| !script.trim().is_empty())
    }

    fn depends_on(&self, package: &str) -> bool {
        ["dependencies", "devDependencies"]
            .iter()
            .any(|list| self.json.get(list).is_some_and(|list| list.get(package).is_some()))
    }

    fn is_workspace(&self) -> bool {
        self.json.get("workspaces").is_some()
            || self.place.first_of(&["pnpm-workspace.yaml", "turbo.json", "nx.json", "lerna.json"]).is_some()
    }

    fn provider(&self) -> Provider {
        if self.manager() == Manager::Bun { Provider::Bun } else { Provider::Node }
    }

    /// Of the folder, or of the workspace it belongs to.
    fn manager(&self) -> Manager {
        let named = self.json.get("packageManager").and_then(Json::as_str).and_then(Manager::named);
        named.unwrap_or_else(|| {
            let folders = ancestors(self.place.folder);
            folders.iter().find_map(|folder| Manager::by_lock(self.place, folder)).unwrap_or(Manager::Npm)
        })
    }

    fn tell_environment(&self, found: &mut Found) {
        let place = self.place;
        let manager = self.manager();
        found.manager = Some(manager.name());
        let folders = ancestors(place.folder);
        // A workspace is installed where its lock is.
        let lies = folders.iter().find(|folder| Manager::by_lock(place, folder).is_some());
        let root = lies.map_or(place.folder, String::as_str);
        let install = manager.install(Place { tree: place.tree, folder: root });
        found.version = self.version();
        let needs_packages = ["dependencies", "devDependencies"]
            .iter()
            .any(|list| self.json.get(list).and_then(Json::as_object).is_some_and(|list| !list.is_empty()));
        let installed = folders.iter().any(|folder| place.tree.has(&join(folder, "node_modules")));
        if needs_packages && !installed {
            found.misses_packages("node_modules", &install, root);
        }
        found.install = Some(install);
        self.find_program(found, &folders);
    }

    /// A workspace may keep its programs at its root: there they are on nobody's PATH.
    fn find_program(&self, found: &mut Found, folders: &[String]) {
        let above = |command: &str| {
            let program = command.split(' ').next().filter(|program| !program.is_empty())?;
            let at = |folder: &String| join(folder, &format!("node_modules/.bin/{program}"));
            let up =
                folders.iter().position(|folder| self.place.tree.has(&at(folder))).filter(|up| *up > 0)?;
            Some(format!("{}node_modules/.bin/{command}", "../".repeat(up)))
        };
        if let Some(run) = above(&found.run) {
            found.run = run;
        }
        found.dev = found.dev.take().map(|dev| above(&dev).unwrap_or(dev));
    }

    fn version(&self) -> Option<String> {
        let line = |name: &str| Some(self.place.text(name)?.trim().to_owned());
        let engine = self.json.get("engines").and_then(|engines| engines.get("node")).and_then(Json::as_str);
        line(".node-version")
            .or_else(|| line(".nvmrc"))
            .or_else(|| engine.map(str::to_owned))
            .filter(|text| !text.is_empty())
    }
}
