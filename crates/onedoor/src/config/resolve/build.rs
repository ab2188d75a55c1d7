//! `apps.*.build`, `image` and `copy`: how apps get into an image. Nobody but `onedoor dockerfile` asks for it.
//!
//! Everything here becomes a line of a Dockerfile, so whatever would be read there as more than itself is refused where
//! it is written.

use onedoor_draft::{Build, FOUND, MadeFrom, Start};

use super::app::Draft;
use super::{Context, command};
use crate::apps::spec::AppSpec;
use crate::config::error::{Code, ConfigError};
use crate::config::secrecy;
use crate::config::section::{Section, Value};
use crate::config::source::{Located, Span};

/// One for each app, in their order.
pub(super) fn builds(drafts: &[Draft<'_>], apps: &[AppSpec], context: &mut Context<'_>) -> Vec<Build> {
    let builds: Vec<Build> = drafts.iter().map(|draft| of_app(draft, context)).collect();
    for (at, build) in builds.iter().enumerate() {
        let shares = |other: &usize| apps[*other].dir == apps[at].dir && builds[*other].changes_folder();
        let first = (0..at).find(shares).filter(|_| build.changes_folder());
        if let Some(first) = first.filter(|first| builds[*first].of_folder() != build.of_folder()) {
            context.errors.push(built_otherwise(&drafts[at], &drafts[first]));
        }
    }
    builds
}

fn built_otherwise(draft: &Draft<'_>, first: &Draft<'_>) -> ConfigError {
    let place =
        |draft: &Draft<'_>| draft.section.and_then(|section| section.key("build")).unwrap_or(draft.name.span);
    let (name, other) = (draft.name.value, first.name.value);
    let fact = format!("app \"{name}\": builds its folder otherwise than app \"{other}\" does");
    ConfigError::new(Code::Contradiction, place(draft), fact)
        .also(place(first), "as it is built here")
        .remedy("apps of one folder are built together: say it of one of them; `start` and `apt` may differ")
}

fn of_app(draft: &Draft<'_>, context: &mut Context<'_>) -> Build {
    let Some(section) = draft.section else { return Build::default() };
    let nothing = Section::empty("apps.*.build");
    let build = section.table("build").unwrap_or(&nothing);
    let text = |key: &str| build.text(key).map(|text| text.value.to_owned());
    let made_from = made_from(draft.name.value, section, build, context);
    Build {
        made_from,
        provider: text("provider"),
        version: text("version"),
        apt: packages(build, "apt", context),
        apt_build: packages(build, "apt_build", context),
        env: variables(draft.name.value, build, context),
        secrets: secrets(build, context),
        before: commands(build, "before", context).unwrap_or_default(),
        install: commands(build, "install", context),
        build: commands(build, "build", context),
        after: commands(build, "after", context).unwrap_or_default(),
        start: start(build, context),
    }
}

/// Where the app's files come from, and that only one place is named.
fn made_from(name: &str, section: &Section, build: &Section, context: &mut Context<'_>) -> MadeFrom {
    let copy: Vec<String> = section
        .list("copy")
        .unwrap_or_default()
        .into_iter()
        .filter(|place| is_copied(place, context))
        .map(|place| place.value.trim_end_matches('/').to_owned())
        .collect();
    let (image, file) = (section.text("image"), build.text("dockerfile"));
    let place = match (&image, &file) {
        (Some(image), Some(file)) => {
            let fact = format!("app \"{name}\": is made from an image, and from a Dockerfile");
            let error = ConfigError::new(Code::Contradiction, file.span, fact).also(image.span, "the image");
            context.errors.push(error.remedy("keep one of them"));
            return MadeFrom::Folder;
        }
        (Some(place), None) | (None, Some(place)) => place.span,
        (None, None) => {
            if let Some(place) = section.key("copy") {
                let fact = format!("app \"{name}\": says what is copied, but not from where");
                let error = ConfigError::new(Code::Contradiction, place, fact);
                context.errors.push(error.remedy("name an image, image = \"ghcr.io/acme/legacy:2.4\", or build.dockerfile; an app's own folder is copied anyhow"));
            }
            return MadeFrom::Folder;
        }
    };
    if section.key("copy").is_none() {
        let error = ConfigError::new(
            Code::MissingKey,
            place,
            format!("app \"{name}\": what is taken of it is not said"),
        );
        context.errors.push(error.remedy("list its files and folders: copy = [\"/opt/legacy\"]"));
    }
    refuse_steps(name, build, place, context);
    match (image, file) {
        (Some(image), _) => {
            context.errors.extend(no_image(image));
            MadeFrom::Image { image: image.value.to_owned(), copy }
        }
        (None, Some(file)) => MadeFrom::Dockerfile { file: own_file(file, context), copy },
        (None, None) => MadeFrom::Folder,
    }
}

/// What is built elsewhere is not built here.
fn refuse_steps(name: &str, build: &Section, from: Span, context: &mut Context<'_>) {
    const STEPS: [&str; 9] =
        ["provider", "version", "apt_build", "env", "secrets", "before", "install", "build", "after"];
    if let Some((key, place)) = STEPS.iter().find_map(|key| Some((key, build.key(key)?))) {
        let fact = format!(
            "app \"{name}\": `build.{key}` is about a folder that is built here, and this app is made elsewhere"
        );
        let error = ConfigError::new(Code::Contradiction, place, fact).also(from, "made from this");
        context.errors.push(error.remedy("take it out; `apt` and `start` can be said of such an app, too"));
    }
}

fn is_copied(place: &Located<&str>, context: &mut Context<'_>) -> bool {
    let path = place.value;
    let is_inside = path.starts_with('/')
        && !path.trim_matches('/').is_empty()
        && !path.split('/').any(|part| part == "..");
    let is_plain = !path.contains(|c: char| c.is_control() || c.is_whitespace() || "\"'\\$*?[".contains(c));
    if !is_inside || !is_plain {
        let fact = format!("`{}` is no file or folder that can be taken", path.escape_debug());
        let error = ConfigError::new(Code::BadValue, place.span, fact);
        context
            .errors
            .push(error.remedy("write its whole path there, as in \"/opt/legacy\"; it gets the same place"));
    }
    is_inside && is_plain
}

fn no_image(image: Located<&str>) -> Option<ConfigError> {
    let is_of_a_name = |c: char| c.is_ascii_alphanumeric() || "./:@_-".contains(c);
    let begins = image.value.starts_with(|c: char| c.is_ascii_alphanumeric());
    (!begins || !image.value.chars().all(is_of_a_name)).then(|| {
        let fact = format!("`{}` is no name of an image", image.value.escape_debug());
        ConfigError::new(Code::BadValue, image.span, fact).remedy("as in \"ghcr.io/acme/legacy:2.4\"")
    })
}

/// The Dockerfile, from the file's folder; it has to be there when the image's is written, not when the app runs.
fn own_file(file: Located<&str>, context: &mut Context<'_>) -> String {
    let path: Vec<&str> = file.value.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    if file.value.starts_with('/') || path.contains(&"..") {
        let fact = format!("{} is not below the folder of this file", file.value);
        let error = ConfigError::new(Code::BadValue, file.span, fact);
        context.errors.push(error.remedy("an image is made from one folder; move it there"));
    }
    path.join("/")
}

fn packages(build: &Section, key: &str, context: &mut Context<'_>) -> Vec<String> {
    let mut packages = Vec::new();
    for package in build.list(key).unwrap_or_default() {
        let is_of_a_name = |c: char| c.is_ascii_alphanumeric() || "+.-=:~".contains(c);
        let begins = package.value.starts_with(|c: char| c.is_ascii_alphanumeric());
        if begins && package.value.chars().all(is_of_a_name) {
            packages.push(package.value.to_owned());
            continue;
        }
        let fact = format!("`{}` is no Debian package", package.value.escape_debug());
        let error = ConfigError::new(Code::BadValue, package.span, fact).remedy("as in \"libpq5\"");
        context.errors.push(super::apart(error, build, key, package));
    }
    packages
}

fn variables(app: &str, build: &Section, context: &mut Context<'_>) -> Vec<(String, String)> {
    let mut variables = Vec::new();
    for (name, value) in build.map("env") {
        let is_of_a_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if name.value.is_empty()
            || name.value.starts_with(|c: char| c.is_ascii_digit())
            || !name.value.chars().all(is_of_a_name)
            || value.value.contains(char::is_control)
        {
            let fact = format!("`{}` cannot be a variable of a Dockerfile", name.value.escape_debug());
            let error = ConfigError::new(Code::BadValue, name.span, fact);
            context.errors.push(error.remedy("a name is made of letters, digits and _, a value of one line"));
            continue;
        }
        let is_named = secrecy::is_secret_name(&name.value) && secrecy::is_telling(&value.value);
        if is_named || secrecy::part(&value.value).is_some() {
            let fact = format!(
                "app \"{app}\": {} stands here in clear text, and would in the Dockerfile",
                name.value
            );
            let id = name.value.to_ascii_lowercase();
            context.warn(ConfigError::new(Code::SecretInClear, value.span, fact).remedy(format!(
                "give it to the build as a file, build.secrets = {{ {id} = \"/run/secrets/{id}\" }}, and `docker build --secret id={id},src=FILE`"
            )));
        }
        variables.push((name.value.clone(), value.value.clone()));
    }
    variables
}

fn secrets(build: &Section, context: &mut Context<'_>) -> Vec<(String, String)> {
    let is_of_a_name = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    let is_of_a_path = |c: char| is_of_a_name(c) || c == '/' || c == '+';
    let mut secrets = Vec::new();
    for (id, target) in build.map("secrets") {
        if !id.value.is_empty()
            && id.value.chars().all(is_of_a_name)
            && (target.value.starts_with('/') || target.value.starts_with("~/"))
            && target.value.trim_start_matches('~').chars().all(is_of_a_path)
        {
            secrets.push((id.value.clone(), target.value.clone()));
            continue;
        }
        let fact =
            format!("`{}` is no secret of a build, or its place is no whole path", id.value.escape_debug());
        let error = ConfigError::new(Code::BadValue, target.span, fact);
        context.errors.push(error.remedy(
            "a name for --secret id=, and where the build's commands find the file: { npmrc = \"~/.npmrc\" }",
        ));
    }
    secrets
}

/// The lines, each of which is one RUN.
fn commands(build: &Section, key: &str, context: &mut Context<'_>) -> Option<Vec<String>> {
    let mut lines = Vec::new();
    let mut found = 0;
    for line in build.list(key)? {
        found += usize::from(line.value == FOUND);
        let may_be_found = matches!(key, "install" | "build");
        if let Some((fact, remedy)) = no_line(line.value, may_be_found, found) {
            context.errors.push(ConfigError::new(Code::BadCommand, line.span, fact).remedy(remedy));
            continue;
        }
        lines.push(line.value.to_owned());
    }
    Some(lines)
}

/// What a RUN would read otherwise than a shell does.
fn no_line(line: &str, may_be_found: bool, found: usize) -> Option<(&'static str, &'static str)> {
    let is_here_document = |word: &str| {
        word.trim_start_matches(|c: char| c.is_ascii_digit()).starts_with("<<") && !word.contains("<<<")
    };
    Some(match () {
        () if line == FOUND && !may_be_found => (
            "\"...\" stands for commands that are found, and here are none",
            "take it out; it belongs into `install` or `build`",
        ),
        () if line == FOUND && found > 1 => ("\"...\" stands twice in the list", "take one of them out"),
        () if line.trim().is_empty() => ("the command is empty", "take it out, or say what is run"),
        () if line.contains(char::is_control) => {
            ("a command is one line", "write several as a list, or put them into a script that is run")
        }
        () if line.trim_end().ends_with('\\') => ("a command cannot end with `\\`", "write it in one line"),
        () if line.trim_start().starts_with("--") => (
            "this would be an option of RUN",
            "a command begins with its program; for mounts of secrets there is build.secrets",
        ),
        () if line.trim_start().starts_with('[') => {
            ("this would be read as a list of words", "write it as a shell reads it")
        }
        () if line.split_whitespace().any(is_here_document) => (
            "a here-document goes on in lines that are not there",
            "use printf, or a script of the app's folder",
        ),
        () => return None,
    })
}

fn start(build: &Section, context: &mut Context<'_>) -> Option<Start> {
    let node = build.node("start")?;
    if let Err(error) = command::parse(node) {
        context.errors.push(error);
        return None;
    }
    match &node.value {
        Value::List(words) => Some(Start::Words(words.iter().map(|word| word.value.clone()).collect())),
        Value::Text(line) => Some(Start::Line(line.clone())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use onedoor_draft::{Build, MadeFrom, Start};

    use crate::config::{Env, Loaded, check_text};

    fn loaded(text: &str) -> Loaded {
        check_text(text, &Env::made_of([])).unwrap_or_else(|errors| panic!("{errors}"))
    }

    #[test]
    fn what_is_said_of_building_is_kept_as_it_is_written() {
        let loaded = loaded(
            r#"
[apps.api]
run = "uvicorn main:app"
[apps.api.build]
provider = "python"
version = ">=3.12"
apt = "libpq5"
apt_build = ["libpq-dev", "g++=4:14.2.0-1"]
env = { VITE_API = "${API}", N = 1 }
secrets = { npmrc = "~/.npmrc" }
before = "echo ${HOME}"
install = ["...", "make || true"]
start = ["uvicorn", "main:app", "--workers", "2"]
"#,
        );
        let texts = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let wanted = Build {
            made_from: MadeFrom::Folder,
            provider: Some("python".to_owned()),
            version: Some(">=3.12".to_owned()),
            apt: texts(&["libpq5"]),
            apt_build: texts(&["libpq-dev", "g++=4:14.2.0-1"]),
            env: vec![pair("VITE_API", "${API}"), pair("N", "1")],
            secrets: vec![pair("npmrc", "~/.npmrc")],
            before: texts(&["echo ${HOME}"]),
            install: Some(texts(&["...", "make || true"])),
            build: None,
            after: Vec::new(),
            start: Some(Start::Words(texts(&["uvicorn", "main:app", "--workers", "2"]))),
        };
        assert_eq!(loaded.builds, [wanted]);
    }

    #[test]
    fn apps_of_one_folder_may_say_the_same_or_leave_it_to_one() {
        let loaded = loaded(
            r#"
[defaults.app]
build = { env = { CI = "1" } }
[apps.api]
run = "node a.js"
path = "/"
[apps.worker]
run = "node w.js"
build = { apt = "curl", start = "node dist/w.js" }
"#,
        );
        assert_eq!(loaded.builds[0].env, loaded.builds[1].env);
        assert_eq!(loaded.builds[1].apt, ["curl"]);
    }

    #[test]
    fn a_secret_in_a_builds_variables_is_a_trap() {
        let loaded =
            loaded("[apps.api]\nrun = \"node a.js\"\nbuild = { env = { NPM_TOKEN = \"correct horse\" } }\n");
        let warnings: Vec<String> = loaded.warnings.lines().collect();
        assert!(
            warnings.iter().any(|line| line.contains("NPM_TOKEN stands here in clear text")),
            "{warnings:?}"
        );
    }
}
