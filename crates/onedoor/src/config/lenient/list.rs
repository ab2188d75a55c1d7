//! Tables in braces and lists in brackets: commas that are missing or too many, and ends that are.

use super::key::begins_with_key;
use super::{Reader, Within};

/// What is nested deeper is no configuration: the parser refuses it, and a reader that followed would run out of stack.
const DEPTH_MOST: usize = 64;

impl Reader<'_> {
    /// Between braces; `closing` is what is expected of whoever opened it otherwise.
    pub(super) fn table(&mut self, closing: char) {
        if closing == ')' {
            let range = self.at..self.at + 1;
            self.slip(range.clone(), "a table stands in braces", "write { ... }").mend(range, "{".to_owned());
        }
        self.items(Within::Table, closing);
    }

    pub(super) fn list(&mut self) {
        self.items(Within::List, ']');
    }

    fn items(&mut self, within: Within, closing: char) {
        if self.depth == DEPTH_MOST {
            self.at += self.line().len();
            return;
        }
        self.depth += 1;
        self.items_to_the_end(within, closing);
        self.depth -= 1;
    }

    fn items_to_the_end(&mut self, within: Within, closing: char) {
        let open = self.at;
        self.at += 1;
        let spread = self.line().trim().is_empty() || self.line().trim_start().starts_with('#');
        let mut end = self.at;
        loop {
            self.skip_blank_lines();
            let new_line = self.part(end..self.at).contains('\n');
            match self.next() {
                Some('}' | ']' | ')') => return self.closed(within, closing),
                None => return self.not_closed(open, end, within),
                Some('[') if new_line && within == Within::Table => {
                    return self.not_closed(open, end, within);
                }
                Some('[') if new_line && !spread => return self.not_closed(open, end, within),
                Some(_) if new_line && !spread && begins_with_key(self.line()) => {
                    return self.not_closed(open, end, within);
                }
                Some(',') => self.comma_too_many(),
                Some(_) => {
                    let start = self.at;
                    self.item(within);
                    if self.at == start {
                        // Nothing that could be an item; the parser says the rest.
                        self.at += self.line().len();
                    }
                    end = self.at;
                    self.comma(within);
                }
            }
        }
    }

    fn item(&mut self, within: Within) {
        match within {
            Within::Table => {
                if self.key(within) {
                    self.skip_spaces();
                    self.value(within);
                }
            }
            Within::List | Within::Line => self.value(within),
        }
    }

    fn comma(&mut self, within: Within) {
        let end = self.at;
        self.skip_blank_lines();
        let new_line = self.part(end..self.at).contains('\n');
        match self.next() {
            Some(',') => self.at += 1,
            Some(';') => {
                let range = self.at..self.at + 1;
                self.slip(range.clone(), "items are separated by commas", "write ,")
                    .mend(range, ",".to_owned());
                self.at += 1;
            }
            None | Some('}' | ']' | ')') => {}
            Some(_) if new_line && self.rest().starts_with('[') => self.at = end,
            Some(_) => {
                let is_next = match within {
                    Within::Table => begins_with_key(self.line()) || self.line().contains('='),
                    Within::List | Within::Line => !(new_line && begins_with_key(self.line())),
                };
                if is_next && (!new_line || self.is_spread(end)) {
                    let first = self.rest().chars().next().map_or(0, char::len_utf8);
                    self.slip(
                        self.at..self.at + first,
                        "a comma is missing before this",
                        "put a comma before it",
                    )
                    .mend(end..end, ",".to_owned());
                } else {
                    self.at = end;
                }
            }
        }
    }

    /// Whether the line that ends at `end` holds no opening bracket: one item a line.
    fn is_spread(&self, end: usize) -> bool {
        let before = self.part(0..end);
        let line = before.rsplit('\n').next().unwrap_or(before);
        let opened = line.matches(['{', '[']).count();
        opened <= line.matches(['}', ']']).count()
    }

    fn comma_too_many(&mut self) {
        let range = self.at..self.at + 1;
        self.slip(range.clone(), "a comma too many", "take it out").mend(range, String::new());
        self.at += 1;
    }

    fn closed(&mut self, within: Within, closing: char) {
        let ours = if within == Within::Table { '}' } else { ']' };
        let found = self.next().unwrap_or(ours);
        if found != ours {
            let range = self.at..self.at + 1;
            let fact = if closing == found {
                format!("a table ends with `{ours}`")
            } else {
                format!("this was opened with another bracket: it ends with `{ours}`")
            };
            self.slip(range.clone(), fact, format!("write {ours}")).mend(range, ours.to_string());
        }
        self.at += 1;
    }

    fn not_closed(&mut self, open: usize, end: usize, within: Within) {
        let (ours, text) = if within == Within::Table { ('}', " }") } else { (']', "]") };
        let opened = self.part(open..open + 1);
        self.slip(open..open + 1, format!("this `{opened}` is not closed"), format!("close it: {ours}"))
            .mend(end..end, text.to_owned());
        self.at = end;
    }
}
