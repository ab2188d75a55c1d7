//! `reverse_proxy`: whom it asks, and what it says of that.

use crate::draft::Entry;
use crate::import::finding::{Item, Ledger};
use crate::import::sketch::{Address, Answer, HostHeader, Upstream};

use super::put::{Desk, Made};
use super::scope::Scope;
use super::settings;
use super::text;
use super::tree::Directive;

pub(super) fn proxied(desk: &mut Desk<'_>, directive: &Directive, args: &[String], scope: &Scope) -> bool {
    let mut upstream = Upstream {
        addresses: Vec::new(),
        called: None,
        scheme: "http",
        host: HostHeader::Keep,
        balance: None,
    };
    let to = directive.children().iter().filter(|child| child.name == "to");
    for (written, item) in args
        .iter()
        .map(|written| (written, directive.item))
        .chain(to.flat_map(|child| child.args.iter().map(|written| (written, child.item))))
    {
        if item != directive.item {
            desk.ledger.converted(item, "who is asked");
        }
        match addresses(written, item, &mut upstream, desk.ledger) {
            Some(found) => upstream.addresses.extend(found),
            None => desk
                .ledger
                .missing(item, format!("`{written}` is known only while it runs: name the app in its route")),
        }
    }
    for child in directive.children() {
        option(child, &mut upstream, desk.ledger);
    }
    if upstream.addresses.is_empty() {
        desk.ledger.missing(directive.item, "it names nobody who answers: write its route by hand");
        return false;
    }
    desk.put(scope, directive.item, &|_| {
        let answer = Answer::Upstream(upstream.clone());
        Some(Made { answer, entry: Entry::default(), names_rest: false })
    })
}

/// `localhost:3000`, `:3000-3002`, `https://x`, `unix//run/x.sock`, `{$API:localhost:3000}`.
fn addresses(
    written: &str,
    item: Item,
    upstream: &mut Upstream,
    ledger: &mut Ledger,
) -> Option<Vec<Address>> {
    let rest = match written.split_once("://") {
        Some(("http", rest)) => rest,
        Some(("https", rest)) => {
            upstream.scheme = "https";
            rest
        }
        Some(("h2c", rest)) => {
            ledger.changed(item, "onedoor speaks HTTP/1.1 to it, not HTTP/2");
            rest
        }
        Some(_) => return None,
        None => written,
    };
    let rest = rest.trim_end_matches('/');
    let rest = match (text::has_variable(rest), text::defaults(rest)) {
        (true, None) => {
            return Some(vec![Address::Far { host: text::value(rest).replace(":-}", "}"), port: None }]);
        }
        (true, Some(given)) => {
            ledger.changed(
                item,
                format!("its address came from the environment; what stands in it, {given}, is taken"),
            );
            given
        }
        (false, _) => rest.to_owned(),
    };
    let socket = rest.strip_prefix("unix/").or_else(|| rest.strip_prefix("unix+h2c/"));
    if let Some(path) = socket {
        let path = path.split('|').next().unwrap_or(path);
        return Some(vec![Address::parse(&format!("unix:{path}"))?]);
    }
    if let Some((host, (first, last))) =
        rest.rsplit_once(':').and_then(|(host, ports)| Some((host, ports.split_once('-')?)))
    {
        let (first, last) = (first.parse::<u16>().ok()?, last.parse::<u16>().ok()?);
        return (first..=last).take(64).map(|port| Address::parse(&format!("{host}:{port}"))).collect();
    }
    if rest.contains(['{', '/']) || rest.is_empty() {
        return None;
    }
    let address = Address::parse(&rest)?;
    if let Address::Far { host, .. } = &address {
        upstream.called.get_or_insert_with(|| host.clone());
    }
    Some(vec![address])
}

fn option(directive: &Directive, upstream: &mut Upstream, ledger: &mut Ledger) {
    let (item, first) = (directive.item, directive.arg(0));
    match (directive.name.as_str(), first.to_ascii_lowercase().as_str()) {
        ("to", _) => {}
        ("lb_policy", policy) => match policy {
            "least_conn" => upstream.balance = Some(("least-conn", item)),
            "ip_hash" | "client_ip_hash" => upstream.balance = Some(("ip-hash", item)),
            "cookie" => upstream.balance = Some(("cookie", item)),
            "round_robin" => upstream.balance = Some(("round-robin", item)),
            _ => ledger.missing(
                item,
                "write balance = \"round-robin\", \"least-conn\", \"ip-hash\" or \"cookie\" in the app",
            ),
        },
        ("header_up", "host") => {
            let value = text::short(directive.arg(1));
            match value.as_str() {
                "{host}" => ledger.converted(item, "apps see the client's Host; for URLs: host = \"keep\""),
                "{upstream_hostport}"
                | "{http.reverse_proxy.upstream.hostport}"
                | "{http.reverse_proxy.upstream.host}" => {
                    upstream.host = HostHeader::Upstream;
                    ledger.converted(
                        item,
                        "URLs see their own name as Host, which is onedoor's default; apps the client's",
                    );
                }
                fixed => {
                    upstream.host = HostHeader::Upstream;
                    ledger.changed(
                        item,
                        format!("apps see the client's Host, URLs their own name; \"{fixed}\" is not sent"),
                    );
                }
            }
        }
        ("header_up", name) if name.trim_start_matches(['+', '-']).starts_with("x-forwarded-") => {
            ledger.unneeded(
                item,
                "onedoor sends X-Forwarded-For, -Proto and -Host by itself, and strip sends -Prefix",
            );
        }
        ("header_up", "x-real-ip") => {
            ledger.changed(item, "this field is not sent: the app finds the client in X-Forwarded-For");
        }
        ("header_up", "upgrade" | "connection") => ledger.unneeded(item, "WebSockets pass by themselves"),
        (_, _) => settings::settle(directive, ledger),
    }
}
