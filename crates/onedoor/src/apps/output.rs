//! What an app prints: read line by line, passed to the log, and its last words kept for the report of its end.
//!
//! An app that prints must never wait for us: the pipes are always drained, and it is the log that drops when its
//! reader is slow. Lines are bytes; whether they are text is the log's concern.

use std::collections::VecDeque;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe;
use tokio::time::timeout;

use super::secret::Mask;
use super::signs::Signs;
use crate::observe::log::{AppStream, Level, Line, LineEnd, Log, Speaker};

/// A longer line is passed on in pieces.
const LINE_MAX: usize = 16 * 1024;

/// How long the beginning of a line waits for its end: a prompt has none, and a progress bar comes bit by bit.
const PATIENCE: Duration = Duration::from_secs(1);

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

    fn keep(&self, stream: AppStream, line: Line<'_>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = match stream {
            AppStream::Out => &mut kept.out,
            AppStream::Err => &mut kept.err,
        };
        let mut text = String::from_utf8_lossy(line.text).into_owned();
        if line.before > 0
            && let Some(begun) = lines.pop_back()
        {
            text = if begun.len() > REPORT_LINE_MAX { begun } else { begun + &text };
        }
        if text.len() > REPORT_LINE_MAX && !text.ends_with('…') {
            text.truncate(text.floor_char_boundary(REPORT_LINE_MAX));
            text.push('…');
        }
        if lines.len() == LAST_LINES {
            lines.pop_front();
        }
        lines.push_back(text);
    }
}

/// Who hears what is read.
#[derive(Clone, Debug)]
pub(super) struct Audience {
    pub(super) log: Log,
    pub(super) last_words: LastWords,
    pub(super) signs: Signs,
    /// The app's own secrets: it may print them, and nobody is to read them.
    pub(super) mask: Mask,
}

/// Reads `pipe` until everyone who could write to it is gone.
pub(super) async fn drain(pipe: OwnedFd, speaker: Speaker, audience: Audience) {
    let Audience { log, last_words, signs, mask } = audience;
    let emit = |line: Line<'_>| {
        signs.read_line(line.text);
        let shown = mask.hide(line.text);
        let line = Line { text: &shown, ..line };
        last_words.keep(speaker.stream, line);
        log.app_line(&speaker, line);
    };
    if let Err(error) = read_lines(pipe, mask.clone(), emit).await {
        let message = format_args!("its output cannot be read: {error}");
        log.event(Level::Warn, Some(&speaker.app), message);
    }
}

async fn read_lines(pipe: OwnedFd, mask: Mask, mut emit: impl FnMut(Line<'_>)) -> io::Result<()> {
    let mut pipe = pipe::Receiver::from_owned_fd(pipe)?;
    let mut lines = Lines { mask, ..Lines::default() };
    let mut buffer = vec![0; LINE_MAX];
    loop {
        let read = if lines.has_piece() {
            // A read that is given up takes nothing.
            match timeout(PATIENCE, pipe.read(&mut buffer)).await {
                Ok(read) => read?,
                Err(_) => {
                    lines.emit_piece(&mut emit);
                    continue;
                }
            }
        } else {
            pipe.read(&mut buffer).await?
        };
        if read == 0 {
            lines.finish(&mut emit);
            return Ok(());
        }
        lines.feed(&buffer[..read], &mut emit);
    }
}

/// Cuts a stream of bytes into lines, and long ones into pieces.
#[derive(Debug, Default)]
struct Lines {
    partial: Vec<u8>,
    /// How many pieces of the line are out.
    before: u32,
    /// What may not be cut in two, or it would not be found.
    mask: Mask,
}

impl Lines {
    fn feed(&mut self, mut bytes: &[u8], emit: &mut impl FnMut(Line<'_>)) {
        while let Some(end) = memchr::memchr(b'\n', bytes) {
            let (line, rest) = bytes.split_at(end);
            self.append(line, emit);
            let (text, end) = match self.partial.strip_suffix(b"\r") {
                Some(text) => (text, LineEnd::CrLf),
                None => (&self.partial[..], LineEnd::Lf),
            };
            emit(Line { text, end, before: self.before });
            self.partial.clear();
            self.before = 0;
            bytes = &rest[1..];
        }
        self.append(bytes, emit);
    }

    /// Keeps what fits; passes on a full piece when more comes.
    fn append(&mut self, mut bytes: &[u8], emit: &mut impl FnMut(Line<'_>)) {
        while self.partial.len() + bytes.len() > LINE_MAX {
            let (piece, rest) = bytes.split_at(LINE_MAX - self.partial.len());
            self.partial.extend_from_slice(piece);
            self.emit_piece(emit);
            bytes = rest;
        }
        self.partial.extend_from_slice(bytes);
    }

    fn has_piece(&self) -> bool {
        self.piece_len() > 0
    }

    fn piece_len(&self) -> usize {
        piece_len(&self.partial[..self.mask.certain_len(&self.partial)])
    }

    fn emit_piece(&mut self, emit: &mut impl FnMut(Line<'_>)) {
        let len = self.piece_len();
        emit(Line { text: &self.partial[..len], end: LineEnd::Open, before: self.before });
        self.partial.drain(..len);
        self.before = self.before.saturating_add(1);
    }

    fn finish(&mut self, emit: &mut impl FnMut(Line<'_>)) {
        self.mask.hide_end(&mut self.partial);
        if !self.partial.is_empty() {
            emit(Line { text: &self.partial, end: LineEnd::Missing, before: self.before });
            self.partial = Vec::new();
        }
    }
}

/// How much of the beginning of a line can stand alone: neither `\r\n` nor a character is cut in two.
fn piece_len(partial: &[u8]) -> usize {
    if let Some(text) = partial.strip_suffix(b"\r") {
        return text.len();
    }
    let from = partial.len().saturating_sub(3);
    let is_leading = |byte: &u8| *byte >= 0xC0;
    let Some(at) = partial[from..].iter().rposition(is_leading).map(|at| from + at) else {
        return partial.len();
    };
    // RFC 3629 section 3: how many octets follow the first.
    let needed = match partial[at] {
        0xF0.. => 4,
        0xE0.. => 3,
        _ => 2,
    };
    if partial.len() - at < needed { at } else { partial.len() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tokio::io::AsyncWriteExt;

    fn found_in<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<(Vec<u8>, LineEnd, u32)> {
        let mut found = Vec::new();
        let mut keep = |line: Line<'_>| found.push((line.text.to_vec(), line.end, line.before));
        let mut lines = Lines::default();
        for piece in pieces {
            lines.feed(piece, &mut keep);
        }
        lines.finish(&mut keep);
        found
    }

    fn lines_of<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<Vec<u8>> {
        found_in(pieces).into_iter().map(|(text, ..)| text).collect()
    }

    fn whole(text: &[u8]) -> Line<'_> {
        Line { text, end: LineEnd::Lf, before: 0 }
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

    #[test]
    fn a_piece_says_how_many_came_before_and_cuts_no_character() {
        let mut long = vec![b'x'; LINE_MAX - 1];
        long.extend_from_slice("é!\r\nnext".as_bytes());
        let found = found_in([&long[..]]);
        let marks: Vec<_> = found.iter().map(|(text, end, before)| (text.len(), *end, *before)).collect();
        assert_eq!(
            marks,
            [(LINE_MAX - 1, LineEnd::Open, 0), ("é!".len(), LineEnd::CrLf, 1), (4, LineEnd::Missing, 0)]
        );
    }

    #[test]
    fn a_piece_may_end_anywhere_but_inside_a_character_or_a_line_end() {
        for (partial, len) in [
            (&b""[..], 0),
            (b"ab", 2),
            (b"ab\r", 2),
            (b"\r", 0),
            (b"a\xc3", 1),
            (b"a\xc3\xa9", 3),
            (b"a\xe2\x82", 1),
            (b"a\xe2\x82\xac", 4),
            (b"a\xf0\x9f\x98", 1),
            (b"a\x80\x80\x80\x80", 5),
        ] {
            assert_eq!(piece_len(partial), len, "{}", partial.escape_ascii());
        }
    }

    #[tokio::test]
    async fn a_prompt_without_a_newline_is_passed_on_after_a_moment() {
        let (mut theirs, ours) = pipe::pipe().unwrap();
        let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
        let emit = move |line: Line<'_>| drop(tell.send((line.text.to_vec(), line.end, line.before)));
        let reading = tokio::spawn(read_lines(ours.into_nonblocking_fd().unwrap(), Mask::default(), emit));
        theirs.write_all(b"Password: ").await.unwrap();
        assert_eq!(told.recv().await, Some((b"Password: ".to_vec(), LineEnd::Open, 0)));
        theirs.write_all(b"\nthanks\n").await.unwrap();
        assert_eq!(told.recv().await, Some((Vec::new(), LineEnd::Lf, 1)));
        assert_eq!(told.recv().await, Some((b"thanks".to_vec(), LineEnd::Lf, 0)));
        drop(theirs);
        reading.await.unwrap().unwrap();
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
        words.keep(AppStream::Out, whole(b"hello"));
        assert_eq!(words.lines(), ["hello"]);
        for number in 0..30 {
            words.keep(AppStream::Err, whole(format!("line {number}").as_bytes()));
        }
        assert_eq!(words.lines().len(), LAST_LINES);
        assert_eq!(words.lines()[0], "line 10");
    }

    #[test]
    fn a_very_long_last_word_is_cut_between_characters() {
        let words = LastWords::default();
        words.keep(AppStream::Err, whole("é".repeat(400).as_bytes()));
        assert!(words.lines()[0].ends_with("é…"));
    }
}
