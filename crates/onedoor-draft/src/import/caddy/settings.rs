//! Directives of which their name says enough: needless ones with the reason, and ones that are missed with what to do
//! instead. A name may end in `*`.

use crate::import::finding::{Ledger, Verdict};

use super::tree::Directive;

pub(super) const TLS: &str = "onedoor does not end TLS yet: let the platform or a balancer in front do it";
pub(super) const FILES: &str = "onedoor serves no files yet (`static` is planned): the route is at the end of the file, as a comment. Until then \
     let the app serve them, or whoever stands in front";
const NO_FILES: &str = "what it asks of files is for whoever serves them: onedoor serves none yet";
const PHP: &str =
    "onedoor speaks HTTP to apps, not FastCGI: let PHP serve HTTP itself (FrankenPHP, RoadRunner, `php -S`)";
const ANSWER: &str =
    "onedoor does not change the answer's fields yet (`response` is planned): let the app send it";
const REQUEST: &str =
    "onedoor does not change the request's fields yet (`request` is planned): let the app do without it";
const STREAMS: &str =
    "onedoor streams requests and answers as they come, over HTTP/1.1, with pooled connections";
const LOGS: &str = "access lines go to stdout, in onedoor's own form; [log] has format and access";
const PROBES: &str = "write ready = { path = … } and live = { path = … } in the app";
const RETRY: &str = "onedoor repeats a request elsewhere only where no byte was answered and repeating is safe; that cannot be configured yet";
const UPSTREAM_TLS: &str = "onedoor verifies https upstreams by the name in the URL; tls = { ca = \"FILE\" } in the route names who signs";
const TIMES: &str = "write [server] timeout = { connect, first_byte, body } = … if the defaults do not do";
const VARIABLES: &str = "onedoor has no variables: write a route for each case, or let the app decide";

#[rustfmt::skip]
const UNNEEDED: &[(&str, &str)] = &[
    ("admin", "there is no interface to change the configuration: the file is all there is"),
    ("persist_config", "the file is all there is"), ("storage*", "certificates are whose who ends TLS"), ("debug", "write [log] level = \"debug\""),
    ("order", "the more exact route wins, whatever the order"), ("flush_interval", STREAMS), ("stream_*", STREAMS), ("buffer*", STREAMS), ("request_buffers", STREAMS),
    ("response_buffers", STREAMS), ("keepalive*", STREAMS), ("versions", STREAMS), ("compression", STREAMS), ("max_conns_per_host", STREAMS), ("read_buffer", STREAMS),
    ("write_buffer", STREAMS), ("transport", "see what is inside of it"), ("http", "HTTP is what onedoor speaks"), ("protocols", "onedoor speaks HTTP/1.1; who ends TLS in front speaks the others"),
    ("skip_install_trust", TLS), ("default_bind", "[server] listen says where"), ("bind", "[server] listen says where"), ("metrics", "write builtin = \"metrics\" in a route"),
    ("vars", "used by what is told apart"), ("trusted_proxies_strict", "X-Forwarded-For is read from the right in any case"),
    ("strict_sni_host", TLS), ("output", LOGS), ("format", LOGS), ("level", "write [log] level"), ("roll_*", LOGS), ("wrap", LOGS), ("fields", LOGS), ("include", LOGS), ("exclude", LOGS),
];

#[rustfmt::skip]
const MISSING: &[(&str, &str)] = &[
    ("tls_*", UPSTREAM_TLS), ("tls", TLS), ("acme_*", TLS), ("email", TLS), ("auto_https", TLS), ("local_certs", TLS), ("on_demand_tls", TLS), ("cert_*", TLS), ("key_type", TLS), ("ocsp_*", TLS),
    ("default_sni", TLS), ("fallback_sni", TLS), ("pki", TLS), ("dns", TLS), ("protocols_tls", TLS), ("ca*", TLS), ("client_auth", TLS), ("issuer", TLS), ("https_port", TLS),
    ("encode", "onedoor does not compress answers yet: let the app do it, or whoever stands in front"), ("gzip", "see encode"), ("zstd", "see encode"), ("minimum_length", "see encode"), ("match", "see what is around it"),
    ("header", ANSWER), ("header_down", ANSWER), ("header_up", REQUEST), ("request_header", REQUEST), ("php_fastcgi", PHP), ("fastcgi", PHP), ("split*", PHP), ("env", PHP),
    ("file_server", FILES), ("root", NO_FILES), ("try_files", NO_FILES), ("browse", NO_FILES), ("hide", NO_FILES), ("index", NO_FILES), ("precompressed", NO_FILES), ("pass_thru", NO_FILES), ("fs", NO_FILES),
    ("disable_canonical_uris", NO_FILES), ("templates", "onedoor does not edit bodies: let the app do it"), ("try_policy", NO_FILES),
    ("handle_errors", "onedoor has no error pages of your own yet; while_down = { do = \"page\" } is the one for apps that start"),
    ("handle_response", "onedoor passes on what the app answers"), ("intercept", "onedoor passes on what the app answers"), ("replace_status", "onedoor passes on what the app answers"),
    ("copy_response*", "onedoor passes on what the app answers"),
    ("health_*", PROBES), ("fail_duration", PROBES), ("max_fails", PROBES), ("unhealthy_*", PROBES), ("lb_try*", RETRY), ("lb_retr*", RETRY), ("lb_retry_match", RETRY), ("fallback", "see what is around it"),
    ("dynamic", "onedoor asks DNS for the name in the URL, again when it changes"), ("resolvers", "onedoor asks the container's own DNS"),
    ("dial_timeout", TIMES), ("dial_fallback_delay", TIMES), ("response_header_timeout", TIMES), ("expect_continue_timeout", TIMES), ("read_timeout", TIMES), ("write_timeout", TIMES),
    ("timeouts", TIMES), ("read_header", TIMES), ("read_body", TIMES), ("write", TIMES), ("idle", TIMES), ("grace_period", "write [server] drain, and stop in the apps, if the defaults do not do"),
    ("shutdown_delay", "write [server] drain if the default does not do"), ("max_header_size", "write [server] limits = { header = … }"), ("max_response_header", STREAMS),
    ("proxy_protocol*", "onedoor sends no PROXY protocol"), ("forward_proxy_url", "onedoor asks upstreams itself"), ("network_proxy", "onedoor asks upstreams itself"), ("local_address", "the kernel chooses the local address"),
    ("listener_wrappers", "write [server] proxy_protocol = true where that is meant"), ("method", "onedoor keeps the method"), ("rewrite", "write rewrite or strip in the route"),
    ("map", VARIABLES), ("expression", VARIABLES), ("set", VARIABLES), ("push", "browsers no longer take pushes"), ("tracing", "onedoor passes traceparent on, and makes no spans yet"),
    ("rate_limit", "onedoor does not limit rates yet: let the app do it"), ("forward_auth", "see what it guarded"), ("copy_headers", "see forward_auth"), ("acme_server", TLS),
    ("invoke", "write the route where it is named"), ("log_append", LOGS), ("log_name", LOGS), ("log_skip", "onedoor logs the requests of every route alike"), ("skip_log", "onedoor logs the requests of every route alike"),
    ("client_ip_headers", "onedoor finds the client by X-Forwarded-For (or server.proxy_protocol), by no other field"),
];

pub(super) fn verdict(name: &str) -> Verdict {
    let find = |table: &[(&str, &str)]| {
        table.iter().find(|(pattern, _)| is_named(pattern, name)).map(|(_, said)| (*said).to_owned())
    };
    find(UNNEEDED).map(Verdict::Unneeded).unwrap_or_else(|| {
        let otherwise =
            || "onedoor has nothing for it: let the app do it, or whoever stands in front".to_owned();
        Verdict::Missing(find(MISSING).unwrap_or_else(otherwise))
    })
}

/// Settles it and all inside of it, each by its own name.
pub(super) fn settle(directive: &Directive, ledger: &mut Ledger) {
    if !ledger.is_settled(directive.item) {
        ledger.settle(directive.item, verdict(&directive.name));
    }
    for child in directive.children() {
        settle(child, ledger);
    }
}

fn is_named(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == pattern,
    }
}
