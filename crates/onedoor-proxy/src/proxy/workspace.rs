//! The buffers of one exchange, pooled by their worker: a connection without a request holds none of them.

use onedoor_http1::{RequestHead, ResponseHead};

use super::buffer::Buffer;
use super::deadline::Deadline;
use super::plan::Scratch;

/// What a kept workspace's buffers may hold on to, each.
const KEPT_BYTES: usize = 32 * 1024;

/// Everything one exchange writes into, leased while a connection has a request in hand.
#[derive(Debug)]
pub(super) struct Workspace {
    /// The request head, and before it is split off, what came with it.
    pub(super) inbound: Buffer,
    pub(super) body: Buffer,
    pub(super) head: RequestHead,
    /// The response head on its way out.
    pub(super) reply: Vec<u8>,
    pub(super) scratch: Scratch,
    pub(super) side: UpstreamSide,
}

/// Buffers towards the upstream, reused from request to request.
#[derive(Debug)]
pub(super) struct UpstreamSide {
    /// The request head, ready to be sent (again).
    pub(super) head: Vec<u8>,
    /// What the upstream sent and was not passed on yet.
    pub(super) buffer: Buffer,
    pub(super) response: ResponseHead,
    /// The upstream's own deadline: the client's runs beside it while a body streams.
    pub(super) deadline: Deadline,
}

impl Workspace {
    pub(super) fn new(upstream_deadline: Deadline) -> Self {
        let side = UpstreamSide {
            head: Vec::new(),
            buffer: Buffer::default(),
            response: ResponseHead::default(),
            deadline: upstream_deadline,
        };
        Self {
            inbound: Buffer::default(),
            body: Buffer::default(),
            head: RequestHead::default(),
            reply: Vec::new(),
            scratch: Scratch::default(),
            side,
        }
    }

    /// Forgets the last request, and the memory of an unusually large one.
    pub(super) fn reset(&mut self) {
        for buffer in [&mut self.inbound, &mut self.body, &mut self.side.buffer] {
            buffer.clear();
            buffer.shrink(KEPT_BYTES);
        }
        self.head.clear();
        self.side.response.clear();
        for bytes in [&mut self.reply, &mut self.side.head] {
            bytes.clear();
            bytes.shrink_to(KEPT_BYTES);
        }
    }
}
