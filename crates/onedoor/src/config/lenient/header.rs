//! `[apps.web]`, as it is meant by `[apps.web)`, `[routes./x]`, `[program:web]`.

use super::Reader;
use super::key::{is_bare, is_key};
use crate::config::fix::quoted;

impl Reader<'_> {
    pub(super) fn header(&mut self) {
        let start = self.at;
        let line = self.line();
        let code = match line.find(['"', '\'']) {
            Some(_) => line,
            None => line.split('#').next().unwrap_or(line),
        };
        let code = code.trim_end();
        self.at += code.len();
        let opening = code.len() - code.trim_start_matches('[').len();
        let inside = code.trim_start_matches('[');
        let (name, closing) = match inside.find(']') {
            Some(at) => inside.split_at(at),
            None => inside.split_at(inside.trim_end_matches(['}', ')', '>', ',', ':', ';']).len()),
        };
        let name_at = start + opening;
        self.table = name.trim();
        let name_end = name_at + name.len();
        self.name(name.trim(), name_at + name.len() - name.trim_start().len());
        let tail = name_end..name_end + closing.len();
        match (opening, closing) {
            (1, "]") | (2, "]]") => {}
            (1, "") => {
                let here = name_end..name_end;
                self.slip(start..name_end, "the header is not closed", "close it: ]")
                    .mend(here, "]".to_owned());
            }
            (1, "]]") => {
                self.slip(tail.clone(), "a header is closed once", "take one ] out")
                    .mend(tail, "]".to_owned());
            }
            (_, "]") => {
                let range = start..start + opening;
                self.slip(range.clone(), "one of these brackets is not closed", "one is enough: [")
                    .mend(range, "[".to_owned());
            }
            (1, _) if !closing.starts_with(']') => {
                self.slip(
                    tail.clone(),
                    format!("a header is closed with `]`, not with `{closing}`"),
                    "write ]",
                )
                .mend(tail, "]".to_owned());
            }
            (1, _) => {
                let junk = closing[1..].trim();
                if matches!(junk, ":" | "," | ";" | "=" | "{") {
                    let range = tail.start + 1..tail.end;
                    self.slip(
                        range.clone(),
                        format!("nothing follows a header, no `{junk}` either"),
                        "take it out",
                    )
                    .mend(range, String::new());
                } else if super::key::begins_with_key(junk) {
                    let here = tail.start + 1..tail.end - junk.len();
                    self.slip(
                        tail.start + 1..tail.end,
                        "a header stands on a line of its own",
                        "begin a new line",
                    )
                    .mend(here, "\n".to_owned());
                    self.at = tail.end - junk.len();
                }
            }
            _ => {}
        }
    }

    fn name(&mut self, name: &str, at: usize) {
        let range = at..at + name.len();
        if is_key(name) || name.split('.').any(|part| part.trim().is_empty()) {
            return;
        }
        if let Some(program) = name.strip_prefix("program:").filter(|program| is_bare(program)) {
            let ours = format!("apps.{program}");
            self.slip(
                range.clone(),
                "a name of a header holds no colon",
                format!("an app is written [{ours}]"),
            )
            .mend(range, ours);
            return;
        }
        // Up to the first part that is no bare word.
        let mut bare = 0;
        while let Some(dot) = name[bare..].find('.').filter(|dot| is_bare(name[bare..bare + dot].trim())) {
            bare += dot + 1;
        }
        let (before, odd) = name.split_at(bare);
        if odd.contains(['"', '\'']) {
            let whole: String = odd.chars().filter(|letter| !matches!(letter, '"' | '\'')).collect();
            let ours = format!("{before}{}", quoted(&whole));
            self.slip(range.clone(), "a quote is missing in this header", format!("write [{ours}]"))
                .mend(range, ours);
        } else {
            let odd_at = at + bare..at + name.len();
            let ours = quoted(odd.trim());
            self.slip(
                odd_at.clone(),
                format!("`{odd}` needs quotes: it is more than letters, digits, `-` and `_`"),
                format!("write [{before}{ours}]"),
            )
            .mend(odd_at, ours);
        }
    }
}
