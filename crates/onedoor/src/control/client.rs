//! The side of the control socket that a command is on: finds the onedoor that runs a file, and asks it.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use super::place::Place;
use super::protocol::{Answer, Question, Request};

/// An answer is not longer: a thousand apps with some processes each.
const ANSWER_MAX: u64 = 4 << 20;

/// How long a command waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Patience {
    /// Until the wish is fulfilled.
    UntilDone,
    /// Until it was heard: what is wrong with it is said at once.
    UntilHeard,
    /// For so long; then there is no answer.
    AtMost(Duration),
}

/// How soon what is wrong with a wish is said.
const AT_ONCE: Duration = Duration::from_millis(300);

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallError {
    #[error(
        "no onedoor runs this file here; start it with `onedoor`, or say which is meant with -f FILE or --socket PATH"
    )]
    NobodyThere,
    #[error("{place}: {source}; ask as the user that runs onedoor, or as root")]
    NoEntry { place: Place, source: io::Error },
    #[error("{place}: {source}")]
    Broken { place: Place, source: io::Error },
    #[error("{place}: onedoor ended before it answered")]
    NoAnswer { place: Place },
    #[error("{place}: onedoor does not answer")]
    Silent { place: Place },
}

/// Asks whoever listens at the first of these places where somebody does, and waits for the answer.
pub(crate) fn call(places: &[Place], request: &Request, patience: Patience) -> Result<Answer, CallError> {
    let (stream, place) = asked(places, request)?;
    let broken = |source| CallError::Broken { place: place.clone(), source };
    let wait = match patience {
        Patience::UntilDone => None,
        Patience::UntilHeard => Some(AT_ONCE),
        Patience::AtMost(time) => Some(time),
    };
    stream.set_read_timeout(wait).map_err(broken)?;
    let mut line = Vec::new();
    match stream.take(ANSWER_MAX).read_to_end(&mut line) {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
            return match patience {
                Patience::UntilHeard => Ok(Answer::Done),
                Patience::UntilDone | Patience::AtMost(_) => Err(CallError::Silent { place: place.clone() }),
            };
        }
        Err(error) => return Err(broken(error)),
    }
    Answer::parse(&line).ok_or_else(|| CallError::NoAnswer { place: place.clone() })
}

/// What follows the answer to [`Request::Read`], line by line.
#[derive(Debug)]
pub(crate) struct Lines {
    from: BufReader<UnixStream>,
    place: Place,
}

/// Asks for lines; the answer is the first of them.
pub(crate) fn read(places: &[Place], question: Question) -> Result<(Answer, Lines), CallError> {
    let (stream, place) = asked(places, &Request::Read(question))?;
    let mut lines = Lines { from: BufReader::new(stream), place: place.clone() };
    let line = lines.next()?.unwrap_or_default();
    let answer = Answer::parse(&line).ok_or_else(|| CallError::NoAnswer { place: place.clone() })?;
    Ok((answer, lines))
}

impl Lines {
    /// The next line, without its end; None at the end of them.
    pub(crate) fn next(&mut self) -> Result<Option<Vec<u8>>, CallError> {
        let mut line = Vec::new();
        let read = self.from.read_until(b'\n', &mut line);
        read.map_err(|source| CallError::Broken { place: self.place.clone(), source })?;
        // A line without its end was cut off.
        Ok(line.strip_suffix(b"\n").map(<[u8]>::to_vec))
    }
}

fn asked<'p>(places: &'p [Place], request: &Request) -> Result<(UnixStream, &'p Place), CallError> {
    for place in places {
        let mut stream = match place.connect() {
            Ok(stream) => stream,
            Err(source) if source.kind() == io::ErrorKind::PermissionDenied => {
                return Err(CallError::NoEntry { place: place.clone(), source });
            }
            Err(_) => continue,
        };
        let mut words = request.to_json().to_string();
        words.push('\n');
        let said = stream.write_all(words.as_bytes());
        said.map_err(|source| CallError::Broken { place: place.clone(), source })?;
        return Ok((stream, place));
    }
    Err(CallError::NobodyThere)
}
