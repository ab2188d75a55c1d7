//! `proxy_pass`, with the slash that decides everything, and the `rewrite … break` people put before it.

use crate::import::finding::{Item, Ledger};
use crate::import::path_regex::{self, Filled};
use crate::import::sketch::{Address, Answer, HostHeader, Route, Upstream, literal};

use super::location::{Desk, Locus};
use super::scope::{HostField, Scope};
use super::site::Pools;
use super::tree::Directive;

/// Who is asked, and the path that takes the place of the location's.
struct Pass {
    upstream: Upstream,
    uri: Option<String>,
}

/// What becomes of the path.
#[derive(Debug, Default)]
struct Turn {
    strip: Option<Strip>,
    rewrite: Option<String>,
    /// Where the key itself has to be another.
    path: Option<String>,
    difference: Option<String>,
}

#[derive(Debug)]
enum Strip {
    Mount,
    Named(String),
}

pub(super) fn passed(
    desk: &mut Desk<'_>,
    directive: &Directive,
    rewrite: Option<&Directive>,
    locus: &Locus,
    scope: &Scope,
    item: Item,
) {
    let pass = match read(directive.arg(0), scope, desk.pools) {
        Ok(pass) => pass,
        Err(why) => {
            let instead = "name the app or the server in a route of its own";
            desk.ledger.missing(directive.item, format!("{why}: {instead}"));
            desk.ledger.missing(item, "nobody is known to answer it: see proxy_pass inside of it");
            return;
        }
    };
    if pass.upstream.host == HostHeader::Upstream
        && !matches!(pass.upstream.addresses.as_slice(), [Address::Far { .. }])
    {
        let how = "nginx sent the name in proxy_pass as Host; an app behind onedoor sees the client's own";
        desk.ledger.changed(directive.item, how);
    }
    let turns = match rewrite {
        None => turns(locus, pass.uri.as_deref()),
        Some(rewrite) => by_rewrite(rewrite, locus, desk.ledger),
    };
    if let Some(host) = scope_host(scope) {
        desk.ledger.changed(directive.item, host);
    }
    for (path, turn) in locus.paths().into_iter().zip(turns) {
        let turn = match turn {
            Ok(turn) => turn,
            Err(why) => {
                desk.ledger.missing(directive.item, format!("{why}: the path goes on as it came"));
                Turn::default()
            }
        };
        if let Some(difference) = &turn.difference {
            desk.ledger.changed(directive.item, difference.clone());
        }
        let mut route = Route::new(turn.path.unwrap_or(path), Answer::Upstream(pass.upstream.clone()), item);
        match (turn.strip, turn.rewrite) {
            (Some(Strip::Mount), _) => drop(route.entry.say("strip", true)),
            (Some(Strip::Named(prefix)), _) => drop(route.entry.say("strip", prefix)),
            (None, Some(rewrite)) => drop(route.entry.say("rewrite", rewrite)),
            (None, None) => {}
        }
        desk.ledger.converted(directive.item, format!("who answers \"{}\"", route.path));
        desk.put(route, scope, item);
    }
}

fn scope_host(scope: &Scope) -> Option<String> {
    match &scope.host {
        HostField::Fixed(name) => {
            Some(format!("it was sent Host: {name}; an app sees the client's own, a URL its own name"))
        }
        HostField::Client | HostField::Upstream => None,
    }
}

fn read(written: &str, scope: &Scope, pools: &Pools) -> Result<Pass, String> {
    let mut text = written.to_owned();
    // A variable may hold another; so many times is enough for everybody.
    for _ in 0..4 {
        for (name, value) in &scope.variables {
            text = text.replace(&format!("${{{name}}}"), value);
            let plain = format!("${name}");
            if let Some(at) = text.find(&plain) {
                let after = text[at + plain.len()..].chars().next();
                if !after.is_some_and(|letter| letter.is_ascii_alphanumeric() || letter == '_') {
                    text.replace_range(at..at + plain.len(), value);
                }
            }
        }
        if text.len() > 4096 {
            return Err("its variables never end".to_owned());
        }
    }
    let (scheme, rest) = match text.split_once("://") {
        Some(("http", rest)) => ("http", rest),
        Some(("https", rest)) => ("https", rest),
        _ => return Err(format!("`{text}` is known only while it runs")),
    };
    let (authority, uri) = match rest.strip_prefix("unix:") {
        Some(socket) => match socket.split_once(':') {
            Some((path, uri)) => (format!("unix:{path}"), uri),
            None => (rest.to_owned(), ""),
        },
        None => {
            let end = rest.find(['/', '$', '?']).unwrap_or(rest.len());
            (rest[..end].to_owned(), &rest[end..])
        }
    };
    let uri = uri.trim_end_matches("$is_args$args").trim_end_matches("?$args");
    let uri = (!matches!(uri, "" | "$request_uri" | "$uri")).then(|| uri.to_owned());
    let host = match &scope.host {
        HostField::Client => HostHeader::Keep,
        HostField::Upstream | HostField::Fixed(_) => HostHeader::Upstream,
    };
    if let Some(pool) = pools.get(&authority) {
        if pool.addresses.is_empty() {
            return Err(format!("upstream {authority} has no server"));
        }
        let upstream = Upstream {
            addresses: pool.addresses.clone(),
            called: Some(authority),
            scheme,
            host,
            balance: pool.balance,
        };
        return Ok(Pass { upstream, uri });
    }
    let Some(address) = Address::parse(&authority).filter(|_| !authority.is_empty()) else {
        return Err(format!("`{text}` is known only while it runs"));
    };
    let called = match &address {
        Address::Far { host, .. } => Some(host.clone()),
        Address::Port(_) | Address::Socket(_) => None,
    };
    Ok(Pass { upstream: Upstream { addresses: vec![address], called, scheme, host, balance: None }, uri })
}

/// For each path of the location, what proxy_pass's own path makes of it.
fn turns(locus: &Locus, uri: Option<&str>) -> Vec<Result<Turn, String>> {
    let Some(uri) = uri else {
        return locus.paths().iter().map(|_| Ok(Turn::default())).collect();
    };
    if uri.contains('?') {
        let why = format!("onedoor changes no query, and `{uri}` has one");
        return locus.paths().iter().map(|_| Err(why.clone())).collect();
    }
    match locus {
        Locus::Regex(keys) => keys.iter().map(|key| by_captures(key, uri)).collect(),
        _ if uri.contains('$') => vec![Err(format!("`{uri}` is known only while it runs"))],
        Locus::Exact(_) => vec![Ok(Turn { rewrite: Some(literal(uri)), ..Turn::default() })],
        Locus::Prefix(path) => match locus.mount() {
            Some(mount) => vec![Ok(slash_trick(path, mount, uri))],
            None => vec![Ok(Turn { rewrite: Some(literal(uri)), ..Turn::default() })],
        },
    }
}

/// nginx puts `uri` in the place of the location's bytes; here whole segments are replaced.
fn slash_trick(path: &str, mount: &str, uri: &str) -> Turn {
    let base = uri.trim_end_matches('/');
    let mut turn = match (mount.is_empty(), base.is_empty()) {
        _ if base == mount => Turn::default(),
        (true, true) => Turn::default(),
        (false, true) => Turn { strip: Some(Strip::Mount), ..Turn::default() },
        (_, false) => Turn { rewrite: Some(literal(base)), ..Turn::default() },
    };
    let says = |seen: String| {
        format!("nginx glued the two together: {mount}/x reached the app as {seen}. It is {base}/x now")
    };
    match (path.ends_with('/'), uri.ends_with('/')) {
        (true, true) | (false, false) => {}
        (true, false) => turn.difference = Some(says(format!("{uri}x"))),
        (false, true) => turn.difference = Some(says(format!("{uri}/x"))),
    }
    turn
}

fn by_captures(key: &path_regex::Key, uri: &str) -> Result<Turn, String> {
    match key.fill(uri) {
        Some(Filled::Mount(mount)) if mount == "/" && key.mount().is_some() => {
            Ok(Turn { strip: Some(Strip::Mount), ..Turn::default() })
        }
        Some(Filled::Mount(mount)) => Ok(Turn { rewrite: Some(mount), ..Turn::default() }),
        Some(Filled::Whole(whole)) => {
            Ok(Turn { rewrite: Some(whole), path: Some(key.whole_path()), ..Turn::default() })
        }
        None => Err(format!("`{uri}` is not made of what the path matched")),
    }
}

/// `rewrite ^/api/(.*)$ /$1 break;`
fn by_rewrite(rewrite: &Directive, locus: &Locus, ledger: &mut Ledger) -> Vec<Result<Turn, String>> {
    let turn = rewrite_turn(rewrite, locus);
    match &turn {
        Ok(turn) => {
            let into = match (&turn.strip, &turn.rewrite) {
                (Some(Strip::Mount), _) => "strip = true".to_owned(),
                (Some(Strip::Named(prefix)), _) => format!("strip = \"{prefix}\""),
                (None, Some(path)) => format!("rewrite = \"{path}\""),
                (None, None) => "nothing: the path goes on as it came".to_owned(),
            };
            ledger.converted(rewrite.item, into);
        }
        Err(why) => ledger.missing(rewrite.item, format!("{why}: write strip or rewrite in its route")),
    }
    let first = Ok(turn.unwrap_or_default());
    let others = locus.paths().len().saturating_sub(1);
    [first].into_iter().chain((0..others).map(|_| Ok(Turn::default()))).collect()
}

fn rewrite_turn(rewrite: &Directive, locus: &Locus) -> Result<Turn, String> {
    let shape = path_regex::shape(rewrite.arg(0))?;
    let [key] = shape.keys.as_slice() else { return Err("it stands for several paths".to_owned()) };
    let filled = key
        .fill(rewrite.arg(1))
        .ok_or_else(|| format!("`{}` is not made of what the path matched", rewrite.arg(1)))?;
    let mount = locus.mount();
    match filled {
        Filled::Whole(whole) if locus.paths() == [key.path()] => {
            Ok(Turn { rewrite: Some(whole), path: Some(key.whole_path()), ..Turn::default() })
        }
        Filled::Mount(base) => match (key.mount(), mount) {
            (Some(cut), Some(mount)) if cut == mount => Ok(match base.as_str() {
                "/" if mount.is_empty() => Turn::default(),
                "/" => Turn { strip: Some(Strip::Mount), ..Turn::default() },
                _ => Turn { rewrite: Some(base), ..Turn::default() },
            }),
            (Some(cut), Some(mount)) if base == "/" && mount.starts_with(&format!("{cut}/")) => {
                Ok(Turn { strip: Some(Strip::Named(cut.to_owned())), ..Turn::default() })
            }
            (Some(""), Some(mount)) => {
                Ok(Turn { rewrite: Some(format!("{base}{mount}")), ..Turn::default() })
            }
            _ => Err("it changes another prefix than the location's".to_owned()),
        },
        Filled::Whole(_) => Err("it changes another path than the location's".to_owned()),
    }
}
