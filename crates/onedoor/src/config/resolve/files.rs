//! `static`: a folder of files, and how they are served. Whether the folder is there is said, and stops nothing: it may
//! be made by a build that comes later.

use std::path::{Path, PathBuf};

use super::Context;
use super::take_out;
use crate::config::error::{Code, ConfigError};
use crate::config::fix::quoted;
use crate::config::section::Section;
use crate::config::source::{Located, Span};
use crate::proxy::route::{Extent, Files, Pattern, Reach, Siblings, Unknown};

const INDEX: &str = "index.html";
const CACHE: &str = "no-cache";

/// What a Cache-Control may say of an answer (RFC 9111 5.2.2, 5861, 8246).
const DIRECTIVES: [&str; 12] = [
    "immutable",
    "max-age",
    "must-revalidate",
    "must-understand",
    "no-cache",
    "no-store",
    "no-transform",
    "private",
    "public",
    "s-maxage",
    "stale-if-error",
    "stale-while-revalidate",
];

/// None: something does not fit, and that was said.
pub(super) fn of(
    pattern: &Pattern,
    key: Span,
    section: &Section,
    written: Located<&str>,
    context: &mut Context<'_>,
) -> Option<Files> {
    let said = context.errors.len();
    let index = name_in_folder(section, "index", context).unwrap_or(INDEX);
    let unknown = unknown(section, context);
    let cache = cache(section, context).unwrap_or_else(|| CACHE.into());
    let siblings = match section.flag("precompressed") {
        Some(true) => Siblings::Sent,
        Some(false) | None => Siblings::Ignored,
    };
    let path: PathBuf = context.folder.join(written.value).components().collect();
    let (folder, extent) = match pattern.reach() {
        Reach::Mount => (path, Extent::Below),
        Reach::OnePath => one_file(pattern, key, section, (written, &path), context)?,
        Reach::Named => {
            let fact = "`static` serves a folder behind a mount (`/docs/*`), or a file at one exact path";
            let error = ConfigError::new(Code::Contradiction, key, fact);
            context.errors.push(error.remedy("end the key with /*"));
            return None;
        }
    };
    if context.errors.len() > said {
        return None;
    }
    let files = Files {
        written: written.value.into(),
        folder,
        extent,
        index: index.into(),
        unknown,
        cache,
        siblings,
    };
    look(&files, written, section, context);
    Some(files)
}

/// `static = "public/robots.txt"` at `/robots.txt`.
fn one_file(
    pattern: &Pattern,
    key: Span,
    section: &Section,
    (written, path): (Located<&str>, &Path),
    context: &mut Context<'_>,
) -> Option<(PathBuf, Extent)> {
    let is_folder = written.value.ends_with('/') || (context.has_disk() && path.is_dir());
    let (Some(folder), Some(name), false) = (path.parent(), path.file_name(), is_folder) else {
        let fact = format!("{} is a folder, and `{}` is one path", written.value, pattern.written());
        let mount = format!("{}/*", pattern.written().trim_end_matches('/'));
        let error = ConfigError::new(Code::Contradiction, written.span, fact).also(key, "the path");
        let error = error.remedy(format!("as a mount: \"{mount}\"")).replace(key, quoted(&mount));
        context.errors.push(error);
        return None;
    };
    for beside in ["index", "spa", "not_found"] {
        if let Some(place) = section.key(beside) {
            let fact = format!("`{beside}` has no meaning for one file");
            let error = ConfigError::new(Code::Contradiction, place, fact).also(written.span, "the file");
            let gone = take_out(section, beside, context);
            context.errors.push(error.remedy("leave it out").fix(gone));
        }
    }
    Some((folder.to_owned(), Extent::Only(name.to_string_lossy().into())))
}

fn unknown(section: &Section, context: &mut Context<'_>) -> Unknown {
    let page = name_in_folder(section, "not_found", context);
    match (section.flag("spa"), page) {
        (Some(true), Some(_)) => {
            let place = section.key("not_found").unwrap_or_default();
            let fact = "with `spa`, the index answers for what there is not";
            let error = ConfigError::new(Code::Contradiction, place, fact);
            let error = section.key("spa").into_iter().fold(error, |error, spa| error.also(spa, "said here"));
            let gone = take_out(section, "not_found", context);
            context.errors.push(error.remedy("keep one of them").fix(gone));
            Unknown::Index
        }
        (Some(true), None) => Unknown::Index,
        (Some(false) | None, Some(page)) => Unknown::Page(page.into()),
        (Some(false) | None, None) => Unknown::Refused,
    }
}

/// A file of the folder, by its path from there; `/404.html` is the same as `404.html`.
fn name_in_folder<'s>(section: &'s Section, key: &str, context: &mut Context<'_>) -> Option<&'s str> {
    let written = section.text(key)?;
    let name = written.value.strip_prefix('/').unwrap_or(written.value);
    let is_below = name.split('/').all(|part| !matches!(part, "" | "." | "..")) && !name.contains('\0');
    // An index is in each folder.
    if !is_below || (key == "index" && name.contains('/')) {
        let fact = format!("`{}` is no file of the folder", written.value);
        let remedy =
            format!("{key} is a file's name, as in \"{}\"", if key == "index" { INDEX } else { "404.html" });
        context.errors.push(ConfigError::new(Code::BadValue, written.span, fact).remedy(remedy));
        return None;
    }
    Some(name)
}

/// `1y immutable`, `1h`, or a Cache-Control as it is sent.
fn cache(section: &Section, context: &mut Context<'_>) -> Option<Box<str>> {
    let written = section.text("cache")?;
    let meant = cache_control(written.value);
    if meant.is_none() {
        let fact = format!("`{}` does not say how long a file may be used", written.value);
        let remedy = "write a time (\"1h\"), \"1y immutable\" for files whose names change with them, \"no-cache\", or a Cache-Control";
        context.errors.push(ConfigError::new(Code::BadValue, written.span, fact).remedy(remedy));
    }
    meant.map(Into::into)
}

fn cache_control(written: &str) -> Option<String> {
    let mut words = written.split_whitespace();
    let seconds = words.next().and_then(seconds);
    match (seconds, words.next(), words.next()) {
        (Some(seconds), None, _) => return Some(format!("max-age={seconds}")),
        (Some(seconds), Some("immutable"), None) => return Some(format!("max-age={seconds}, immutable")),
        (Some(_), Some(_), _) => return None,
        (None, _, _) => {}
    }
    let is_known = |directive: &str| {
        let (name, value) = directive.split_once('=').unwrap_or((directive, "0"));
        DIRECTIVES.contains(&name.to_ascii_lowercase().as_str())
            && !value.is_empty()
            && value.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ')
    };
    let directives: Vec<&str> = written.split(',').map(str::trim).collect();
    directives.iter().all(|directive| is_known(directive)).then(|| directives.join(", "))
}

/// A duration, to whole seconds; besides, in weeks and years.
fn seconds(text: &str) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().ok()?;
    let each = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        "w" => 7 * 86_400,
        "y" => 365 * 86_400,
        _ => return None,
    };
    number.checked_mul(each)
}

/// What is on the disk today.
fn look(files: &Files, written: Located<&str>, section: &Section, context: &mut Context<'_>) {
    if context.folder.starts_with(&files.folder) && files.extent == Extent::Below {
        let fact =
            format!("{} holds this very file, and all of it is served but what is hidden", written.value);
        let trap = ConfigError::new(Code::ServesSource, written.span, fact);
        context.warn(trap.remedy("serve a folder that holds nothing else: static = \"public\""));
    }
    if !context.has_disk() {
        return;
    }
    let missing =
        |place, fact: String, remedy: &str| ConfigError::new(Code::FilesMissing, place, fact).remedy(remedy);
    let folder = files.folder.display();
    let trap = match &files.extent {
        Extent::Only(name) if !files.folder.join(&**name).is_file() => missing(
            written.span,
            format!("there is no file {folder}/{name}: 404 until there is one"),
            BUILD_IT,
        ),
        Extent::Only(_) => return,
        Extent::Below if files.folder.is_file() => missing(
            written.span,
            format!("{folder} is a file, not a folder"),
            "give a file a route of its own path",
        ),
        Extent::Below if !files.folder.is_dir() => {
            missing(written.span, format!("there is no folder {folder}: 404 until there is one"), BUILD_IT)
        }
        Extent::Below => {
            let (place, name) = match (&files.unknown, section.key("spa"), section.text("not_found")) {
                (Unknown::Index, Some(place), _) => (place, &*files.index),
                (Unknown::Page(page), _, Some(written)) => (written.span, &**page),
                (Unknown::Refused | Unknown::Index | Unknown::Page(_), _, _) => return,
            };
            if files.folder.join(name).is_file() {
                return;
            }
            missing(place, format!("there is no {name} in {folder}"), "build the site, or name another file")
        }
    };
    context.warn(trap);
}

const BUILD_IT: &str = "build the site; a relative path starts at the folder of this file";

/// For the table of routes.
pub(super) fn shown(files: &Files) -> String {
    match (&files.extent, &files.unknown) {
        (Extent::Only(_), _) => format!("file {}", files.written),
        (Extent::Below, Unknown::Index) => format!("files {} (single-page app)", files.written),
        (Extent::Below, Unknown::Refused | Unknown::Page(_)) => format!("files {}", files.written),
    }
}

#[cfg(test)]
mod tests {
    use super::cache_control;

    #[test]
    fn a_time_becomes_a_cache_control_and_one_that_is_written_stays() {
        for (written, sent) in [
            ("1y immutable", Some("max-age=31536000, immutable")),
            ("1h", Some("max-age=3600")),
            ("2w", Some("max-age=1209600")),
            ("0s", Some("max-age=0")),
            ("no-cache", Some("no-cache")),
            ("no-store", Some("no-store")),
            (
                "public, max-age=60,stale-while-revalidate=30",
                Some("public, max-age=60, stale-while-revalidate=30"),
            ),
            ("private=\"set-cookie\"", Some("private=\"set-cookie\"")),
            ("", None),
            ("1 year", None),
            ("1h forever", None),
            ("1h immutable now", None),
            ("immutable 1h", None),
            ("60", None),
            ("max-age", Some("max-age")),
            ("max-age=", None),
            ("maxage=60", None),
            ("no-cache\r\nX: y", None),
            ("99999999999999y", None),
        ] {
            assert_eq!(cache_control(written).as_deref(), sent, "{written}");
        }
    }
}
