//! A path with captures in it, `/v2/avatars/{id}`: what `rewrite` and `redirect` say.
//!
//! Read once, against the pattern whose captures it names; filled in from the client's own spelling of the path.
//! What comes out never holds a dot segment: captures hold none, and a text that could complete one is refused.

use std::ops::Range;

use super::error::{RewriteError, RewriteFault};
use super::pattern::Pattern;
use super::spelling::{self, BadSpelling};

#[derive(Clone, Debug, Default)]
pub(super) struct Template {
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug)]
enum Piece {
    Text(Box<[u8]>),
    /// Index among the pattern's captures.
    Capture(usize),
}

impl Template {
    /// Empty, or a path. `offset`: where `text` stands in what the operator wrote.
    pub(super) fn parse(text: &str, offset: usize, pattern: &Pattern) -> Result<Self, RewriteError> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        let bad = |range: Range<usize>, fault, fix| {
            Err(RewriteError { range: range.start + offset..range.end + offset, fault, fix })
        };
        if !text.starts_with('/') {
            let fix = (offset == 0).then(|| format!("/{text}"));
            return bad(0..text.len(), RewriteFault::NoSlash, fix);
        }
        if let Some(at) = text.find(['?', '#']) {
            return bad(at..text.len(), RewriteFault::Query, (offset == 0).then(|| text[..at].to_owned()));
        }
        if let Some(at) = text.find('*') {
            let mended = text.trim_end_matches('*').trim_end_matches('/');
            let fix = (offset == 0 && !mended.contains('*')).then(|| mended.to_owned());
            return bad(at..at + 1, RewriteFault::Star, fix);
        }
        let mut pieces = Vec::new();
        let mut at = 0;
        for segment in text.split_inclusive('/') {
            read_segment(segment, at, pattern, &mut pieces).map_err(|error| RewriteError {
                range: error.range.start + offset..error.range.end + offset,
                ..error
            })?;
            at += segment.len();
        }
        Ok(Self { pieces })
    }

    /// The same without its final slash: what follows brings one along.
    pub(super) fn without_final_slash(mut self) -> Self {
        if let Some(Piece::Text(text)) = self.pieces.last_mut() {
            *text = text.strip_suffix(b"/").unwrap_or(text).into();
        }
        self
    }

    /// Whether it says nothing, whatever the captures hold.
    pub(super) fn is_empty(&self) -> bool {
        self.pieces.iter().all(|piece| matches!(piece, Piece::Text(text) if text.is_empty()))
    }

    pub(super) fn expand(&self, pattern: &Pattern, forward: &[u8], out: &mut Vec<u8>) {
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => out.extend_from_slice(text),
                Piece::Capture(index) => {
                    let value = pattern.captured(*index, forward);
                    // `/node{rest...}` leaves `/a` of `/node/a`: behind a slash, its own one is not written twice.
                    // No other capture begins with one, but the rest of a path that held `//`, which stays.
                    let joint = pattern.begins_with_own_slash(*index) && out.last() == Some(&b'/');
                    out.extend_from_slice(if joint {
                        value.strip_prefix(b"/").unwrap_or(value)
                    } else {
                        value
                    });
                }
            }
        }
    }
}

/// `segment` with the slash behind it, if there is one.
fn read_segment(
    segment: &str,
    offset: usize,
    pattern: &Pattern,
    pieces: &mut Vec<Piece>,
) -> Result<(), RewriteError> {
    let bad = |range: Range<usize>, fault| {
        Err(RewriteError { range: range.start + offset..range.end + offset, fault, fix: None })
    };
    let mut text_is_dots = false;
    let mut text_is_other = false;
    let mut names_can_be_empty = true;
    let mut left = segment;
    while !left.is_empty() {
        let at = segment.len() - left.len();
        let open = left.find(['{', '}']).unwrap_or(left.len());
        if open > 0 {
            let (text, after) = left.split_at(open);
            let bare = text.strip_suffix('/').unwrap_or(text);
            text_is_dots |= !bare.is_empty() && bare.bytes().all(|byte| byte == b'.');
            text_is_other |= bare.bytes().any(|byte| byte != b'.');
            pieces.push(Piece::Text(literal(text, offset + at)?));
            left = after;
            continue;
        }
        let Some((name, after)) = left.strip_prefix('{').and_then(|inside| inside.split_once('}')) else {
            return bad(at..segment.len(), RewriteFault::Braces);
        };
        let Some(index) = pattern.captures().position(|known| known == name) else {
            let known = pattern.captures().map(str::to_owned).collect();
            let fault = RewriteFault::UnknownCapture { name: name.to_owned(), known };
            return bad(at + 1..at + 1 + name.len(), fault);
        };
        names_can_be_empty &= pattern.is_rest(index);
        pieces.push(Piece::Capture(index));
        left = after;
    }
    // `/.{rest}` would be `/.` for an empty rest, and `/./x` for one that begins with a slash.
    if text_is_dots && !text_is_other && names_can_be_empty {
        return bad(0..segment.trim_end_matches('/').len(), RewriteFault::DotSegment);
    }
    Ok(())
}

pub(super) fn literal(text: &str, offset: usize) -> Result<Box<[u8]>, RewriteError> {
    let mut out = Vec::with_capacity(text.len());
    match spelling::normalise(text, &mut out) {
        Ok(()) => Ok(out.into()),
        Err((range, why)) => {
            let fault = match why {
                BadSpelling::Escape => RewriteFault::BadEscape,
                BadSpelling::RefusedEscape | BadSpelling::Character => RewriteFault::BadCharacter,
            };
            Err(RewriteError { range: range.start + offset..range.end + offset, fault, fix: None })
        }
    }
}
