//! `[log]`: what is written and how.

use crate::config::section::Section;
use crate::proxy::config::AccessLog;

/// How onedoor and the apps write their lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LogSettings {
    pub(crate) format: LogFormat,
    pub(crate) apps: AppLines,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// For people on a terminal, else JSON lines.
    Auto,
    Human,
    Json,
}

/// What becomes of the apps' own lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AppLines {
    /// As the format says: behind the app's name on a terminal, else within a JSON line.
    Auto,
    Prefix,
    Json,
    Raw,
}

pub(super) fn log(section: Option<&Section>) -> (LogSettings, AccessLog) {
    let word = |key| section.and_then(|section| section.text(key)).map(|word| word.value);
    let format = match word("format") {
        Some("human") => LogFormat::Human,
        Some("json") => LogFormat::Json,
        _ => LogFormat::Auto,
    };
    let apps = match word("apps") {
        Some("prefix") => AppLines::Prefix,
        Some("json") => AppLines::Json,
        Some("raw") => AppLines::Raw,
        _ => AppLines::Auto,
    };
    let access = if word("access") == Some("off") { AccessLog::Off } else { AccessLog::On };
    (LogSettings { format, apps }, access)
}
