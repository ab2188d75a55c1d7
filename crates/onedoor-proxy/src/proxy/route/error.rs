//! What can be wrong with a pattern, a rewrite or a redirect: the place inside the text, the fact, the remedy.
//!
//! The place in the file, the caret and the colours are the config's business; so is turning a `fix` into an edit.

use std::ops::Range;

use thiserror::Error;

/// A route key, or an app's `path` or `host`, that is not a pattern.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{fault}")]
pub struct PatternError {
    /// Bytes of the text that was given; both ends are character boundaries.
    pub range: Range<usize>,
    pub fault: PatternFault,
    /// The whole text as it was probably meant; always a valid pattern. None where it cannot be guessed.
    pub fix: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PatternFault {
    #[error("a pattern is written [METHOD ][host]/path; this one is empty")]
    Empty,
    #[error("there is no path: a pattern has a slash where its path begins")]
    NoPath,
    #[error("between method and host or path stands exactly one space")]
    Spaces,
    #[error("`{0}` is a method; a space must follow it, or it is read as a host")]
    MethodWithoutSpace(&'static str),
    #[error("methods are case-sensitive and upper-case (RFC 9110 9.1): write `{0}`")]
    LowerCaseMethod(&'static str),
    #[error("`{0}` is no registered method; leave it out to match all methods")]
    UnknownMethod(String),
    #[error("{0} requests are always refused")]
    RefusedMethod(&'static str),
    #[error("an app's path takes no method")]
    MethodOnMount,
    #[error("{0}")]
    Host(HostFault),
    #[error("also matches {also}; a star may only follow a slash")]
    StarAfterText { also: String },
    #[error("a star may only be the whole last segment; a segment of any name is written `{{x}}`")]
    StarInside,
    #[error("an app's path is a mount and covers everything under it; it takes no star")]
    StarOnMount,
    #[error(
        "an app's path is written out, so that the app can be told its prefix; captures belong to routes"
    )]
    CaptureOnMount,
    #[error("dot segments are resolved before a path is matched, so this can never match")]
    DotSegment,
    #[error("a pattern ends with the path; conditions on the query belong into `when`")]
    Query,
    #[error("a fragment is never sent to a server")]
    Fragment,
    #[error("`%` is followed by two hex digits, or is itself written `%25`")]
    BadEscape,
    #[error("a request with this escape is refused with 400, so this can never match")]
    RefusedEscape,
    #[error("no path contains this character; write it percent-encoded")]
    BadCharacter,
    #[error("`{{` is never closed")]
    UnclosedCapture,
    #[error("`}}` closes nothing; written percent-encoded it is `%7D`")]
    StrayBrace,
    #[error("a capture is a whole segment; a part of one is matched by a regex, as in `{{x:v[0-9]+}}`")]
    PartialCapture,
    #[error("a capture has a name: letters, digits and `_`, not beginning with a digit")]
    CaptureName,
    #[error("there are two captures named `{0}`")]
    DuplicateCapture(String),
    #[error("the remainder `{{{0}...}}` can only be the end of the pattern")]
    RestNotLast(String),
    #[error("not a regex: {0}")]
    Regex(String),
}

#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum HostFault {
    #[error("a route has no scheme; it serves http and https alike")]
    Scheme,
    #[error("a route has no port: it is the host alone that is matched")]
    Port,
    #[error("in a host, a star is the whole first label and stands for one or more labels: `*.example.com`")]
    Star,
    #[error("a host beyond ASCII is written in its `xn--` form")]
    Unicode,
    #[error("not an IPv6 address in brackets")]
    Ipv6,
    #[error("not a host name")]
    Name,
}

/// A `strip`, `rewrite` or `redirect` that does not fit its pattern.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{fault}")]
pub struct RewriteError {
    /// Bytes of the text that was given; empty at 0 where the whole value is meant (`strip = true`).
    pub range: Range<usize>,
    pub fault: RewriteFault,
    /// The whole text as it was probably meant.
    pub fix: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RewriteFault {
    #[error(
        "only a mount can be stripped, and `{0}` does not end in `/*`; write it so, or say the path with `rewrite`"
    )]
    StripWithoutMount(String),
    #[error("what is stripped is told to the app, so it is written out; with captures use `rewrite`")]
    StripOfCaptures,
    #[error("not every path of `{pattern}` begins with `{prefix}`")]
    NotAPrefix { prefix: String, pattern: String },
    #[error("a path begins with a slash")]
    NoSlash,
    #[error("a star has no meaning here; the rest of the path is kept anyway")]
    Star,
    #[error("the query is forwarded as it came; it cannot be rewritten")]
    Query,
    #[error("dot segments have no meaning here")]
    DotSegment,
    #[error("`%` is followed by two hex digits, or is itself written `%25`")]
    BadEscape,
    #[error("no path contains this; write it percent-encoded")]
    BadCharacter,
    #[error(
        "`{{` and `}}` enclose the name of a capture, as in `{{id}}`; percent-encoded they are `%7B` and `%7D`"
    )]
    Braces,
    #[error("there is no capture `{name}` in the pattern{}", known_captures(.known))]
    UnknownCapture { name: String, known: Vec<String> },
    #[error("a redirect goes to a path or to an http or https URL")]
    Target,
    #[error("{0} is no redirect; choose 301, 302, 303, 307 or 308")]
    Status(u16),
}

fn known_captures(known: &[String]) -> String {
    match known {
        [] => ", which has none".to_owned(),
        [one] => format!("; it has `{one}`"),
        many => format!("; it has `{}`", many.join("`, `")),
    }
}

/// A fault, and the text with this fault mended; others may be left in it.
pub(super) struct Bad {
    pub(super) range: Range<usize>,
    pub(super) fault: PatternFault,
    pub(super) mended: Option<String>,
}

impl Bad {
    pub(super) fn new(range: Range<usize>, fault: PatternFault) -> Self {
        Self { range, fault, mended: None }
    }

    pub(super) fn mended(self, mended: impl Into<String>) -> Self {
        Self { mended: Some(mended.into()), ..self }
    }
}

pub(super) fn replaced(text: &str, range: &Range<usize>, instead: &str) -> String {
    format!("{}{instead}{}", &text[..range.start], &text[range.end..])
}
