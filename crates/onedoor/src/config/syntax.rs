//! What is no TOML, in the words of whoever wrote it: one mistake for each broken statement, not one for each token the
//! parser then stumbled over.

use toml::de::Error;

use super::error::{Code, ConfigError};
use super::fix::{Edit, Fix};
use super::foreign;
use super::lenient::{self, Reading, Statement};
use super::source::File;

/// `broken`: what the parser said of this file, duplicate keys aside.
pub(super) fn explain(file: &File, broken: &[&Error]) -> Vec<ConfigError> {
    if broken.is_empty() {
        return Vec::new();
    }
    if let Some(whole) = foreign::whole_file(file) {
        return vec![whole];
    }
    let typed = lenient::statements(&file.text, Reading::Typed);
    let texts = lenient::statements(&file.text, Reading::Text);
    let mut found = Vec::new();
    let mut first_slip = usize::MAX;
    let mut starts: Vec<usize> = broken.iter().map(|error| start(error)).collect();
    starts.sort_unstable();
    let slipped: Vec<usize> = (0..typed.len()).filter(|at| !typed[*at].slips.is_empty()).collect();
    for (index, at) in slipped.iter().enumerate() {
        let statement = &typed[*at];
        let until = slipped.get(index + 1).map_or(usize::MAX, |next| typed[*next].range.start);
        // What the parser took without a word may be unusual, but it is no mistake.
        let first = starts.partition_point(|start| *start < statement.range.start);
        if starts.get(first).is_some_and(|start| *start < until) {
            let other = texts.binary_search_by_key(&statement.range.start, |other| other.range.start);
            let other = other.ok().map(|at| &texts[at]);
            found.extend(slips(file, statement, other));
            first_slip = first_slip.min(statement.range.start);
        }
    }
    let mut last = None;
    for error in broken.iter().filter(|error| start(error) < first_slip) {
        let before = typed.partition_point(|one| one.range.start <= start(error));
        let statement = before.checked_sub(1).filter(|at| typed[*at].range.contains(&start(error)));
        if statement.is_none() || statement != last {
            let span = file.span(error.span().unwrap_or_default());
            let said = ConfigError::new(Code::Syntax, span, format!("not TOML: {}", error.message()));
            found.push(match remedy_of(error) {
                Some(remedy) => said.remedy(remedy),
                None => said,
            });
        }
        last = statement.or(last);
    }
    found
}

/// For what is whole line by line, and broken together.
fn remedy_of(error: &Error) -> Option<&'static str> {
    let extends_a_list = error.message().contains("cannot extend value of type array");
    extends_a_list.then_some("it is a list in brackets: what is to be in it is written there")
}

fn start(error: &Error) -> usize {
    error.span().unwrap_or_default().start
}

/// The first slip is the mistake; the others of its statement are shown beside it, and mended with it.
fn slips(file: &File, statement: &Statement, other: Option<&Statement>) -> Option<ConfigError> {
    let (first, more) = statement.slips.split_first()?;
    let mut error = ConfigError::new(Code::Syntax, file.span(first.range.clone()), first.fact.as_str());
    error = error.remedy(first.sentence.as_str());
    for slip in more {
        error = error.also(file.span(slip.range.clone()), slip.sentence.as_str());
    }
    let repaired = |statement: &Statement| {
        let edit = |(range, text): &(std::ops::Range<usize>, String)| Edit {
            span: file.span(range.clone()),
            text: text.clone(),
        };
        let edits: Option<Vec<Edit>> =
            statement.slips.iter().map(|slip| slip.repair.as_ref().map(edit)).collect();
        edits.map(|edits| Fix::of(edits).saying(statement.slips[0].sentence.as_str()))
    };
    let typed = repaired(statement);
    let text = other.and_then(repaired).filter(|fix| typed.as_ref() != Some(fix));
    Some(error.fix(typed).fix(text))
}
