//! The environment of an app's process: what the container gave, what onedoor adds, what the app's own `env` says.
//!
//! The order is the rule (CONFIG.md §1.6): secrets beat the app's own, own beats onedoor's, onedoor's beats `.env`
//! files, these beat what is inherited; only the addresses of siblings give way to whatever has their name. Pure but for secrets, `.env` files, and the look whether `.venv/bin` and
//! `node_modules/.bin` exist.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use super::USUAL_PATH;
use crate::apps::framework::{Framework, HOST, Place};
use crate::apps::secret::{SecretSource, Secrets};
use crate::apps::spec::AppSpec;
use crate::loopback::{Addresses, variable_of};

/// Longer than any variable a program can be given (MAX_ARG_STRLEN, execve(2)).
const FILE_MOST: u64 = 128 << 10;

/// Variables that are not to be had at this start.
#[derive(Debug, thiserror::Error)]
pub(in crate::apps) enum Missing {
    #[error("{what} cannot be read: {}: {error}", .path.display())]
    Unreadable { what: String, path: PathBuf, error: io::Error },
    /// The file says so only since its commands were asked.
    #[error("its secret {name} was not asked for; the next start asks")]
    Unasked { name: String },
}

/// Folders of the app whose programs come first, in this order.
const PROGRAM_FOLDERS: &[&str] = &[".venv/bin", "node_modules/.bin"];

pub(super) fn build(
    app: &AppSpec,
    framework: Option<&'static Framework>,
    place: &Place<'_>,
    addresses: &Addresses,
    secrets: &Secrets,
) -> Result<BTreeMap<OsString, OsString>, Missing> {
    let mut variables = sorted::map(app.environment.inherited.iter().cloned());
    for path in &app.environment.files {
        let pairs = dotenv(path).map_err(|error| Missing::Unreadable {
            what: "its env_file".into(),
            path: path.clone(),
            error,
        })?;
        variables.extend(pairs.into_iter().map(|(name, value)| (name.into(), value.into())));
    }
    // Whoever has set such a variable means something else by it, which the address must not hide.
    for (name, url) in addresses.all().into_iter().filter(|(sibling, _)| *sibling != app.name) {
        variables.entry(variable_of(&name).into()).or_insert_with(|| url.into());
    }
    let mut set = |name: &str, value: &str| variables.insert(name.into(), value.into());
    match (place.port, place.socket) {
        (Some(port), socket) => {
            set("PORT", &port.to_string());
            set("HOST", HOST);
            if let Some(socket) = socket {
                set("SOCKET", socket);
            }
        }
        // Opted in (`socket = true`): Node's `listen(process.env.PORT)` takes a path as well.
        (None, Some(socket)) => {
            set("PORT", socket);
            set("SOCKET", socket);
        }
        (None, None) => {}
    }
    if let Some(prefix) = place.prefix {
        set("PREFIX", prefix);
    }
    if let Some(framework) = framework {
        for (name, value) in framework.quiet_variables(place) {
            variables.entry(name.into()).or_insert_with(|| value.into());
        }
        for (name, value) in framework.place_variables(place) {
            variables.insert(name.into(), value.into());
        }
    }
    let path = path_of(app, variables.get(OsStr::new("PATH")));
    variables.insert("PATH".into(), path);
    if let Some(login) = app.isolation.account.as_ref().and_then(|account| account.login.as_ref()) {
        // What a login as that user would set (login(1)): programs keep their files in HOME.
        for (name, value) in [("HOME", &login.home), ("USER", &login.name), ("LOGNAME", &login.name)] {
            variables.insert(name.into(), value.into());
        }
    }
    for (name, value) in &app.environment.own {
        match value.with(|app| addresses.url(app)) {
            Some(value) => variables.insert(name.into(), value.into()),
            // Nobody is at the address that it would name: `onedoor run` starts one app without the door.
            None => variables.remove(OsStr::new(name)),
        };
    }
    for (name, source) in &app.environment.secrets {
        variables.insert(name.into(), secret(name, source, secrets)?);
    }
    Ok(variables)
}

fn secret(name: &str, source: &SecretSource, told: &Secrets) -> Result<OsString, Missing> {
    match source {
        SecretSource::Value(secret) => Ok(secret.0.clone()),
        SecretSource::File(path) => secret_file(path).map_err(|error| Missing::Unreadable {
            what: format!("its secret {name}"),
            path: path.clone(),
            error,
        }),
        SecretSource::Command(_) => {
            let value = told.value(name).map(OsStr::to_owned);
            value.ok_or_else(|| Missing::Unasked { name: name.to_owned() })
        }
    }
}

/// Without the line end that editors and `echo` leave behind.
pub(crate) fn secret_file(path: &Path) -> io::Result<OsString> {
    let mut bytes = read(path)?;
    if bytes.last() == Some(&b'\n') {
        bytes.pop();
        if bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
    }
    if bytes.contains(&0) {
        return Err(io::Error::other("it holds a NUL byte, which no variable can"));
    }
    Ok(OsString::from_vec(bytes))
}

/// The names and values of a `.env` file, as dotenv(3)'s many readers agree on: `NAME=value`, quotes, comments.
pub(crate) fn dotenv(path: &Path) -> io::Result<Vec<(String, String)>> {
    let bytes = read(path)?;
    dotenvy::from_read_iter(&*bytes).map(|pair| pair.map_err(|error| in_words(error, &bytes))).collect()
}

/// Where the mistake is, and not what stands there: it may be a secret.
fn in_words(error: dotenvy::Error, bytes: &[u8]) -> io::Error {
    match error {
        dotenvy::Error::LineParse(line, _) => {
            let text = String::from_utf8_lossy(bytes);
            let number = text.lines().position(|other| other.trim() == line.trim()).map(|index| index + 1);
            let place = number.map_or_else(|| "a line".to_owned(), |number| format!("line {number}"));
            io::Error::other(format!("{place} is not NAME=value, with quotes around what has spaces in it"))
        }
        dotenvy::Error::Io(error) => error,
        other => io::Error::other(other),
    }
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    // Whoever opens a pipe waits for its other end, and here everybody would wait with him.
    if !path.metadata()?.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(FILE_MOST + 1).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > FILE_MOST) {
        return Err(io::Error::other("it is longer than 128 KiB"));
    }
    Ok(bytes)
}

/// What the operator gave the app by this name.
pub(super) fn given(app: &AppSpec, name: &str) -> Option<String> {
    let own = app.environment.own.iter().find(|(own, _)| own == name).and_then(|(_, value)| value.text());
    own.or_else(|| {
        let inherited = app.environment.inherited.iter().find(|(inherited, _)| inherited == name);
        inherited.and_then(|(_, value)| value.to_str()).map(str::to_owned)
    })
}

fn path_of(app: &AppSpec, inherited: Option<&OsString>) -> OsString {
    let mut path = OsString::new();
    for folder in PROGRAM_FOLDERS {
        let folder = app.dir.join(folder);
        if folder.is_dir() {
            path.push(folder);
            path.push(":");
        }
    }
    path.push(inherited.map_or_else(|| OsStr::new(USUAL_PATH), OsString::as_os_str));
    path
}
