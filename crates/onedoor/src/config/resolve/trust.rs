//! `trusted_proxies`: whose `X-Forwarded-*` is believed. By default the platform's routers, elsewhere nobody.

use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use super::platform::{Platform, Routers};
use super::{Context, apart};
use crate::config::error::{Code, ConfigError};
use crate::config::fix::quoted;
use crate::config::section::Section;
use crate::config::source::Located;
use crate::config::suggest;
use crate::proxy::config::{Listen, ProxyProtocol, TrustedPeers};

const LOOPBACK: &str = "127.0.0.0/8 ::1/128";

/// RFC 1918, RFC 4193, link-local (RFC 3927, RFC 4291) and the shared space of RFC 6598, besides loopback.
const PRIVATE: &str = "127.0.0.0/8 ::1/128 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 169.254.0.0/16 100.64.0.0/10 \
                       fc00::/7 fe80::/10";

/// Cloudflare's edge, <https://www.cloudflare.com/ips-v4> and `ips-v6`: as many public copies of the two lists agree on
/// in November 2026.
const CLOUDFLARE: &str = "173.245.48.0/20 103.21.244.0/22 103.22.200.0/22 103.31.4.0/22 141.101.64.0/18 \
                          108.162.192.0/18 190.93.240.0/20 188.114.96.0/20 197.234.240.0/22 198.41.128.0/17 \
                          162.158.0.0/15 104.16.0.0/13 104.24.0.0/14 172.64.0.0/13 131.0.72.0/22 \
                          2400:cb00::/32 2606:4700::/32 2803:f800::/32 2405:b500::/32 2405:8100::/32 2a06:98c0::/29 \
                          2c0f:f248::/32";

const PRESETS: [&str; 6] = ["private", "loopback", "cloudrun", "fly", "cloudflare", "auto"];

pub(super) fn trusted_peers(server: &Section, context: &mut Context<'_>) -> TrustedPeers {
    match server.list("trusted_proxies") {
        None => of_platform(Platform::of(context.env)),
        Some(words) if matches!(words[..], [Located { value: "auto", .. }]) => {
            of_platform(Platform::of(context.env))
        }
        Some(words) => {
            let mut trusted =
                TrustedPeers { why: Some(Arc::from("trusted_proxies")), ..TrustedPeers::default() };
            for word in words {
                match named(word, Platform::of(context.env)) {
                    Ok(more) => {
                        host_bits(word).into_iter().for_each(|trap| context.warn(trap));
                        trusted.networks.extend(more.networks);
                        trusted.client_field = trusted.client_field.or(more.client_field);
                    }
                    Err(error) => context.errors.push(apart(error, server, "trusted_proxies", word)),
                }
            }
            if let Some(everyone) = trusted.networks.iter().find(|network| network.prefix_len() == 0) {
                let fact = format!("trusted_proxies has {everyone}: any client can then claim any address");
                let place = server.key("trusted_proxies").unwrap_or_default();
                let trap = ConfigError::new(Code::TrustsEverybody, place, fact);
                context.warn(trap.remedy("name the load balancer's own network"));
            }
            trusted
        }
    }
}

/// `10.0.0.1/8`: the whole of 10.0.0.0/8 is meant, and one address may have been meant.
pub(super) fn host_bits(word: Located<&str>) -> Option<ConfigError> {
    let written = word.value.parse::<IpNet>().ok()?;
    let network = written.trunc();
    let fact = format!("\"{written}\" is all of {network}");
    let trap = ConfigError::new(Code::HostBits, word.span, fact);
    let remedy = format!("write \"{network}\", or \"{}\" for that address alone", written.addr());
    (network != written).then(|| trap.remedy(remedy).replace(word.span, quoted(&network.to_string())))
}

/// `proxy_protocol`: only who is trusted may say whose a connection is, so that somebody must be.
pub(super) fn proxy_protocol(
    server: &Section,
    trusted: &TrustedPeers,
    listen: &[Listen],
    context: &mut Context<'_>,
) -> ProxyProtocol {
    if server.flag("proxy_protocol") != Some(true) {
        return ProxyProtocol::Off;
    }
    // Who may come in by a Unix socket is a matter of the file's permissions.
    let over_network = listen.iter().any(|listen| !matches!(listen, Listen::Unix(_)));
    if over_network && trusted.networks.is_empty() {
        let fact = "proxy_protocol is on, but nobody is trusted to say whose a connection is";
        let place = server.key("proxy_protocol").unwrap_or_default();
        let error = ConfigError::new(Code::BadNetwork, place, fact);
        context.errors.push(error.remedy("name the load balancer: trusted_proxies = [\"10.0.0.0/8\"]"));
    }
    ProxyProtocol::Required
}

fn of_platform(platform: Platform) -> TrustedPeers {
    let networks = match platform.routers() {
        Routers::Nobody => return TrustedPeers::default(),
        Routers::AnyPrivate => parse_all(PRIVATE),
        Routers::Only(networks) => parse_all(networks),
    };
    TrustedPeers { networks, client_field: platform.client_field(), why: Some(Arc::from(platform.show())) }
}

fn named(word: Located<&str>, platform: Platform) -> Result<TrustedPeers, ConfigError> {
    let only = |networks| Ok(TrustedPeers { networks, ..TrustedPeers::default() });
    match word.value {
        "private" => return only(parse_all(PRIVATE)),
        "loopback" => return only(parse_all(LOOPBACK)),
        "cloudflare" => return only(parse_all(CLOUDFLARE)),
        "cloudrun" => return Ok(of_platform(Platform::CloudRun)),
        "fly" => return Ok(of_platform(Platform::Fly)),
        "auto" => return Ok(of_platform(platform)),
        _ => {}
    }
    if let Ok(network) = word.value.parse::<IpNet>() {
        return only(vec![network.trunc()]);
    }
    if let Ok(address) = word.value.parse::<IpAddr>() {
        return only(vec![IpNet::from(address)]);
    }
    let fact = format!("\"{}\" is neither an address nor a network", word.value);
    let error = ConfigError::new(Code::BadNetwork, word.span, fact);
    let meant = suggest::nearest(&word.value.replace(['-', '_', ' '], ""), PRESETS);
    let meant = meant.map(str::to_owned).or_else(|| meant_network(word.value));
    Err(match meant {
        Some(meant) => error.remedy(format!("did you mean \"{meant}\"?")).replace(word.span, quoted(&meant)),
        None => error.remedy("write \"10.0.0.0/8\", \"192.0.2.7\", \"private\" or \"cloudflare\""),
    })
}

/// `10.0.0.0 /8`, `10.0.0.0/255.0.0.0`, `192.0.2.7:80`, `10.*`
fn meant_network(text: &str) -> Option<String> {
    let close: String = text.split_whitespace().collect();
    let close =
        PRESETS.into_iter().find(|preset| preset.eq_ignore_ascii_case(&close)).map_or(close, str::to_owned);
    if PRESETS.contains(&close.as_str()) || close.parse::<IpNet>().is_ok() || close.parse::<IpAddr>().is_ok()
    {
        return Some(close);
    }
    if let Some((network, mask)) = close.split_once('/')
        && let (Ok(network), Ok(mask)) = (network.parse::<IpAddr>(), mask.parse::<IpAddr>())
    {
        return IpNet::with_netmask(network, mask).ok().map(|network| network.trunc().to_string());
    }
    let (address, _) = close.rsplit_once(':')?;
    address.parse::<std::net::Ipv4Addr>().ok().map(|address| address.to_string())
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
        assert_eq!(parse_all(CLOUDFLARE).len(), 22);
        assert_eq!(of_platform(Platform::Fly).networks.len(), 1);
    }
}
