//! An app that is a member of a workspace: installed where the lock lies, built after the members that it uses, and
//! taken together with them. Their links to each other lead to the same places in the image.

use super::super::super::dockerfile::Stage;
use super::super::{HOME, Taken, Unit};
use super::manager::{Kind, Manager};
use crate::detect::locks;
use crate::folder::{Place, Tree, join};

/// Levels below the root at which members are looked for: `packages/ui`, `libs/web/forms`.
const DEPTH: usize = 3;

/// Files of the root that a member's build reads.
const SHARED: [&str; 6] =
    ["tsconfig.json", "tsconfig.base.json", "turbo.json", "nx.json", "babel.config.js", "postcss.config.js"];

#[derive(Debug)]
pub(super) struct Workspace<'a> {
    pub(super) root: Place<'a>,
    /// All of them: an installation wants to see each one's manifest.
    members: Vec<Member>,
    /// Those that are needed here, each behind the ones that it needs itself; the app is the last.
    needed: Vec<usize>,
}

#[derive(Debug)]
struct Member {
    /// From the tree's root.
    folder: String,
    name: String,
    dependencies: Vec<String>,
    builds: Builds,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Builds {
    Nothing,
    /// It has a script for it.
    Something,
}

impl<'a> Workspace<'a> {
    /// None: the folder stands alone.
    pub(super) fn of(unit: &Unit<'a>) -> Option<Self> {
        let has_lock = |place: Place<'_>| locks(None).any(|lock| place.has(lock));
        if has_lock(unit.place()) {
            return None;
        }
        let mut root = unit.folder;
        while !root.is_empty() {
            root = root.rsplit_once('/').map_or("", |(above, _)| above);
            let place = Place { tree: unit.tree, folder: root };
            if has_lock(place) {
                let members = members(unit.tree, root);
                let own = members.iter().position(|member| member.folder == unit.folder)?;
                let mut needed = Vec::new();
                visit(own, &members, &mut needed);
                return Some(Self { root: place, members, needed });
            }
        }
        None
    }

    fn needed(&self) -> impl Iterator<Item = &Member> {
        self.needed.iter().map(|index| &self.members[*index])
    }

    /// Where the root lies in the image.
    pub(super) fn home(&self) -> String {
        join(HOME, self.root.folder).trim_end_matches('/').to_owned()
    }

    /// Of a path in the tree: from the workspace's root.
    fn inside<'p>(&self, path: &'p str) -> &'p str {
        path.strip_prefix(self.root.folder).unwrap_or(path).trim_start_matches('/')
    }

    pub(super) fn build(&self, manager: &Manager, stage: &mut Stage) {
        manager.fetch(stage);
        manager.copy_manifests(self.root, stage);
        for member in &self.members {
            let folder = self.inside(&member.folder);
            stage.copy([join(&member.folder, "package.json")], format!("{folder}/"));
        }
        stage.install(&[manager.kind.cache()], self.install(manager));
        let shared: Vec<String> =
            SHARED.iter().filter(|name| self.root.has(name)).map(|name| self.root.path(name)).collect();
        if !shared.is_empty() {
            stage.copy(shared, "./");
        }
        for member in self.needed() {
            stage.copy([format!("{}/", member.folder)], format!("{}/", self.inside(&member.folder)));
        }
        for member in self.needed().filter(|member| member.builds == Builds::Something) {
            stage.build(
                &[],
                match manager.kind {
                    Kind::Pnpm => format!("pnpm --filter '{}' run build", member.name),
                    Kind::Npm => format!("npm run build --workspace '{}'", member.name),
                    Kind::Yarn | Kind::Berry => format!("yarn workspace '{}' run build", member.name),
                    Kind::Bun => format!("bun run --filter '{}' build", member.name),
                },
            );
        }
    }

    fn install(&self, manager: &Manager) -> String {
        let command = manager.install_command();
        match (manager.kind, self.needed().last()) {
            (Kind::Pnpm, Some(own)) => format!("{command} --filter '{}...'", own.name),
            (Kind::Pnpm | Kind::Npm | Kind::Yarn | Kind::Berry | Kind::Bun, _) => command.to_owned(),
        }
    }

    pub(super) fn prune(&self, manager: &Manager, stage: &mut Stage) {
        match manager.kind {
            Kind::Npm | Kind::Yarn | Kind::Berry | Kind::Bun => manager.prune(stage),
            Kind::Pnpm => {
                let own: Vec<String> = self
                    .needed()
                    .map(|member| format!("{}/node_modules", self.inside(&member.folder)))
                    .collect();
                let install = self.install(manager);
                let command =
                    format!("rm -rf node_modules {} && {install} --prod --prefer-offline", own.join(" "));
                stage.run_with(&[manager.kind.cache()], command);
            }
        }
    }

    pub(super) fn taken(&self) -> Vec<Taken> {
        let home = self.home();
        let mut taken = vec![Taken::Built(join(&home, "node_modules"))];
        taken.extend(self.needed().map(|member| Taken::Built(join(&home, self.inside(&member.folder)))));
        taken
    }
}

fn members(tree: &Tree, root: &str) -> Vec<Member> {
    let mut found = Vec::new();
    let mut layer = tree.folders(root);
    for _ in 0..DEPTH {
        found.extend(layer.iter().filter_map(|folder| member(Place { tree, folder })));
        layer = layer.iter().flat_map(|folder| tree.folders(folder)).collect();
    }
    found
}

fn member(place: Place<'_>) -> Option<Member> {
    let json = place.json("package.json")?;
    let name = json.get("name")?.as_str()?.to_owned();
    let is_name = |c: char| c.is_ascii_alphanumeric() || "@/-_.~".contains(c);
    if !name.chars().all(is_name) {
        return None;
    }
    let lists = ["dependencies", "devDependencies"];
    let dependencies = lists
        .iter()
        .filter_map(|list| json.get(list)?.as_object())
        .flat_map(|list| list.keys().cloned())
        .collect();
    let builds = if json["scripts"]["build"].is_string() { Builds::Something } else { Builds::Nothing };
    Some(Member { folder: place.folder.to_owned(), name, dependencies, builds })
}

/// Each member behind those that it needs; a ring is gone through once.
fn visit(index: usize, members: &[Member], needed: &mut Vec<usize>) {
    fn go(index: usize, members: &[Member], seen: &mut Vec<usize>, needed: &mut Vec<usize>) {
        if seen.contains(&index) {
            return;
        }
        seen.push(index);
        for dependency in &members[index].dependencies {
            if let Some(next) = members.iter().position(|member| member.name == *dependency) {
                go(next, members, seen, needed);
            }
        }
        needed.push(index);
    }
    go(index, members, &mut Vec::new(), needed);
}
