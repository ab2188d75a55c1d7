//! Whole exchanges: whatever client and upstream say, however it is cut, the driver ends, the client hears answers (the
//! last perhaps visibly cut), and every connection of the upstream hears requests (the last perhaps cut).
#![no_main]

use libfuzzer_sys::fuzz_target;

/// Cuts both texts into pieces: no seed needs another form than what a wire carries.
const CUT: u8 = 0xff;
/// Between what the client says and what the upstream says.
const TURN: &[u8] = &[0xff, 0xff];

fuzz_target!(|bytes: &[u8]| {
    let turn = bytes.windows(2).position(|pair| pair == TURN);
    let (client, upstream) = turn.map_or((bytes, &b""[..]), |at| (&bytes[..at], &bytes[at + 2..]));
    let client: Vec<&[u8]> = client.split(|byte| *byte == CUT).collect();
    let upstream: Vec<&[u8]> = upstream.split(|byte| *byte == CUT).collect();
    let (to_client, to_upstream) = onedoor::play_exchange(&client, &upstream);
    let tunnel = to_client.windows(13).any(|window| window == b"HTTP/1.1 101 ");
    assert!(answers(&to_client), "no answers: {}", to_client.escape_ascii());
    for heard in &to_upstream {
        assert!(requests(heard, tunnel), "no requests: {}", heard.escape_ascii());
    }
});

/// Whether this is a sequence of answers, the last perhaps cut. An answer to a HEAD has no body whatever it declares,
/// so both readings are tried.
fn answers(bytes: &[u8]) -> bool {
    let mut fields = [httparse::EMPTY_HEADER; 200];
    let mut response = httparse::Response::new(&mut fields);
    let head = match response.parse(bytes) {
        Ok(httparse::Status::Complete(head)) => head,
        Ok(httparse::Status::Partial) => return true,
        Err(_) => return false,
    };
    let rest = &bytes[head..];
    match response.code {
        // What follows is no HTTP.
        Some(101) => return true,
        Some(code) if code < 200 || code == 204 || code == 304 => return answers(rest),
        _ => {}
    }
    let Some(framing) = framing(response.headers) else { return false };
    let with_body = match framing {
        // Until the end, and so whole.
        Framing::Unsaid => true,
        Framing::Length(length) => rest.get(length..).is_none_or(answers),
        Framing::Chunked => chunks(rest).is_some_and(|end| end.is_none_or(|end| answers(&rest[end..]))),
    };
    with_body || answers(rest)
}

fn requests(bytes: &[u8], tunnel: bool) -> bool {
    let mut fields = [httparse::EMPTY_HEADER; 200];
    let mut request = httparse::Request::new(&mut fields);
    let head = match request.parse(bytes) {
        Ok(httparse::Status::Complete(head)) => head,
        Ok(httparse::Status::Partial) => return true,
        Err(_) => return false,
    };
    let rest = &bytes[head..];
    let hosts = request.headers.iter().filter(|field| field.name.eq_ignore_ascii_case("host")).count();
    let upgrades = request.headers.iter().any(|field| field.name.eq_ignore_ascii_case("upgrade"));
    if hosts != 1 || request.version != Some(1) {
        return false;
    }
    if tunnel && upgrades {
        return true;
    }
    match framing(request.headers) {
        None => false,
        Some(Framing::Unsaid) => requests(rest, tunnel),
        Some(Framing::Length(length)) => rest.get(length..).is_none_or(|rest| requests(rest, tunnel)),
        Some(Framing::Chunked) => {
            chunks(rest).is_some_and(|end| end.is_none_or(|end| requests(&rest[end..], tunnel)))
        }
    }
}

enum Framing {
    Unsaid,
    Length(usize),
    Chunked,
}

/// None: unclear.
fn framing(fields: &[httparse::Header<'_>]) -> Option<Framing> {
    let all = |name: &str| -> Vec<&[u8]> {
        fields.iter().filter(|field| field.name.eq_ignore_ascii_case(name)).map(|field| field.value).collect()
    };
    match (&all("content-length")[..], &all("transfer-encoding")[..]) {
        ([], []) => Some(Framing::Unsaid),
        ([length], []) => std::str::from_utf8(length).ok()?.parse().ok().map(Framing::Length),
        ([], [b"chunked"]) => Some(Framing::Chunked),
        _ => None,
    }
}

/// Where the chunked body at the front ends, `Some(None)` if it is cut, and None if it is none.
fn chunks(bytes: &[u8]) -> Option<Option<usize>> {
    let mut at = 0;
    loop {
        let line = |at: usize| bytes[at..].windows(2).position(|pair| pair == b"\r\n").map(|end| at + end);
        let Some(end) = line(at) else { return Some(None) };
        let size = usize::from_str_radix(std::str::from_utf8(&bytes[at..end]).ok()?, 16).ok()?;
        at = end + 2;
        if size == 0 {
            loop {
                let Some(end) = line(at) else { return Some(None) };
                if end == at {
                    return Some(Some(end + 2));
                }
                at = end + 2;
            }
        }
        let Some(data) = bytes.get(at..at + size + 2) else { return Some(None) };
        if !data.ends_with(b"\r\n") {
            return None;
        }
        at += size + 2;
    }
}
