//! Whose files are whose: from a path that changed to the apps it is of. Pure.

use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What is watched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Plan {
    pub(crate) apps: Vec<Watched>,
    /// What the configuration is read from; absolute.
    pub(crate) config: Vec<PathBuf>,
}

/// What an app is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Watched {
    pub(crate) app: Arc<str>,
    pub(crate) source: Source,
    /// Files that are its own whatever else is: those of `env_file`.
    pub(crate) files: Vec<PathBuf>,
    /// From where a path is shown.
    pub(crate) dir: PathBuf,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// It sees to its changes itself.
    Nothing,
    /// Its folder, less what is in the folder of another app.
    Dir,
    Paths(Vec<PathBuf>),
}

impl Plan {
    /// Whether the configuration is read from it.
    pub(super) fn is_config(&self, path: &Path) -> bool {
        self.config.iter().any(|file| file == path)
    }

    /// Whether it was named, and so is watched whatever a .gitignore says.
    pub(super) fn is_named(&self, path: &Path) -> bool {
        let names = |watched: &Watched| {
            let by_path =
                matches!(&watched.source, Source::Paths(paths) if paths.iter().any(|own| own == path));
            by_path || watched.files.iter().any(|file| file == path)
        };
        self.is_config(path) || self.apps.iter().any(names)
    }

    /// The apps that are made of it.
    pub(super) fn apps_of(&self, path: &Path) -> impl Iterator<Item = &Watched> {
        self.apps.iter().filter(move |watched| {
            let by_source = match &watched.source {
                Source::Nothing => false,
                Source::Paths(paths) => paths.iter().any(|own| path.starts_with(own)),
                Source::Dir => path.starts_with(&watched.dir) && !self.is_of_another(path, &watched.dir),
            };
            by_source || watched.files.iter().any(|file| file == path)
        })
    }

    /// Whether it lies in another app's folder, below this one.
    fn is_of_another(&self, path: &Path, dir: &Path) -> bool {
        let dirs = self.apps.iter().map(|watched| &watched.dir);
        dirs.filter(|other| *other != dir && other.starts_with(dir)).any(|other| path.starts_with(other))
    }

    /// The folders that are watched with all that is below them.
    pub(super) fn trees(&self) -> Vec<PathBuf> {
        let of = |watched: &Watched| match &watched.source {
            Source::Nothing => Vec::new(),
            Source::Dir => vec![watched.dir.clone()],
            Source::Paths(paths) => paths.iter().filter(|path| path.is_dir()).cloned().collect(),
        };
        self.apps.iter().flat_map(of).collect()
    }

    /// The single files that are watched. An editor replaces a file: it is its folder that tells.
    pub(super) fn files(&self) -> Vec<PathBuf> {
        let of = |watched: &Watched| match &watched.source {
            Source::Nothing | Source::Dir => watched.files.clone(),
            Source::Paths(paths) => {
                paths.iter().filter(|path| !path.is_dir()).chain(&watched.files).cloned().collect()
            }
        };
        self.apps.iter().flat_map(of).chain(self.config.iter().cloned()).collect()
    }
}

impl Watched {
    /// The path as the app's developer knows it.
    pub(super) fn shown(&self, path: &Path) -> String {
        path.strip_prefix(&self.dir).unwrap_or(path).display().to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watched(app: &str, dir: &str, source: Source) -> Watched {
        Watched { app: app.into(), source, files: vec![format!("/p/{app}.env").into()], dir: dir.into() }
    }

    #[test]
    fn a_file_is_of_the_innermost_folder_and_of_whoever_names_it() {
        let plan = Plan {
            apps: vec![
                watched("web", "/p", Source::Dir),
                watched("api", "/p/api", Source::Dir),
                watched("mailer", "/p/api", Source::Dir),
                watched(
                    "docs",
                    "/p/docs",
                    Source::Paths(vec!["/p/docs/src".into(), "/p/api/schema.json".into()]),
                ),
                watched("ui", "/p/ui", Source::Nothing),
            ],
            config: vec!["/p/onedoor.toml".into()],
        };
        let of = |path: &str| plan.apps_of(Path::new(path)).map(|it| it.app.to_string()).collect::<Vec<_>>();
        assert_eq!(of("/p/main.py"), ["web"]);
        assert_eq!(of("/p/api/main.py"), ["api", "mailer"]);
        assert_eq!(of("/p/apis/main.py"), ["web"]);
        assert_eq!(of("/p/api/schema.json"), ["api", "mailer", "docs"]);
        assert_eq!(of("/p/docs/src/a/b.md"), ["docs"]);
        assert_eq!(of("/p/docs/README.md"), [""; 0]);
        assert_eq!(of("/p/ui/index.html"), [""; 0]);
        assert_eq!(of("/p/ui.env"), ["web", "ui"]);
        assert!(plan.is_config(Path::new("/p/onedoor.toml")) && plan.is_named(Path::new("/p/ui.env")));
        assert_eq!(plan.apps[1].shown(Path::new("/p/api/src/a.py")), "src/a.py");
    }
}
