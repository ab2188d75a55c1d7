//! After an upgrade: bytes both ways, unread and unchanged, until both sides have ended (RFC 9110 7.8).
//!
//! A tunnel in which nobody speaks holds no memory but its two sockets' own.

use std::cell::Cell;
use std::io;
use std::time::Duration;

use tokio::io::AsyncWriteExt;

use super::block::{BLOCK, Blocks};
use crate::observe::metrics::Counter;
use crate::proxy::buffer::Buffer;
use crate::proxy::counters::Traffic;
use crate::proxy::deadline::Deadline;
use crate::proxy::stream::{ReadHalf, WriteHalf};

/// One side of a tunnel: its halves, and what it said before the tunnel stood.
#[derive(Debug)]
pub(in crate::proxy) struct Side<'s, 'x> {
    pub(in crate::proxy) reader: &'s mut ReadHalf<'x>,
    pub(in crate::proxy) writer: &'s mut WriteHalf<'x>,
    pub(in crate::proxy) buffer: &'s mut Buffer,
}

/// What both directions share.
#[derive(Clone, Copy, Debug)]
pub(in crate::proxy) struct Terms<'t> {
    pub(in crate::proxy) deadline: &'t Deadline,
    /// A tunnel in which neither side says anything for so long is taken for dead.
    pub(in crate::proxy) idle_max: Duration,
    pub(in crate::proxy) blocks: &'t Blocks,
    pub(in crate::proxy) traffic: &'t Traffic,
}

/// Bytes moved, by direction.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::proxy) struct Moved {
    pub(in crate::proxy) to_upstream: u64,
    pub(in crate::proxy) to_client: u64,
}

/// Runs the tunnel to its end. A half-close is passed on and the other direction goes on.
pub(in crate::proxy) async fn run(client: Side<'_, '_>, upstream: Side<'_, '_>, terms: Terms<'_>) -> Moved {
    let (to_upstream, to_client) = (Cell::new(0), Cell::new(0));
    terms.deadline.arm(terms.idle_max);
    let count_up = Count { moved: &to_upstream, traffic: &terms.traffic.copied_up };
    let count_down = Count { moved: &to_client, traffic: &terms.traffic.copied_down };
    let up = pump(client.reader, client.buffer, upstream.writer, terms, count_up);
    let down = pump(upstream.reader, upstream.buffer, client.writer, terms, count_down);
    // Whatever ends it, an end, a broken connection or silence, the bytes moved so far are the outcome.
    drop(terms.deadline.guarding(async { tokio::try_join!(up, down) }).await);
    Moved { to_upstream: to_upstream.get(), to_client: to_client.get() }
}

/// One direction's bytes: this tunnel's, and the worker's.
#[derive(Clone, Copy)]
struct Count<'t> {
    moved: &'t Cell<u64>,
    traffic: &'t Counter,
}

async fn pump(
    reader: &mut ReadHalf<'_>,
    early: &mut Buffer,
    writer: &mut WriteHalf<'_>,
    terms: Terms<'_>,
    count: Count<'_>,
) -> io::Result<()> {
    let mut block = terms.blocks.block();
    if !early.is_empty() {
        block.ready().extend(early.unread());
        early.clear();
    }
    loop {
        let said = block.buffer().len();
        if said > 0 {
            writer.write_all(block.buffer().unread()).await?;
            writer.flush().await?;
            count.moved.set(count.moved.get() + said as u64);
            count.traffic.add(said as u64);
            block.buffer_mut().clear();
            terms.deadline.arm(terms.idle_max);
        }
        block.rest();
        reader.readable().await?;
        if block.ready().read_from(reader, BLOCK).await? == 0 {
            return writer.shutdown().await;
        }
    }
}
