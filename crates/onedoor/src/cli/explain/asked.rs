//! From the words of the command line to the request that a client would send: the door's own parser judges it.

use std::net::IpAddr;

/// A request as a client would send it.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) method: String,
    /// As Host says it; empty if nobody named one.
    pub(super) host: String,
    /// As in the request line: path and query.
    pub(super) target: String,
    /// Further lines of the head: `X-Canary: 1`.
    pub(super) fields: Vec<String>,
    /// Whose connection it comes over.
    pub(super) peer: IpAddr,
}

/// What is sent where nobody named a Host: an HTTP/1.1 request has one.
const SOME_HOST: &str = "localhost";

impl Asked {
    /// `words` are `[METHOD] URL`; the URL's own host beats `host`, and a field `Host` beats both.
    pub(super) fn new(
        words: &[String],
        host: Option<&str>,
        fields: &[String],
        peer: IpAddr,
    ) -> Result<Self, String> {
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
        let mut host = authority.or(host).unwrap_or_default().to_owned();
        let mut lines = Vec::new();
        for field in fields {
            let Some((name, value)) = field.split_once(':').filter(|_| !field.contains(['\r', '\n'])) else {
                return Err(format!("-H {field:?} is no header: write -H 'X-Name: value'"));
            };
            if name.eq_ignore_ascii_case("host") {
                value.trim().clone_into(&mut host);
            } else {
                lines.push(field.clone());
            }
        }
        Ok(Self { method: method.to_owned(), host, target, fields: lines, peer })
    }

    /// The head that goes over the wire; None: a byte of the target would end it, or the whole request line.
    pub(super) fn head(&self) -> Option<Vec<u8>> {
        if self.target.bytes().any(|byte| byte <= b' ') {
            return None;
        }
        let host = if self.host.is_empty() { SOME_HOST } else { &self.host };
        let mut head = format!("{} {} HTTP/1.1\r\nHost: {host}\r\n", self.method, self.target);
        for field in &self.fields {
            head.extend([field, "\r\n"]);
        }
        head.push_str("\r\n");
        Some(head.into_bytes())
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

    const LOOPBACK: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn asked(words: &[&str]) -> Result<Asked, String> {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        Asked::new(&words, None, &[], LOOPBACK)
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
    fn fields_follow_the_host_and_a_host_among_them_is_the_one() {
        let words = ["/a".to_owned()];
        let made = |fields: &[&str]| {
            let fields: Vec<String> = fields.iter().map(|field| (*field).to_owned()).collect();
            Asked::new(&words, Some("h.example"), &fields, LOOPBACK)
        };
        let head = made(&["X-A: 1", "host:  o.example ", "Cookie: a=b"]).unwrap().head().unwrap();
        assert_eq!(head, b"GET /a HTTP/1.1\r\nHost: o.example\r\nX-A: 1\r\nCookie: a=b\r\n\r\n");
        assert!(made(&["X-A"]).unwrap_err().contains("write -H 'X-Name: value'"));
        assert!(made(&["X-A: 1\r\nX-B: 2"]).is_err());
    }
}
