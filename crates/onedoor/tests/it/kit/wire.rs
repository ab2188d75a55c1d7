//! A raw connection: bytes out, one strictly read message in. Either end of it: a client at the door, or a peer
//! behind it.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use super::GUARD;

/// How long nobody takes a byte from a writer that is called stuck. Longer only makes a test slower.
const STUCK: Duration = Duration::from_millis(500);

/// What carries the bytes: a TCP connection, or TLS over one.
pub(crate) trait Duplex: Read + Write + Send {}
impl<T: Read + Write + Send> Duplex for T {}

pub(crate) struct Wire {
    stream: Box<dyn Duplex>,
    /// The connection below, for half-closing and resetting it.
    tcp: TcpStream,
    unread: Vec<u8>,
}

/// One request or response.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) start_line: String,
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) trailers: Vec<(String, String)>,
}

/// Whether what is read is a request, a response, or the response to a HEAD.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Request,
    Response,
    ResponseToHead,
}

impl Wire {
    pub(crate) fn to(port: u16) -> Self {
        Self::over(TcpStream::connect(("127.0.0.1", port)).expect("the door accepts"))
    }

    /// A client whose kernel takes next to nothing on its own: what it does not read stays with whoever sent it.
    pub(crate) fn narrow(port: u16) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().expect("a runtime");
        let tcp = runtime.block_on(async {
            let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
            // The least that Linux allows (socket(7): doubled, at least 2304).
            socket.set_recv_buffer_size(1).expect("a receive buffer has a size");
            let address = std::net::SocketAddr::from(([127, 0, 0, 1], port));
            socket.connect(address).await.expect("the door accepts").into_std()
        });
        let tcp = tcp.expect("a socket can leave its runtime");
        tcp.set_nonblocking(false).expect("a socket can block");
        Self::over(tcp)
    }

    pub(crate) fn over(tcp: TcpStream) -> Self {
        let stream = tcp.try_clone().expect("a socket can be cloned");
        Self::carried_by(Box::new(stream), tcp)
    }

    /// `stream` over `tcp`.
    pub(crate) fn carried_by(stream: Box<dyn Duplex>, tcp: TcpStream) -> Self {
        tcp.set_read_timeout(Some(GUARD)).expect("a guard can be set");
        tcp.set_write_timeout(Some(GUARD)).expect("a guard can be set");
        tcp.set_nodelay(true).expect("Nagle can be turned off");
        Self { stream, tcp, unread: Vec::new() }
    }

    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).expect("the peer reads");
        self.stream.flush().expect("the peer reads");
    }

    /// Sends what can be sent: the peer may refuse in the middle of it.
    pub(crate) fn send_if_wanted(&mut self, bytes: impl AsRef<[u8]>) {
        drop(self.stream.write_all(bytes.as_ref()));
    }

    /// A GET on a connection that stays open.
    pub(crate) fn get(&mut self, target: &str) -> Message {
        self.send(format!("GET {target} HTTP/1.1\r\nHost: door.test\r\n\r\n"));
        self.response()
    }

    pub(crate) fn response(&mut self) -> Message {
        self.message(Kind::Response)
    }

    pub(crate) fn response_to_head(&mut self) -> Message {
        self.message(Kind::ResponseToHead)
    }

    pub(crate) fn request(&mut self) -> Message {
        self.message(Kind::Request)
    }

    /// The next request, or None if the connection ended between requests.
    pub(crate) fn next_request(&mut self) -> Option<Message> {
        let mut piece = [0; 16 * 1024];
        if self.unread.is_empty() {
            let read = self.stream.read(&mut piece).unwrap_or(0);
            self.unread.extend_from_slice(&piece[..read]);
        }
        if self.unread.is_empty() { None } else { Some(self.request()) }
    }

    /// A head alone; its body stays on the wire.
    pub(crate) fn head(&mut self) -> Message {
        let end = loop {
            if let Some(at) = find(&self.unread, b"\r\n\r\n") {
                break at + 4;
            }
            assert!(self.fill() > 0, "the connection ended within a head: {:?}", show(&self.unread));
        };
        let head: Vec<u8> = self.unread.drain(..end).collect();
        let text = String::from_utf8(head).expect("heads in these tests are UTF-8");
        let mut lines = text.trim_end_matches("\r\n").split("\r\n");
        let start_line = lines.next().expect("split yields at least one").to_owned();
        Message { start_line, fields: lines.map(field_of).collect(), ..Message::default() }
    }

    /// Exactly `count` bytes.
    pub(crate) fn bytes(&mut self, count: usize) -> Vec<u8> {
        while self.unread.len() < count {
            let (have, read) = (self.unread.len(), self.fill());
            assert!(read > 0, "the connection ended after {have} of {count} bytes");
        }
        self.unread.drain(..count).collect()
    }

    /// Exactly `count` bytes, seen and forgotten.
    pub(crate) fn skip(&mut self, count: u64) {
        let known = self.unread.len().min(usize::try_from(count).unwrap_or(usize::MAX));
        self.unread.drain(..known);
        let left = count - known as u64;
        let skipped = std::io::copy(&mut (&mut *self.stream).take(left), &mut std::io::sink());
        assert_eq!(skipped.expect("the peer sends on"), left, "the connection ended early");
    }

    /// Sends `bytes` over and over, at most `most` of them in all, until the other side has not taken any for a while:
    /// returns how many it took.
    pub(crate) fn send_until_stuck(&mut self, bytes: &[u8], most: u64) -> u64 {
        let mut sent = 0;
        self.tcp.set_write_timeout(Some(STUCK)).expect("a patience can be set");
        while sent < most {
            // From where the last write ended, so that what arrives is `bytes` again and again.
            let from = usize::try_from(sent % bytes.len() as u64).expect("an offset into a slice");
            match self.stream.write(&bytes[from..]) {
                Ok(written) => sent += written as u64,
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => break,
                Err(error) => panic!("the peer neither reads nor waits: {error}"),
            }
        }
        self.tcp.set_write_timeout(Some(GUARD)).expect("a guard can be set");
        sent
    }

    /// Sends what the other side takes without waiting.
    pub(crate) fn send_at_once(&mut self, bytes: &[u8]) {
        self.tcp.set_nonblocking(true).expect("a socket can do without waiting");
        drop(self.stream.write_all(bytes));
        self.tcp.set_nonblocking(false).expect("a socket can wait");
    }

    /// Whether something has come that was not read yet. Does not wait for it.
    pub(crate) fn has_something(&self) -> bool {
        self.tcp.set_nonblocking(true).expect("a socket can do without waiting");
        let came = self.tcp.peek(&mut [0; 1]).is_ok();
        self.tcp.set_nonblocking(false).expect("a socket can wait");
        came || !self.unread.is_empty()
    }

    /// What is still to come until the peer closes properly.
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        while self.fill() > 0 {}
        std::mem::take(&mut self.unread)
    }

    /// What is still to come until the connection ends, in whatever way.
    pub(crate) fn rest_until_cut(&mut self) -> (Vec<u8>, Ending) {
        let mut piece = [0; 16 * 1024];
        let ending = loop {
            match self.stream.read(&mut piece) {
                Ok(0) => break Ending::Closed,
                Ok(read) => self.unread.extend_from_slice(&piece[..read]),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    panic!("the connection is not cut")
                }
                Err(_) => break Ending::Cut,
            }
        };
        (std::mem::take(&mut self.unread), ending)
    }

    /// The peer closes, and sends nothing before.
    pub(crate) fn expect_close(&mut self) {
        let rest = self.rest();
        assert!(rest.is_empty(), "more came before the close: {:?}", show(&rest));
    }

    /// We send no more; the other way stays open.
    pub(crate) fn half_close(&self) {
        self.tcp.shutdown(Shutdown::Write).expect("the connection is open");
    }

    /// Ends the connection with a reset instead of an orderly close.
    pub(crate) fn reset(self) {
        // SO_LINGER is behind tokio's door alone; the runtime does nothing but hold the socket for a moment.
        self.tcp.set_nonblocking(true).expect("the connection is open");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().expect("a runtime");
        let _inside = runtime.enter();
        let tcp = self.tcp.try_clone().and_then(tokio::net::TcpStream::from_std).expect("a TCP socket");
        tcp.set_zero_linger().expect("a TCP socket can be reset");
    }

    /// Sends `bytes` over and over, reading nothing, until the peer has had enough of it.
    pub(crate) fn send_until_cut(&mut self, bytes: &[u8]) {
        let deadline = Instant::now() + GUARD;
        let error = loop {
            assert!(Instant::now() < deadline, "the connection is not cut");
            if let Err(error) = self.stream.write_all(bytes) {
                break error.kind();
            }
        };
        assert!(!matches!(error, ErrorKind::WouldBlock | ErrorKind::TimedOut), "neither read nor cut");
    }

    /// One chunk of a chunked body, as it comes; empty for the last one, whose trailers stay on the wire.
    pub(crate) fn chunk(&mut self) -> Vec<u8> {
        let size = usize::from_str_radix(&self.line(), 16).expect("a bare hexadecimal chunk size");
        if size == 0 {
            return Vec::new();
        }
        let data = self.bytes(size);
        assert_eq!(self.bytes(2), b"\r\n", "a chunk ends with CRLF");
        data
    }

    fn line(&mut self) -> String {
        loop {
            if let Some(at) = find(&self.unread, b"\r\n") {
                let line: Vec<u8> = self.unread.drain(..at + 2).collect();
                return String::from_utf8_lossy(&line[..at]).into_owned();
            }
            assert!(self.fill() > 0, "the connection ended within a line: {:?}", show(&self.unread));
        }
    }

    fn message(&mut self, kind: Kind) -> Message {
        let mut message = self.head();
        let bodiless = match kind {
            Kind::Request => false,
            Kind::ResponseToHead => true,
            Kind::Response => matches!(message.status(), 100..=199 | 204 | 304),
        };
        if bodiless {
            return message;
        }
        let lengths = message.all("content-length");
        let codings = message.all("transfer-encoding");
        assert!(lengths.len() + codings.len() <= 1, "a message with two lengths: {:?}", message.fields);
        if let Some(length) = lengths.first() {
            message.body = self.bytes(length.parse().expect("a decimal Content-Length"));
        } else if let Some(coding) = codings.first() {
            assert_eq!(*coding, "chunked");
            loop {
                let chunk = self.chunk();
                if chunk.is_empty() {
                    break;
                }
                message.body.extend_from_slice(&chunk);
            }
            loop {
                let line = self.line();
                if line.is_empty() {
                    break;
                }
                message.trailers.push(field_of(&line));
            }
        } else if kind == Kind::Response {
            message.body = self.rest();
        }
        message
    }

    fn fill(&mut self) -> usize {
        let mut piece = [0; 16 * 1024];
        let read = self.stream.read(&mut piece);
        let read =
            read.unwrap_or_else(|error| panic!("no more came: {error}; so far {:?}", show(&self.unread)));
        self.unread.extend_from_slice(&piece[..read]);
        read
    }
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Closed,
    Cut,
}

impl Message {
    pub(crate) fn status(&self) -> u16 {
        let mut words = self.start_line.split(' ');
        assert_eq!(words.next(), Some("HTTP/1.1"), "not a response: {}", self.start_line);
        words.next().and_then(|status| status.parse().ok()).expect("a status line has a status")
    }

    pub(crate) fn method(&self) -> &str {
        self.start_line.split(' ').next().expect("split yields at least one")
    }

    pub(crate) fn target(&self) -> &str {
        self.start_line.split(' ').nth(1).expect("a request line has a target")
    }

    /// The value of a field that stands there at most once.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let all = self.all(name);
        assert!(all.len() <= 1, "{name} stands there {} times", all.len());
        all.first().copied()
    }

    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        let same = |(own, _): &&(String, String)| own.eq_ignore_ascii_case(name);
        self.fields.iter().filter(same).map(|(_, value)| value.as_str()).collect()
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("a body in UTF-8")
    }
}

fn field_of(line: &str) -> (String, String) {
    let (name, value) = line.split_once(':').unwrap_or_else(|| panic!("a field without a colon: {line:?}"));
    (name.to_owned(), value.trim().to_owned())
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

fn show(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
