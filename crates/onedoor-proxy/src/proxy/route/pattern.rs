//! A pattern: which requests a route is for. Made from a route key or an app's mount, compared with a request only
//! by the tree in `path`, here asked for its parts and its rank.
//!
//! Pure data. Literals are normalised bytes, so that they are compared with a normalised path byte by byte.

use std::sync::Arc;

use super::host::HostPattern;
use super::method::{self, Method};
use super::regex::WholeRegex;
use super::spelling;

#[derive(Clone, Debug)]
pub struct Pattern {
    /// As it was written; a mount as the route key it is equal to.
    pub(super) written: Arc<str>,
    pub(super) method: Option<Method>,
    pub(super) host: HostPattern,
    /// The whole segments before the end.
    pub(super) segments: Vec<Segment>,
    pub(super) end: End,
}

#[derive(Clone, Debug)]
pub(super) enum Segment {
    /// Possibly empty: `/health/` ends in an empty segment.
    Literal(Box<[u8]>),
    /// `{x:re}`. Like `{x}`, never an empty segment, whatever the regex says.
    Matching { name: Box<str>, regex: Arc<WholeRegex> },
    /// `{x}`.
    Any { name: Box<str> },
}

#[derive(Clone, Debug)]
pub(super) enum End {
    /// The path ends where the pattern ends.
    Exact,
    /// `/*`: whatever follows, and nothing, too.
    Subtree,
    /// `/{rest...}`: the same with a name, so the same in precedence.
    Rest { name: Box<str> },
    /// `/node{rest...}`: a last segment that begins so, and whatever follows. Never `/node.` or `/node..`: the
    /// rest would be a dot segment, and a rewrite would put it behind a slash.
    TextAndRest { text: Box<[u8]>, name: Box<str> },
}

/// Where a capture stands in a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place<'p> {
    Segment(usize),
    /// Behind that many segments.
    Rest {
        segments: usize,
    },
    TextAndRest {
        segments: usize,
        text: &'p [u8],
    },
}

/// Step 2 of precedence: how much a pattern says about one segment. Two patterns that match the same path are
/// compared rank by rank from the left; the first difference decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// `*` or `{rest...}`.
    Rest,
    /// `{x}`.
    Any,
    /// `{x:re}`.
    Matching,
    /// Literal text of so many bytes, then `{rest...}`.
    TextAndRest(usize),
    Literal,
    /// The path ends, and the pattern says so.
    End,
}

/// How far a pattern reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    OnePath,
    /// `/*`: the path and all below it.
    Mount,
    /// `{rest...}`: the same as a capture.
    Named,
}

impl Pattern {
    pub fn written(&self) -> &str {
        &self.written
    }

    /// `"/node"` for the mount `/node/*` of any host, `""` for `/*`: what `$PREFIX` and X-Forwarded-Prefix say.
    /// None: no mount, or one with captures in it.
    pub fn mount_prefix(&self) -> Option<String> {
        let End::Subtree = self.end else { return None };
        let mut prefix = String::new();
        for segment in &self.segments {
            let Segment::Literal(text) = segment else { return None };
            prefix.push('/');
            // Normalised literals are ASCII.
            prefix.push_str(std::str::from_utf8(text).ok()?);
        }
        Some(prefix)
    }

    /// What of the paths below its segments it takes.
    pub fn reach(&self) -> Reach {
        match self.end {
            End::Exact => Reach::OnePath,
            End::Subtree => Reach::Mount,
            End::Rest { .. } | End::TextAndRest { .. } => Reach::Named,
        }
    }

    /// The captures' names, from left to right.
    pub fn captures(&self) -> impl Iterator<Item = &str> {
        self.places().map(|(name, _)| name)
    }

    /// What the capture with that index stands for in `path`, which this pattern matches, in whichever spelling.
    pub(super) fn captured<'x>(&self, index: usize, path: &'x [u8]) -> &'x [u8] {
        match self.places().nth(index) {
            None => b"",
            Some((_, Place::Segment(at))) => spelling::segment(path, at),
            Some((_, Place::Rest { segments })) => {
                let rest = spelling::after_segments(path, segments);
                rest.strip_prefix(b"/").unwrap_or(rest)
            }
            Some((_, Place::TextAndRest { segments, text })) => {
                let rest = spelling::after_segments(path, segments);
                spelling::skip_units(rest.strip_prefix(b"/").unwrap_or(rest), spelling::units(text))
            }
        }
    }

    /// Whether the capture can be empty, and can hold slashes.
    pub(super) fn is_rest(&self, index: usize) -> bool {
        match self.places().nth(index) {
            Some((_, Place::Rest { .. } | Place::TextAndRest { .. })) => true,
            Some((_, Place::Segment(_))) | None => false,
        }
    }

    /// Whether the capture begins with the slash that ends its segment: `/a` of `/node/a`.
    pub(super) fn begins_with_own_slash(&self, index: usize) -> bool {
        matches!(self.places().nth(index), Some((_, Place::TextAndRest { .. })))
    }

    fn places(&self) -> impl Iterator<Item = (&str, Place<'_>)> {
        let segments = self.segments.iter().enumerate().filter_map(|(at, segment)| match segment {
            Segment::Literal(_) => None,
            Segment::Matching { name, .. } | Segment::Any { name } => Some((&**name, Place::Segment(at))),
        });
        let behind = self.segments.len();
        let end = match &self.end {
            End::Exact | End::Subtree => None,
            End::Rest { name } => Some((&**name, Place::Rest { segments: behind })),
            End::TextAndRest { text, name } => Some((&**name, Place::TextAndRest { segments: behind, text })),
        };
        segments.chain(end)
    }

    pub(super) fn ranks(&self) -> impl Iterator<Item = Rank> {
        let end = match &self.end {
            End::Exact => Rank::End,
            End::Subtree | End::Rest { .. } => Rank::Rest,
            End::TextAndRest { text, .. } => Rank::TextAndRest(text.len()),
        };
        self.segments.iter().map(Segment::rank).chain([end])
    }

    /// Step 3 of precedence; None: not for this method.
    pub(super) fn method_rank(&self, asked: &[u8]) -> Option<method::Rank> {
        method::rank(self.method, asked)
    }
}

impl Segment {
    pub(super) fn rank(&self) -> Rank {
        match self {
            Self::Literal(_) => Rank::Literal,
            Self::Matching { .. } => Rank::Matching,
            Self::Any { .. } => Rank::Any,
        }
    }

    pub(super) fn matches(&self, asked: &[u8]) -> bool {
        match self {
            Self::Literal(text) => **text == *asked,
            Self::Matching { regex, .. } => !asked.is_empty() && regex.matches(asked),
            Self::Any { .. } => !asked.is_empty(),
        }
    }
}

/// Whether `text` and a rest takes this last-but-for-the-rest segment: it begins with the text, and what follows
/// is no dot segment.
pub(super) fn text_and_rest_matches(text: &[u8], asked: &[u8]) -> bool {
    asked.strip_prefix(text).is_some_and(|after| !matches!(after, b"." | b".."))
}

/// The segments of a path, from left to right; `/` is one empty segment.
pub(super) fn segments(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    path.strip_prefix(b"/").unwrap_or(path).split(|byte| *byte == b'/')
}
