//! From the words of the command line to the request that a client would send: the door's own parser judges it.

use onedoor_http1::{
    EncodedSlash, HeadError, HeadLimits, Method, PathChange, PathError, RequestHead, Target, normalise,
};

/// A request as a client would send it.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) method: String,
    /// As Host says it; empty if nobody named one.
    pub(super) host: String,
    /// As in the request line: path and query.
    pub(super) target: String,
}

/// What the door makes of it before it looks for a route.
#[derive(Debug)]
pub(super) enum Read {
    Path(AskedPath),
    /// `OPTIONS *`: the door itself is meant.
    Door,
    BadHead(HeadError),
    BadPath(PathError),
    /// TRACE or CONNECT.
    MethodRefused,
}

#[derive(Debug)]
pub(super) struct AskedPath {
    /// As it is matched.
    pub(super) normal: Vec<u8>,
    /// As it is sent on, where no route rewrites it.
    pub(super) forward: Vec<u8>,
    /// Without its `?`.
    pub(super) query: Option<Vec<u8>>,
    pub(super) change: PathChange,
    pub(super) encoded_slash: EncodedSlash,
}

impl Asked {
    /// `words` are `[METHOD] URL`; the URL's own host beats `host`.
    pub(super) fn new(words: &[String], host: Option<&str>) -> Result<Self, String> {
        let (method, url) = match words {
            [url] => ("GET", url.as_str()),
            [method, url] => (method.as_str(), url.as_str()),
            _ => return Err("write a URL, or a method and a URL".to_owned()),
        };
        // A fragment never leaves the client (RFC 9110 7.1).
        let url = url.split('#').next().unwrap_or(url);
        let (authority, target) = match url.split_once("://") {
            Some((scheme, rest)) if is_scheme(scheme) => {
                let (authority, target) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
                if authority.is_empty() {
                    return Err(format!("\"{url}\" names no host"));
                }
                (Some(authority), target)
            }
            _ => (None, url),
        };
        let target = match target {
            // A client asks for `/?q` where its URL has no path (RFC 9112 3.2.1).
            query if authority.is_some() && !query.starts_with('/') => format!("/{query}"),
            "*" if method == "OPTIONS" => "*".to_owned(),
            path if path.starts_with('/') => path.to_owned(),
            path => return Err(no_path(path)),
        };
        let host = authority.or(host).unwrap_or_default().to_owned();
        Ok(Self { method: method.to_owned(), host, target })
    }

    pub(super) fn read(&self, limits: &HeadLimits) -> Read {
        // Such a byte would end the target, or the whole request line.
        if self.target.bytes().any(|byte| byte <= b' ') {
            return Read::BadHead(HeadError::BadTarget);
        }
        let host = if self.host.is_empty() { "localhost" } else { &self.host };
        let bytes = format!("{} {} HTTP/1.1\r\nHost: {host}\r\n\r\n", self.method, self.target).into_bytes();
        let mut head = RequestHead::default();
        if let Err(error) = head.parse(&bytes, limits) {
            return Read::BadHead(error);
        }
        if matches!(head.method(), Method::Trace | Method::Connect) {
            return Read::MethodRefused;
        }
        let (raw, query) = match head.target() {
            Target::Origin { path, query } | Target::Absolute { path, query, .. } => {
                (path.of(&bytes), query.map(|query| query.of(&bytes).to_vec()))
            }
            Target::Asterisk => return Read::Door,
        };
        let mut scratch = Vec::new();
        match normalise(raw, &mut scratch) {
            Err(error) => Read::BadPath(error),
            Ok(normal) => {
                // What was matched is what is sent on; only the spelling of escapes stays the client's own.
                let forward = match normal.change {
                    PathChange::None | PathChange::Encoding => raw,
                    PathChange::DotSegments => normal.path,
                };
                Read::Path(AskedPath {
                    normal: normal.path.to_vec(),
                    forward: forward.to_vec(),
                    query,
                    change: normal.change,
                    encoded_slash: normal.encoded_slash,
                })
            }
        }
    }

    /// The target with everything escaped that must be; None if that changes nothing.
    pub(super) fn escaped(&self) -> Option<String> {
        let mut escaped = String::new();
        for byte in self.target.bytes() {
            if byte.is_ascii_graphic() {
                escaped.push(char::from(byte));
            } else {
                escaped.extend(['%', hex_digit(byte >> 4), hex_digit(byte & 15)]);
            }
        }
        (escaped != self.target).then_some(escaped)
    }
}

fn hex_digit(value: u8) -> char {
    char::from_digit(u32::from(value), 16).unwrap_or('0').to_ascii_uppercase()
}

fn is_scheme(text: &str) -> bool {
    text.eq_ignore_ascii_case("http") || text.eq_ignore_ascii_case("https")
}

fn no_path(text: &str) -> String {
    let is_method = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_uppercase());
    match text {
        "" => "an empty word is no URL: write \"/\"".to_owned(),
        _ if is_method => format!("a URL is missing behind \"{text}\""),
        _ if text.contains("://") => format!("\"{text}\" is not a URL of http or https"),
        _ if text.split('/').next().is_some_and(|first| first.contains(['.', ':'])) => {
            format!("\"{text}\" is no path: write \"http://{text}\", or a path that begins with a slash")
        }
        _ => format!("\"{text}\" is no path: write \"/{text}\", or a URL with its scheme"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(words: &[&str]) -> Result<Asked, String> {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        Asked::new(&words, None)
    }

    #[track_caller]
    fn sent(words: &[&str]) -> (String, String) {
        let Asked { host, target, .. } = asked(words).unwrap();
        (host, target)
    }

    fn pair(host: &str, target: &str) -> (String, String) {
        (host.to_owned(), target.to_owned())
    }

    #[test]
    fn a_url_becomes_what_a_client_would_send() {
        assert_eq!(sent(&["/a?b#c"]), pair("", "/a?b"));
        assert_eq!(sent(&["https://h.example:8443/a//b?c"]), pair("h.example:8443", "/a//b?c"));
        assert_eq!(sent(&["http://h"]), pair("h", "/"));
        assert_eq!(sent(&["HTTP://h?q"]), pair("h", "/?q"));
        assert_eq!(sent(&["/a?to=http://b/c"]), pair("", "/a?to=http://b/c"));
        assert_eq!(sent(&["OPTIONS", "*"]), pair("", "*"));
    }

    #[test]
    fn what_is_no_url_is_told_what_to_write() {
        for (words, told) in [
            (&["nodejs"][..], "\"nodejs\" is no path: write \"/nodejs\", or a URL with its scheme"),
            (&["h.example/a"], "write \"http://h.example/a\""),
            (&["POST"], "a URL is missing behind \"POST\""),
            (&["ftp://h/a"], "is not a URL of http or https"),
            (&["http:///a"], "names no host"),
            (&["*"], "is no path"),
            (&[""], "write \"/\""),
        ] {
            let error = asked(words).unwrap_err();
            assert!(error.contains(told), "{words:?}: {error}");
        }
    }

    #[test]
    fn a_path_is_read_as_the_door_reads_it() {
        let read = |target: &str| asked(&[target]).unwrap().read(&HeadLimits::default());
        for (target, normal, forward) in [
            ("/a/../b", "/b", "/b"),
            ("/%6eode", "/node", "/%6eode"),
            ("/a%2fb", "/a%2Fb", "/a%2fb"),
            ("//a", "//a", "//a"),
        ] {
            let Read::Path(path) = read(target) else { panic!("{target} is a path") };
            let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
            assert_eq!((&*text(&path.normal), &*text(&path.forward)), (normal, forward), "{target}");
        }
        assert!(matches!(read("/../a"), Read::BadPath(PathError::AboveRoot)));
        assert!(matches!(read("/%2e/a"), Read::BadPath(PathError::EncodedDot)));
        assert!(matches!(read("/a b"), Read::BadHead(HeadError::BadTarget)));
        assert!(matches!(read("/a\r\nX: y"), Read::BadHead(HeadError::BadTarget)));
    }
}
