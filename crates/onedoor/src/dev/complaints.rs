//! What the prefix doctor found, as lines below the table: what is wrong with each app, and the one line that mends it.
//! Pure.

use onedoor_linux::terminal::Size;

use super::table::{PLAIN, YELLOW};
use crate::prefix_doctor::Report;

/// Of the terminal's rows; the rest is the table's and the log's.
const SHARE: usize = 3;

/// With their colours.
pub(super) fn lines(complaints: &[Report], size: Size) -> Vec<(String, &'static str)> {
    if complaints.is_empty() {
        return Vec::new();
    }
    let room = (usize::from(size.rows) / SHARE).max(4);
    let width = complaints.iter().map(|report| report.at.chars().count()).max().unwrap_or(0);
    let columns = usize::from(size.columns);
    let mut lines = vec![("  these do not get along with their prefix:".to_owned(), YELLOW)];
    for (at, report) in complaints.iter().enumerate() {
        let said = [report.complaint(), report.fix.clone()].into_iter().flatten();
        let own: Vec<String> =
            said.flat_map(|words| folded(&words, columns.saturating_sub(width + 4))).collect();
        let is_last = at + 1 == complaints.len();
        // The last line says that there is more, unless there is not.
        if lines.len() + own.len() + usize::from(!is_last) > room {
            let more = complaints.len() - at;
            lines.push((format!("  and {more} more: `onedoor check --live` shows all of it"), PLAIN));
            break;
        }
        let heads = std::iter::once(report.at.as_str()).chain(std::iter::repeat(""));
        lines.extend(heads.zip(own).map(|(head, line)| (format!("  {head:width$}  {line}"), PLAIN)));
    }
    lines.push((String::new(), PLAIN));
    lines
}

/// In lines of at most so many characters, at its spaces.
fn folded(words: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= columns => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(at: &str) -> Report {
        Report {
            app: "shop".into(),
            place: "onedoor.toml:3".into(),
            at: at.to_owned(),
            framework: None,
            pages: 1,
            requests: 1,
            trouble: Some("GET /shop/ answers 404".to_owned()),
            escapes: Vec::new(),
            notes: Vec::new(),
            fix: Some("this app does not know its prefix: write strip = true in [apps.shop]".to_owned()),
        }
    }

    fn shown(complaints: &[Report], rows: u16, columns: u16) -> String {
        let lines = lines(complaints, Size { rows, columns });
        lines.into_iter().map(|(line, _)| format!("{}\n", line.trim_end())).collect()
    }

    #[test]
    fn each_complaint_is_told_with_what_mends_it() {
        assert_eq!(shown(&[], 40, 100), "");
        insta::assert_snapshot!(shown(&[report("/shop/*"), report("/a/*")], 40, 100));
    }

    #[test]
    fn what_is_too_long_goes_on_below_and_what_is_too_much_is_counted() {
        let text = shown(&[report("/shop/*"), report("/b/*"), report("/c/*")], 18, 60);
        assert!(text.lines().all(|line| line.chars().count() <= 60), "{text}");
        insta::assert_snapshot!(text);
    }
}
