//! The side of the control socket that a command is on: finds the onedoor that runs a file, and asks it.

use std::io::{self, Read as _, Write as _};
use std::time::Duration;

use super::place::Place;
use super::protocol::{Answer, Request};

/// An answer is not longer: a thousand apps with some processes each.
const ANSWER_MAX: u64 = 4 << 20;

/// How long a command waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Patience {
    /// Until the wish is fulfilled.
    UntilDone,
    /// Until it was heard: what is wrong with it is said at once.
    UntilHeard,
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
}

/// Asks whoever listens at the first of these places where somebody does, and waits for the answer.
pub(crate) fn call(places: &[Place], request: &Request, patience: Patience) -> Result<Answer, CallError> {
    for place in places {
        let broken = |source| CallError::Broken { place: place.clone(), source };
        let mut stream = match place.connect() {
            Ok(stream) => stream,
            Err(source) if source.kind() == io::ErrorKind::PermissionDenied => {
                return Err(CallError::NoEntry { place: place.clone(), source });
            }
            Err(_) => continue,
        };
        let mut words = request.to_json().to_string();
        words.push('\n');
        stream.write_all(words.as_bytes()).map_err(broken)?;
        if patience == Patience::UntilHeard {
            stream.set_read_timeout(Some(AT_ONCE)).map_err(broken)?;
        }
        let mut line = Vec::new();
        match stream.take(ANSWER_MAX).read_to_end(&mut line) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(Answer::Done),
            Err(error) => return Err(broken(error)),
        }
        return Answer::parse(&line).ok_or_else(|| CallError::NoAnswer { place: place.clone() });
    }
    Err(CallError::NobodyThere)
}
