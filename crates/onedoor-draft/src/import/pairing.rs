//! Which program answers at an address: by the port or socket in its command or environment, by its name, and, where
//! one address and one program are left, by exclusion.

use std::collections::BTreeMap;

use crate::draft::{Entry, Value};

use super::finding::Ledger;
use super::sketch::{Address, Answer, Route, Service, Upstream, fact};

/// Programs by the addresses they answer at.
#[derive(Debug)]
pub(super) struct Pairing {
    owners: BTreeMap<Address, usize>,
}

/// Who answers a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    App(usize),
    /// Several programs that are not each other's replicas; the first of them.
    First(usize),
    Nobody,
}

/// In the command of a program that serves nobody.
const WORKERS: [&str; 14] = [
    "celery", "beat", "queue:", "rq", "sidekiq", "cron", "resque", "dramatiq", "horizon", "schedule",
    "worker", "consumer", "bull", "temporal",
];

impl Pairing {
    /// Twins are made one service with replicas on the way.
    pub(super) fn new(services: &mut Vec<Service>, routes: &[Route], ledger: &mut Ledger) -> Self {
        let upstreams: Vec<&Upstream> = routes.iter().filter_map(upstream).collect();
        for upstream in &upstreams {
            join_twins(services, &upstream.addresses, ledger);
        }
        let mut owners = BTreeMap::new();
        for upstream in &upstreams {
            for address in &upstream.addresses {
                if let Some(at) = owner(services, address, upstream.called.as_deref()) {
                    owners.insert(address.clone(), at);
                }
            }
        }
        exclude(services, &upstreams, &mut owners, ledger);
        Self { owners }
    }

    pub(super) fn owner(&self, upstream: &Upstream) -> Owner {
        let found =
            sorted::set(upstream.addresses.iter().filter_map(|address| self.owners.get(address).copied()));
        match (found.first(), found.len()) {
            (None, _) => Owner::Nobody,
            (Some(at), 1) => Owner::App(*at),
            (Some(at), _) => Owner::First(*at),
        }
    }
}

fn upstream(route: &Route) -> Option<&Upstream> {
    match &route.answer {
        Answer::Upstream(upstream) => Some(upstream),
        Answer::Own => None,
    }
}

fn owner(services: &[Service], address: &Address, called: Option<&str>) -> Option<usize> {
    let by_address = services.iter().position(|service| service.listens.contains(address));
    let is_named = |service: &Service, name: &str| {
        service.called.eq_ignore_ascii_case(name) || service.app.name.eq_ignore_ascii_case(name)
    };
    by_address.or_else(|| match address {
        Address::Far { host, .. } => services.iter().position(|service| is_named(service, host)),
        // A name is a hint only where no port says otherwise.
        Address::Port(_) | Address::Socket(_) => services.iter().position(|service| {
            service.listens.is_empty() && called.is_some_and(|name| is_named(service, name))
        }),
    })
}

/// One address that nobody is known to listen at, and one program of which nothing is known.
fn exclude(
    services: &[Service],
    upstreams: &[&Upstream],
    owners: &mut BTreeMap<Address, usize>,
    ledger: &mut Ledger,
) {
    let is_left =
        |address: &&Address| !owners.contains_key(address) && !matches!(address, Address::Far { .. });
    let left = sorted::set(upstreams.iter().flat_map(|upstream| &upstream.addresses).filter(is_left));
    let is_free = |at: &usize, service: &Service| {
        let run = run_text(&service.app);
        let works = WORKERS.iter().any(|word| run.contains(word) || service.called.contains(word));
        service.listens.is_empty() && !works && owners.values().all(|owner| owner != at)
    };
    let free: Vec<usize> =
        services.iter().enumerate().filter(|(at, service)| is_free(at, service)).map(|(at, _)| at).collect();
    if let ([address], [at]) = (left.iter().collect::<Vec<_>>().as_slice(), free.as_slice()) {
        let how = format!(
            "taken to be who listens at {}, since nobody else is known to: check it",
            address.shown()
        );
        ledger.changed(services[*at].item, how);
        owners.insert((**address).clone(), *at);
    }
}

/// Programs that differ in their port alone, and that one upstream spreads its requests over.
fn join_twins(services: &mut Vec<Service>, addresses: &[Address], ledger: &mut Ledger) {
    let mut found: Vec<usize> = addresses
        .iter()
        .filter_map(|address| services.iter().position(|service| service.listens.contains(address)))
        .collect();
    found.dedup();
    let [first, others @ ..] = found.as_slice() else { return };
    if others.is_empty() {
        return;
    }
    let Some(one) = without_port(&services[*first]) else { return };
    let same = |at: &usize| without_port(&services[*at]).is_some_and(|other| other.facts == one.facts);
    if !others.iter().all(same) {
        return;
    }
    let mut gone: Vec<usize> = others.to_vec();
    sorted::by(&mut gone, Ord::cmp);
    gone.dedup();
    let replicas = i64::try_from(gone.len() + 1).unwrap_or(1);
    let mut listens = Vec::new();
    for at in gone.into_iter().rev() {
        let twin = services.remove(at);
        ledger.changed(twin.item, format!("a replica of {}: they differ in their port alone", one.name));
        listens.extend(twin.listens);
    }
    let common =
        one.name.trim_end_matches(|last: char| last.is_ascii_digit()).trim_end_matches('-').to_owned();
    let is_free = !common.is_empty() && services.iter().all(|service| service.app.name != common);
    if let Some(kept) = services.iter_mut().find(|service| service.app.name == one.name) {
        kept.app = one;
        if is_free {
            kept.app.name = common;
        }
        kept.app.say("replicas", replicas);
        kept.listens.extend(listens);
        ledger.changed(
            kept.item,
            "its port is chosen by onedoor now, one for each replica: the command says $PORT",
        );
    }
}

/// The app with `$PORT` where it says the port it listens on.
pub(super) fn without_port(service: &Service) -> Option<Entry> {
    let [Address::Port(port)] = service.listens.as_slice() else { return None };
    let mut app = service.app.clone();
    let written = port.to_string();
    for fact in &mut app.facts {
        match (fact.key.as_str(), &mut fact.value) {
            ("run", Value::Text(text)) => *text = number_replaced(text, &written, "$PORT"),
            ("run", Value::List(words)) => {
                for word in words {
                    if let Value::Text(text) = word {
                        *text = number_replaced(text, &written, "$PORT");
                    }
                }
            }
            ("env", Value::Table(pairs)) => {
                pairs.retain(|(_, value)| *value != Value::Text(written.clone()));
            }
            _ => {}
        }
    }
    app.facts.retain(|fact| fact.key != "port" && fact.value != Value::Table(Vec::new()));
    Some(app)
}

/// Puts another number in the place of one, wherever it stands in the texts of a value; true if it stood anywhere.
pub(super) fn renumber(value: &mut Value, from: &str, to: &str) -> bool {
    match value {
        Value::Text(text) => {
            let made = number_replaced(text, from, to);
            let is_other = made != *text;
            *text = made;
            is_other
        }
        Value::List(items) => {
            items.iter_mut().map(|item| renumber(item, from, to)).fold(false, |is, one| is | one)
        }
        // Addresses of others are not its own.
        Value::Table(pairs) => {
            let own = |text: &str| text == from || !text.contains("://");
            let mut is_other = false;
            for (key, value) in pairs {
                let is_own = matches!(value, Value::Text(text) if own(text) && (key.contains("PORT") || key == "exec"));
                is_other |= (is_own || matches!(value, Value::List(_))) && renumber(value, from, to);
            }
            is_other
        }
        Value::Integer(_) | Value::Decimal(_) | Value::Flag(_) => false,
    }
}

/// The number, where it is not part of a longer one.
fn number_replaced(text: &str, number: &str, by: &str) -> String {
    let mut made = String::with_capacity(text.len());
    let mut left = text;
    while let Some(at) = left.find(number) {
        let (before, after) = (&left[..at], &left[at + number.len()..]);
        let touches = before.ends_with(|letter: char| letter.is_ascii_alphanumeric())
            || after.starts_with(|letter: char| letter.is_ascii_alphanumeric());
        made.push_str(before);
        made.push_str(if touches { number } else { by });
        left = after;
    }
    made + left
}

/// The command as one text.
pub(super) fn run_text(app: &Entry) -> String {
    match fact(app, "run") {
        Some(Value::Text(text)) => text.clone(),
        Some(Value::List(words)) => {
            let words = words.iter().filter_map(|word| match word {
                Value::Text(text) => Some(text.as_str()),
                Value::Integer(_) | Value::Decimal(_) | Value::Flag(_) | Value::List(_) | Value::Table(_) => {
                    None
                }
            });
            words.collect::<Vec<_>>().join(" ")
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_replaced_only_where_it_stands_alone() {
        assert_eq!(
            number_replaced("x --port 8000 -b :8000 --max 80000", "8000", "$PORT"),
            "x --port $PORT -b :$PORT --max 80000"
        );
    }
}
