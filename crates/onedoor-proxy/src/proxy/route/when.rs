//! `when = { header, query, cookie, ip }`: what a request must say besides its host, path and method, for a route to
//! take part (CONFIG.md §1.1).
//!
//! All conditions must hold. A text is met by exactly that value, `"~re"` by a value that the regex matches as a
//! whole; `"~.*"` by whatever is there at all.

use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;
use onedoor_http1::{FieldKind, checked_value, is_token};
use thiserror::Error;

use super::details::{self, Decoded, Details};
use super::regex::{Matter, Overlap, WholeRegex};

/// How many conditions one route may have.
pub const CONDITIONS_MOST: usize = 16;

/// The conditions of one route; most have none.
#[derive(Debug, Default)]
pub struct When {
    /// By source and name; each name of a source stands here once.
    texts: Box<[Condition]>,
    /// One of these networks; None: any.
    networks: Option<Box<[IpNet]>>,
}

/// One value that a request must have.
#[derive(Debug)]
pub struct Condition {
    name: Name,
    /// The name as it was written, for messages.
    written: Box<str>,
    wanted: Wanted,
}

/// What a value is the value of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Name {
    source: Source,
    /// A header's in lower case.
    text: Box<str>,
}

/// Where a value stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    Header,
    Query,
    Cookie,
}

#[derive(Debug)]
enum Wanted {
    Exact(Box<str>),
    Matching(Arc<WholeRegex>),
}

/// What is asked of the value of one name.
#[derive(Clone, Copy, Debug)]
pub(super) enum Asked<'w> {
    Exact(&'w str),
    Matching(&'w Arc<WholeRegex>),
}

impl<'w> Asked<'w> {
    /// What tells it from others: whether it is a regex, and how it is written.
    pub(super) fn key(self) -> (bool, &'w str) {
        match self {
            Self::Exact(text) => (false, text),
            Self::Matching(regex) => (true, regex.text()),
        }
    }
}

/// Steps 4 to 7 of precedence, compared from the left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Counts {
    header: u8,
    query: u8,
    cookie: u8,
    ip: u8,
}

/// A condition and what a request says about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// `header X-Canary = "1"`
    pub condition: String,
    /// None: the request has none of that name.
    pub value: Option<String>,
    pub verdict: Verdict,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Holds,
    Fails,
}

/// Why a condition is none.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ConditionFault {
    #[error("no header is called `{0}`: a name is letters, digits and some signs, without spaces")]
    HeaderName(String),
    #[error("no cookie is called `{0}`: a name is letters, digits and some signs, without spaces")]
    CookieName(String),
    #[error("a parameter has a name")]
    EmptyName,
    #[error("the host is matched by the route's key")]
    Host,
    #[error("cookies have conditions of their own")]
    Cookie,
    #[error("`{0}` is what others say of the client's address; it is not believed from everybody")]
    Address(String),
    #[error("`{0}` is about the connection to this door and ends here; it tells nothing about the request")]
    Hop(String),
    #[error("`{0}` is written by this door, or dropped; what a client says there counts for nothing")]
    Own(String),
    #[error("no header has this value: it has a control character, or a space at an end")]
    HeaderValue,
    #[error(
        "no cookie has this value (RFC 6265 4.1.1): no spaces, commas, semicolons, backslashes or quotes within"
    )]
    CookieValue,
    #[error("not a regex: {0}")]
    Regex(String),
}

impl Condition {
    /// `value` is exact, or a regex behind a `~`.
    pub fn new(source: Source, name: &str, value: &str) -> Result<Self, ConditionFault> {
        check_name(source, name)?;
        let wanted = match value.strip_prefix('~') {
            Some(regex) => {
                Wanted::Matching(Arc::new(WholeRegex::parse(regex).map_err(ConditionFault::Regex)?))
            }
            None => {
                check_value(source, value)?;
                Wanted::Exact(value.into())
            }
        };
        let text = match source {
            Source::Header => name.to_ascii_lowercase().into(),
            Source::Query | Source::Cookie => name.into(),
        };
        Ok(Self { name: Name { source, text }, written: name.into(), wanted })
    }

    /// Whether both ask for the same value; the later one would be in vain.
    pub fn is_about_the_same_as(&self, other: &Self) -> bool {
        self.name == other.name
    }

    fn holds(&self, details: &Details<'_>) -> bool {
        self.name.value_in(details, &mut Decoded::new()).is_some_and(|value| self.wanted.matches(value))
    }

    fn show(&self) -> String {
        let source = match self.name.source {
            Source::Header => "header",
            Source::Query => "query",
            Source::Cookie => "cookie",
        };
        match &self.wanted {
            Wanted::Exact(text) => format!("{source} {} = \"{text}\"", self.written),
            Wanted::Matching(regex) => format!("{source} {} = \"~{}\"", self.written, regex.text()),
        }
    }
}

impl Name {
    pub(super) fn value_in<'v>(&self, details: &Details<'v>, decoded: &'v mut Decoded) -> Option<&'v [u8]> {
        match self.source {
            Source::Header => details.header(self.text.as_bytes(), decoded),
            Source::Query => details.query(self.text.as_bytes(), decoded),
            Source::Cookie => details.cookie(self.text.as_bytes()),
        }
    }
}

fn check_name(source: Source, name: &str) -> Result<(), ConditionFault> {
    match source {
        Source::Header if !is_token(name.as_bytes()) => Err(ConditionFault::HeaderName(name.to_owned())),
        Source::Header => check_header(name),
        Source::Cookie if !is_token(name.as_bytes()) => Err(ConditionFault::CookieName(name.to_owned())),
        Source::Query if name.is_empty() => Err(ConditionFault::EmptyName),
        Source::Query | Source::Cookie => Ok(()),
    }
}

/// What ends at this hop, or is written anew here, says nothing that a route could go by.
fn check_header(name: &str) -> Result<(), ConditionFault> {
    use FieldKind as K;
    let name_of = || name.to_owned();
    match FieldKind::of(name.as_bytes()) {
        K::Host | K::XForwardedHost => Err(ConditionFault::Host),
        K::Cookie => Err(ConditionFault::Cookie),
        K::XForwardedFor | K::XRealIp | K::Forwarded => Err(ConditionFault::Address(name_of())),
        K::Connection
        | K::KeepAlive
        | K::ProxyConnection
        | K::ProxyAuthenticate
        | K::ProxyAuthorization
        | K::Te
        | K::Trailer
        | K::TransferEncoding
        | K::Upgrade
        | K::Http2Settings
        | K::ContentLength
        | K::Expect
        | K::MaxForwards => Err(ConditionFault::Hop(name_of())),
        K::Via
        | K::XForwardedProto
        | K::XForwardedPort
        | K::XForwardedPrefix
        | K::XForwardedServer
        | K::XRequestId
        | K::Proxy
        | K::ScriptName
        | K::XScriptName
        | K::Alias => Err(ConditionFault::Own(name_of())),
        _ => Ok(()),
    }
}

fn check_value(source: Source, value: &str) -> Result<(), ConditionFault> {
    match source {
        Source::Header => checked_value(value).map(|_| ()).map_err(|_| ConditionFault::HeaderValue),
        Source::Cookie if !details::is_cookie_value(value.as_bytes()) => Err(ConditionFault::CookieValue),
        Source::Query | Source::Cookie => Ok(()),
    }
}

impl Wanted {
    fn matches(&self, value: &[u8]) -> bool {
        match self {
            Self::Exact(text) => text.as_bytes() == value,
            Self::Matching(regex) => regex.matches(value),
        }
    }

    /// No value meets both.
    fn excludes(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Exact(own), Self::Exact(other)) => own != other,
            (Self::Exact(text), Self::Matching(regex)) | (Self::Matching(regex), Self::Exact(text)) => {
                !regex.matches(text.as_bytes())
            }
            (Self::Matching(own), Self::Matching(other)) => {
                own.text() != other.text() && own.overlap(other, Matter::Value) == Overlap::Never
            }
        }
    }

    /// Whatever meets `other` meets it.
    fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Exact(own), Self::Exact(other)) => own == other,
            (Self::Matching(regex), Self::Exact(text)) => regex.matches(text.as_bytes()),
            (Self::Matching(own), Self::Matching(other)) => {
                own.text() == other.text() || own.covers(other, Matter::Value)
            }
            (Self::Exact(text), Self::Matching(regex)) => {
                WholeRegex::of_text(text.as_bytes()).is_some_and(|own| own.covers(regex, Matter::Value))
            }
        }
    }

    fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Exact(own), Self::Exact(other)) => own == other,
            (Self::Matching(own), Self::Matching(other)) => own.text() == other.text(),
            (Self::Exact(_), Self::Matching(_)) | (Self::Matching(_), Self::Exact(_)) => false,
        }
    }
}

impl When {
    /// `networks`: the client's is one of them; None: whichever.
    pub fn new(mut texts: Vec<Condition>, networks: Option<Vec<IpNet>>) -> Self {
        sorted::by(&mut texts, |left, right| left.name.cmp(&right.name));
        let networks = networks.map(|networks| IpNet::aggregate(&networks).into());
        Self { texts: texts.into(), networks }
    }

    pub fn is_empty(&self) -> bool {
        self.texts.is_empty() && self.networks.is_none()
    }

    /// Whether the route takes part in this request.
    pub(super) fn holds(&self, details: &Details<'_>) -> bool {
        self.texts.iter().all(|condition| condition.holds(details)) && self.holds_from(details.client)
    }

    fn holds_from(&self, client: Option<IpAddr>) -> bool {
        let is_in = |networks: &[IpNet], client| networks.iter().any(|network| network.contains(&client));
        self.networks.as_ref().is_none_or(|networks| client.is_some_and(|client| is_in(networks, client)))
    }

    pub(super) fn counts(&self) -> Counts {
        let of = |source| self.texts.iter().filter(|condition| condition.name.source == source).count();
        let of = |source| u8::try_from(of(source)).unwrap_or(u8::MAX);
        Counts {
            header: of(Source::Header),
            query: of(Source::Query),
            cookie: of(Source::Cookie),
            ip: u8::from(self.networks.is_some()),
        }
    }

    /// Each name, and what is asked of it, in the order of the names.
    pub(super) fn asked(&self) -> impl Iterator<Item = (&Name, Asked<'_>)> {
        self.texts.iter().map(|condition| match &condition.wanted {
            Wanted::Exact(text) => (&condition.name, Asked::Exact(text)),
            Wanted::Matching(regex) => (&condition.name, Asked::Matching(regex)),
        })
    }

    /// None: any.
    pub(super) fn networks(&self) -> Option<&[IpNet]> {
        self.networks.as_deref()
    }

    /// Whether two regexes are asked of one name.
    pub(super) fn differs_in_a_regex(&self, other: &Self) -> bool {
        self.texts.iter().any(|own| {
            let Wanted::Matching(regex) = &own.wanted else { return false };
            let mut alike = other.texts.iter().filter(|other| own.is_about_the_same_as(other));
            alike
                .any(|other| matches!(&other.wanted, Wanted::Matching(other) if other.text() != regex.text()))
        })
    }

    /// The names that must have one certain value, and those values, in the order of the names.
    pub(super) fn exact(&self) -> impl Iterator<Item = (Name, &str)> {
        self.texts.iter().filter_map(|condition| match &condition.wanted {
            Wanted::Exact(text) => Some((condition.name.clone(), &**text)),
            Wanted::Matching(_) => None,
        })
    }

    /// Each condition, as it could be written.
    pub fn show(&self) -> Vec<String> {
        self.texts.iter().map(Condition::show).chain(self.show_networks()).collect()
    }

    fn show_networks(&self) -> Option<String> {
        let networks: Vec<_> =
            self.networks.as_ref()?.iter().map(|network| format!("\"{network}\"")).collect();
        Some(format!("ip = [{}]", networks.join(", ")))
    }

    /// Each condition, and what the request says about it.
    pub(super) fn look(&self, details: &Details<'_>) -> Vec<Seen> {
        let verdict = |holds| if holds { Verdict::Holds } else { Verdict::Fails };
        let of_text = |condition: &Condition| Seen {
            condition: condition.show(),
            value: condition
                .name
                .value_in(details, &mut Decoded::new())
                .map(|value| String::from_utf8_lossy(value).into_owned()),
            verdict: verdict(condition.holds(details)),
        };
        let of_address = self.show_networks().map(|condition| Seen {
            condition,
            value: details.client.map(|client| client.to_string()),
            verdict: verdict(self.holds_from(details.client)),
        });
        self.texts.iter().map(of_text).chain(of_address).collect()
    }

    /// Asks for exactly the same.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.texts.len() == other.texts.len()
            && self.networks == other.networks
            && self
                .texts
                .iter()
                .zip(&other.texts)
                .all(|(own, other)| own.is_about_the_same_as(other) && own.wanted.is_same(&other.wanted))
    }

    /// No request meets both. Each name has one value, so two values of one name that exclude each other are enough;
    /// conditions on different names can always be met together.
    pub(super) fn excludes(&self, other: &Self) -> bool {
        let has_rival = |own: &Condition| {
            let rivals = other.texts.iter().filter(|other| own.is_about_the_same_as(other));
            rivals.into_iter().any(|other| own.wanted.excludes(&other.wanted))
        };
        let apart = |left: &IpNet, right: &IpNet| !left.contains(right) && !right.contains(left);
        let are_apart = match (&self.networks, &other.networks) {
            (Some(own), Some(others)) => own.iter().all(|own| others.iter().all(|other| apart(own, other))),
            (None, _) | (_, None) => false,
        };
        are_apart || self.texts.iter().any(has_rival)
    }

    /// Whatever meets `other` meets it. Networks are joined where they touch, so one that lies within several lies
    /// within one.
    pub(super) fn covers(&self, other: &Self) -> bool {
        let is_implied = |own: &Condition| {
            let alike = other.texts.iter().find(|other| own.is_about_the_same_as(other));
            alike.is_some_and(|other| own.wanted.covers(&other.wanted))
        };
        let networks_are = match (&self.networks, &other.networks) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(own), Some(others)) => others.iter().all(|other| own.iter().any(|own| own.contains(other))),
        };
        networks_are && self.texts.iter().all(is_implied)
    }
}
