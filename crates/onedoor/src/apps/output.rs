//! What an app prints: read line by line, passed to the log, and its last words kept for the report of its end.
//!
//! An app that prints must never wait for us: the pipes are always drained, and it is the log that drops when its
//! reader is slow. Lines are bytes; whether they are text is the log's concern.

use std::collections::VecDeque;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe;

use crate::observe::log::{AppStream, Log};

/// A longer line is passed on in pieces.
const LINE_MAX: usize = 16 * 1024;

/// How many lines of stderr the report of an end shows.
const LAST_LINES: usize = 20;

/// A line in that report is cut here: it is for people.
const REPORT_LINE_MAX: usize = 500;

/// The last lines an app wrote to stderr, or to stdout if it used only that.
#[derive(Clone, Debug, Default)]
pub(super) struct LastWords(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    out: VecDeque<String>,
    err: VecDeque<String>,
}

impl LastWords {
    pub(super) fn lines(&self) -> Vec<String> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = if kept.err.is_empty() { &kept.out } else { &kept.err };
        lines.iter().cloned().collect()
    }

    fn keep(&self, stream: AppStream, line: &[u8]) {
        let mut text = String::from_utf8_lossy(line).into_owned();
        if text.len() > REPORT_LINE_MAX {
            text.truncate(text.floor_char_boundary(REPORT_LINE_MAX));
            text.push('…');
        }
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = match stream {
            AppStream::Out => &mut kept.out,
            AppStream::Err => &mut kept.err,
        };
        if lines.len() == LAST_LINES {
            lines.pop_front();
        }
        lines.push_back(text);
    }
}

/// Reads `pipe` until everyone who could write to it is gone.
pub(super) async fn drain(pipe: OwnedFd, stream: AppStream, app: Arc<str>, log: Log, last_words: LastWords) {
    let emit = |line: &[u8]| {
        last_words.keep(stream, line);
        log.app_line(&app, stream, line);
    };
    if let Err(error) = read_lines(pipe, emit).await {
        log.event(
            crate::observe::log::Level::Warn,
            Some(&app),
            format_args!("its output cannot be read: {error}"),
        );
    }
}

async fn read_lines(pipe: OwnedFd, mut emit: impl FnMut(&[u8])) -> io::Result<()> {
    let mut pipe = pipe::Receiver::from_owned_fd(pipe)?;
    let mut lines = Lines::default();
    let mut buffer = vec![0; LINE_MAX];
    loop {
        let read = pipe.read(&mut buffer).await?;
        if read == 0 {
            lines.finish(&mut emit);
            return Ok(());
        }
        lines.feed(&buffer[..read], &mut emit);
    }
}

/// Cuts a stream of bytes into lines without their ends, `\r\n` included.
#[derive(Debug, Default)]
struct Lines {
    partial: Vec<u8>,
}

impl Lines {
    fn feed(&mut self, mut bytes: &[u8], emit: &mut impl FnMut(&[u8])) {
        while let Some(end) = memchr::memchr(b'\n', bytes) {
            let (line, rest) = bytes.split_at(end);
            self.append(line, emit);
            emit(self.partial.strip_suffix(b"\r").unwrap_or(&self.partial));
            self.partial.clear();
            bytes = &rest[1..];
        }
        self.append(bytes, emit);
    }

    /// Keeps what fits; passes on a full piece when more comes.
    fn append(&mut self, mut bytes: &[u8], emit: &mut impl FnMut(&[u8])) {
        while self.partial.len() + bytes.len() > LINE_MAX {
            let (piece, rest) = bytes.split_at(LINE_MAX - self.partial.len());
            self.partial.extend_from_slice(piece);
            emit(&self.partial);
            self.partial.clear();
            bytes = rest;
        }
        self.partial.extend_from_slice(bytes);
    }

    fn finish(&mut self, emit: &mut impl FnMut(&[u8])) {
        if !self.partial.is_empty() {
            emit(&self.partial);
            self.partial = Vec::new();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lines_of<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<Vec<u8>> {
        let mut found = Vec::new();
        let mut lines = Lines::default();
        for piece in pieces {
            lines.feed(piece, &mut |line: &[u8]| found.push(line.to_vec()));
        }
        lines.finish(&mut |line: &[u8]| found.push(line.to_vec()));
        found
    }

    #[test]
    fn lines_are_cut_at_their_ends_and_the_last_needs_none() {
        let found = lines_of([&b"one\r\ntw"[..], b"o\n\nthr", b"ee \xff"]);
        assert_eq!(found, [&b"one"[..], b"two", b"", b"three \xff"]);
    }

    #[test]
    fn an_endless_line_comes_in_pieces_and_loses_nothing() {
        let long = vec![b'x'; LINE_MAX * 2 + 5];
        let found = lines_of([&long[..], b"\nnext"]);
        assert_eq!(found.iter().map(Vec::len).collect::<Vec<_>>(), [LINE_MAX, LINE_MAX, 5, 4]);
    }

    proptest! {
        #[test]
        fn any_split_of_the_same_bytes_gives_the_same_lines(bytes in "[ab\r\n]{0,200}", at in 0_usize..200) {
            let (left, right) = bytes.as_bytes().split_at(at.min(bytes.len()));
            prop_assert_eq!(lines_of([left, right]), lines_of([bytes.as_bytes()]));
        }
    }

    #[test]
    fn the_last_twenty_lines_are_kept_and_stderr_comes_first() {
        let words = LastWords::default();
        words.keep(AppStream::Out, b"hello");
        assert_eq!(words.lines(), ["hello"]);
        for number in 0..30 {
            words.keep(AppStream::Err, format!("line {number}").as_bytes());
        }
        assert_eq!(words.lines().len(), LAST_LINES);
        assert_eq!(words.lines()[0], "line 10");
    }

    #[test]
    fn a_very_long_last_word_is_cut_between_characters() {
        let words = LastWords::default();
        words.keep(AppStream::Err, "é".repeat(400).as_bytes());
        assert!(words.lines()[0].ends_with("é…"));
    }
}
