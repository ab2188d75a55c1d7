//! The head of a response: read like a request's, with the framing rules of RFC 9112 6.3 for answers.

use std::time::Duration;

use crate::bytes::{is_text, trim_ows};
use crate::error::HeadError;
use crate::fields::{Field, FieldKind, Side, field_in};
use crate::framing::{BodyFraming, Facts, Persistence};
use crate::head::{Parsed, RequestKind, StatusCode, Version};
use crate::limits::HeadLimits;
use crate::lines::{Cursor, Line};
use crate::request::version_of;
use crate::span::Span;

/// A response's head. Reused from response to response: `clear` keeps the memory.
#[derive(Debug, Default)]
pub struct ResponseHead {
    stage: Stage,
    cursor: Cursor,
    version: Version,
    status: StatusCode,
    reason: Span,
    fields: Vec<Field>,
    facts: Facts,
    framing: BodyFraming,
    persistence: Persistence,
    keep_alive_timeout: Option<Duration>,
}

#[derive(Clone, Copy, Debug, Default)]
enum Stage {
    #[default]
    StatusLine,
    Fields,
    Complete {
        head_bytes: usize,
    },
    Failed(HeadError),
}

impl ResponseHead {
    /// Reads on, under the same terms as [`RequestHead::parse`](crate::RequestHead::parse). `asked` is what the
    /// response answers: only that tells if a body follows.
    pub fn parse(
        &mut self,
        bytes: &[u8],
        limits: &HeadLimits,
        asked: RequestKind,
    ) -> Result<Parsed, HeadError> {
        let parsed = self.advance(bytes, limits, asked);
        if let Err(error) = parsed {
            self.stage = Stage::Failed(error);
        }
        parsed
    }

    /// Forgets everything but the memory.
    pub fn clear(&mut self) {
        let mut fields = std::mem::take(&mut self.fields);
        fields.clear();
        *self = Self { fields, ..Self::default() };
    }

    #[must_use]
    pub fn version(&self) -> Version {
        self.version
    }

    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    #[must_use]
    pub fn reason(&self) -> Span {
        self.reason
    }

    #[must_use]
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// All fields of one kind, in their order.
    pub fn find(&self, kind: FieldKind) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(move |field| field.kind == kind)
    }

    /// How long the body that follows is; `None` for HEAD, 1xx, 204 and 304, whatever the fields say.
    #[must_use]
    pub fn framing(&self) -> BodyFraming {
        self.framing
    }

    /// Content-Length as it may be repeated: also where no body follows (HEAD, 304), but not in 1xx and 204, where
    /// it must not stand (RFC 9110 8.6).
    #[must_use]
    pub fn declared_length(&self) -> Option<u64> {
        let forbidden = self.status.is_interim() || self.status.as_u16() == 204;
        self.facts.content_length.filter(|_| !forbidden)
    }

    #[must_use]
    pub fn persistence(&self) -> Persistence {
        self.persistence
    }

    /// How long the sender keeps its idle connection, if it says so: `Keep-Alive: timeout=5`.
    #[must_use]
    pub fn keep_alive_timeout(&self) -> Option<Duration> {
        self.keep_alive_timeout
    }

    /// The protocol chosen: Upgrade, if Connection names it, once, and not h2c.
    #[must_use]
    pub fn upgrade(&self) -> Option<Span> {
        self.facts.upgrade_for(self.version)
    }

    fn advance(
        &mut self,
        bytes: &[u8],
        limits: &HeadLimits,
        asked: RequestKind,
    ) -> Result<Parsed, HeadError> {
        let bytes_max = limits.bytes_max.min(usize::from(u16::MAX));
        let window = bytes.get(..bytes_max).unwrap_or(bytes);
        loop {
            match self.stage {
                Stage::Failed(error) => return Err(error),
                Stage::Complete { head_bytes } => return Ok(Parsed::Complete { head_bytes }),
                Stage::StatusLine => {
                    check_start(window)?;
                    let Some(line) = self.cursor.next_line(window)? else { return wait(window, bytes_max) };
                    self.status_line(&line)?;
                    self.stage = Stage::Fields;
                }
                Stage::Fields => {
                    let Some(line) = self.cursor.next_line(window)? else { return wait(window, bytes_max) };
                    if line.text.is_empty() {
                        self.finish(window, asked)?;
                        self.stage = Stage::Complete { head_bytes: line.next };
                    } else {
                        self.field(&line, window, limits)?;
                    }
                }
            }
        }
    }

    /// RFC 9112 4. The space behind the code is often forgotten where there is no reason.
    fn status_line(&mut self, line: &Line<'_>) -> Result<(), HeadError> {
        let (version, rest) = line.text.split_at_checked(8).ok_or(HeadError::BadStatusLine)?;
        self.version = version_of(version)?;
        let &[b' ', a, b, c, ref rest @ ..] = rest else { return Err(HeadError::BadStatusLine) };
        self.status = StatusCode::of([a, b, c]).ok_or(HeadError::BadStatusLine)?;
        let reason = match rest {
            [] => rest,
            [b' ', reason @ ..] if is_text(reason) => reason,
            _ => return Err(HeadError::BadStatusLine),
        };
        self.reason = line.span(line.text.len() - reason.len(), line.text.len());
        Ok(())
    }

    #[inline]
    fn field(&mut self, line: &Line<'_>, bytes: &[u8], limits: &HeadLimits) -> Result<(), HeadError> {
        if self.fields.len() >= limits.fields_max {
            return Err(HeadError::TooManyFields);
        }
        let field = match field_in(line, Side::Response) {
            Err(HeadError::Folded) if self.fields.is_empty() => return Err(HeadError::SpaceBeforeFields),
            field => field?,
        };
        let value = field.value.of(bytes);
        if field.kind == FieldKind::KeepAlive {
            self.keep_alive_timeout = timeout_in(value).or(self.keep_alive_timeout);
        }
        self.facts.add(&field, value, Side::Response)?;
        self.fields.push(field);
        Ok(())
    }

    fn finish(&mut self, bytes: &[u8], asked: RequestKind) -> Result<(), HeadError> {
        let declared = self.facts.declared_framing(self.version)?;
        let bodiless = asked == RequestKind::Head || self.status.is_bodiless();
        self.framing = match declared {
            _ if bodiless => BodyFraming::None,
            Some(framing) => framing,
            None => BodyFraming::UntilClose,
        };
        self.persistence = self.facts.persistence(self.version);
        // A body where none may be: whoever announces it may well send it, so nothing may follow here.
        let announces_body = !matches!(declared, None | Some(BodyFraming::Length(0)));
        let must_not = self.status.is_interim() || self.status.as_u16() == 204;
        if self.framing == BodyFraming::UntilClose || (must_not && announces_body) {
            self.persistence = Persistence::Close;
        }
        self.facts.mark_named(&mut self.fields, bytes);
        Ok(())
    }
}

fn wait(window: &[u8], bytes_max: usize) -> Result<Parsed, HeadError> {
    if window.len() < bytes_max { Ok(Parsed::Partial) } else { Err(HeadError::HeadTooLarge) }
}

/// Refuses what cannot become a status line without waiting for its end.
fn check_start(window: &[u8]) -> Result<(), HeadError> {
    const START: &[u8] = b"HTTP/";
    let len = window.len().min(START.len());
    if window.get(..len) == START.get(..len) { Ok(()) } else { Err(HeadError::BadStatusLine) }
}

/// `timeout=5, max=100`.
fn timeout_in(value: &[u8]) -> Option<Duration> {
    value.split(|byte| matches!(byte, b',' | b';')).map(trim_ows).find_map(|parameter| {
        let (name, number) = parameter.split_at_checked(8)?;
        if !name.eq_ignore_ascii_case(b"timeout=") {
            return None;
        }
        let seconds = std::str::from_utf8(number).ok()?.parse::<u32>().ok()?;
        Some(Duration::from_secs(u64::from(seconds)))
    })
}
