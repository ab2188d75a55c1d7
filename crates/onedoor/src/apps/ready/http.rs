//! One question to an app: `GET path`, and the status of its answer. Nothing of the answer's rest is read.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};

use crate::registry::EndpointAddr;

/// `HTTP/1.1 200`, and the byte after it.
const STATUS_LEN: usize = 13;

/// Kubernetes' rule for httpGet, unless the operator names the status.
pub(super) fn is_ready(status: u16, wanted: Option<u16>) -> bool {
    match wanted {
        Some(wanted) => status == wanted,
        None => (200..=399).contains(&status),
    }
}

/// Asks on a connection of its own.
pub(super) async fn status(at: &EndpointAddr, path: &str) -> io::Result<u16> {
    match at {
        EndpointAddr::Tcp(at) => ask(TcpStream::connect(at).await?, path).await,
        EndpointAddr::Unix(socket) => ask(UnixStream::connect(&**socket).await?, path).await,
    }
}

async fn ask(mut stream: impl AsyncRead + AsyncWrite + Unpin, path: &str) -> io::Result<u16> {
    // `localhost` is the name that host checks (Django's ALLOWED_HOSTS, Vite's allowedHosts) know.
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: onedoor\r\nAccept: */*\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut line = [0; STATUS_LEN];
    stream.read_exact(&mut line).await?;
    parse(&line).ok_or_else(|| {
        io::Error::new(io::ErrorKind::InvalidData, format!("`{}` is no HTTP answer", line.escape_ascii()))
    })
}

/// `status-line = HTTP-version SP status-code SP [ reason-phrase ]` (RFC 9112 section 4), version 1.x.
fn parse(line: &[u8; STATUS_LEN]) -> Option<u16> {
    let [b'0'..=b'9', b' ', status @ .., b' ' | b'\r' | b'\n'] = line.strip_prefix(b"HTTP/1.")? else {
        return None;
    };
    let status: u16 = std::str::from_utf8(status).ok().filter(|text| !text.starts_with('+'))?.parse().ok()?;
    (100..=599).contains(&status).then_some(status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_status_line_is_an_answer() {
        for (line, status) in [
            (b"HTTP/1.1 200 ", Some(200)),
            (b"HTTP/1.0 404\r", Some(404)),
            (b"HTTP/1.1 +20 ", None),
            (b"HTTP/2.0 200 ", None),
            (b"HTTP/1.1 2000", None),
            (b"HTTP/1.1 999 ", None),
            (b"SSH-2.0-OpenS", None),
        ] {
            assert_eq!(parse(line), status, "{}", line.escape_ascii());
        }
    }

    #[test]
    fn redirects_are_ready_and_errors_are_not_unless_asked_for() {
        assert!(is_ready(200, None) && is_ready(302, None));
        assert!(!is_ready(404, None) && !is_ready(503, None) && !is_ready(101, None));
        assert!(is_ready(404, Some(404)) && !is_ready(200, Some(404)));
    }
}
