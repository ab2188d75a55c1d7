//! The kernel's road for large bodies of known length between two plain sockets: socket → pipe → socket (splice(2)).
//! The bytes never enter this program.
//!
//! A second road to the same place as `copy`: it takes over behind the bytes that came with the head, and hands back
//! to `copy` whatever it could not move, so that a sandbox without splice(2) only costs time.

use std::cell::Cell;
use std::io;

use onedoor_http1::BodyFraming;
use onedoor_linux::splice::{Pipe, is_unsupported};
use tokio::task::yield_now;

use crate::proxy::spares::Spares;
use crate::proxy::stream::Plain;

/// From how many bytes on it is worth a pipe. Measured: docs/decisions/0030.
pub(in crate::proxy) const SPLICE_MIN: u64 = 64 * 1024;

/// What the next head on a connection may be longer than the last, to come in one read still: less than one hundredth
/// of [`SPLICE_MIN`].
const HEAD_SLACK: usize = 256;

/// How much the first read of a message takes. Bytes of its body that come with its head are copied, so where the last
/// body on a connection was one for a pipe, the next head is read almost alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::proxy) enum FirstRead {
    /// The head and, with it, a small body.
    #[default]
    Roomy,
    HeadAlone {
        most: u16,
    },
}

impl FirstRead {
    /// Of the message that follows one with such a head and body on its connection.
    pub(in crate::proxy) fn after(head_bytes: usize, framing: BodyFraming) -> Self {
        match framing {
            BodyFraming::Length(SPLICE_MIN..) => {
                u16::try_from(head_bytes + HEAD_SLACK).map_or(Self::Roomy, |most| Self::HeadAlone { most })
            }
            BodyFraming::None | BodyFraming::Length(_) | BodyFraming::Chunked | BodyFraming::UntilClose => {
                Self::Roomy
            }
        }
    }

    /// The most that the read may bring.
    pub(in crate::proxy) fn most(self) -> u64 {
        match self {
            Self::Roomy => u64::MAX,
            Self::HeadAlone { most } => most.into(),
        }
    }
}

/// Pipes kept for the next bodies.
const KEPT_MAX: usize = 32;

/// What one connection moves before the worker's others get their turn.
const IN_A_ROW: u64 = 4 * 1024 * 1024;

/// One worker's pipes.
#[derive(Debug, Default)]
pub(in crate::proxy) struct Pipes {
    idle: Spares<Pipe, 0, KEPT_MAX>,
    road: Cell<Road>,
}

/// Whether this kernel and sandbox have shown that they cannot splice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Road {
    #[default]
    Open,
    Closed,
}

/// A pipe between two sockets.
#[derive(Debug)]
pub(in crate::proxy) struct Splice<'w> {
    home: &'w Pipes,
    /// None only while it is being given back.
    pipe: Option<Pipe>,
    in_a_row: u64,
}

/// What one step came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::proxy) enum Step {
    Moved(u64),
    /// Not to be had here; the rest must be copied.
    Unsupported,
}

impl Pipes {
    /// A pipe for a body of which `left` bytes are still to come, if it is worth one and there is one.
    pub(in crate::proxy) fn splice(&self, left: u64) -> Option<Splice<'_>> {
        if left < SPLICE_MIN || self.road.get() == Road::Closed {
            return None;
        }
        let idle = self.idle.take();
        // Without descriptors for one the body is copied like any other.
        let pipe = idle.or_else(|| Pipe::new().ok())?;
        Some(Splice { home: self, pipe: Some(pipe), in_a_row: 0 })
    }

    /// Gives back the pipes that nobody has needed of late.
    pub(in crate::proxy) fn sweep(&self) {
        self.idle.sweep();
    }
}

impl Splice<'_> {
    /// Waits for bytes and takes at most `most` of them. `Moved(0)` is the end of the stream.
    pub(in crate::proxy) async fn fill(&mut self, from: Plain<'_>, most: u64) -> io::Result<Step> {
        if self.home.road.get() == Road::Closed {
            // Found out while this body was on its way, by whatever it met at the other end.
            return Ok(Step::Unsupported);
        }
        if self.in_a_row >= IN_A_ROW {
            self.in_a_row = 0;
            yield_now().await;
        }
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let pipe = self.pipe.as_mut().expect("the pipe leaves in drop only");
        let taken = from.when_readable(|| pipe.fill(from, most)).await;
        self.judge(taken)
    }

    /// Waits for room and gives on what it takes of the bytes that are held.
    pub(in crate::proxy) async fn drain(&mut self, to: Plain<'_>) -> io::Result<Step> {
        let pipe = self.pipe.as_mut().expect("the pipe leaves in drop only");
        let given = to.when_writable(|| pipe.drain(to)).await;
        let step = self.judge(given)?;
        if let Step::Moved(given) = step {
            self.in_a_row += given;
        }
        Ok(step)
    }

    /// Bytes between the two sockets.
    pub(in crate::proxy) fn held(&self) -> usize {
        self.pipe.as_ref().map_or(0, Pipe::held)
    }

    /// The bytes held, for a socket that turned out not to take them from a pipe.
    pub(in crate::proxy) fn take_back(&mut self, into: &mut Vec<u8>) -> io::Result<()> {
        self.pipe.as_mut().map_or(Ok(()), |pipe| pipe.take_back(into))
    }

    fn judge(&self, moved: io::Result<usize>) -> io::Result<Step> {
        match moved {
            Ok(moved) => Ok(Step::Moved(moved as u64)),
            Err(error) if is_unsupported(&error) => {
                self.home.road.set(Road::Closed);
                Ok(Step::Unsupported)
            }
            Err(error) => Err(error),
        }
    }
}

impl Drop for Splice<'_> {
    fn drop(&mut self) {
        if let Some(pipe) = self.pipe.take()
            && pipe.held() == 0
        {
            self.home.idle.keep(pipe).ok();
        }
    }
}
