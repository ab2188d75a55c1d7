//! How the upstream's path is made from the matched one (CONFIG.md §1.3; Gateway API's ReplacePrefixMatch).
//!
//! Works on the bytes that are forwarded, in the client's own spelling, and cuts them by segments. By default
//! nothing is changed. Where a cut leaves nothing, the path is `/`; no joint ever makes two slashes, and those the
//! client sent stay.

use super::error::{RewriteError, RewriteFault};
use super::pattern::{End, Pattern, Segment};
use super::spelling;
use super::table::Matched;
use super::template::{self, Template};

#[derive(Clone, Debug)]
pub struct Rewrite {
    change: Change,
    /// The path of a proxy URL, without a final slash.
    base: Box<[u8]>,
    /// The mount that is replaced, written out; never empty. None: it is the root, or has captures in it.
    mount: Option<Box<str>>,
}

#[derive(Clone, Debug)]
pub(super) enum Change {
    Keep,
    /// The first so many segments are replaced.
    Prefix {
        segments: usize,
        with: Template,
    },
    /// The whole path is.
    Whole(Template),
}

impl Rewrite {
    /// The default: the path goes on as it came.
    pub fn keep() -> Self {
        Self { change: Change::Keep, base: Box::default(), mount: None }
    }

    /// `strip = true`: the mount is cut off. Stripping `/*` changes nothing.
    pub fn strip(pattern: &Pattern) -> Result<Self, RewriteError> {
        let bad = |fault| Err(RewriteError { range: 0..0, fault, fix: None });
        if !matches!(pattern.end, End::Subtree) {
            return bad(RewriteFault::StripWithoutMount(pattern.written().to_owned()));
        }
        match pattern.mount_prefix() {
            Some(prefix) => Ok(Self::cut(pattern.segments.len(), prefix)),
            None => bad(RewriteFault::StripOfCaptures),
        }
    }

    /// `strip = "/api"`: a prefix that every path of the pattern begins with.
    pub fn strip_named(pattern: &Pattern, prefix: &str) -> Result<Self, RewriteError> {
        let bad = |fault, fix| Err(RewriteError { range: 0..prefix.len(), fault, fix });
        if let Some(star) = prefix.find('*') {
            let fix = prefix[..star].trim_end_matches('/').to_owned();
            return bad(RewriteFault::Star, Some(fix));
        }
        let Some(inside) = prefix.strip_prefix('/') else {
            return bad(RewriteFault::NoSlash, Some(format!("/{prefix}")));
        };
        let inside = inside.strip_suffix('/').unwrap_or(inside);
        if inside.is_empty() {
            return Ok(Self::cut(0, String::new()));
        }
        let normal = template::literal(inside, 1)?;
        let cut: Vec<&[u8]> = normal.split(|byte| *byte == b'/').collect();
        let is_prefix = cut.len() <= pattern.segments.len()
            && cut.iter().zip(&pattern.segments).all(|(cut, segment)| match segment {
                Segment::Literal(text) => **text == **cut,
                Segment::Matching { .. } | Segment::Any { .. } => false,
            });
        if !is_prefix {
            let pattern = pattern.written().to_owned();
            return bad(RewriteFault::NotAPrefix { prefix: prefix.to_owned(), pattern }, None);
        }
        Ok(Self::cut(cut.len(), format!("/{}", String::from_utf8_lossy(&normal))))
    }

    /// `rewrite = "/v2"`: replaces the mount where the pattern is one (`/*`), else the whole path. Captures of the
    /// pattern may stand in it: `/v2/avatars/{id}`.
    pub fn to(pattern: &Pattern, path: &str) -> Result<Self, RewriteError> {
        let mount = pattern.mount_prefix().filter(|prefix| !prefix.is_empty()).map(Into::into);
        Ok(Self { change: Change::to(pattern, path, 0)?, mount, ..Self::keep() })
    }

    /// The path of a proxy URL is joined in front, with or without its slash: `https://h/base`.
    pub fn with_base(self, path: &str) -> Result<Self, RewriteError> {
        let path = path.strip_suffix('/').unwrap_or(path);
        if !path.is_empty() && !path.starts_with('/') {
            let fix = Some(format!("/{path}"));
            return Err(RewriteError { range: 0..path.len(), fault: RewriteFault::NoSlash, fix });
        }
        Ok(Self { base: template::literal(path, 0)?, ..self })
    }

    fn cut(segments: usize, prefix: String) -> Self {
        let mount = (!prefix.is_empty()).then(|| prefix.into());
        Self { change: Change::Prefix { segments, with: Template::default() }, base: Box::default(), mount }
    }

    /// Appends the upstream's path; the query is the caller's business.
    pub fn upstream_path(&self, matched: &Matched<'_>, forward: &[u8], out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(&self.base);
        self.change.apply(matched.pattern, forward, out);
        if out.len() == start {
            out.push(b'/');
        }
    }

    /// The mount as the client knows it, and what stands in its place in `target`, which was made of `forward`; each
    /// without a final slash.
    pub fn mounts<'r>(&'r self, forward: &'r [u8], target: &'r [u8]) -> (&'r [u8], &'r [u8]) {
        let Change::Prefix { segments, .. } = self.change else { return (b"", &self.base) };
        let rest = spelling::after_segments(forward, segments);
        let outside = match &self.mount {
            Some(mount) => mount.as_bytes(),
            None => forward.strip_suffix(rest).unwrap_or_default(),
        };
        let path = target.split(|byte| *byte == b'?').next().unwrap_or_default();
        let inside = path.strip_suffix(rest).unwrap_or_default();
        // A path that would be empty is `/`.
        (outside, inside.strip_suffix(b"/").unwrap_or(inside))
    }

    /// Whether a path of the upstream's can be told from the client's, so that it is worth mending.
    pub fn is_reversible(&self) -> bool {
        match self.change {
            Change::Keep => !self.base.is_empty(),
            Change::Prefix { .. } => true,
            Change::Whole(_) => false,
        }
    }

    /// Whether the whole of `forward` is cut off: `/shop` itself, which an app behind a strip takes for its root.
    pub(super) fn leaves_nothing(&self, forward: &[u8]) -> bool {
        match &self.change {
            Change::Prefix { segments, with } => {
                *segments > 0
                    && with.is_empty()
                    && self.base.is_empty()
                    && spelling::after_segments(forward, *segments).is_empty()
            }
            Change::Keep | Change::Whole(_) => false,
        }
    }

    /// The path of the proxy URL that is joined in front, without a final slash.
    pub fn base(&self) -> &[u8] {
        &self.base
    }

    /// What X-Forwarded-Prefix says: only a strip has one, or a rewrite to `/`, which is the same.
    pub fn stripped_prefix(&self) -> Option<&str> {
        match &self.change {
            Change::Prefix { with, .. } if with.is_empty() => self.mount.as_deref(),
            Change::Prefix { .. } | Change::Keep | Change::Whole(_) => None,
        }
    }
}

impl Change {
    pub(super) fn to(pattern: &Pattern, path: &str, offset: usize) -> Result<Self, RewriteError> {
        let template = Template::parse(path, offset, pattern)?;
        Ok(match pattern.end {
            End::Subtree => {
                Self::Prefix { segments: pattern.segments.len(), with: template.without_final_slash() }
            }
            End::Exact | End::Rest { .. } | End::TextAndRest { .. } => Self::Whole(template),
        })
    }

    /// May append nothing, which means `/`.
    pub(super) fn apply(&self, pattern: &Pattern, forward: &[u8], out: &mut Vec<u8>) {
        match self {
            Self::Keep => out.extend_from_slice(forward),
            Self::Prefix { segments, with } => {
                with.expand(pattern, forward, out);
                out.extend_from_slice(spelling::after_segments(forward, *segments));
            }
            Self::Whole(template) => template.expand(pattern, forward, out),
        }
    }
}
