//! The head of a request: read line by line as it arrives, judged whole (RFC 9112 3 and 5).

use crate::bytes::{TOKEN, class};
use crate::error::HeadError;
use crate::fields::{Field, FieldKind, Side, field_in};
use crate::framing::{BodyFraming, Expectation, Facts, Persistence};
use crate::head::{Method, Parsed, Version};
use crate::host::HostPort;
use crate::limits::{HeadLimits, METHOD_MAX};
use crate::lines::{Cursor, Line};
use crate::span::Span;
use crate::target::{self, Authority, Target};

/// A request's head. Reused from request to request: `clear` keeps the memory.
#[derive(Debug, Default)]
pub struct RequestHead {
    stage: Stage,
    cursor: Cursor,
    method: Method,
    target: Target,
    version: Version,
    fields: Vec<Field>,
    host: Option<Span>,
    named: Option<Authority>,
    facts: Facts,
    framing: BodyFraming,
    persistence: Persistence,
    expectation: Expectation,
}

/// Which line comes next.
#[derive(Clone, Copy, Debug, Default)]
enum Stage {
    /// Nothing yet; an empty line may come before the request line.
    #[default]
    Opening,
    RequestLine,
    Fields,
    Complete {
        head_bytes: usize,
    },
    Failed(HeadError),
}

impl RequestHead {
    /// Reads on. `bytes` are all bytes of the connection from the head's first one, each time; what was looked at
    /// before is not looked at again.
    ///
    /// After `Complete` or an error the answer stays the same until [`clear`](Self::clear).
    pub fn parse(&mut self, bytes: &[u8], limits: &HeadLimits) -> Result<Parsed, HeadError> {
        let parsed = self.advance(bytes, limits);
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
    pub fn method(&self) -> Method {
        self.method
    }

    #[must_use]
    pub fn target(&self) -> Target {
        self.target
    }

    #[must_use]
    pub fn version(&self) -> Version {
        self.version
    }

    #[must_use]
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// All fields of one kind, in their order.
    pub fn find(&self, kind: FieldKind) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(move |field| field.kind == kind)
    }

    /// `None`, `Length` or `Chunked`: a request's body never runs until the connection's end.
    #[must_use]
    pub fn framing(&self) -> BodyFraming {
        self.framing
    }

    #[must_use]
    pub fn persistence(&self) -> Persistence {
        self.persistence
    }

    #[must_use]
    pub fn expectation(&self) -> Expectation {
        self.expectation
    }

    /// The host, perhaps with a port: the absolute target's, else Host's. Empty in HTTP/1.0 without either.
    #[must_use]
    pub fn authority(&self) -> Span {
        self.named.map(|authority| authority.span).or(self.host).unwrap_or_default()
    }

    /// The protocols that the client offers to change to: Upgrade, if Connection names it, in HTTP/1.1, once, and
    /// without h2c, which is never passed on (HTTP.md rule 24).
    ///
    /// Not beside a body: httptools takes what follows the head for the new protocol, then, and Node reads it as the
    /// body. Whoever ignores an offer may do so (RFC 9110 7.8).
    #[must_use]
    pub fn upgrade(&self) -> Option<Span> {
        match self.framing {
            BodyFraming::None | BodyFraming::Length(0) => self.facts.upgrade_for(self.version),
            BodyFraming::Length(_) | BodyFraming::Chunked | BodyFraming::UntilClose => None,
        }
    }

    fn advance(&mut self, bytes: &[u8], limits: &HeadLimits) -> Result<Parsed, HeadError> {
        let bytes_max = limits.bytes_max.min(usize::from(u16::MAX));
        // Nothing beyond the limit is ever looked at, so the verdict does not depend on how much one read brings.
        let window = bytes.get(..bytes_max).unwrap_or(bytes);
        loop {
            match self.stage {
                Stage::Failed(error) => return Err(error),
                Stage::Complete { head_bytes } => return Ok(Parsed::Complete { head_bytes }),
                Stage::Opening => {
                    if !self.open(window)? {
                        return self.wait(window, bytes_max);
                    }
                }
                Stage::RequestLine => {
                    check_method(window.get(self.cursor.line_start()..).unwrap_or_default())?;
                    let Some(line) = self.cursor.next_line(window)? else {
                        return self.wait(window, bytes_max);
                    };
                    self.request_line(&line)?;
                    self.stage = Stage::Fields;
                }
                Stage::Fields => {
                    let Some(line) = self.cursor.next_line(window)? else {
                        return self.wait(window, bytes_max);
                    };
                    if line.text.is_empty() {
                        self.finish(window)?;
                        self.stage = Stage::Complete { head_bytes: line.next };
                    } else {
                        self.field(&line, window, limits)?;
                    }
                }
            }
        }
    }

    /// RFC 9112 2.2: one empty line before the request line is ignored (HTTP.md rule 42). Says whether it is clear
    /// if there is one.
    fn open(&mut self, window: &[u8]) -> Result<bool, HeadError> {
        match window {
            [] | [b'\r'] => return Ok(false),
            [b'\r', b'\n', ..] => self.cursor.skip_to(2),
            [b'\r', ..] => return Err(HeadError::BareCr),
            [b'\n', ..] => return Err(HeadError::BareLf),
            // A TLS record of type handshake, version 3.
            [0x16] => return Ok(false),
            [0x16, 3, ..] => return Err(HeadError::Tls),
            _ => {}
        }
        self.stage = Stage::RequestLine;
        Ok(true)
    }

    fn wait(&self, window: &[u8], bytes_max: usize) -> Result<Parsed, HeadError> {
        if window.len() < bytes_max {
            return Ok(Parsed::Partial);
        }
        match self.stage {
            Stage::Opening | Stage::RequestLine => Err(HeadError::RequestLineTooLong),
            Stage::Fields | Stage::Complete { .. } | Stage::Failed(_) => Err(HeadError::HeadTooLarge),
        }
    }

    fn request_line(&mut self, line: &Line<'_>) -> Result<(), HeadError> {
        let text = line.text;
        let method_end = memchr::memchr(b' ', text).ok_or(HeadError::BadRequestLine)?;
        let target_end = memchr::memrchr(b' ', text).ok_or(HeadError::BadRequestLine)?;
        let target_start = method_end + 1;
        // One space alone: HTTP/0.9, or no version.
        let target = text.get(target_start..target_end).ok_or(HeadError::BadRequestLine)?;
        self.version = version_of(text.get(target_end + 1..).unwrap_or_default())?;
        let method = text.get(..method_end).unwrap_or_default();
        self.method = Method::of(method, line.span(0, method_end));
        let split = target::split(self.method, target, line.start + target_start)?;
        (self.target, self.named) = (split.target, split.authority);
        Ok(())
    }

    #[inline]
    fn field(&mut self, line: &Line<'_>, bytes: &[u8], limits: &HeadLimits) -> Result<(), HeadError> {
        if self.fields.len() >= limits.fields_max {
            return Err(HeadError::TooManyFields);
        }
        let field = match field_in(line, Side::Request) {
            Err(HeadError::Folded) if self.fields.is_empty() => return Err(HeadError::SpaceBeforeFields),
            field => field?,
        };
        if field.kind == FieldKind::Host {
            if self.host.replace(field.value).is_some() {
                return Err(HeadError::HostTwice);
            }
        } else {
            self.facts.add(&field, field.value.of(bytes), Side::Request)?;
        }
        self.fields.push(field);
        Ok(())
    }

    /// Judges what no single line decides.
    fn finish(&mut self, bytes: &[u8]) -> Result<(), HeadError> {
        self.check_host(bytes)?;
        self.framing = self.facts.declared_framing(self.version)?.unwrap_or(BodyFraming::None);
        self.persistence = match self.method {
            // What follows a CONNECT was meant for a tunnel, not for us.
            Method::Connect => Persistence::Close,
            _ => self.facts.persistence(self.version),
        };
        // RFC 9110 10.1.1: ignored in HTTP/1.0.
        let continues = self.facts.continues && self.version == Version::Http11;
        self.expectation = if continues { Expectation::Continue } else { Expectation::None };
        self.facts.mark_named(&mut self.fields, bytes);
        Ok(())
    }

    /// HTTP.md rules 14 and 15.
    fn check_host(&self, bytes: &[u8]) -> Result<(), HeadError> {
        let Some(host) = self.host else {
            return match self.version {
                Version::Http11 => Err(HeadError::HostMissing),
                Version::Http10 => Ok(()),
            };
        };
        let host = HostPort::of(host.of(bytes)).ok_or(HeadError::BadHost)?;
        let Some(named) = self.named else { return Ok(()) };
        let target = HostPort::of(named.span.of(bytes)).ok_or(HeadError::BadHost)?;
        if host.is_same(&target, named.default_port) { Ok(()) } else { Err(HeadError::HostMismatch) }
    }
}

/// Refuses what cannot become a request line without waiting for its end.
fn check_method(line: &[u8]) -> Result<(), HeadError> {
    let start = line.get(..=METHOD_MAX).unwrap_or(line);
    let len = start.iter().take_while(|byte| class(**byte) & TOKEN != 0).count();
    match start.get(len) {
        None if len <= METHOD_MAX => Ok(()),
        Some(b' ') if len > 0 => Ok(()),
        _ => Err(HeadError::BadMethod),
    }
}

pub(crate) fn version_of(text: &[u8]) -> Result<Version, HeadError> {
    match text {
        b"HTTP/1.1" => Ok(Version::Http11),
        b"HTTP/1.0" => Ok(Version::Http10),
        [b'H', b'T', b'T', b'P', b'/', major, b'.', minor]
            if major.is_ascii_digit() && minor.is_ascii_digit() =>
        {
            Err(HeadError::UnsupportedVersion)
        }
        _ => Err(HeadError::BadVersion),
    }
}
