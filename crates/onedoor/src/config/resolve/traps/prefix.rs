//! A prefix that does not get along with what the app's framework does by itself: cut off where it wants to see it, kept
//! where it knows nothing of it, or kept and never told.
//!
//! Only of frameworks whose routes are their own. Where an app's code makes them the door cannot know.

use super::App;
use crate::apps::framework::{self, Hears};
use crate::apps::spec::{Listening, PrefixMode};
use crate::config::error::{Code, ConfigError};
use crate::config::fix::Fix;
use crate::config::resolve::Context;
use crate::config::surgery;

/// More of a framework's configuration is not read.
const SETTING_BYTES_MOST: u64 = 256 << 10;

pub(super) fn trap(app: &App<'_>, context: &Context<'_>) -> Option<ConfigError> {
    let prefix = match &app.spec.listening {
        Listening::Nowhere => None,
        Listening::FixedPort { prefix, .. }
        | Listening::Auto { prefix }
        | Listening::PrivatePort { prefix }
        | Listening::UnixSocket { prefix }
        | Listening::Handed { prefix } => prefix.as_deref(),
    }?;
    let heard = app.line.calls.iter().rev().find_map(|words| Some((words, framework::hears(words)?)));
    let stripped = app.spec.prefix_mode == PrefixMode::Stripped;
    match heard {
        Some((_, (name, Hears::Flag { .. } | Hears::Variable | Hears::Setting))) if stripped => {
            Some(cut_off(app, name))
        }
        Some((_, (name, Hears::Nothing))) if !stripped => Some(kept(app, name, prefix)),
        Some((words, (name, Hears::Flag { flags, write }))) => {
            untold(app, words, (name, flags, write), prefix)
        }
        Some((_, (name, Hears::Auto { variable }))) => not_asked(app, (name, variable), prefix),
        _ => setting(app, prefix, context),
    }
}

fn cut_off(app: &App<'_>, name: &str) -> ConfigError {
    let fact = format!("app \"{}\": {name} wants to see its prefix, and it is cut off", app.spec.name);
    let place =
        app.section.key("strip").or_else(|| app.section.key("rewrite")).or_else(|| app.section.key("prefix"));
    let trap = ConfigError::new(Code::PrefixStripped, place.unwrap_or_else(|| app.line.whole()), fact);
    trap.remedy("leave strip and rewrite out, or say prefix = \"auto\"")
}

/// It answers at `/` alone.
fn kept(app: &App<'_>, name: &str, prefix: &str) -> ConfigError {
    let fact =
        format!("app \"{}\": {name} knows nothing of a prefix, and will not know {prefix}", app.spec.name);
    let path = app.section.key("path").zip(app.section.node("path"));
    let place = path.map_or_else(|| app.line.whole(), |(_, node)| node.span);
    let trap = ConfigError::new(Code::PrefixKept, place, fact).remedy("cut it off: strip = true");
    let says_otherwise = ["prefix", "strip", "rewrite"].iter().any(|key| app.section.key(key).is_some());
    let fix = path.filter(|_| !says_otherwise).and_then(|(key, node)| {
        surgery::put_beside(app.source, key, node.span, "strip = true").map(|edit| Fix::of(vec![edit]))
    });
    trap.fix(fix)
}

fn untold(
    app: &App<'_>,
    words: &[String],
    (name, flags, write): (&str, &[&str], &str),
    prefix: &str,
) -> Option<ConfigError> {
    let is_told = |word: &String| {
        flags
            .iter()
            .any(|flag| word == flag || word.strip_prefix(flag).is_some_and(|rest| rest.starts_with('=')))
    };
    if words.iter().any(is_told) {
        return None;
    }
    let fact = format!("app \"{}\": {name} is not told that it is at {prefix}", app.spec.name);
    let trap = ConfigError::new(Code::PrefixUntold, app.line.whole(), fact);
    Some(trap.remedy(format!("its flag for that: {write}")).fix(app.line.with(write)))
}

fn not_asked(app: &App<'_>, (name, variable): (&str, &str), prefix: &str) -> Option<ConfigError> {
    let is_said = app.section.env("env").iter().any(|(own, _)| own.value == variable);
    if is_said || app.spec.prefix_mode != PrefixMode::Kept {
        return None;
    }
    let fact = format!("app \"{}\": {name} is not told that it is at {prefix}", app.spec.name);
    let trap = ConfigError::new(Code::PrefixUntold, app.line.whole(), fact);
    Some(trap.remedy(format!("prefix = \"auto\" tells it; or say {variable} in env")))
}

/// A framework that hears of its prefix when it is built: its configuration is beside it, and does not name one.
fn setting(app: &App<'_>, prefix: &str, context: &Context<'_>) -> Option<ConfigError> {
    if !context.has_disk() || app.spec.prefix_mode == PrefixMode::Stripped {
        return None;
    }
    let words = app.line.calls.last()?;
    let program = words.first()?;
    let settings = framework::SETTINGS.iter().filter(|setting| setting.programs.contains(&program.as_str()));
    let is_said = |flag: &str| words.iter().any(|word| word == flag || word.starts_with(&format!("{flag}=")));
    settings.filter(|setting| !setting.flag.is_some_and(is_said)).find_map(|setting| {
        let mut files = setting.files.iter().map(|file| app.spec.dir.join(file));
        let file = files.find(|file| file.metadata().is_ok_and(|found| found.len() <= SETTING_BYTES_MOST))?;
        let text = std::fs::read_to_string(&file).ok()?;
        if says(&text, setting.word) {
            return None;
        }
        let name = file.file_name()?.to_string_lossy().into_owned();
        let fact = format!("app \"{}\": {} is not told that it is at {prefix}", app.spec.name, setting.name);
        let trap = ConfigError::new(Code::PrefixUntold, app.line.whole(), fact);
        let write = setting.write.replace("{prefix}", prefix);
        Some(trap.remedy(format!("in {name}: {write}; then build it anew")))
    })
}

/// Whether a line that is no comment has the word as a key.
fn says(text: &str, word: &str) -> bool {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '$';
    lines
        .flat_map(|line| line.match_indices(word).map(move |(at, _)| (&line[..at], &line[at + word.len()..])))
        .any(|(before, after)| !before.ends_with(is_part) && !after.starts_with(is_part))
}

#[cfg(test)]
mod tests {
    use super::super::warnings_of as warnings;
    use super::*;

    fn about(run: &str, more: &str) -> Vec<String> {
        warnings(&format!("[apps.a]\nrun = {run:?}\npath = \"/a\"\n{more}\n"))
    }

    #[test]
    fn a_prefix_is_cut_off_kept_or_told_as_the_framework_wants_it() {
        for (run, more, trap) in [
            ("next start", "strip = true", "wants to see its prefix"),
            ("node .output/server/index.mjs", "strip = true", "wants to see its prefix"),
            ("jupyter lab --ServerApp.base_url=$PREFIX/", "strip = true", "wants to see its prefix"),
            ("streamlit run a.py", "prefix = \"strip\"", "wants to see its prefix"),
            ("ollama serve", "", "strip = true"),
            ("gradio a.py", "", "strip = true"),
            ("code-server", "", "strip = true"),
            ("jupyter lab", "", "--ServerApp.base_url=$PREFIX/"),
            ("jupyter lab", "prefix = \"auto\"", "--ServerApp.base_url=$PREFIX/"),
            ("marimo run a.py", "", "--base-url $PREFIX"),
            ("mlflow server", "", "--static-prefix $PREFIX"),
            ("grafana server", "", "prefix = \"auto\""),
        ] {
            let said = about(run, more);
            let said: Vec<_> = said.iter().filter(|said| !said.contains("is for development")).collect();
            assert_eq!(said.len(), 1, "{run} {more}: {said:?}");
            assert!(said[0].contains(trap), "{run} {more}: {said:?}");
        }
    }

    #[test]
    fn what_gets_along_is_no_trap() {
        for (run, more) in [
            ("next start", ""),
            ("streamlit run a.py", ""),
            ("ollama serve", "strip = true"),
            ("code-server", "prefix = \"auto\""),
            ("jupyter lab --ServerApp.base_url=$PREFIX/", ""),
            ("vite preview --base=/a/", ""),
            ("grafana server", "prefix = \"auto\""),
            ("grafana server", "strip = true"),
            ("uvicorn main:app", ""),
            ("gunicorn main:app", "strip = true"),
        ] {
            assert_eq!(about(run, more), [""; 0], "{run} {more}");
        }
        assert_eq!(warnings("[apps]\nweb = \"jupyter lab\"\n"), [""; 0], "at the root there is no prefix");
    }

    #[test]
    fn a_setting_is_a_word_of_its_own_and_no_comment() {
        assert!(says("export default { basePath: '/a' }", "basePath"));
        assert!(says("module.exports = {\n  base,\n}", "base"));
        assert!(!says("  // basePath: '/a'\n", "basePath"));
        assert!(!says("database: 1, baseUrl: 2", "base"));
    }
}
