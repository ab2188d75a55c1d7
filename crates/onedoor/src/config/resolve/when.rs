//! `when` of a route: each condition read and put at its place in the file.

use std::net::IpAddr;

use ipnet::IpNet;

use super::{Context, take_out};
use crate::config::error::{Code, ConfigError};
use crate::config::section::Section;
use crate::config::source::{Located, Span};
use crate::proxy::route::{CONDITIONS_MOST, Condition, ConditionFault, Source, When};

const SOURCES: [(&str, Source); 3] =
    [("header", Source::Header), ("query", Source::Query), ("cookie", Source::Cookie)];

/// None: something in it was wrong, and that was said.
pub(super) fn when(route: &Section, context: &mut Context<'_>) -> Option<When> {
    let Some(section) = route.table("when") else { return Some(When::default()) };
    let errors = context.errors.len();
    let mut conditions: Vec<(Condition, Span)> = Vec::new();
    for (key, source) in SOURCES {
        for (name, value) in section.map(key) {
            let written = context.source.slice(value.span);
            match condition(source, name, value, written) {
                Ok(condition) => add(condition, name.span, &mut conditions, context),
                Err(error) => context.errors.push(error),
            }
        }
    }
    let networks = section.list("ip").map(|words| networks(&words, section, context));
    let count = conditions.len() + usize::from(networks.is_some());
    if count > CONDITIONS_MOST {
        let fact = format!("the route has {count} conditions; {CONDITIONS_MOST} is the most");
        let place = route.key("when").unwrap_or_default();
        let remedy = "one condition on a value that stands for all of them is quicker, too";
        context.errors.push(ConfigError::new(Code::TooMany, place, fact).remedy(remedy));
    }
    if section.is_flawed() || context.errors.len() > errors {
        return None;
    }
    if count == 0 {
        let fact = "`when` names no condition, so it changes nothing";
        let trap = ConfigError::new(Code::EmptyWhen, route.key("when").unwrap_or_default(), fact);
        context.warn(trap.remedy("take it out").fix(take_out(route, "when", context)));
    }
    Some(When::new(conditions.into_iter().map(|(condition, _)| condition).collect(), networks))
}

fn condition(
    source: Source,
    name: &Located<String>,
    value: &Located<String>,
    written: &str,
) -> Result<Condition, ConfigError> {
    if matches!(written, "true" | "false") {
        let fact = format!("`{} = {written}` could mean the text, or whether it is there at all", name.value);
        let remedy = format!("the text: \"{written}\"; there at all: \"~.*\"");
        return Err(ConfigError::new(Code::RouteWhen, value.span, fact).remedy(remedy));
    }
    Condition::new(source, &name.value, &value.value).map_err(|fault| {
        let place = match &fault {
            ConditionFault::HeaderValue | ConditionFault::CookieValue | ConditionFault::Regex(_) => {
                value.span
            }
            _ => name.span,
        };
        let error = ConfigError::new(Code::RouteWhen, place, fault.to_string());
        match remedy(&fault) {
            Some(remedy) => error.remedy(remedy),
            None => error,
        }
    })
}

fn remedy(fault: &ConditionFault) -> Option<&'static str> {
    Some(match fault {
        ConditionFault::Host => "in front of the path: \"example.com/api/*\"",
        ConditionFault::Cookie => "by its name: when = { cookie = { beta = \"on\" } }",
        ConditionFault::Address(_) => "the verified address: when = { ip = [\"10.0.0.0/8\"] }",
        ConditionFault::Hop(_) | ConditionFault::Own(_) => {
            "take it out; a header that the client means for the app can be asked for"
        }
        ConditionFault::CookieValue => "write the value as it is sent, or a regex: \"~a.*\"",
        ConditionFault::HeaderValue => "write the value without them, or a regex: \"~a.*\"",
        ConditionFault::Regex(_) => "a value that begins with ~ is a regex; the text ~x is \"~~x\"",
        ConditionFault::HeaderName(_) | ConditionFault::CookieName(_) | ConditionFault::EmptyName => {
            return None;
        }
    })
}

/// Header names are compared without case, so that one can be given twice.
fn add(condition: Condition, place: Span, known: &mut Vec<(Condition, Span)>, context: &mut Context<'_>) {
    match known.iter().find(|(known, _)| known.is_about_the_same_as(&condition)) {
        None => known.push((condition, place)),
        Some((_, first)) => {
            let fact = "the same header is asked for twice, and names are compared without case";
            let error = ConfigError::new(Code::RouteWhen, place, fact).also(*first, "the first");
            context.errors.push(error.remedy("keep one of them; for several values: \"~1|2\""));
        }
    }
}

fn networks(words: &[Located<&str>], section: &Section, context: &mut Context<'_>) -> Vec<IpNet> {
    if words.is_empty() {
        let fact = "no address is in an empty list, so the route would never match";
        let place = section.key("ip").unwrap_or_default();
        context.errors.push(ConfigError::new(Code::RouteWhen, place, fact).remedy("leave `ip` out for all"));
    }
    let mut networks = Vec::with_capacity(words.len());
    for word in words {
        match network(word.value) {
            Ok(network) => {
                super::trust::host_bits(*word).into_iter().for_each(|trap| context.warn(trap));
                networks.push(network);
            }
            Err(remedy) => {
                let fact = format!("\"{}\" is neither an address nor a network", word.value);
                context.errors.push(ConfigError::new(Code::BadNetwork, word.span, fact).remedy(remedy));
            }
        }
    }
    networks
}

fn network(word: &str) -> Result<IpNet, String> {
    let network = match (word.parse::<IpNet>(), word.parse::<IpAddr>()) {
        (Ok(network), _) => network.trunc(),
        (Err(_), Ok(address)) => IpNet::from(address.to_canonical()),
        (Err(_), Err(_)) => return Err("write \"10.0.0.0/8\", \"2001:db8::/32\" or \"192.0.2.7\"".to_owned()),
    };
    match network {
        // A client that came so is known by its IPv4 address.
        IpNet::V6(v6) if v6.prefix_len() >= 96 && v6.addr().to_ipv4_mapped().is_some() => {
            let v4 = v6.addr().to_ipv4_mapped().map_or_else(String::new, |address| address.to_string());
            Err(format!("IPv4 is written as such: \"{v4}/{}\"", v6.prefix_len() - 96))
        }
        network => Ok(network),
    }
}
