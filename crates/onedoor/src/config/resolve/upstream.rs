//! `proxy = "…"`: from a URL to somebody else's server. Names are not looked up here: DNS may be down at start.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::config::error::{Code, ConfigError};
use crate::config::fix::quoted;
use crate::config::source::Located;
use crate::proxy::config::{Origin, TlsTrust};

/// What a `proxy` says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) origin: Origin,
    /// The Host that such a URL stands for: `google.com`, `h:8080`. None for a Unix socket.
    pub(super) authority: Option<Arc<str>>,
    /// `/base` of `https://h/base`; empty if there is none.
    pub(super) base: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scheme {
    Http,
    Https,
}

pub(super) fn parse(url: Located<&str>, trust: TlsTrust, folder: &Path) -> Result<Target, ConfigError> {
    let text = url.value;
    let wrong = |fact: String| ConfigError::new(Code::BadUrl, url.span, fact);
    if let Some(path) = text.strip_prefix("unix:") {
        if path.is_empty() || path.contains('\0') {
            return Err(wrong("unix: without a path".to_owned()).remedy("write \"unix:/run/app.sock\""));
        }
        let path: PathBuf = folder.join(path);
        return Ok(Target {
            origin: Origin::Unix { path: Arc::new(path) },
            authority: None,
            base: String::new(),
        });
    }
    let Some((scheme, rest)) = text.split_once("://") else {
        return Err(without_scheme(wrong, text));
    };
    let scheme = match scheme.to_ascii_lowercase().as_str() {
        "http" => Scheme::Http,
        "https" => Scheme::Https,
        "ws" => return Err(websocket(wrong, "http", rest)),
        "wss" => return Err(websocket(wrong, "https", rest)),
        other => {
            let fact = format!("onedoor cannot speak {other}");
            return Err(wrong(fact).remedy("a proxy target is http://, https:// or unix:/path"));
        }
    };
    if let Some(sign) = ['?', '#'].into_iter().find(|sign| rest.contains(*sign)) {
        let what = if sign == '?' { "query: the client's is sent on" } else { "fragment" };
        let error = instead(
            wrong(format!("a proxy target takes no {what}")),
            text.split(sign).next().unwrap_or(text),
        );
        return Err(error.remedy(format!("end it before the {sign}")));
    }
    let (authority, base) = match rest.find('/') {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    if authority.contains('@') {
        let fact = "a proxy target takes no user and password".to_owned();
        return Err(wrong(fact).remedy("take out everything before the @"));
    }
    if base.bytes().any(|byte| byte <= b' ' || byte == 0x7f || byte == b'\\') {
        let fact = "the target's path has a character that no path contains".to_owned();
        let error = instead(wrong(fact), &text.trim().replace(' ', "%20"));
        return Err(error.remedy("write it percent-encoded: a space is %20"));
    }
    let (host, port) = host_and_port(authority, scheme).ok_or_else(|| {
        let error = wrong(format!("\"{authority}\" is no host with a port up to 65535"));
        error.remedy(if authority.is_ascii() {
            "a host is a name or an address: https://example.com, http://10.0.0.1:8080, http://[::1]:8080"
        } else {
            "a host beyond ASCII is written in its `xn--` form"
        })
    })?;
    let base = base.trim_end_matches('/').to_owned();
    Ok(made(scheme, host, port, trust, base))
}

fn made(scheme: Scheme, host: String, port: u16, trust: TlsTrust, base: String) -> Target {
    let authority = if port == scheme.port() { host.clone() } else { format!("{host}:{port}") };
    // Connecting and SNI want the bare address; only the Host field wants the brackets (RFC 9110 7.2).
    let host: Arc<str> = Arc::from(host.trim_start_matches('[').trim_end_matches(']'));
    let origin = match scheme {
        Scheme::Http => Origin::Http { host, port },
        Scheme::Https => Origin::Https { host, port, trust },
    };
    Target { origin, authority: Some(Arc::from(authority)), base }
}

impl Scheme {
    fn port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// `google.com`, `:3000`, `https:/google.com`, `//google.com`
fn without_scheme(wrong: impl Fn(String) -> ConfigError, text: &str) -> ConfigError {
    let fact = format!("\"{text}\" does not begin with http://, https:// or unix:");
    let begun = [("https:", Some("https")), ("http:", Some("http")), ("", None)];
    let (scheme, rest) = begun
        .into_iter()
        .find_map(|(start, scheme)| text.strip_prefix(start).map(|rest| (scheme, rest)))
        .unwrap_or((None, text));
    let rest = rest.trim_start_matches('/');
    let (own, rest) = match rest {
        "" => return wrong(fact).remedy("write \"https://example.com\""),
        _ if text.starts_with('/') && !text.starts_with("//") => {
            let socket = format!("unix:{text}");
            return instead(wrong(fact), &socket).remedy(format!("a Unix socket is written \"{socket}\""));
        }
        port if port.starts_with(':') => ("http", format!("127.0.0.1{port}")),
        local if is_local(local) || is_inside(local) => ("http", local.to_owned()),
        other => ("https", other.to_owned()),
    };
    instead(wrong(fact), &format!("{}://{rest}", scheme.unwrap_or(own)))
}

fn websocket(wrong: impl Fn(String) -> ConfigError, scheme: &str, rest: &str) -> ConfigError {
    let fact = "a WebSocket begins as a plain request".to_owned();
    let url = format!("{scheme}://{rest}");
    instead(wrong(fact), &url).remedy(format!("write \"{url}\"; upgrades go through"))
}

/// The whole target as it was probably meant.
fn instead(error: ConfigError, url: &str) -> ConfigError {
    let span = error.position();
    error.remedy(format!("write \"{url}\"")).replace(span, quoted(url))
}

/// Lower-case host, an IPv6 address in its brackets, and the port or the scheme's own.
fn host_and_port(authority: &str, scheme: Scheme) -> Option<(String, u16)> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (address, after) = rest.split_once(']')?;
            address.parse::<std::net::Ipv6Addr>().ok()?;
            (format!("[{}]", address.to_ascii_lowercase()), after)
        }
        None => {
            let at = authority.find(':').unwrap_or(authority.len());
            let (host, port) = authority.split_at(at);
            (is_host_name(host).then(|| host.to_ascii_lowercase())?, port)
        }
    };
    let port = match port.strip_prefix(':') {
        Some(number) => number.parse().ok().filter(|port| *port > 0)?,
        None if port.is_empty() => scheme.port(),
        None => return None,
    };
    Some((host, port))
}

/// Letters, digits, `-`, `_` and dots; `_` is no host name's by RFC 952, but Compose services have it.
fn is_host_name(host: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    host.len() <= 253 && host.strip_suffix('.').unwrap_or(host).split('.').all(label)
}

/// `api:3000`, as Compose's services call one another.
fn is_inside(text: &str) -> bool {
    let authority = text.split('/').next().unwrap_or(text);
    authority.rsplit_once(':').is_some_and(|(_, port)| port != "443" && port.parse::<u16>().is_ok())
}

fn is_local(text: &str) -> bool {
    text.starts_with("localhost") || text.starts_with("127.") || text.starts_with("[::1]")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::source::Span;

    fn parsed(url: &str) -> Result<Target, String> {
        parse(Located::new(url, Span::default()), TlsTrust::System, Path::new("/f"))
            .map_err(|error| error.remedy.unwrap_or(error.fact))
    }

    fn shown(url: &str) -> String {
        match parsed(url) {
            Ok(Target { origin, authority, base }) => {
                format!("{origin:?} {} {base}", authority.as_deref().unwrap_or("-"))
            }
            Err(remedy) => remedy,
        }
    }

    #[test]
    fn a_url_says_where_to_connect_which_host_to_claim_and_what_to_join_in_front() {
        let https =
            |host: &str, port: u16| format!("Https {{ host: {host:?}, port: {port}, trust: System }}");
        assert_eq!(shown("https://google.com"), format!("{} google.com ", https("google.com", 443)));
        assert_eq!(shown("https://G.com:8443/a/"), format!("{} g.com:8443 /a", https("g.com", 8443)));
        assert_eq!(shown("http://api_1:80/"), "Http { host: \"api_1\", port: 80 } api_1 ");
        assert_eq!(shown("http://[::1]:9"), "Http { host: \"::1\", port: 9 } [::1]:9 ");
        assert_eq!(shown("unix:a.sock"), "Unix { path: \"/f/a.sock\" } - ");
    }

    #[test]
    fn what_is_no_target_is_told_what_to_write() {
        assert_eq!(shown("google.com"), "write \"https://google.com\"");
        assert_eq!(shown("localhost:3000"), "write \"http://localhost:3000\"");
        assert_eq!(shown("wss://h/x"), "write \"https://h/x\"; upgrades go through");
        assert_eq!(shown("http://u:p@h"), "take out everything before the @");
        assert_eq!(shown("http://h?q"), "end it before the ?");
        assert_eq!(shown("https:/google.com"), "write \"https://google.com\"");
        assert_eq!(shown("//google.com/x"), "write \"https://google.com/x\"");
        assert_eq!(shown(":3000"), "write \"http://127.0.0.1:3000\"");
        assert_eq!(shown("/run/app.sock"), "a Unix socket is written \"unix:/run/app.sock\"");
        assert!(shown("http://:80").starts_with("a host is a name or an address"));
        assert!(shown("http://h:99999").starts_with("a host is a name or an address"));
        assert!(shown("http://b\u{fc}cher.de").contains("xn--"));
        assert_eq!(shown("ftp://h"), "a proxy target is http://, https:// or unix:/path");
    }
}
