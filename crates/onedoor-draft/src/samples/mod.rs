//! Folders and files as people have them. What is made of them is pinned by this crate's tests; that it is a good file
//! is for the tests of whoever reads the language.

mod javascript;
mod languages;
mod python;
mod whole;

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::import::{Fault, Format, Input};

/// A folder.
#[derive(Debug)]
pub struct Layout {
    /// What it is.
    pub name: &'static str,
    /// `path`, `path=text`; a path that ends in `/` is a folder, one that begins with `+` a program.
    pub files: &'static [&'static str],
    /// What is made of it, in parts: `name path [strip] | command | a part of why`.
    pub says: &'static [&'static str],
}

/// Every folder that is tried.
pub fn layouts() -> impl Iterator<Item = &'static Layout> {
    [python::LAYOUTS, javascript::LAYOUTS, languages::LAYOUTS, whole::LAYOUTS].into_iter().flatten()
}

/// Makes files, as a [`Layout`] says them, in a folder that is there.
pub fn lay(files: &[&str], folder: &Path) -> io::Result<()> {
    for file in files {
        let (path, text) = file.split_once('=').unwrap_or((file, ""));
        let at = folder.join(path.trim_start_matches('+'));
        if path.ends_with('/') {
            fs::create_dir_all(at)?;
            continue;
        }
        fs::create_dir_all(at.parent().unwrap_or(folder))?;
        fs::write(&at, text)?;
        if path.starts_with('+') {
            fs::set_permissions(&at, fs::Permissions::from_mode(0o755))?;
        }
    }
    Ok(())
}

/// Another program's files, below `samples`.
#[derive(Debug)]
pub struct Sample {
    /// Its folder's name.
    pub name: &'static str,
    /// What is converted together.
    pub files: &'static [(Format, &'static str)],
}

/// Every sample.
pub const SAMPLES: &[Sample] = &[
    sample("fastapi-react", &[(Format::Nginx, "nginx.conf"), (Format::Supervisord, "supervisord.conf")]),
    sample("node-sockets", &[(Format::Nginx, "nginx.conf"), (Format::Supervisord, "supervisord.conf")]),
    sample("wordpress", &[(Format::Nginx, "nginx.conf")]),
    sample("node-pair", &[(Format::Nginx, "nginx.conf"), (Format::Supervisord, "supervisord.conf")]),
    sample("legacy-portal", &[(Format::Nginx, "nginx.conf"), (Format::Supervisord, "supervisord.conf")]),
    sample("django-celery", &[(Format::Nginx, "nginx.conf"), (Format::Supervisord, "supervisord.conf")]),
    sample("laravel", &[(Format::Supervisord, "supervisord.conf")]),
    sample("jupyter", &[(Format::Supervisord, "supervisord.conf")]),
    sample("web-api-db", &[(Format::Compose, "compose.yaml")]),
    sample("traefik-labels", &[(Format::Compose, "docker-compose.yml")]),
    sample("worker-beat", &[(Format::Compose, "compose.yaml")]),
    sample("next-go", &[(Format::Compose, "docker-compose.yml")]),
    sample(
        "prefixed-services",
        &[(Format::Nginx, "gateway/nginx.conf"), (Format::Compose, "docker-compose.yml")],
    ),
    sample("unit-django", &[(Format::Unit, "unit.json")]),
    sample("unit-node", &[(Format::Unit, "unit.json")]),
    sample("unit-wordpress", &[(Format::Unit, "unit.json")]),
    sample("unit-go", &[(Format::Unit, "unit.json")]),
    sample("unit-python-prefix", &[(Format::Unit, "unit.json")]),
    sample("caddy-paths", &[(Format::Caddy, "Caddyfile"), (Format::Procfile, "Procfile")]),
    sample("caddy-subdomains", &[(Format::Caddy, "Caddyfile"), (Format::Supervisord, "supervisord.conf")]),
    sample("caddy-php", &[(Format::Caddy, "Caddyfile")]),
    sample("caddy-spa", &[(Format::Caddy, "Caddyfile"), (Format::Supervisord, "supervisord.conf")]),
    sample("caddy-snippets", &[(Format::Caddy, "Caddyfile"), (Format::Procfile, "Procfile")]),
    sample("caddy-gates", &[(Format::Caddy, "Caddyfile")]),
    sample("procfile-shop", &[(Format::Procfile, "Procfile")]),
    sample("procfile-rails", &[(Format::Procfile, "Procfile")]),
    sample("procfile-django", &[(Format::Procfile, "Procfile")]),
    sample("procfile-node", &[(Format::Procfile, "Procfile")]),
    sample("procfile-foreman", &[(Format::Procfile, "Procfile.dev")]),
    sample("procfile-hivemind", &[(Format::Procfile, "Procfile")]),
    sample("procfile-spring", &[(Format::Procfile, "Procfile")]),
    sample("cron-flask", &[(Format::Supervisord, "supervisord.conf")]),
];

const fn sample(name: &'static str, files: &'static [(Format, &'static str)]) -> Sample {
    Sample { name, files }
}

impl Sample {
    /// Where its files are.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("samples").join(self.name)
    }

    /// Reads them, under the names that they have in their folder.
    pub fn inputs(&self) -> Result<Vec<(Format, Vec<Input>)>, Fault> {
        let read = |(format, name): &(Format, &str)| {
            let input = Input::read(&self.folder().join(name))?;
            Ok((*format, vec![Input { name: (*name).to_owned(), ..input }]))
        };
        self.files.iter().map(read).collect()
    }
}
