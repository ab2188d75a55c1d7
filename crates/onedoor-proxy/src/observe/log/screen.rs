//! A terminal with a table above and the log below it (`onedoor dev`). What was shown is kept, so that it can be shown
//! anew under a table that has changed, or less of it.
//!
//! Pure bytes: the thread `log` writes them, like every line, and so no table is ever torn by one.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use onedoor_linux::terminal::Size;

/// More lines than any terminal has.
const KEPT_LINES_MAX: usize = 500;

/// Lines may be long.
const KEPT_BYTES_MAX: usize = 512 * 1024;

/// To the upper left corner, and everything below it is empty (ECMA-48 8.3.21, 8.3.39). What scrolled off stays.
const CLEAR: &[u8] = b"\x1b[H\x1b[2J";

/// What the terminal shows.
#[derive(Debug, Default)]
pub(super) struct Screen(Mutex<Shown>);

/// What is below the table.
#[derive(Debug, Default)]
pub(super) struct Shown {
    kept: VecDeque<Kept>,
    bytes: usize,
    /// Only the lines of this app.
    only: Option<Arc<str>>,
}

#[derive(Debug)]
struct Kept {
    about: Option<Box<str>>,
    line: Vec<u8>,
}

impl Screen {
    /// Held while what is shown goes to the queue: a line and a new table come in one order for both.
    pub(super) fn shown(&self) -> MutexGuard<'_, Shown> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shown {
    /// Keeps a line; whether it is to be seen.
    pub(super) fn takes(&mut self, about: Option<&str>, line: &[u8]) -> bool {
        self.bytes += line.len();
        self.kept.push_back(Kept { about: about.map(Box::from), line: line.to_vec() });
        while self.kept.len() > KEPT_LINES_MAX || self.bytes > KEPT_BYTES_MAX {
            let Some(oldest) = self.kept.pop_front() else { break };
            self.bytes -= oldest.line.len();
        }
        self.likes(about)
    }

    pub(super) fn only(&mut self, app: Option<Arc<str>>) {
        self.only = app;
    }

    pub(super) fn forget(&mut self) {
        self.kept.clear();
        self.bytes = 0;
    }

    /// The whole screen: the table, and as many of the last lines as there is room for.
    pub(super) fn drawn(&self, table: &str, size: Size) -> Vec<u8> {
        let mut drawn = [CLEAR, table.as_bytes()].concat();
        let columns = usize::from(size.columns);
        let above: usize = table.lines().map(|line| rows_of(line.as_bytes(), columns)).sum();
        // The cursor's own row is below the last line.
        let mut room = usize::from(size.rows).saturating_sub(above + 1);
        let liked = self.kept.iter().filter(|kept| self.likes(kept.about.as_deref()));
        let mut fitting: Vec<&Kept> = Vec::new();
        for kept in liked.rev() {
            let rows = rows_of(&kept.line, columns);
            if rows > room {
                break;
            }
            room -= rows;
            fitting.push(kept);
        }
        fitting.iter().rev().for_each(|kept| drawn.extend_from_slice(&kept.line));
        drawn
    }

    fn likes(&self, about: Option<&str>) -> bool {
        self.only.as_deref().is_none_or(|only| about == Some(only))
    }
}

/// How many rows a line takes, less its colours; a wide character counts as one column.
fn rows_of(line: &[u8], columns: usize) -> usize {
    let width = visible(&String::from_utf8_lossy(line)).chars().count();
    width.div_ceil(columns.max(1)).max(1)
}

/// A text less its colours and whatever else would move the cursor; a tab is a space.
pub(super) fn visible(text: &str) -> String {
    let mut escape = Escape::None;
    let keep = |character: char| {
        escape = match (escape, character) {
            (Escape::None, '\x1b') => Escape::Begun,
            (Escape::Begun, '[') => Escape::Parameters,
            // A control sequence ends with its first letter (ECMA-48 5.4).
            (Escape::Parameters, '@'..='~') | (Escape::Begun, _) => Escape::None,
            (Escape::Parameters, _) => Escape::Parameters,
            (Escape::None, '\t') => return Some(' '),
            (Escape::None, character) => return (!character.is_control()).then_some(character),
        };
        None
    };
    text.chars().filter_map(keep).collect()
}

#[derive(Clone, Copy, Debug)]
enum Escape {
    None,
    Begun,
    Parameters,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(shown: &Shown, table: &str, rows: u16, columns: u16) -> String {
        let bytes = shown.drawn(table, Size { rows, columns });
        String::from_utf8(bytes).unwrap().strip_prefix("\x1b[H\x1b[2J").unwrap().to_owned()
    }

    #[test]
    fn the_last_lines_that_fit_are_shown_below_the_table() {
        let mut shown = Shown::default();
        for line in ["one\n", "two\n", "three\n"] {
            assert!(shown.takes(None, line.as_bytes()));
        }
        assert_eq!(drawn(&shown, "table\n", 24, 80), "table\none\ntwo\nthree\n");
        assert_eq!(drawn(&shown, "table\n", 4, 80), "table\ntwo\nthree\n");
        assert_eq!(drawn(&shown, "table\n", 4, 3), "table\n", "what wraps takes as many rows");
        assert_eq!(drawn(&shown, "table\n", 1, 80), "table\n");
        shown.forget();
        assert_eq!(drawn(&shown, "table\n", 24, 80), "table\n");
    }

    #[test]
    fn lines_of_one_app_are_shown_alone_and_the_others_come_back() {
        let mut shown = Shown::default();
        shown.only(Some("web".into()));
        assert!(shown.takes(Some("web"), b"web\n"));
        assert!(!shown.takes(Some("api"), b"api\n"));
        assert!(!shown.takes(None, b"ours\n"));
        assert_eq!(drawn(&shown, "", 24, 80), "web\n");
        shown.only(None);
        assert_eq!(drawn(&shown, "", 24, 80), "web\napi\nours\n");
    }

    #[test]
    fn a_day_of_lines_takes_no_more_memory_than_an_hour() {
        let mut shown = Shown::default();
        for _ in 0..100 {
            shown.takes(None, &[b'x'; 16 * 1024]);
        }
        assert!(shown.bytes <= KEPT_BYTES_MAX && shown.kept.len() <= KEPT_LINES_MAX);
    }

    #[test]
    fn colours_take_no_room() {
        assert_eq!(rows_of(b"\x1b[1monedoor\x1b[0m | 12345\n", 15), 1);
        assert_eq!(rows_of("é│".as_bytes(), 2), 1);
        assert_eq!(rows_of(b"\n", 80), 1);
        assert_eq!(rows_of(b"123456", 5), 2);
    }
}
