//! A large file on its way to a client: read a block, write what the client takes of it, forget the block.
//!
//! Nothing is kept for a slow client: while it takes nothing there is no block, and what it did not take is read again,
//! from the kernel's memory. A file that turns out shorter than was announced cuts the connection.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use onedoor_linux::folder::{File, Patience};

use super::look;
use crate::proxy::deadline::Deadline;
use crate::proxy::inbound::ReplySink;
use crate::proxy::refusal::{Aborted, Culprit};
use crate::proxy::relay::block::{BLOCK, Block};
use crate::proxy::relay::copy::to_client;

/// How a file is taken from the disk when it is not in memory.
#[derive(Debug)]
pub(super) struct Reader<'w> {
    pub(super) file: Arc<File>,
    pub(super) block: Block<'w>,
    pub(super) deadline: &'w Deadline,
    pub(super) patience_max: Duration,
}

impl Reader<'_> {
    /// Reads once from `offset` into the block, at most `most` bytes: at once if they are in memory, else on a thread
    /// that may wait.
    pub(super) async fn read(&mut self, offset: u64, most: u64) -> io::Result<usize> {
        let room = usize::try_from(most).map_or(BLOCK, |most| most.min(BLOCK));
        let buffer = self.block.ready().as_vec();
        buffer.clear();
        buffer.resize(room, 0);
        let read = match look::read(&self.file, buffer, offset, Patience::None) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.read_elsewhere(offset).await?,
            read => read?,
        };
        self.block.buffer_mut().truncate(read);
        Ok(read)
    }

    async fn read_elsewhere(&mut self, offset: u64) -> io::Result<usize> {
        let mut memory = std::mem::take(self.block.buffer_mut().as_vec());
        let file = Arc::clone(&self.file);
        let (memory, read) = waiting(self.deadline, self.patience_max, move || {
            let read = look::read(&file, &mut memory, offset, Patience::Waits);
            (memory, read)
        })
        .await?;
        *self.block.buffer_mut().as_vec() = memory;
        read
    }

    /// What was read last.
    pub(super) fn bytes(&self) -> &[u8] {
        self.block.buffer().unread()
    }

    pub(super) fn forget(&mut self) {
        self.block.buffer_mut().clear();
        self.block.rest();
    }
}

/// Sends what follows the first piece: `left` bytes from `offset` on.
pub(super) async fn rest(
    reader: &mut Reader<'_>,
    reply: &mut ReplySink<'_>,
    mut offset: u64,
    mut left: u64,
    stall_max: Duration,
) -> Result<(), Aborted> {
    while left > 0 {
        to_client(reader.deadline, stall_max, reply.writable()).await?;
        let read = match reader.read(offset, left).await {
            Ok(0) => return Err(cut(format!("the file ended {left} bytes before its end"))),
            Ok(read) => read,
            Err(error) => return Err(cut(format!("the file cannot be read: {error}"))),
        };
        let sending = reply.some_of(reader.bytes());
        let taken = to_client(reader.deadline, stall_max, sending).await?.min(read) as u64;
        reader.forget();
        offset += taken;
        left -= taken;
    }
    Ok(())
}

/// Does `work` on a thread that may wait for a disk, and waits for that itself as long as `at_most`.
pub(super) async fn waiting<T: Send + 'static>(
    deadline: &Deadline,
    at_most: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<T> {
    match deadline.within(at_most, tokio::task::spawn_blocking(work)).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(died)) => Err(io::Error::other(died)),
        Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, format!("no answer for {at_most:?}"))),
    }
}

fn cut(why: String) -> Aborted {
    Aborted { by: Culprit::Upstream, why: why.into() }
}
