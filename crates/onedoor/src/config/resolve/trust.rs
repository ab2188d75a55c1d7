//! `trusted_proxies`: whose `X-Forwarded-*` is believed. By default the platform's routers, elsewhere nobody.

use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use super::Context;
use super::platform::{Platform, Routers};
use crate::config::error::{Code, ConfigError};
use crate::config::section::Section;
use crate::config::source::Located;
use crate::config::suggest;
use crate::proxy::config::TrustedPeers;

const LOOPBACK: &str = "127.0.0.0/8 ::1/128";

/// RFC 1918, RFC 4193, link-local (RFC 3927, RFC 4291) and the shared space of RFC 6598, besides loopback.
const PRIVATE: &str = "127.0.0.0/8 ::1/128 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 169.254.0.0/16 100.64.0.0/10 \
                       fc00::/7 fe80::/10";

pub(super) fn trusted_peers(server: &Section, context: &mut Context<'_>) -> TrustedPeers {
    match server.list("trusted_proxies") {
        None => of_platform(Platform::of(context.env)),
        Some(words) if matches!(words[..], [Located { value: "auto", .. }]) => {
            of_platform(Platform::of(context.env))
        }
        Some(words) => {
            let mut networks = Vec::new();
            for word in words {
                match network(word) {
                    Ok(found) => networks.extend(found),
                    Err(error) => context.errors.push(error),
                }
            }
            if let Some(everyone) = networks.iter().find(|network| network.prefix_len() == 0) {
                let text = format!("trusted_proxies has {everyone}: any client can then claim any address");
                context.warn(server.key("trusted_proxies"), text);
            }
            TrustedPeers { networks, why: Some(Arc::from("trusted_proxies")) }
        }
    }
}

fn of_platform(platform: Platform) -> TrustedPeers {
    let networks = match platform.routers() {
        Routers::Nobody => return TrustedPeers::default(),
        Routers::AnyPrivate => parse_all(PRIVATE),
        Routers::Only(networks) => parse_all(networks),
    };
    TrustedPeers { networks, why: Some(Arc::from(platform.show())) }
}

fn network(word: Located<&str>) -> Result<Vec<IpNet>, ConfigError> {
    match word.value {
        "private" => return Ok(parse_all(PRIVATE)),
        "loopback" => return Ok(parse_all(LOOPBACK)),
        _ => {}
    }
    if let Ok(network) = word.value.parse::<IpNet>() {
        return Ok(vec![network.trunc()]);
    }
    if let Ok(address) = word.value.parse::<IpAddr>() {
        return Ok(vec![IpNet::from(address)]);
    }
    let fact = format!("\"{}\" is neither an address nor a network", word.value);
    let remedy = match suggest::nearest(word.value, ["private", "loopback", "auto"]) {
        Some(near) => format!("did you mean \"{near}\"?"),
        None => "write \"10.0.0.0/8\", \"192.0.2.7\", \"private\" or \"loopback\"".to_owned(),
    };
    Err(ConfigError::new(Code::BadNetwork, word.span, fact).remedy(remedy))
}

fn parse_all(networks: &str) -> Vec<IpNet> {
    networks.split_whitespace().filter_map(|network| network.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_network_of_the_presets_is_one() {
        assert_eq!(parse_all(PRIVATE).len(), PRIVATE.split_whitespace().count());
        assert_eq!(parse_all(LOOPBACK).len(), 2);
        assert_eq!(of_platform(Platform::Fly).networks.len(), 1);
    }
}
