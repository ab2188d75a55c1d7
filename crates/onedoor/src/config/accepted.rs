//! Traps that somebody accepts knowingly: `# onedoor: allow(CODE)` behind a line, or on lines of its own above it.
//!
//! A comment and no key, so that it stands where the reason stands, and covers no trap that comes to the file later.
//! Only warnings can be accepted. JSON has no comments, and so accepts none.

use std::collections::BTreeSet;

use super::code::{Code, Severity};
use super::error::ConfigError;
use super::source::{File, Source, Span};

const OPENING: &str = "onedoor: allow(";

/// Leaves out the traps whose line accepts them, and says where a comment names none.
pub(super) fn leave_out(source: &Source, found: &mut Vec<ConfigError>) {
    let mut mistakes = Vec::new();
    for file in source.files() {
        let accepted = accepted(file, &mut mistakes);
        found.retain(|trap| {
            let is_here = std::ptr::eq(source.file_of(trap.position()), file);
            let (line, _) = source.line_and_column(trap.position());
            !is_here || trap.places.is_empty() || !accepted.contains(&(line, trap.code.as_str()))
        });
    }
    found.append(&mut mistakes);
}

/// Each code with the number of the line that it is accepted on.
fn accepted(file: &File, mistakes: &mut Vec<ConfigError>) -> BTreeSet<(usize, &'static str)> {
    let mut accepted = BTreeSet::new();
    if !file.text.contains(OPENING) {
        return accepted;
    }
    let mut above = Vec::new();
    let mut start = 0;
    for (index, line) in file.text.split_inclusive('\n').enumerate() {
        let named = named(file, start, line, mistakes);
        let is_a_comment = line.trim_start().starts_with('#');
        if is_a_comment {
            above.extend(named);
        } else {
            accepted.extend(above.drain(..).chain(named).map(|code: Code| (index + 1, code.as_str())));
        }
        start += line.len();
    }
    accepted
}

/// The codes in the comment of a line that begins at byte `start` of the file.
fn named(file: &File, start: usize, line: &str, mistakes: &mut Vec<ConfigError>) -> Vec<Code> {
    let Some((before, after)) = line.split_once(OPENING).filter(|(before, _)| before.contains('#')) else {
        return Vec::new();
    };
    let Some((names, _)) = after.split_once(')') else { return Vec::new() };
    let mut at = start + before.len() + OPENING.len();
    let mut codes = Vec::new();
    for part in names.split(',') {
        let name = part.trim();
        let begin = at + (part.len() - part.trim_start().len());
        at += part.len() + 1;
        match Code::named(name) {
            Some(code) if code.severity() == Severity::Warning => codes.push(code),
            known => mistakes.push(no_warning(name, known, file.span(begin..begin + name.len()))),
        }
    }
    codes
}

fn no_warning(name: &str, known: Option<Code>, place: Span) -> ConfigError {
    if known.is_some() {
        let fact = format!("`{name}` is an error: it cannot be allowed");
        return ConfigError::new(Code::AllowsNothing, place, fact)
            .remedy("mend what it says, and take this out");
    }
    let error = ConfigError::new(Code::AllowsNothing, place, format!("there is no warning `{name}`"));
    let near = Code::nearest(name).filter(|code| code.severity() == Severity::Warning);
    match near.map(Code::as_str) {
        Some(near) => error.remedy(format!("did you mean {near}?")).replace(place, near),
        None => error.remedy("its name is in brackets where it is told: warning[NAME]"),
    }
}

#[cfg(test)]
mod tests {
    use crate::config::{Env, check_text};

    fn warnings(text: &str) -> Vec<String> {
        let loaded = check_text(text, &Env::made_of([])).unwrap_or_else(|errors| panic!("{errors}"));
        loaded.warnings.lines().collect()
    }

    #[test]
    fn a_trap_is_accepted_on_its_line_or_above_it_and_nowhere_else() {
        let trap = "w = \"next dev --port 3000\"";
        assert_eq!(warnings(&format!("[apps]\n{trap}\n")).len(), 2);
        let both = "# a reason. onedoor: allow(development-server, fixed-port)";
        assert_eq!(warnings(&format!("[apps]\n{trap}  {both}\n")), [""; 0]);
        assert_eq!(warnings(&format!("[apps]\n  {both}\n# and more\n{trap}\n")), [""; 0]);
        let one = "# onedoor: allow(fixed-port)";
        assert_eq!(warnings(&format!("[apps]\n{trap} {one}\n")).len(), 1);
        assert_eq!(warnings(&format!("{both}\n[apps]\n{trap}\n")).len(), 2, "it is of another line");
        assert_eq!(warnings(&format!("[apps]\n{both}\n\n{trap}\n")).len(), 2, "an empty line parts them");
    }

    #[test]
    fn a_name_that_is_no_warning_is_one_itself() {
        let about = |name: &str| warnings(&format!("[apps]\nw = \"a\" # onedoor: allow({name})\n"));
        assert_eq!(
            about("fixed-prot"),
            ["onedoor.toml:2: there is no warning `fixed-prot`: did you mean fixed-port?"]
        );
        assert!(about("unknown-key")[0].contains("is an error: it cannot be allowed"));
        assert_eq!(about("fixed-port"), [""; 0], "what does not happen here may happen elsewhere");
        assert_eq!(warnings("[apps]\nw = \"echo onedoor: allow(x)\"\n"), [""; 0]);
    }
}
