//! Finds the lines of a head as they arrive, each byte looked at once however the head is cut into reads.

use crate::error::HeadError;
use crate::span::Span;

/// A line without its CRLF, and where it stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line<'b> {
    pub(crate) text: &'b [u8],
    pub(crate) start: usize,
    /// Where the next line begins.
    pub(crate) next: usize,
}

impl Line<'_> {
    /// The span of `from..to` within this line.
    pub(crate) fn span(&self, from: usize, to: usize) -> Span {
        Span::new(self.start + from, self.start + to)
    }
}

/// How far the search for lines has come.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cursor {
    line_start: usize,
    searched: usize,
}

impl Cursor {
    /// The next line of `bytes`, once it is complete. Only CRLF ends a line (RFC 9112 2.2; HTTP.md rule 9).
    #[inline]
    pub(crate) fn next_line<'b>(&mut self, bytes: &'b [u8]) -> Result<Option<Line<'b>>, HeadError> {
        let from = self.searched.max(self.line_start);
        let Some(found) = memchr::memchr(b'\n', bytes.get(from..).unwrap_or_default()) else {
            self.searched = bytes.len();
            return Ok(None);
        };
        let (start, next) = (self.line_start, from + found + 1);
        let Some([text @ .., b'\r', b'\n']) = bytes.get(start..next) else { return Err(HeadError::BareLf) };
        *self = Self { line_start: next, searched: next };
        Ok(Some(Line { text, start, next }))
    }

    /// Where the line that is being waited for begins.
    pub(crate) fn line_start(&self) -> usize {
        self.line_start
    }

    pub(crate) fn skip_to(&mut self, start: usize) {
        self.line_start = start;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_searched_is_not_searched_again() {
        let mut cursor = Cursor::default();
        assert!(matches!(cursor.next_line(b"GET / HT"), Ok(None)));
        // A line end that was not there before: only who looks twice can find it.
        let line = cursor.next_line(b"G\r\n / HTTP/1.1\r\n").unwrap().unwrap();
        assert_eq!(line.text, b"G\r\n / HTTP/1.1");
    }
}
