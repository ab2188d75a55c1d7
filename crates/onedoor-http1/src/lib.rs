//! Strict HTTP/1.1 for a proxy: bytes in, meaning out.
//!
//! ```text
//!   bytes ─▶ RequestHead / ResponseHead ─▶ spans, framing, persistence ─▶ the proxy decides
//!   bytes ─▶ Dechunker ─▶ payload and trailers
//!   path  ─▶ normalise ─▶ the one spelling that is matched and authorised
//!   bytes ─▶ ProxyHeader ─▶ who connected, by a load balancer's word
//!   the next head ◀─ emit
//! ```
//!
//! No I/O, no async, no unsafe. A message that two parsers could read differently is an error, never repaired: a
//! front door that guesses is how request smuggling happens. Every part takes time linear in its input, however
//! the input is cut into reads, and allocates only into `Vec`s that are reused from message to message.
#![forbid(unsafe_code)]
#![warn(clippy::indexing_slicing)]

mod bytes;
mod chunked;
pub mod emit;
mod error;
mod fields;
mod framing;
mod head;
mod host;
mod limits;
mod lines;
mod path;
mod proxy_header;
mod reason;
mod request;
mod response;
mod span;
mod target;

pub use chunked::{Dechunked, Dechunker, Progress};
pub use error::{ChunkedError, HeadError, PathError, ValueError};
pub use fields::{Field, FieldKind, Hop, checked_value, is_token};
pub use framing::{BodyFraming, Expectation, Persistence};
pub use head::{Method, Parsed, RequestKind, StatusCode, Version};
pub use limits::HeadLimits;
pub use path::{EncodedSlash, NormalPath, PathChange, normalise};
pub use proxy_header::{PROXY_HEADER_MAX, ProxyHeader, ProxyHeaderError, ProxyOrigin};
pub use reason::reason_phrase;
pub use request::RequestHead;
pub use response::ResponseHead;
pub use span::Span;
pub use target::Target;
