//! One GET, asked of the door or of an app itself, with the door's own parser for the answer.
//!
//! A connection each, and a limit to everything: this reads what any program may say.

use std::fmt;
use std::io::{self, ErrorKind, Read, Write};
use std::time::{Duration, Instant};

use onedoor_http1::{
    BodyFraming, Dechunker, FieldKind, HeadLimits, Parsed, Progress, RequestKind, ResponseHead,
};

use super::USER_AGENT;
use super::reach::{Place, Stream};

/// For one answer, from its connection to its last byte.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is read of a body: pages, styles and scripts are smaller, and of the rest only the head is of worth.
const BODY_MOST: usize = 4 << 20;

/// Whom is asked, and by which name.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    pub(crate) place: Place,
    /// The Host it is asked for.
    pub(crate) host: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) location: Option<String>,
    pub(super) content_type: String,
    pub(super) cookies: Vec<String>,
    /// Server and X-Powered-By: what some frameworks are known by.
    pub(super) signature: String,
    pub(super) body: Vec<u8>,
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) struct NoAnswer(String);

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<io::Error> for NoAnswer {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            ErrorKind::WouldBlock | ErrorKind::TimedOut => {
                Self(format!("no answer in {} s", PATIENCE.as_secs()))
            }
            _ => Self(error.to_string()),
        }
    }
}

impl Answer {
    /// Whether there is something at that path, for whomever and by whichever method.
    pub(super) fn is_there(&self) -> bool {
        self.status != 404 && self.status < 500
    }

    pub(super) fn is_html(&self) -> bool {
        self.content_type.contains("html")
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

impl Server {
    /// The door at the first of these places that takes a connection.
    pub(crate) fn reached(places: impl IntoIterator<Item = Place>, patience: Duration) -> Option<Self> {
        let place = places.into_iter().find(|place| place.connect(patience).is_ok())?;
        let host = match &place {
            Place::Tcp(address) => format!("localhost:{}", address.port()),
            Place::Unix(_) => "localhost".to_owned(),
        };
        Some(Self { place, host })
    }

    pub(super) fn get(&self, target: &str, more: &str) -> Result<Answer, NoAnswer> {
        let until = Instant::now() + PATIENCE;
        let mut stream = self.place.connect(PATIENCE)?;
        let host = &self.host;
        write!(
            stream,
            "GET {target} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: {USER_AGENT}\r\nAccept: text/html,*/*\r\n\
             Accept-Encoding: identity\r\n{more}Connection: close\r\n\r\n"
        )?;
        let mut head = ResponseHead::default();
        let mut bytes = Vec::new();
        let head_bytes = loop {
            match head.parse(&bytes, &LIMITS, RequestKind::Other) {
                Ok(Parsed::Complete { .. }) if matches!(head.status().as_u16(), 100..=199) => {
                    return Err(NoAnswer(format!("it answers {}", head.status().as_u16())));
                }
                Ok(Parsed::Complete { head_bytes }) => break head_bytes,
                Ok(Parsed::Partial) => more_of(&mut stream, &mut bytes, until)?,
                Err(error) => return Err(NoAnswer(format!("no answer in HTTP: {error}"))),
            }
        };
        let answer = answer(&head, &bytes);
        let body = bytes.split_off(head_bytes);
        Ok(Answer { body: whole(&mut stream, head.framing(), body, until)?, ..answer })
    }
}

/// A page may set more cookies than a request of ours would.
const LIMITS: HeadLimits = HeadLimits { bytes_max: 60 * 1024, fields_max: 500 };

fn answer(head: &ResponseHead, bytes: &[u8]) -> Answer {
    let text = |kind| {
        head.find(kind).map(|field| String::from_utf8_lossy(field.value.of(bytes)).into_owned()).next()
    };
    let named = |name: &str| {
        let is_it =
            |field: &&onedoor_http1::Field| field.name.of(bytes).eq_ignore_ascii_case(name.as_bytes());
        let found = head.fields().iter().find(is_it);
        found.map(|field| String::from_utf8_lossy(field.value.of(bytes)).into_owned()).unwrap_or_default()
    };
    let cookies = head.find(FieldKind::SetCookie);
    Answer {
        status: head.status().as_u16(),
        location: text(FieldKind::Location),
        content_type: text(FieldKind::ContentType).unwrap_or_default().to_ascii_lowercase(),
        cookies: cookies.map(|field| String::from_utf8_lossy(field.value.of(bytes)).into_owned()).collect(),
        signature: format!("{} {}", named("server"), named("x-powered-by")),
        body: Vec::new(),
    }
}

/// The body, or as much of it as is read.
fn whole(
    stream: &mut Box<dyn Stream>,
    framing: BodyFraming,
    mut body: Vec<u8>,
    until: Instant,
) -> Result<Vec<u8>, NoAnswer> {
    let length = match framing {
        BodyFraming::None => 0,
        BodyFraming::Length(length) => usize::try_from(length).unwrap_or(BODY_MOST).min(BODY_MOST),
        BodyFraming::Chunked | BodyFraming::UntilClose => BODY_MOST,
    };
    let mut chunks = Dechunker::default();
    let mut payload = Vec::new();
    loop {
        if framing == BodyFraming::Chunked {
            let done = chunks.decode_in_place(&mut body);
            let done = done.map_err(|error| NoAnswer(format!("no body in HTTP: {error}")))?;
            payload.extend_from_slice(body.get(..done.data).unwrap_or_default());
            body.drain(..done.consumed);
            if done.progress == Progress::Done || payload.len() >= BODY_MOST {
                return Ok(payload);
            }
        } else if body.len() >= length {
            body.truncate(length);
            return Ok(body);
        }
        match more_of(stream, &mut body, until) {
            Ok(()) => {}
            // Cut off, or an event stream that goes on for ever: what was said so far is what there is to see.
            Err(_) if framing == BodyFraming::Chunked => return Ok(payload),
            Err(_) => return Ok(body),
        }
    }
}

fn more_of(stream: &mut Box<dyn Stream>, bytes: &mut Vec<u8>, until: Instant) -> Result<(), NoAnswer> {
    if Instant::now() >= until {
        return Err(io::Error::from(ErrorKind::TimedOut).into());
    }
    let mut piece = [0; 16 * 1024];
    match stream.read(&mut piece)? {
        0 => Err(NoAnswer("the connection was closed".to_owned())),
        read => {
            bytes.extend_from_slice(piece.get(..read).unwrap_or_default());
            Ok(())
        }
    }
}
