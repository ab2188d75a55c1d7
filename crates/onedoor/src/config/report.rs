//! What was found, for machines: JSON for editors and tools, and the lines that GitHub shows beside the code.
//!
//! The names of the fields are a promise (docs/diagnostics.md). Decides nothing and writes nothing.

use serde_json::{Map, Value as Json, json};

use super::code::Severity;
use super::error::{ConfigError, ConfigErrors};
use super::fix::Edit;
use super::resolve::Loaded;
use super::source::{Source, Span};

/// Of the form; a field more does not change it.
const VERSION: u32 = 1;

type Outcome = Result<Loaded, ConfigErrors>;

/// Everything that is to be said of the files, in their order.
pub(crate) fn json(outcome: &Outcome) -> Json {
    let (source, found) = found(outcome);
    let count = |wanted| found.iter().filter(|error| error.code.severity() == wanted).count();
    json!({
        "version": VERSION,
        "ok": outcome.is_ok(),
        "errors": count(Severity::Error),
        "warnings": count(Severity::Warning),
        "diagnostics": found.iter().map(|error| diagnostic(source, error)).collect::<Vec<_>>(),
    })
}

/// One line each, as GitHub's runner reads them from what a step prints.
pub(crate) fn github(outcome: &Outcome) -> String {
    let (source, found) = found(outcome);
    found.iter().map(|error| annotation(source, error)).collect()
}

fn found(outcome: &Outcome) -> (&Source, &[ConfigError]) {
    match outcome {
        Ok(loaded) => (&loaded.warnings.source_text, &loaded.warnings.found),
        Err(errors) => (&errors.source_text, &errors.errors),
    }
}

fn severity(error: &ConfigError) -> &'static str {
    match error.code.severity() {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

fn diagnostic(source: &Source, error: &ConfigError) -> Json {
    let mut all = error.places.first().map(|first| place(source, first.span)).unwrap_or_default();
    let labels = error.places.iter().filter(|one| !one.label.is_empty());
    let labels = labels.map(|one| with_text(place(source, one.span), &one.label));
    let edit = |edit: &Edit| with_text(place(source, edit.span), &edit.text);
    let fix =
        error.fixes.first().map(|fix| json!({ "edits": fix.edits.iter().map(edit).collect::<Vec<_>>() }));
    all.insert("code".to_owned(), error.code.as_str().into());
    all.insert("severity".to_owned(), severity(error).into());
    all.insert("message".to_owned(), error.fact.as_str().into());
    all.insert("help".to_owned(), error.remedy.as_deref().into());
    all.insert("labels".to_owned(), labels.collect());
    all.insert("fix".to_owned(), fix.into());
    Json::Object(all)
}

/// Lines and columns from 1, columns in characters; `start` and `end` are bytes of the file. The end is the first
/// that does not belong to it.
fn place(source: &Source, span: Span) -> Map<String, Json> {
    let file = source.file_of(span);
    let range = file.local(span);
    let ((line, column), (end_line, end_column)) = corners(source, span);
    let numbers = [
        ("line", line),
        ("column", column),
        ("end_line", end_line),
        ("end_column", end_column),
        ("start", range.start),
        ("end", range.end),
    ];
    let numbers = numbers.into_iter().map(|(name, number)| (name.to_owned(), number.into()));
    std::iter::once(("file".to_owned(), Json::from(&*file.name))).chain(numbers).collect()
}

fn corners(source: &Source, span: Span) -> ((usize, usize), (usize, usize)) {
    let end = Span { start: span.end.max(span.start), end: span.end };
    (source.line_and_column(span), source.line_and_column(end))
}

fn with_text(mut place: Map<String, Json>, text: &str) -> Json {
    place.insert("text".to_owned(), text.into());
    Json::Object(place)
}

/// `::error file=onedoor.toml,line=3,col=1,endLine=3,endColumn=5,title=unknown-key::unknown key …`
fn annotation(source: &Source, error: &ConfigError) -> String {
    let mut properties = Vec::new();
    if let Some(first) = error.places.first() {
        let name = property(&source.file_of(first.span).name);
        let ((line, column), (end_line, end_column)) = corners(source, first.span);
        properties
            .push(format!("file={name},line={line},col={column},endLine={end_line},endColumn={end_column}"));
    }
    properties.push(format!("title={}", property(error.code.as_str())));
    let help = error.remedy.as_ref().map(|remedy| format!("\nhelp: {remedy}")).unwrap_or_default();
    let message = message(&format!("{}{help}", error.fact));
    format!("::{} {}::{message}\n", severity(error), properties.join(","))
}

/// A message ends with its line.
fn message(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property ends with a comma or a colon besides.
fn property(text: &str) -> String {
    message(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Env, check_text, check_text_as};

    const BROKEN: &str = "[apps]\n\u{e9} = 1\nweb = { run = \"x\", pathh = \"/\",\n  port = \"9300\" }\nb = { run = \"x\", path = \"/b\", port = 9300 }\n";

    #[test]
    fn every_finding_has_its_place_in_lines_and_bytes_and_the_edits_that_mend_it() {
        let outcome = check_text(BROKEN, &Env::made_of([]));
        insta::assert_snapshot!(format!("{:#}", json(&outcome)));
    }

    #[test]
    fn the_edits_are_cuts_of_the_file_as_it_is() {
        let told = json(&check_text(BROKEN, &Env::made_of([])));
        let found = told["diagnostics"].as_array().unwrap();
        let stray = found.iter().find(|one| one["code"] == "unknown-key").unwrap();
        let edit = &stray["fix"]["edits"][0];
        let at = |name: &str| usize::try_from(edit[name].as_u64().unwrap()).unwrap();
        assert_eq!(&BROKEN[at("start")..at("end")], "pathh");
        assert_eq!(edit["text"], "path");
    }

    #[test]
    fn what_is_fine_is_said_with_its_warnings() {
        let text = "[routes]\n\"/users/:id\" = { respond = \"x\" }\n";
        let told = json(&check_text(text, &Env::made_of([])));
        assert_eq!((&told["ok"], &told["errors"], &told["warnings"]), (&true.into(), &0.into(), &1.into()));
        assert_eq!(told["diagnostics"][0]["severity"], "warning");
    }

    #[test]
    fn github_reads_one_line_each_with_all_that_would_end_it_escaped() {
        let outcome = check_text_as("a,b:100%.toml", BROKEN, None, &Env::made_of([]));
        let told = github(&outcome);
        assert!(
            told.lines().all(|line| line.starts_with("::error file=a%2Cb%3A100%25.toml,line=")),
            "{told}"
        );
        insta::assert_snapshot!(told);
    }
}
