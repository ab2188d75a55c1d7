//! Sites: their addresses are hosts and ports, of which onedoor has one; and the options that hold for all of them.

use crate::draft::{Entry, Value};
use crate::import::finding::{Ledger, Verdict};
use crate::import::sketch::{Sketch, fact, is_here};

use super::put::Desk;
use super::scope::Scope;
use super::settings::{self, TLS};
use super::text;
use super::tree::Directive;
use super::walk;

/// `https://example.com:8443/x`.
#[derive(Debug, PartialEq, Eq)]
struct Address {
    is_plain: bool,
    /// None: any.
    host: Option<String>,
    /// As it is written in `[server] listen`, and the number of it.
    port: Option<(String, u16)>,
    path: Option<String>,
}

pub(super) fn convert_all(directives: &[Directive], sketch: &mut Sketch, ledger: &mut Ledger) {
    let mut server = std::mem::take(&mut sketch.server);
    let mut plain_port = "80".to_owned();
    let mut sites: Vec<(&Directive, Vec<Address>)> = Vec::new();
    for directive in directives {
        match (directive.name.as_str(), &directive.block) {
            ("", Some(options)) => {
                ledger.converted(directive.item, "what is inside of it");
                for option in options {
                    self::option(option, &mut server, &mut plain_port, ledger);
                }
            }
            (name, _) if name.starts_with("&(") => {
                directive
                    .abandon(ledger, &Verdict::Missing("write its routes where it is invoked".to_owned()));
            }
            _ => sites.push((directive, addresses(directive, ledger))),
        }
    }
    let port = listen(&sites, &mut server, &plain_port);
    let is_only = sites.len() == 1;
    let mut desk = Desk::new(sketch, ledger);
    for (directive, addresses) in &sites {
        site(&mut desk, directive, addresses, port, is_only);
    }
    sketch.server = server;
}

fn addresses(directive: &Directive, ledger: &mut Ledger) -> Vec<Address> {
    let words = std::iter::once(&directive.name).chain(&directive.args);
    let each = words.flat_map(|word| word.split(',')).filter(|word| !word.is_empty());
    each.filter_map(|word| {
        let address = address(word);
        if address.is_none() {
            ledger.missing(directive.item, format!("`{word}` is no address that is known here"));
        }
        if text::has_variable(word) && !word.starts_with(":{$") {
            let how = match text::defaults(word) {
                Some(given) => {
                    format!("the address came from the environment; what stands in it, {given}, is taken")
                }
                None => {
                    "the host came from the environment, which a key cannot: any host is answered".to_owned()
                }
            };
            ledger.changed(directive.item, how);
        }
        address
    })
    .collect()
}

fn address(word: &str) -> Option<Address> {
    let (is_plain, rest) = match word.split_once("://") {
        Some(("http", rest)) => (true, rest.to_owned()),
        Some(("https", rest)) => (false, rest.to_owned()),
        Some(_) => return None,
        None => (false, word.to_owned()),
    };
    if let Some(port) = rest.strip_prefix(':').filter(|port| port.starts_with("{$")) {
        let number = text::defaults(port).and_then(|port| port.parse().ok()).unwrap_or(80);
        return Some(Address {
            is_plain: true,
            host: None,
            port: Some((text::value(port), number)),
            path: None,
        });
    }
    let Some(rest) = text::defaults(&rest) else {
        return Some(Address { is_plain, host: None, port: None, path: None });
    };
    let (authority, path) = match rest.find('/') {
        Some(at) => (&rest[..at], Some(rest[at..].to_owned())),
        None => (rest.as_str(), None),
    };
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => {
            (host, Some(port.parse::<u16>().ok()?))
        }
        _ => (authority, None),
    };
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._*[]:".contains(&byte);
    if !host.bytes().all(is_name) {
        return None;
    }
    let host = (!host.is_empty()).then(|| host.to_ascii_lowercase());
    let is_plain = is_plain || host.is_none() && port != Some(443) || port == Some(80);
    Some(Address { is_plain, host, port: port.map(|port| (port.to_string(), port)), path })
}

/// The first port that is said, unless it is one of the usual two.
fn listen(sites: &[(&Directive, Vec<Address>)], server: &mut Entry, plain_port: &str) -> u16 {
    let ports = sites.iter().flat_map(|(_, addresses)| addresses).filter_map(|address| address.port.as_ref());
    let said = ports
        .filter(|(_, number)| !matches!(number, 80 | 443))
        .map(|(text, number)| (text.clone(), *number))
        .next();
    let (text, number) = said.unwrap_or_else(|| (plain_port.to_owned(), plain_port.parse().unwrap_or(80)));
    let listen = match text.starts_with("${PORT:-") {
        true => format!(":{}", text.replace(":-}", &format!(":-{number}}}"))),
        false if text.starts_with("${") => format!(":{text}"),
        false => format!(":${{PORT:-{text}}}"),
    };
    server.say("listen", listen);
    number
}

fn site(desk: &mut Desk<'_>, directive: &Directive, addresses: &[Address], port: u16, is_only: bool) {
    let item = directive.item;
    let is_far = |address: &&Address| {
        address.host.is_none()
            && address.port.as_ref().is_some_and(|(_, number)| *number != port && !matches!(number, 80 | 443))
    };
    if !addresses.is_empty() && addresses.iter().all(|address| is_far(&address)) {
        let how = format!(
            "it is told apart by its port alone, and onedoor has one ({port}): give what it serves a host or a path of its own"
        );
        return directive.abandon(desk.ledger, &Verdict::Missing(how));
    }
    if addresses.iter().any(|address| !address.is_plain && !address.host.as_deref().is_some_and(is_here)) {
        desk.ledger.missing(item, format!("{TLS}, and send plain HTTP here"));
    }
    let mut hosts: Vec<Option<String>> = Vec::new();
    for address in addresses.iter().filter(|address| !is_far(address)) {
        let host = match &address.host {
            Some(host) if is_here(host) => {
                desk.ledger.changed(item, format!("it answered at {host} alone, now on any host"));
                None
            }
            Some(host) if is_only && addresses.len() == 1 && !host.starts_with('*') => {
                desk.ledger.changed(item, format!("it is the only site, so it answers on any host, not on {host} alone: a platform's checks come without its name"));
                None
            }
            host => host.clone(),
        };
        if address.path.as_deref().is_some_and(|path| path != "/") {
            desk.ledger.missing(item, "a path in a site's address is not taken: write `handle` inside of it");
        }
        if !hosts.contains(&host) {
            hosts.push(host);
        }
    }
    if hosts.contains(&None) {
        hosts = vec![None];
    }
    for host in hosts {
        let mut scope = Scope::new(host.filter(|host| host != "*"));
        walk::block(desk, directive.children(), &mut scope, 0);
    }
    if directive.children().iter().any(has_path) {
        desk.ledger.changed(item, "Caddy compares paths without case; onedoor's keys are exact in it");
    }
    desk.ledger
        .converted(item, "what is inside of it, and [server] listen: the platform's $PORT, else its port");
}

fn has_path(directive: &Directive) -> bool {
    directive.arg(0).starts_with('/') || directive.name == "path" || directive.children().iter().any(has_path)
}

fn option(directive: &Directive, server: &mut Entry, plain_port: &mut String, ledger: &mut Ledger) {
    match directive.name.as_str() {
        "http_port" if directive.arg(0).parse::<u16>().is_ok() => {
            directive.arg(0).clone_into(plain_port);
            ledger.converted(directive.item, "[server] listen");
        }
        "servers" => {
            ledger.converted(directive.item, "what is inside of it");
            for child in directive.children() {
                match (child.name.as_str(), child.args.split_first()) {
                    ("trusted_proxies", Some((kind, networks))) if kind == "static" => {
                        trust(networks, server);
                        ledger.converted(child.item, "[server] trusted_proxies");
                    }
                    ("listener_wrappers", _)
                        if child.children().iter().any(|inner| inner.name == "proxy_protocol") =>
                    {
                        server.say("proxy_protocol", true);
                        child.abandon(
                            ledger,
                            &Verdict::Converted("[server] proxy_protocol = true".to_owned()),
                        );
                    }
                    (_, _) => settings::settle(child, ledger),
                }
            }
        }
        "log" => directive.abandon(
            ledger,
            &Verdict::Changed("the log goes to stdout; [log] has format, level and access".to_owned()),
        ),
        name => directive.abandon(ledger, &settings::verdict(name)),
    }
}

fn trust(networks: &[String], server: &mut Entry) {
    let mut known = match fact(server, "trusted_proxies") {
        Some(Value::List(known)) => known.clone(),
        _ => Vec::new(),
    };
    for network in networks {
        let each: &[&str] = match network.as_str() {
            "private_ranges" => &["private", "loopback"],
            network => &[network],
        };
        known.extend(each.iter().map(|network| Value::from(*network)));
    }
    server.say("trusted_proxies", Value::List(known));
}
