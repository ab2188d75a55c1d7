//! What a command says while it runs, kept within limits: one that never stops talking costs no memory.

use std::io::{self, Read};

/// Both streams of a command.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) stdout: Kept,
    pub(crate) stderr: Kept,
}

/// What is kept of a stream.
#[derive(Debug)]
pub(crate) struct Kept {
    bytes: Vec<u8>,
    keep: Keep,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keep {
    /// The last bytes, however many came before.
    Last(usize),
    /// Every byte, or it is too much.
    Whole { most: usize },
}

/// Whether more may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Room {
    Left,
    /// Nothing that comes now would change anything: the pipe can be closed.
    Spent,
}

impl Kept {
    pub(crate) fn new(keep: Keep) -> Self {
        Self { bytes: Vec::new(), keep }
    }

    pub(crate) fn take(&mut self, bytes: &[u8]) -> Room {
        self.bytes.extend_from_slice(bytes);
        match self.keep {
            Keep::Last(most) => {
                self.bytes.drain(..self.bytes.len().saturating_sub(most));
                Room::Left
            }
            Keep::Whole { most } if self.bytes.len() > most => {
                self.bytes.truncate(most + 1);
                Room::Spent
            }
            Keep::Whole { .. } => Room::Left,
        }
    }

    /// Takes what is there to be read, without waiting for more.
    pub(super) fn take_from(&mut self, pipe: &mut impl Read) -> Room {
        let mut buffer = [0; 4096];
        loop {
            match pipe.read(&mut buffer) {
                Ok(0) => return Room::Spent,
                Ok(read) => {
                    if self.take(&buffer[..read]) == Room::Spent {
                        return Room::Spent;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Room::Left,
                Err(_) => return Room::Spent,
            }
        }
    }

    /// True if the whole was wanted and there was more of it.
    pub(crate) fn is_too_much(&self) -> bool {
        matches!(self.keep, Keep::Whole { most } if self.bytes.len() > most)
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_long_talk_the_end_is_kept() {
        let mut kept = Kept::new(Keep::Last(5));
        for word in ["one", "two", "three"] {
            assert_eq!(kept.take(word.as_bytes()), Room::Left);
        }
        assert_eq!(kept.bytes(), b"three");
        assert!(!kept.is_too_much());
    }

    #[test]
    fn a_whole_is_kept_to_its_last_byte_or_known_to_be_too_much() {
        let mut kept = Kept::new(Keep::Whole { most: 4 });
        assert_eq!(kept.take(b"four"), Room::Left);
        assert!(!kept.is_too_much());
        assert_eq!(kept.take(b"and a lot more"), Room::Spent);
        assert!(kept.is_too_much());
        assert_eq!(kept.bytes().len(), 5);
    }
}
