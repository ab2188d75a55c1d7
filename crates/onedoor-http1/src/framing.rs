//! How long is the body, and what becomes of the connection (RFC 9112 6.3 and 9.3; HTTP.md rules 1–5, 22–24, 27).

use crate::bytes::trim_ows;
use crate::error::HeadError;
use crate::fields::{Field, FieldKind, Hop, Side, is_token};
use crate::head::Version;
use crate::limits::CONNECTION_NAMES_MAX;
use crate::span::Span;

/// The length of a message's body. A message with two lengths cannot be built.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BodyFraming {
    #[default]
    None,
    Length(u64),
    Chunked,
    /// Responses only: the end of the connection ends the body.
    UntilClose,
}

/// Whether the connection may carry another message after this one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Persistence {
    KeepAlive,
    #[default]
    Close,
}

/// Whether the client waits before it sends its body (RFC 9110 10.1.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Expectation {
    #[default]
    None,
    Continue,
}

/// What the fields of a head say about its message, gathered one by one.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Facts {
    pub(crate) content_length: Option<u64>,
    pub(crate) chunked: bool,
    pub(crate) continues: bool,
    close: bool,
    keep_alive: bool,
    upgrade_named: bool,
    /// Names in Connection that are not its keywords.
    names: u8,
    upgrade: Option<Span>,
    upgrade_unclear: bool,
}

impl Facts {
    /// Takes one field into account.
    pub(crate) fn add(&mut self, field: &Field, value: &[u8], side: Side) -> Result<(), HeadError> {
        match field.kind {
            FieldKind::ContentLength => self.content_length(value),
            FieldKind::TransferEncoding => self.transfer_encoding(value),
            FieldKind::Connection => self.connection(value, side),
            FieldKind::Upgrade => {
                self.upgrade(field.value, value);
                Ok(())
            }
            FieldKind::Expect if side == Side::Request => self.expect(value),
            _ => Ok(()),
        }
    }

    /// RFC 9110 8.6. A repeated equal value is one value; a list is not a number.
    fn content_length(&mut self, value: &[u8]) -> Result<(), HeadError> {
        let length = decimal(value).ok_or(HeadError::BadContentLength)?;
        match self.content_length {
            Some(earlier) if earlier != length => Err(HeadError::ContentLengthsDiffer),
            _ => {
                self.content_length = Some(length);
                Ok(())
            }
        }
    }

    /// RFC 9112 6.1: exactly `chunked`, once. A coding below it is 501; all else leaves the length open.
    fn transfer_encoding(&mut self, value: &[u8]) -> Result<(), HeadError> {
        if self.chunked {
            return Err(HeadError::BadTransferEncoding);
        }
        if value.eq_ignore_ascii_case(b"chunked") {
            self.chunked = true;
            return Ok(());
        }
        Err(unknown_coding(value))
    }

    fn connection(&mut self, value: &[u8], side: Side) -> Result<(), HeadError> {
        for option in options(value) {
            if option.eq_ignore_ascii_case(b"keep-alive") {
                self.keep_alive = true;
            } else if option.eq_ignore_ascii_case(b"close") {
                self.close = true;
            } else if option.eq_ignore_ascii_case(b"upgrade") {
                self.upgrade_named = true;
            } else if is_token(option) {
                self.names = self.names.saturating_add(1);
            } else if side == Side::Request {
                return Err(HeadError::BadConnection);
            }
            if self.names > CONNECTION_NAMES_MAX {
                return Err(HeadError::TooManyConnectionNames);
            }
        }
        Ok(())
    }

    /// RFC 9110 7.8. A second field, h2c, or what is no list of protocols leaves nothing that could be passed on.
    fn upgrade(&mut self, span: Span, value: &[u8]) {
        let offers_one = |offer: &[u8]| {
            let mut halves = offer.splitn(2, |byte| *byte == b'/');
            halves.all(is_token) && !offer.eq_ignore_ascii_case(b"h2c")
        };
        let clear = options(value).next().is_some() && options(value).all(offers_one);
        self.upgrade_unclear |= !clear || self.upgrade.is_some();
        self.upgrade = Some(span);
    }

    fn expect(&mut self, value: &[u8]) -> Result<(), HeadError> {
        if !value.eq_ignore_ascii_case(b"100-continue") {
            return Err(HeadError::UnknownExpectation);
        }
        self.continues = true;
        Ok(())
    }

    /// The length that the fields declare; `None` if they declare none. RFC 9112 6.1: with Content-Length beside
    /// it, or in HTTP/1.0, Transfer-Encoding is an attack or a fault.
    pub(crate) fn declared_framing(&self, version: Version) -> Result<Option<BodyFraming>, HeadError> {
        match (self.chunked, self.content_length) {
            (true, Some(_)) => Err(HeadError::TwoLengths),
            (true, None) if version == Version::Http10 => Err(HeadError::TransferEncodingInHttp10),
            (true, None) => Ok(Some(BodyFraming::Chunked)),
            (false, Some(length)) => Ok(Some(BodyFraming::Length(length))),
            (false, None) => Ok(None),
        }
    }

    /// RFC 9112 9.3.
    pub(crate) fn persistence(&self, version: Version) -> Persistence {
        match version {
            _ if self.close => Persistence::Close,
            Version::Http11 => Persistence::KeepAlive,
            Version::Http10 if self.keep_alive => Persistence::KeepAlive,
            Version::Http10 => Persistence::Close,
        }
    }

    /// The protocols offered or chosen, if that may be passed on.
    pub(crate) fn upgrade_for(&self, version: Version) -> Option<Span> {
        // RFC 9110 7.8: a server MUST ignore Upgrade in an HTTP/1.0 request.
        let counts = version == Version::Http11 && self.upgrade_named && !self.upgrade_unclear;
        self.upgrade.filter(|_| counts)
    }

    /// Marks the fields that Connection names.
    pub(crate) fn mark_named(&self, fields: &mut [Field], bytes: &[u8]) {
        if self.names == 0 {
            return;
        }
        for index in 0..fields.len() {
            let Some(list) = fields.get(index).filter(|field| field.kind == FieldKind::Connection) else {
                continue;
            };
            for option in options(list.value.of(bytes)) {
                for field in fields.iter_mut().filter(|field| field.kind.is_removable()) {
                    if field.name.of(bytes).eq_ignore_ascii_case(option) {
                        field.hop = Hop::HopByHop;
                    }
                }
            }
        }
    }
}

/// The elements of a list; empty ones are skipped (RFC 9110 5.6.1).
fn options(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|byte| *byte == b',').map(trim_ows).filter(|option| !option.is_empty())
}

/// A plain number that a signed 64-bit integer holds, since that is what many behind us use.
fn decimal(value: &[u8]) -> Option<u64> {
    if value.is_empty() {
        return None;
    }
    let number = value.iter().try_fold(0_u64, |number, digit| {
        let digit = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    })?;
    i64::try_from(number).is_ok().then_some(number)
}

#[cold]
fn unknown_coding(value: &[u8]) -> HeadError {
    let mut codings = value.split(|byte| *byte == b',').map(trim_ows).rev();
    let is_chunked = |coding: &[u8]| coding.eq_ignore_ascii_case(b"chunked");
    let below_chunked = codings.next().is_some_and(is_chunked);
    let is_other =
        |coding: &[u8]| is_token(coding) && !is_chunked(coding) && !coding.eq_ignore_ascii_case(b"identity");
    if below_chunked && codings.all(is_other) {
        HeadError::UnsupportedTransferEncoding
    } else {
        HeadError::BadTransferEncoding
    }
}
