//! Chunked bodies: no cut changes what comes out, and a naive reader of the same bytes finds the same payload.
#![no_main]

use libfuzzer_sys::fuzz_target;
use onedoor_http1::{ChunkedError, Dechunker, Progress};

type Body = (Vec<u8>, Vec<u8>, usize, Progress);

fuzz_target!(|input: (u8, &[u8])| {
    let (size, bytes) = input;
    let whole = decode([bytes].into_iter());
    let cut = decode(bytes.chunks(usize::from(size).max(1)));
    assert_eq!(whole, cut, "the cut changed the body");
    if let Ok((payload, _, consumed, Progress::Done)) = whole {
        assert_eq!(Some(payload), naive(&bytes[..consumed]));
    }
});

fn decode<'b>(pieces: impl Iterator<Item = &'b [u8]>) -> Result<Body, ChunkedError> {
    let mut dechunker = Dechunker::default();
    let (mut buffer, mut payload, mut consumed, mut progress) = (Vec::new(), Vec::new(), 0, Progress::More);
    for piece in pieces {
        buffer.extend_from_slice(piece);
        let dechunked = dechunker.decode_in_place(&mut buffer)?;
        assert!(dechunked.data <= dechunked.consumed && dechunked.consumed <= buffer.len());
        payload.extend_from_slice(&buffer[..dechunked.data]);
        consumed += dechunked.consumed;
        progress = dechunked.progress;
        buffer.drain(..dechunked.consumed);
    }
    Ok((payload, dechunker.trailers().to_vec(), consumed, progress))
}

/// Reads a whole body the obvious way.
fn naive(mut bytes: &[u8]) -> Option<Vec<u8>> {
    let mut payload = Vec::new();
    loop {
        let end = bytes.windows(2).position(|pair| pair == b"\r\n")?;
        let line = std::str::from_utf8(bytes[..end].split(|byte| *byte == b';').next()?).ok()?;
        let size = usize::from_str_radix(line, 16).ok()?;
        bytes = &bytes[end + 2..];
        if size == 0 {
            return (bytes.ends_with(b"\r\n\r\n") || bytes == b"\r\n").then_some(payload);
        }
        payload.extend_from_slice(bytes.get(..size)?);
        bytes = bytes.get(size..)?.strip_prefix(b"\r\n")?;
    }
}
