//! Other programs' files as an `onedoor.toml`: `onedoor init --from nginx --from supervisord …`
//!
//! ```text
//!  nginx.conf ────── a parser for the format ─┐            ┌─▶ Draft, to be written
//!  supervisord.conf ─          …              ├─▶ Sketch ──┤
//!  compose.yaml …  ─           …             ─┘  assemble  └─▶ Report: what became of each directive
//! ```
//!
//! Every directive is opened in the ledger when it is read; translation settles it, and what nobody settled is told as
//! not converted. Files are read within limits. Nothing is started, written or asked over the network here.

mod assemble;
mod caddy;
mod compose;
mod directive;
mod fault;
mod files;
mod finding;
mod listens;
mod nginx;
mod pairing;
mod path_regex;
mod procfile;
mod sketch;
mod supervisord;
#[cfg(test)]
mod tests;
mod unit;
mod yaml;

use crate::draft::Draft;

pub use fault::Fault;
pub use files::Input;
pub use finding::{Detail, Report};

use finding::Ledger;
use sketch::Sketch;

/// A format that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// nginx.conf, and what it includes.
    Nginx,
    /// supervisord.conf.
    Supervisord,
    /// compose.yaml, with Traefik's labels.
    Compose,
    /// `type: command` lines.
    Procfile,
    /// The JSON of NGINX Unit.
    Unit,
    /// A Caddyfile.
    Caddy,
}

impl Format {
    /// Every one of them.
    pub const ALL: [Self; 6] =
        [Self::Nginx, Self::Supervisord, Self::Compose, Self::Procfile, Self::Unit, Self::Caddy];

    /// As the operator writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Nginx => "nginx",
            Self::Supervisord => "supervisord",
            Self::Compose => "compose",
            Self::Procfile => "procfile",
            Self::Unit => "unit",
            Self::Caddy => "caddy",
        }
    }

    /// The one that the operator means.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// Where its file is usually found.
    #[must_use]
    pub fn usual_files(self) -> &'static [&'static str] {
        match self {
            Self::Nginx => &["nginx.conf", "nginx/nginx.conf", "default.conf", "nginx/default.conf"],
            Self::Procfile => &["Procfile"],
            Self::Caddy => &["Caddyfile", "caddy/Caddyfile"],
            Self::Unit => &["unit.json", "config.json", "conf.json"],
            Self::Compose => &["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"],
            Self::Supervisord => &["supervisord.conf", "supervisord.ini", "supervisor.conf"],
        }
    }
}

/// What was made of the files.
#[derive(Debug)]
pub struct Conversion {
    /// What is to be written.
    pub draft: Draft,
    /// What became of each directive.
    pub report: Report,
}

/// Reads them all: together they may say what none of them says alone, such as which program listens behind nginx.
pub fn convert(inputs: &[(Format, Vec<Input>)]) -> Result<Conversion, Fault> {
    let formats = inputs.iter().map(|(format, _)| *format).collect();
    let (mut sketch, mut ledger) = (Sketch { formats, ..Sketch::default() }, Ledger::default());
    for (format, files) in inputs {
        match format {
            Format::Nginx => nginx::read(files, &mut sketch, &mut ledger)?,
            Format::Compose => compose::read(files, &mut sketch, &mut ledger)?,
            Format::Caddy => caddy::read(files, &mut sketch, &mut ledger)?,
            Format::Unit => unit::read(files, &mut sketch, &mut ledger)?,
            Format::Procfile => procfile::read(files, &mut sketch, &mut ledger),
            Format::Supervisord => supervisord::read(files, &mut sketch, &mut ledger)?,
        }
    }
    let mut draft = assemble::draft(sketch, &mut ledger);
    let names: Vec<&str> =
        inputs.iter().flat_map(|(_, files)| files).map(|file| file.name.as_str()).collect();
    draft.notes.push(format!("Converted from {}. What was not, is told by the report of", names.join(", ")));
    draft.notes.push(
        "`onedoor init`; `onedoor check` and `onedoor explain PATH` show what this file does.".to_owned(),
    );
    Ok(Conversion { draft, report: ledger.close() })
}
