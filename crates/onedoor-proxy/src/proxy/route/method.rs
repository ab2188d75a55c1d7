//! Methods: which ones a pattern may name, and how well a pattern's method fits the one asked for.

/// A registered method: one of [`REGISTERED`].
pub(super) type Method = &'static str;

/// The IANA registry of methods, less those that no route is ever asked about.
pub(super) const REGISTERED: [Method; 37] = [
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "PATCH",
    "DELETE",
    "OPTIONS",
    "QUERY",
    "ACL",
    "BASELINE-CONTROL",
    "BIND",
    "CHECKIN",
    "CHECKOUT",
    "COPY",
    "LABEL",
    "LINK",
    "LOCK",
    "MERGE",
    "MKACTIVITY",
    "MKCALENDAR",
    "MKCOL",
    "MKREDIRECTREF",
    "MKWORKSPACE",
    "MOVE",
    "ORDERPATCH",
    "PROPFIND",
    "PROPPATCH",
    "REBIND",
    "REPORT",
    "SEARCH",
    "UNBIND",
    "UNCHECKOUT",
    "UNLINK",
    "UNLOCK",
    "UPDATE",
    "UPDATEREDIRECTREF",
    "VERSION-CONTROL",
];

/// Refused before routes are asked (HTTP.md rules 16 and 32).
const REFUSED: [Method; 2] = ["CONNECT", "TRACE"];

pub(super) fn registered(text: &str) -> Option<Method> {
    REGISTERED.into_iter().find(|method| *method == text)
}

pub(super) fn refused(text: &str) -> Option<Method> {
    REFUSED.into_iter().find(|method| *method == text)
}

/// Step 3 of precedence; None: not for this method. GET answers a HEAD (RFC 9110 9.3.2), unless HEAD is given.
pub(super) fn rank(own: Option<Method>, asked: &[u8]) -> Option<Rank> {
    match own {
        None => Some(Rank::Any),
        Some("GET") if asked == b"HEAD" => Some(Rank::Implied),
        Some(method) if method.as_bytes() == asked => Some(Rank::Given),
        Some(_) => None,
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    Any,
    Implied,
    Given,
}
