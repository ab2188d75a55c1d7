//! After an upgrade: bytes both ways, unread and unchanged, until both sides have ended (RFC 9110 7.8).

use std::cell::Cell;
use std::io;
use std::time::Duration;

use tokio::io::AsyncWriteExt;

use crate::proxy::buffer::Buffer;
use crate::proxy::deadline::Deadline;
use crate::proxy::stream::{ReadHalf, WriteHalf};

const ROOM: usize = 16 * 1024;

/// One side of a tunnel: its halves, and what it said before the tunnel stood.
#[derive(Debug)]
pub(in crate::proxy) struct Side<'s, 'x> {
    pub(in crate::proxy) reader: &'s mut ReadHalf<'x>,
    pub(in crate::proxy) writer: &'s mut WriteHalf<'x>,
    pub(in crate::proxy) buffer: &'s mut Buffer,
}

/// Bytes moved, by direction.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::proxy) struct Moved {
    pub(in crate::proxy) to_upstream: u64,
    pub(in crate::proxy) to_client: u64,
}

/// Runs the tunnel to its end. A half-close is passed on and the other direction goes on; one in which neither side
/// says anything for `idle_max` is taken for dead.
pub(in crate::proxy) async fn run(
    client: Side<'_, '_>,
    upstream: Side<'_, '_>,
    deadline: &Deadline,
    idle_max: Duration,
) -> Moved {
    let (to_upstream, to_client) = (Cell::new(0), Cell::new(0));
    deadline.arm(idle_max);
    let wake = Wake { deadline, idle_max };
    let up = pump(client.reader, client.buffer, upstream.writer, wake, &to_upstream);
    let down = pump(upstream.reader, upstream.buffer, client.writer, wake, &to_client);
    // Whatever ends it, an end, a broken connection or silence, the bytes moved so far are the outcome.
    drop(deadline.guarding(async { tokio::try_join!(up, down) }).await);
    Moved { to_upstream: to_upstream.get(), to_client: to_client.get() }
}

/// The tunnel's one deadline, put off by whatever moves.
#[derive(Clone, Copy, Debug)]
struct Wake<'d> {
    deadline: &'d Deadline,
    idle_max: Duration,
}

async fn pump(
    reader: &mut ReadHalf<'_>,
    buffer: &mut Buffer,
    writer: &mut WriteHalf<'_>,
    wake: Wake<'_>,
    moved: &Cell<u64>,
) -> io::Result<()> {
    loop {
        if !buffer.is_empty() {
            writer.write_all(buffer.unread()).await?;
            writer.flush().await?;
            moved.set(moved.get() + buffer.len() as u64);
            buffer.clear();
            wake.deadline.arm(wake.idle_max);
        }
        if buffer.read_from(reader, ROOM).await? == 0 {
            return writer.shutdown().await;
        }
    }
}
