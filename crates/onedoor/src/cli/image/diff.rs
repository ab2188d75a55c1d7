//! What differs between two texts, line by line, as `diff -u` shows it.

/// Lines that are shown around a difference.
const AROUND: usize = 3;

/// A table of more fields is not filled: then everything between the first difference and the last is shown.
const FIELDS_MOST: usize = 4 << 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line<'a> {
    Both(&'a str),
    Old(&'a str),
    New(&'a str),
}

/// Nothing for two texts that are the same.
pub(super) fn unified(old: &str, new: &str) -> String {
    let lines = compared(&old.lines().collect::<Vec<_>>(), &new.lines().collect::<Vec<_>>());
    let mut text = String::new();
    let (mut old_line, mut new_line) = (1, 1);
    let mut rest = &lines[..];
    while let Some(first) = rest.iter().position(|line| !matches!(line, Line::Both(_))) {
        let begins = first.saturating_sub(AROUND);
        let hunk = &rest[begins..][..length(&rest[begins..])];
        (old_line, new_line) = (old_line + begins, new_line + begins);
        let olds = hunk.iter().filter(|line| !matches!(line, Line::New(_))).count();
        let news = hunk.iter().filter(|line| !matches!(line, Line::Old(_))).count();
        let head = format!("@@ -{old_line},{olds} +{new_line},{news} @@\n");
        text.push_str(&head);
        for line in hunk {
            let (sign, line) = match line {
                Line::Both(line) => (" ", line),
                Line::Old(line) => ("-", line),
                Line::New(line) => ("+", line),
            };
            text.extend([sign, line, "\n"]);
        }
        (old_line, new_line) = (old_line + olds, new_line + news);
        rest = &rest[begins + hunk.len()..];
    }
    text
}

/// Of the hunk that begins here: differences that are near each other are shown together.
fn length(lines: &[Line<'_>]) -> usize {
    let mut end = 0;
    for (at, line) in lines.iter().enumerate() {
        if !matches!(line, Line::Both(_)) {
            end = at + 1;
        } else if end > 0 && at >= end + 2 * AROUND {
            break;
        }
    }
    (end + AROUND).min(lines.len())
}

fn compared<'a>(old: &[&'a str], new: &[&'a str]) -> Vec<Line<'a>> {
    let ahead = old.iter().zip(new).take_while(|(old, new)| old == new).count();
    let (old_rest, new_rest) = (&old[ahead..], &new[ahead..]);
    let behind = old_rest.iter().rev().zip(new_rest.iter().rev()).take_while(|(old, new)| old == new).count();
    let (old_middle, same) = old_rest.split_at(old_rest.len() - behind);
    let new_middle = &new_rest[..new_rest.len() - behind];
    let both = |lines: &[&'a str]| lines.iter().map(|line| Line::Both(line)).collect::<Vec<_>>();
    let mut lines = both(&old[..ahead]);
    lines.extend(middle(old_middle, new_middle));
    lines.extend(both(same));
    lines
}

/// By the longest row of lines that both have.
fn middle<'a>(old: &[&'a str], new: &[&'a str]) -> Vec<Line<'a>> {
    if old.len().saturating_mul(new.len()) > FIELDS_MOST {
        return old
            .iter()
            .map(|line| Line::Old(line))
            .chain(new.iter().map(|line| Line::New(line)))
            .collect();
    }
    // longest[i][j]: of what is left from i and j on.
    let mut longest = vec![vec![0_u32; new.len() + 1]; old.len() + 1];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            longest[i][j] = match old[i] == new[j] {
                true => longest[i + 1][j + 1] + 1,
                false => longest[i + 1][j].max(longest[i][j + 1]),
            };
        }
    }
    let (mut lines, mut i, mut j) = (Vec::new(), 0, 0);
    while i < old.len() && j < new.len() {
        if old[i] == new[j] {
            lines.push(Line::Both(old[i]));
            (i, j) = (i + 1, j + 1);
        } else if longest[i + 1][j] >= longest[i][j + 1] {
            lines.push(Line::Old(old[i]));
            i += 1;
        } else {
            lines.push(Line::New(new[j]));
            j += 1;
        }
    }
    lines.extend(old[i..].iter().map(|line| Line::Old(line)));
    lines.extend(new[j..].iter().map(|line| Line::New(line)));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_shown_with_what_is_around_them() {
        let old = "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\nl\nm\nn\no\n";
        assert_eq!(unified(old, old), "");
        let new = "a\nB\nc\nd\ne\nf\ng\nh\ni\nj\nk\nl\nm\nm2\nn\n";
        assert_eq!(
            unified(old, new),
            "@@ -1,5 +1,5 @@\n a\n-b\n+B\n c\n d\n e\n@@ -11,5 +11,5 @@\n k\n l\n m\n+m2\n n\n-o\n"
        );
        assert_eq!(unified("", "a\n"), "@@ -1,0 +1,1 @@\n+a\n");
        assert_eq!(unified("a\nb\n", "b\n"), "@@ -1,2 +1,1 @@\n-a\n b\n");
    }

    #[test]
    fn what_is_near_is_one_hunk() {
        let shown = unified("a\nb\nc\nd\ne\n", "A\nb\nc\nd\nE\n");
        assert_eq!(shown.matches("@@").count(), 2, "one hunk: {shown}");
    }
}
