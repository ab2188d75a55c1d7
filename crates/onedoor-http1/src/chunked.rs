//! The chunked coding, taken off in place (RFC 9112 7.1; HTTP.md rules 6–8 and 31).
//!
//! Chunk lines are never copied through: the payload comes out, whoever sends it on frames it anew. Every byte is
//! looked at once and consumed at once, however the body is cut into reads.

use crate::error::ChunkedError;
use crate::fields::{FieldKind, Side, field_in, is_forbidden_trailer};
use crate::limits::{CHUNK_DIGITS_MAX, CHUNK_EXTENSION_MAX, CHUNK_EXTENSIONS_FREE, TRAILERS_MAX};
use crate::lines::Line;

/// What one call made of the bytes it was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dechunked {
    /// So many bytes of payload stand at the front now.
    pub data: usize,
    /// So many bytes were used up, payload included; between `data` and here stands nothing of worth. What follows
    /// is untouched: after `Done` it lies behind the body.
    pub consumed: usize,
    pub progress: Progress,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    More,
    Done,
}

/// One chunked body on its way in.
#[derive(Debug, Default)]
pub struct Dechunker {
    state: State,
    /// Payload so far; it pays for extensions.
    payload: u64,
    extensions: u64,
    /// A trailer line, as far as it has come.
    line: Vec<u8>,
    trailer_bytes: usize,
    trailers: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Size {
        size: u64,
        digits: u8,
    },
    Extension {
        size: u64,
        bytes: u64,
    },
    /// A CR ended the size line; its LF is due.
    SizeEnd {
        size: u64,
    },
    Data {
        left: u64,
    },
    DataCr,
    DataLf,
    Trailers,
    Done,
}

impl Default for State {
    fn default() -> Self {
        Self::Size { size: 0, digits: 0 }
    }
}

impl Dechunker {
    /// Takes the coding off the front of `bytes`, which are the body from where the last call's `consumed` ended.
    pub fn decode_in_place(&mut self, bytes: &mut [u8]) -> Result<Dechunked, ChunkedError> {
        let (mut data, mut at) = (0, 0);
        loop {
            match self.state {
                State::Done => return Ok(Dechunked { data, consumed: at, progress: Progress::Done }),
                State::Data { left } => {
                    let here = (bytes.len() - at).min(usize::try_from(left).unwrap_or(usize::MAX));
                    if data != at {
                        bytes.copy_within(at..at + here, data);
                    }
                    (data, at) = (data + here, at + here);
                    self.payload = self.payload.saturating_add(here as u64);
                    let left = left - here as u64;
                    self.state = if left == 0 { State::DataCr } else { State::Data { left } };
                    if left > 0 {
                        break;
                    }
                }
                State::Trailers => match self.trailer_part(bytes.get(at..).unwrap_or_default())? {
                    0 => break,
                    part => at += part,
                },
                State::Size { .. }
                | State::Extension { .. }
                | State::SizeEnd { .. }
                | State::DataCr
                | State::DataLf => {
                    let Some(&byte) = bytes.get(at) else { break };
                    at += 1;
                    self.state = self.after(byte)?;
                }
            }
        }
        Ok(Dechunked { data, consumed: at, progress: Progress::More })
    }

    /// The trailer fields as lines `Name: value` with CRLF, once the body is `Done`. Checked; those that must not
    /// be trailers are left out.
    #[must_use]
    pub fn trailers(&self) -> &[u8] {
        match self.state {
            State::Done => &self.trailers,
            State::Size { .. }
            | State::Extension { .. }
            | State::SizeEnd { .. }
            | State::Data { .. }
            | State::DataCr
            | State::DataLf
            | State::Trailers => &[],
        }
    }

    /// One byte of a chunk line or of the CRLF behind a chunk.
    #[inline]
    fn after(&mut self, byte: u8) -> Result<State, ChunkedError> {
        match (self.state, byte) {
            (State::Size { size, digits }, _) if byte.is_ascii_hexdigit() => one_digit(size, digits, byte),
            (State::Size { digits: 0, .. }, _) => Err(ChunkedError::BadSize),
            (State::Size { size, .. }, b';') => Ok(State::Extension { size, bytes: 0 }),
            (State::Size { size, .. } | State::Extension { size, .. }, b'\r') => Ok(State::SizeEnd { size }),
            (State::Size { .. } | State::Extension { .. }, b'\n') => Err(ChunkedError::BadLineEnd),
            (State::Size { .. }, _) => Err(ChunkedError::BadSize),
            (State::Extension { .. }, 0..=8 | 11..=31 | 127) => Err(ChunkedError::BadExtension),
            (State::Extension { size, bytes }, _) => {
                self.extensions += 1;
                let too_long = bytes >= CHUNK_EXTENSION_MAX
                    || self.extensions > CHUNK_EXTENSIONS_FREE.saturating_add(self.payload);
                if too_long {
                    Err(ChunkedError::ExtensionsTooLong)
                } else {
                    Ok(State::Extension { size, bytes: bytes + 1 })
                }
            }
            (State::SizeEnd { size: 0 }, b'\n') => Ok(State::Trailers),
            (State::SizeEnd { size }, b'\n') => Ok(State::Data { left: size }),
            (State::SizeEnd { .. }, _) => Err(ChunkedError::BadLineEnd),
            (State::DataCr, b'\r') => Ok(State::DataLf),
            (State::DataLf, b'\n') => Ok(State::default()),
            (State::DataCr | State::DataLf, _) => Err(ChunkedError::BadChunkEnd),
            (State::Data { .. } | State::Trailers | State::Done, _) => Ok(self.state),
        }
    }

    /// Takes the trailer section up to the end of its next line; says how many bytes that were.
    fn trailer_part(&mut self, bytes: &[u8]) -> Result<usize, ChunkedError> {
        let end = memchr::memchr(b'\n', bytes);
        let part = bytes.get(..end.map_or(bytes.len(), |end| end + 1)).unwrap_or_default();
        let room = TRAILERS_MAX - self.trailer_bytes;
        if part.len() > room {
            return Err(ChunkedError::TrailersTooLarge);
        }
        self.trailer_bytes += part.len();
        self.line.extend_from_slice(part);
        if end.is_some() {
            let Some(text) = self.line.strip_suffix(b"\r\n") else { return Err(ChunkedError::BadLineEnd) };
            if text.is_empty() {
                self.state = State::Done;
            } else {
                let line = Line { text, start: 0, next: 0 };
                let field = field_in(&line, Side::Request).map_err(ChunkedError::BadTrailer)?;
                let name = field.name.of(text);
                if field.kind == FieldKind::Other && !is_forbidden_trailer(name) {
                    crate::emit::field(&mut self.trailers, name, field.value.of(text));
                }
            }
            self.line.clear();
        }
        Ok(part.len())
    }
}

fn one_digit(size: u64, digits: u8, byte: u8) -> Result<State, ChunkedError> {
    if digits >= CHUNK_DIGITS_MAX {
        return Err(ChunkedError::BadSize);
    }
    let digit = (byte as char).to_digit(16).map_or(0, u64::from);
    let size = size << 4 | digit;
    // Sixteen digits fill a u64; the sign bit of whoever uses an i64 stays clear.
    if i64::try_from(size).is_err() {
        return Err(ChunkedError::SizeTooLarge);
    }
    Ok(State::Size { size, digits: digits + 1 })
}
