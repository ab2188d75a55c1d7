//! One HTTP message as bytes, and the strictest reader of it that there is: what it cannot read is a bug of the door,
//! whose words these are. Shares no code with the door, nor with the kit, which reads text.

use std::collections::BTreeSet;

/// What a request or a response says, in a form in which two readers can be compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Message {
    /// `GET /path`, or `200 OK`.
    pub(super) start: String,
    /// In lower case and sorted: one of the parsers keeps neither case nor order.
    pub(super) fields: Vec<(String, String)>,
    pub(super) body: String,
    pub(super) trailers: Vec<(String, String)>,
}

/// How far a message has come.
#[derive(Debug)]
pub(super) enum Read {
    Whole { message: Message, bytes: usize },
    Partial,
}

/// How the bytes of an answer ended, and so whether a body without a length is whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    Closed,
    Cut,
}

impl Message {
    pub(super) fn of(
        start: String,
        fields: Vec<(String, String)>,
        body: String,
        trailers: Vec<(String, String)>,
    ) -> Self {
        Self { start, fields: plain(fields), body, trailers: plain(trailers) }
    }

    pub(super) fn all<'m>(&'m self, name: &'m str) -> impl Iterator<Item = &'m str> {
        self.fields.iter().filter(move |(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn first(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// The same without fields whose values differ from run to run, or that a parser keeps for itself.
    pub(super) fn without(mut self, names: &[&str]) -> Self {
        self.fields.retain(|(name, _)| !names.contains(&name.as_str()));
        self
    }
}

/// Every byte as the character of its number, as the parsers tell them.
pub(super) fn text(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

pub(super) fn bytes_of(text: &str) -> Vec<u8> {
    text.chars().map(|character| u8::try_from(u32::from(character)).expect("a byte's number")).collect()
}

/// Reads the request at the front of `bytes`.
pub(super) fn read_request(bytes: &[u8]) -> Result<Read, String> {
    let Some((start, fields, head)) = read_head(bytes)? else { return Ok(Read::Partial) };
    let words: Vec<_> = start.split(' ').collect();
    let [method, target, "HTTP/1.1"] = words[..] else { return Err(format!("no request line: {start:?}")) };
    let start = format!("{method} {target}");
    let framing = match framing_of(&fields)? {
        Framing::Unsaid => Framing::Length(0),
        said => said,
    };
    with_body(start, fields, head, bytes, framing)
}

/// Reads the answer to `method` at the front of `bytes`, which are all that came before the connection's end.
pub(super) fn read_answer(bytes: &[u8], method: &str, ended: Ended) -> Result<Read, String> {
    let Some((line, fields, head)) = read_head(bytes)? else { return Ok(Read::Partial) };
    let start = line.strip_prefix("HTTP/1.1 ").ok_or_else(|| format!("no status line: {line:?}"))?;
    let status = start.get(..3).and_then(|digits| digits.parse::<u16>().ok()).ok_or("no status")?;
    if start.as_bytes().get(3) != Some(&b' ') {
        return Err(format!("no space behind the status: {line:?}"));
    }
    let framing = match framing_of(&fields)? {
        _ if method == "HEAD" || status < 200 || status == 204 || status == 304 => Framing::Length(0),
        Framing::Unsaid if ended == Ended::Cut => return Ok(Read::Partial),
        Framing::Unsaid => Framing::Length(bytes.len() - head),
        said => said,
    };
    with_body(start.to_owned(), fields, head, bytes, framing)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Framing {
    Unsaid,
    Length(usize),
    Chunked,
}

type Head = (String, Vec<(String, String)>, usize);

fn read_head(bytes: &[u8]) -> Result<Option<Head>, String> {
    let Some(end) = find(bytes, b"\r\n\r\n") else { return Ok(None) };
    let mut lines = split_lines(&bytes[..end])?.into_iter();
    let start = text(lines.next().unwrap_or_default());
    let fields = lines.map(field_of).collect::<Result<_, _>>()?;
    Ok(Some((start, fields, end + 4)))
}

/// Lines that end with CRLF, and have neither CR nor LF in them.
fn split_lines(bytes: &[u8]) -> Result<Vec<&[u8]>, String> {
    let mut lines = Vec::new();
    let mut rest = bytes;
    loop {
        let end = find(rest, b"\r\n");
        let line = &rest[..end.unwrap_or(rest.len())];
        if line.iter().any(|byte| b"\r\n\0".contains(byte)) {
            return Err(format!("a stray CR, LF or NUL: {:?}", text(line)));
        }
        lines.push(line);
        let Some(end) = end else { return Ok(lines) };
        rest = &rest[end + 2..];
    }
}

fn field_of(line: &[u8]) -> Result<(String, String), String> {
    let bad = || format!("no field line: {:?}", text(line));
    let colon = line.iter().position(|byte| *byte == b':').ok_or_else(bad)?;
    let (name, value) = (&line[..colon], &line[colon + 1..]);
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    let is_value = |byte: &u8| *byte == b'\t' || (*byte >= b' ' && *byte != 0x7f);
    if name.is_empty() || !name.iter().all(is_name) || !value.iter().all(is_value) {
        return Err(bad());
    }
    let value = text(value).trim_matches([' ', '\t']).to_owned();
    Ok((text(name), value))
}

fn framing_of(fields: &[(String, String)]) -> Result<Framing, String> {
    let all = |wanted: &str| -> Vec<&str> {
        fields
            .iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case(wanted))
            .map(|(_, value)| value.as_str())
            .collect()
    };
    match (&all("content-length")[..], &all("transfer-encoding")[..]) {
        ([], []) => Ok(Framing::Unsaid),
        ([length], []) if length.bytes().all(|byte| byte.is_ascii_digit()) => {
            length.parse().map(Framing::Length).map_err(|_| format!("no length: {length}"))
        }
        ([], ["chunked"]) => Ok(Framing::Chunked),
        two => Err(format!("an unclear length: {two:?}")),
    }
}

fn with_body(
    start: String,
    fields: Vec<(String, String)>,
    head: usize,
    bytes: &[u8],
    framing: Framing,
) -> Result<Read, String> {
    let rest = &bytes[head..];
    let (body, trailers, used) = match framing {
        Framing::Unsaid => (text(rest), Vec::new(), rest.len()),
        Framing::Length(length) => match rest.get(..length) {
            Some(body) => (text(body), Vec::new(), length),
            None => return Ok(Read::Partial),
        },
        Framing::Chunked => match chunks(rest)? {
            Some(read) => read,
            None => return Ok(Read::Partial),
        },
    };
    Ok(Read::Whole { message: Message::of(start, fields, body, trailers), bytes: head + used })
}

type Chunks = (String, Vec<(String, String)>, usize);

/// Chunks as the door writes them: a bare size, and trailers at the end.
fn chunks(bytes: &[u8]) -> Result<Option<Chunks>, String> {
    let (mut body, mut at) = (Vec::new(), 0);
    loop {
        let Some(end) = find(&bytes[at..], b"\r\n") else { return Ok(None) };
        let line = text(&bytes[at..at + end]);
        if line.is_empty() || !line.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(format!("no chunk size: {line:?}"));
        }
        let size = usize::from_str_radix(&line, 16).map_err(|_| format!("no chunk size: {line:?}"))?;
        at += end + 2;
        if size == 0 {
            break;
        }
        let Some(data) = bytes.get(at..at + size + 2) else { return Ok(None) };
        let data = data.strip_suffix(b"\r\n").ok_or("no CRLF behind a chunk")?;
        body.extend_from_slice(data);
        at += size + 2;
    }
    if bytes[at..].starts_with(b"\r\n") {
        return Ok(Some((text(&body), Vec::new(), at + 2)));
    }
    let Some(end) = find(&bytes[at..], b"\r\n\r\n") else { return Ok(None) };
    let trailers = split_lines(&bytes[at..at + end])?.into_iter().map(field_of).collect::<Result<_, _>>()?;
    Ok(Some((text(&body), trailers, at + end + 4)))
}

fn plain(fields: Vec<(String, String)>) -> Vec<(String, String)> {
    let (announced, others): (Vec<_>, Vec<_>) = fields
        .into_iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), value))
        .partition(|(name, _)| name == "trailer");
    let mut plain = others;
    // Go keeps of Trailer the names alone, each once and in no order.
    let names: BTreeSet<String> = announced
        .iter()
        .flat_map(|(_, list)| list.split(','))
        .map(|name| name.trim().to_ascii_lowercase())
        .filter(|name| !name.is_empty())
        .collect();
    if !names.is_empty() {
        plain.push(("trailer".into(), names.into_iter().collect::<Vec<_>>().join(",")));
    }
    plain.sort();
    plain
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}
