//! What is made elsewhere: the stages of a Dockerfile of the app's own, between ours.
//!
//! Its stages get names of their own, so that two such files can both have a `build`, and what they copy from their
//! context is copied from the app's folder. Everything else stays as it is written: whoever wrote it knows why.

use super::dockerfile::{BuiltOn, Stage, Step};
use crate::folder::join;

/// A Dockerfile, taken apart as far as it has to be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Foreign {
    /// What stands before its first FROM.
    pub(super) arguments: Vec<String>,
    /// The last of them is what things are taken from.
    pub(super) stages: Vec<Stage>,
}

/// Where its files are, and what its stages are called.
#[derive(Clone, Copy, Debug)]
pub(super) struct Surroundings<'a> {
    /// Its context, from ours.
    pub(super) folder: &'a str,
    /// The last stage; the others are `NAME-…`.
    pub(super) name: &'a str,
}

/// One instruction with the lines that it goes on in.
struct Instruction<'t> {
    /// In capitals.
    word: String,
    /// Behind the word, in one line.
    rest: String,
    /// As it is written, with its here-documents.
    text: &'t str,
}

/// None: it has no stage, or escapes its lines by another sign than `\`.
pub(super) fn read(text: &str, around: Surroundings<'_>) -> Option<Foreign> {
    if text.lines().take_while(|line| line.starts_with('#')).any(|line| directive(line) == Some("escape")) {
        return None;
    }
    let all = instructions(text);
    let stages = all.iter().filter(|found| found.word == "FROM").count();
    let mut foreign = Foreign::default();
    let mut names: Vec<Option<String>> = Vec::new();
    for found in &all {
        match (found.word.as_str(), foreign.stages.last_mut()) {
            ("FROM", _) => {
                let own = name_of_stage(names.len(), stages, around);
                let (stage, said) = from(&found.rest, own, &names, around)?;
                names.push(said);
                foreign.stages.push(stage);
            }
            (_, None) => foreign.arguments.push(found.text.to_owned()),
            ("COPY" | "ADD", Some(stage)) => {
                stage.step(Step::Verbatim(copy(found, &names, stages, around)));
            }
            ("RUN", Some(stage)) => {
                stage.step(Step::Verbatim(run(found, &names, stages, around)));
            }
            // What its container would start, ours does not.
            ("CMD" | "ENTRYPOINT" | "HEALTHCHECK" | "EXPOSE" | "STOPSIGNAL" | "VOLUME", Some(_)) => {}
            (_, Some(stage)) => {
                stage.step(Step::Verbatim(found.text.to_owned()));
            }
        }
    }
    (!foreign.stages.is_empty()).then_some(foreign)
}

/// `# escape=…` is one.
fn directive(line: &str) -> Option<&str> {
    let (name, _) = line.trim_start_matches('#').split_once('=')?;
    Some(name.trim())
}

fn name_of_stage(index: usize, stages: usize, around: Surroundings<'_>) -> String {
    if index + 1 == stages { around.name.to_owned() } else { format!("{}-{index}", around.name) }
}

/// `FROM [--platform=…] IMAGE [AS NAME]`
fn from(
    rest: &str,
    own: String,
    names: &[Option<String>],
    around: Surroundings<'_>,
) -> Option<(Stage, Option<String>)> {
    let mut words = rest.split_whitespace();
    let mut image = words.next()?;
    let mut built_on = BuiltOn::Target;
    while let Some(flag) = image.strip_prefix("--") {
        if let Some(platform) = flag.strip_prefix("platform=") {
            built_on = BuiltOn::Named(platform.to_owned());
        }
        image = words.next()?;
    }
    let said = words.next().filter(|word| word.eq_ignore_ascii_case("as")).and_then(|_| words.next());
    // A stage before this one is no image.
    let image = renamed(image, names, usize::MAX, around).unwrap_or_else(|| image.to_owned());
    let about = said.map_or_else(|| around.name.to_owned(), |said| format!("{}: {said}", around.name));
    let mut stage = Stage::new(own, image, about);
    stage.built_on = built_on;
    Some((stage, said.map(str::to_owned)))
}

/// What one of its own stages is called here; by number only where there are so many.
fn renamed(said: &str, names: &[Option<String>], stages: usize, around: Surroundings<'_>) -> Option<String> {
    let by_name = |name: &Option<String>| name.as_ref().is_some_and(|name| name.eq_ignore_ascii_case(said));
    let by_number =
        || said.parse::<usize>().ok().filter(|index| *index < names.len() && stages != usize::MAX);
    let index = names.iter().rposition(by_name).or_else(by_number)?;
    // A stage that others are made from is never the last.
    Some(name_of_stage(index, usize::MAX, around))
}

fn copy(
    found: &Instruction<'_>,
    names: &[Option<String>],
    stages: usize,
    around: Surroundings<'_>,
) -> String {
    let mut words = found.rest.split_whitespace().peekable();
    let mut line = vec![found.word.clone()];
    let mut is_own = true;
    while let Some(flag) = words.next_if(|word| word.starts_with("--")) {
        match flag.strip_prefix("--from=") {
            Some(said) => {
                is_own = false;
                let name = renamed(said, names, stages, around).unwrap_or_else(|| said.to_owned());
                line.push(format!("--from={name}"));
            }
            None => line.push(flag.to_owned()),
        }
    }
    let rest = words.collect::<Vec<_>>().join(" ");
    if rest.contains("<<") {
        return found.text.to_owned();
    }
    let paths: Vec<String> = match serde_json::from_str(&rest) {
        Ok(list) => list,
        Err(_) => rest.split(' ').map(str::to_owned).collect(),
    };
    let Some((to, sources)) = paths.split_last() else { return found.text.to_owned() };
    let below = |path: &String| if is_own { below(path, around.folder) } else { path.clone() };
    let paths: Vec<String> = sources.iter().map(below).chain([to.clone()]).collect();
    match paths.iter().any(|path| path.contains(' ')) {
        true => line.push(serde_json::Value::from(paths).to_string()),
        false => line.extend(paths),
    }
    line.join(" ")
}

/// A path of its context, from ours; what ADD fetches from elsewhere is none.
fn below(path: &str, folder: &str) -> String {
    if path.contains("://") || path.starts_with("git@") {
        return path.to_owned();
    }
    let inside = path.trim_start_matches('/');
    let inside = inside.strip_prefix("./").unwrap_or(inside);
    match (inside, folder) {
        ("" | ".", "") => ".".to_owned(),
        ("" | ".", folder) => format!("{folder}/"),
        (inside, folder) => join(folder, inside),
    }
}

/// `RUN --mount=type=bind,from=build,…`: the one place of a RUN in which a stage or a file of the context is named.
fn run(found: &Instruction<'_>, names: &[Option<String>], stages: usize, around: Surroundings<'_>) -> String {
    let mut text = found.text.to_owned();
    for flag in found.rest.split_whitespace().take_while(|word| word.starts_with("--")) {
        let Some(mount) = flag.strip_prefix("--mount=") else { continue };
        let fields: Vec<&str> = mount.split(',').collect();
        let is_bind = fields.contains(&"type=bind") || !mount.contains("type=");
        let is_own = is_bind && !fields.iter().any(|field| field.starts_with("from="));
        let mut new: Vec<String> = fields
            .iter()
            .map(|field| match field.split_once('=') {
                Some(("from", said)) => {
                    format!(
                        "from={}",
                        renamed(said, names, stages, around).unwrap_or_else(|| said.to_owned())
                    )
                }
                Some((key @ ("source" | "src"), path)) if is_own => {
                    format!("{key}={}", below(path, around.folder))
                }
                _ => (*field).to_owned(),
            })
            .collect();
        let has_source = fields.iter().any(|field| field.starts_with("source=") || field.starts_with("src="));
        if is_own && !has_source && !around.folder.is_empty() {
            new.push(format!("source={}", around.folder));
        }
        text = text.replacen(flag, &format!("--mount={}", new.join(",")), 1);
    }
    text
}

fn instructions(text: &str) -> Vec<Instruction<'_>> {
    let mut all = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let first = rest.lines().next().unwrap_or_default().trim();
        if first.is_empty() || first.starts_with('#') {
            rest = rest.split_once('\n').map_or("", |(_, rest)| rest);
            continue;
        }
        let (found, behind) = instruction(rest);
        rest = behind;
        all.push(found);
    }
    all
}

/// The instruction that the text begins with, and what is behind it.
fn instruction(text: &str) -> (Instruction<'_>, &str) {
    let mut said = String::new();
    let mut end = 0;
    for line in text.split_inclusive('\n') {
        end += line.len();
        let line = line.trim();
        // Comments and empty lines do not end it.
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        match line.strip_suffix('\\') {
            Some(more) => said.extend([more.trim_end(), " "]),
            None => {
                said.push_str(line);
                break;
            }
        }
    }
    let (word, rest) = said.split_once(char::is_whitespace).unwrap_or((&said, ""));
    let word = word.to_ascii_uppercase();
    if matches!(word.as_str(), "RUN" | "COPY" | "ADD") {
        for terminator in here_documents(rest) {
            end += until(&text[end..], &terminator);
        }
    }
    let found = Instruction { word, rest: rest.trim().to_owned(), text: text[..end].trim_end() };
    (found, &text[end..])
}

/// The words that end the here-documents of a command: `<<EOF`, `<<-"EOF"`.
fn here_documents(rest: &str) -> Vec<String> {
    let is_name =
        |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    rest.split_whitespace()
        .filter_map(|word| word.trim_start_matches(|c: char| c.is_ascii_digit()).strip_prefix("<<"))
        .map(|word| word.trim_start_matches('-').trim_matches(['"', '\'']).to_owned())
        .filter(|word| is_name(word))
        .collect()
}

/// The bytes up to and with the line that is the terminator; all, where there is none.
fn until(text: &str, terminator: &str) -> usize {
    let mut lines = text.split_inclusive('\n');
    let before: usize = lines.by_ref().take_while(|line| line.trim() != terminator).map(str::len).sum();
    let rest = &text[before..];
    before + rest.split_inclusive('\n').next().map_or(0, str::len)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, folder: &str) -> String {
        let found = read(text, Surroundings { folder, name: "build-legacy" }).unwrap();
        let stages = found.stages.iter().map(ToString::to_string);
        found.arguments.iter().cloned().chain(stages).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn stages_are_renamed_and_the_context_is_the_apps_folder() {
        let text = "\
# syntax=docker/dockerfile:1
ARG TAG=3.20
FROM --platform=$BUILDPLATFORM alpine:$TAG as Build
# why
RUN --mount=type=bind,target=/src --mount=type=cache,target=/c make \\
    # in between
    all

COPY --chown=1:1 a b/ ./
FROM debian:trixie
copy --from=build /x /y
COPY --from=0 /x /z
COPY --from=alpine:3 /etc/os-release /
ADD https://example.com/a.tgz .
COPY [\"my file\", \"./\"]
RUN cat <<EOF > /f
FROM nowhere
EOF
FROM debian:trixie
COPY --from=1 /y /y
WORKDIR /opt/legacy
CMD [\"x\"]
";
        insta::assert_snapshot!(shown(text, "legacy"), @r#"
        ARG TAG=3.20
        # build-legacy: Build
        FROM --platform=$BUILDPLATFORM alpine:$TAG AS build-legacy-0
        RUN --mount=type=bind,target=/src,source=legacy --mount=type=cache,target=/c make \
            # in between
            all
        COPY --chown=1:1 legacy/a legacy/b/ ./

        # build-legacy
        FROM debian:trixie AS build-legacy-1
        COPY --from=build-legacy-0 /x /y
        COPY --from=build-legacy-0 /x /z
        COPY --from=alpine:3 /etc/os-release /
        ADD https://example.com/a.tgz .
        COPY ["legacy/my file","./"]
        RUN cat <<EOF > /f
        FROM nowhere
        EOF

        # build-legacy
        FROM debian:trixie AS build-legacy
        COPY --from=build-legacy-1 /y /y
        WORKDIR /opt/legacy
        "#);
    }

    #[test]
    fn a_stage_on_a_stage_is_found_and_the_whole_folder_is_the_folder() {
        let text = "FROM golang AS base\nFROM base\nCOPY . .\n";
        let shown = shown(text, "legacy");
        assert!(shown.contains("FROM build-legacy-0 AS build-legacy\nCOPY legacy/ .\n"), "{shown}");
    }

    #[test]
    fn what_is_no_dockerfile_is_none_and_nothing_is_a_panic() {
        let around = Surroundings { folder: "", name: "build-a" };
        for text in ["", "RUN x", "# escape=`\nFROM x", "FROM", "FROM --platform=x", "COPY"] {
            assert_eq!(read(text, around), None, "{text:?}");
        }
        for text in [
            "FROM x\nCOPY",
            "FROM x\nCOPY --from=",
            "FROM x\nRUN cat <<EOF",
            "FROM x\nRUN \\",
            "FROM x\nCOPY []",
        ] {
            assert!(read(text, around).is_some(), "{text:?}");
        }
    }
}
