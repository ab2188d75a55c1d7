//! The ini that supervisord reads (Python's RawConfigParser, the lenient one): `key = value` or `key: value`, `;` and
//! `#` begin a comment where a blank stands before them, an indented line goes on with the value above it, and of two
//! equal keys the later one stands.

use crate::import::fault::Fault;
use crate::import::files::{Budget, Input};
use crate::import::finding::{Item, Ledger, Place};

const SECTIONS_MOST: usize = 2_000;
const KEYS_MOST: usize = 20_000;

#[derive(Clone, Debug)]
pub(super) struct Section {
    /// `program:web`.
    pub(super) name: String,
    pub(super) item: Item,
    pub(super) keys: Vec<Key>,
}

#[derive(Clone, Debug)]
pub(super) struct Key {
    /// Lower-case.
    pub(super) name: String,
    pub(super) value: String,
    pub(super) item: Item,
}

impl Section {
    pub(super) fn key(&self, name: &str) -> Option<&Key> {
        self.keys.iter().find(|key| key.name == name)
    }

    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.key(name).map(|key| key.value.as_str())
    }
}

pub(super) fn read(input: &Input, ledger: &mut Ledger) -> Result<Vec<Section>, Fault> {
    let mut sections = file(input, ledger)?;
    // supervisord includes once: an included file may not include.
    let budget = Budget::new();
    let mut included = Vec::new();
    for include in sections.iter().filter(|section| section.name == "include") {
        ledger.converted(include.item, "what it includes");
        let Some(key) = include.key("files") else { continue };
        let mut read = 0;
        for pattern in key.value.split_whitespace() {
            let pattern = pattern.replace("%(here)s/", "");
            for other in input.included(&pattern, &budget)? {
                included.extend(file(&other, ledger)?);
                read += 1;
            }
        }
        match read {
            0 => ledger.missing(key.item, "no such file is here: give it after --from supervisord, too"),
            1 => ledger.converted(key.item, "1 file is read as well"),
            _ => ledger.converted(key.item, format!("{read} files are read as well")),
        }
    }
    sections.extend(included);
    Ok(sections)
}

fn file(input: &Input, ledger: &mut Ledger) -> Result<Vec<Section>, Fault> {
    let mut raw: Vec<(String, Place, Vec<RawKey>)> = Vec::new();
    let mut keys = 0;
    let text = input.text.strip_prefix('\u{feff}').unwrap_or(&input.text);
    for (at, line) in text.lines().enumerate() {
        let place = Place { file: input.name.as_str().into(), line: at + 1 };
        let line = without_comment(line);
        if line.trim().is_empty() {
            continue;
        }
        let is_indented = line.starts_with([' ', '\t']);
        if let (true, Some(key)) = (is_indented, raw.last_mut().and_then(|(_, _, keys)| keys.last_mut())) {
            key.value.push('\n');
            key.value.push_str(line.trim());
            continue;
        }
        let line = line.trim();
        if let Some(name) = line.strip_prefix('[') {
            let Some((name, _)) = name.split_once(']') else {
                return Err(Fault::at(&place, "this section's name has no end").remedy("close it with `]`"));
            };
            if raw.len() >= SECTIONS_MOST {
                return Err(Fault::at(&place, format!("more than {SECTIONS_MOST} sections")));
            }
            raw.push((name.trim().to_owned(), place, Vec::new()));
            continue;
        }
        let Some((_, _, section)) = raw.last_mut() else {
            let fact = "this line stands before any section";
            return Err(Fault::at(&place, fact)
                .remedy("a supervisord.conf begins with [supervisord] or [program:NAME]"));
        };
        let Some((name, value)) = line.find(['=', ':']).map(|at| (&line[..at], &line[at + 1..])) else {
            return Err(Fault::at(&place, format!("`{line}` is no `key = value`")));
        };
        keys += 1;
        if keys > KEYS_MOST {
            return Err(Fault::at(&place, format!("more than {KEYS_MOST} keys")));
        }
        let (name, value) = (name.trim().to_ascii_lowercase(), value.trim().to_owned());
        section.push(RawKey { name, value, place });
    }
    Ok(merged(raw, ledger))
}

struct RawKey {
    name: String,
    value: String,
    place: Place,
}

/// Sections of one name are one, and the last of equal keys stands.
fn merged(raw: Vec<(String, Place, Vec<RawKey>)>, ledger: &mut Ledger) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    for (name, place, keys) in raw {
        let item = ledger.open(place, &format!("[{name}]"));
        let at = match sections.iter().position(|section| section.name == name) {
            Some(at) => {
                ledger.converted(item, "one section with the one above of the same name");
                at
            }
            None => {
                sections.push(Section { name, item, keys: Vec::new() });
                sections.len() - 1
            }
        };
        for RawKey { name, value, place } in keys {
            let item = ledger.open(place, &format!("{name}={value}"));
            let section = &mut sections[at];
            if let Some(old) = section.keys.iter().position(|key| key.name == name) {
                let old = section.keys.remove(old);
                ledger.unneeded(old.item, "the same key is said again below, and that one stands");
            }
            section.keys.push(Key { name, value, item });
        }
    }
    sections
}

/// A `;` or `#` at the line's start, or behind a blank.
fn without_comment(line: &str) -> &str {
    let mut before = ' ';
    for (at, letter) in line.char_indices() {
        if matches!(letter, ';' | '#') && before.is_whitespace() {
            return &line[..at];
        }
        before = letter;
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Result<String, String> {
        let input = Input { name: "s.conf".to_owned(), text: text.to_owned(), folder: None };
        let sections = read(&input, &mut Ledger::default()).map_err(|fault| fault.to_string())?;
        let shown = |section: &Section| {
            let keys = section.keys.iter().map(|key| format!("{}={:?}", key.name, key.value));
            format!("[{}] {}", section.name, keys.collect::<Vec<_>>().join(" "))
        };
        Ok(sections.iter().map(shown).collect::<Vec<_>>().join(" | "))
    }

    #[test]
    fn the_quirks_of_the_format_are_kept() {
        for (text, expected) in [
            ("; c\n[a]\nB = 1 ; c\n", Ok("[a] b=\"1\"")),
            ("[a]\nb=x;y\n", Ok("[a] b=\"x;y\"")),
            ("[a]\nb: 1\n", Ok("[a] b=\"1\"")),
            ("[a]\nb=\n  X=1,\n  Y=2\nc=3\n", Ok("[a] b=\"\\nX=1,\\nY=2\" c=\"3\"")),
            ("[a]\nb=1\nb=2\n[a]\nc=3\n", Ok("[a] b=\"2\" c=\"3\"")),
            (
                "b=1\n",
                Err(
                    "s.conf:1: this line stands before any section; a supervisord.conf begins with [supervisord] or [program:NAME]",
                ),
            ),
            ("[a\n", Err("s.conf:1: this section's name has no end; close it with `]`")),
            ("[a]\nb\n", Err("s.conf:2: `b` is no `key = value`")),
        ] {
            assert_eq!(read_text(text), expected.map(str::to_owned).map_err(str::to_owned), "{text:?}");
        }
    }
}
