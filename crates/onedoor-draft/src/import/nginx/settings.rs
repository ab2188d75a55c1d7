//! Directives that say nothing a configuration of onedoor could say: needless ones with the reason, and ones that are
//! missed with what to do instead. A name may end in `*`.

use crate::import::finding::Verdict;

const SIZES_ITSELF: &str = "onedoor sizes itself by the CPUs, memory and descriptors the container has";
const FIRST_PROCESS: &str = "onedoor is the container's first process and stays in the foreground";
const MOVES_BYTES: &str = "how bytes are moved is onedoor's own affair";
const STREAMS: &str =
    "onedoor streams requests and answers as they come, over HTTP/1.1, with pooled connections";
const LOGS: &str = "access lines and errors go to stdout; [log] has format and access";
const NO_VERSION: &str = "onedoor tells nobody its version";
const FILES: &str =
    "onedoor serves no files yet (`static` is planned): let the app serve them, or whoever stands in front";
const PHP: &str = "onedoor speaks HTTP to apps, not FastCGI, uwsgi or SCGI: let the app serve HTTP itself (FrankenPHP, `php -S`, RoadRunner, gunicorn, uWSGI's --http-socket)";
const COMPRESS: &str = "onedoor does not compress answers yet: let the app do it, or whoever stands in front";
const TLS: &str = "onedoor does not end TLS yet: let the platform or a balancer in front do it";
const LIMITS: &str =
    "onedoor does not limit rates yet: let the app do it; [server] limits has connections, per_client";
const CACHE: &str =
    "onedoor does not cache answers: let the app send Cache-Control, and whoever stands in front cache";
const PAGES: &str = "onedoor has no error pages of your own yet; while_down = { do = \"page\" } is the one for apps that start";
const BODIES: &str = "onedoor does not edit bodies: let the app do it";

#[rustfmt::skip]
const UNNEEDED: &[(&str, &str)] = &[
    ("worker_*", SIZES_ITSELF), ("multi_accept", SIZES_ITSELF), ("use", SIZES_ITSELF), ("accept_mutex*", SIZES_ITSELF), ("thread_pool", SIZES_ITSELF),
    ("connection_pool_size", SIZES_ITSELF), ("request_pool_size", SIZES_ITSELF), ("*_hash_max_size", SIZES_ITSELF), ("*_hash_bucket_size", SIZES_ITSELF), ("pcre_jit", SIZES_ITSELF),
    ("pid", FIRST_PROCESS), ("daemon", FIRST_PROCESS), ("master_process", FIRST_PROCESS), ("lock_file", FIRST_PROCESS), ("load_module", "nginx's own modules"),
    ("user", "onedoor runs as whoever starts the container; each app has a `user` of its own"),
    ("sendfile*", MOVES_BYTES), ("tcp_nopush", MOVES_BYTES), ("tcp_nodelay", MOVES_BYTES), ("aio*", MOVES_BYTES), ("directio*", MOVES_BYTES), ("output_buffers", MOVES_BYTES),
    ("postpone_output", MOVES_BYTES), ("open_file_cache*", MOVES_BYTES), ("reset_timedout_connection", MOVES_BYTES), ("lingering_*", MOVES_BYTES),
    ("client_body_buffer_size", MOVES_BYTES), ("client_header_buffer_size", MOVES_BYTES), ("client_body_temp_path", MOVES_BYTES), ("*_temp_path", MOVES_BYTES),
    ("proxy_http_version", STREAMS), ("proxy_buffering", STREAMS), ("proxy_buffer*", STREAMS), ("proxy_busy_buffers_size", STREAMS), ("proxy_request_buffering", STREAMS),
    ("proxy_max_temp_file_size", STREAMS), ("proxy_temp_*", STREAMS), ("chunked_transfer_encoding", STREAMS), ("keepalive", STREAMS), ("keepalive_requests", STREAMS),
    ("proxy_socket_keepalive", STREAMS), ("proxy_headers_hash_*", STREAMS), ("zone", "onedoor's workers share what they know of an app"), ("keepalive_time", STREAMS),
    ("error_log", LOGS), ("log_not_found", LOGS), ("log_subrequest", LOGS), ("server_tokens", NO_VERSION),
    ("types_hash*", FILES), ("default_type", "onedoor passes on the app's own Content-Type"), ("types", "onedoor passes on the app's own Content-Type"),
    ("resolver*", "onedoor resolves names itself, when it needs them, and again when they change"),
    ("charset*", "onedoor passes on the app's own Content-Type"), ("index", "onedoor serves no files, so it needs no index; the app has its own"),
    ("real_ip_recursive", "onedoor goes through X-Forwarded-For from the right, past every trusted proxy, in any case"),
    ("merge_slashes", "onedoor never merges slashes: the app sees them as the client sent them"),
    ("port_in_redirect", "onedoor's own redirects name no port"), ("absolute_redirect", "onedoor's own redirects are relative"), ("server_name_in_redirect", "onedoor's own redirects are relative"),
    ("ip_hash_*", SIZES_ITSELF), ("http2_*", "onedoor speaks HTTP/1.1 to clients; whoever ends TLS in front speaks HTTP/2"), ("http2", "onedoor speaks HTTP/1.1 to clients; whoever ends TLS in front speaks HTTP/2"),
];

#[rustfmt::skip]
const MISSING: &[(&str, &str)] = &[
    ("gzip*", COMPRESS), ("brotli*", COMPRESS), ("zstd*", COMPRESS), ("gunzip", COMPRESS),
    ("ssl*", TLS), ("quic*", TLS), ("http3*", TLS),
    ("limit_req*", LIMITS), ("limit_conn*", LIMITS), ("limit_rate*", LIMITS),
    ("proxy_cache*", CACHE), ("proxy_no_cache", CACHE), ("expires", CACHE), ("etag", CACHE), ("if_modified_since", CACHE), ("proxy_store*", CACHE), ("slice", CACHE),
    ("error_page", PAGES), ("proxy_intercept_errors", PAGES), ("recursive_error_pages", PAGES),
    ("sub_filter*", BODIES), ("addition_*", BODIES), ("add_before_body", BODIES), ("add_after_body", BODIES), ("ssi*", BODIES), ("image_filter*", BODIES),
    ("fastcgi_*", PHP), ("uwsgi_*", PHP), ("scgi_*", PHP), ("memcached_*", PHP),
    ("grpc_*", "onedoor does not speak HTTP/2, so no gRPC yet"),
    ("autoindex*", FILES), ("alias", FILES), ("root", FILES), ("try_files", FILES), ("gzip_static", FILES), ("dav_*", FILES), ("disable_symlinks", FILES),
    ("add_header", "onedoor does not change the answer's fields yet (`response` is planned): let the app send it"),
    ("add_trailer", "onedoor does not change the answer's fields yet (`response` is planned): let the app send it"),
    ("more_*", "onedoor does not change fields yet (`request`, `response` are planned): let the app do it"),
    ("proxy_hide_header", "onedoor does not change the answer's fields yet (`response` is planned): let the app leave it out"),
    ("proxy_pass_header", "onedoor passes on every field of the answer that is not hop-by-hop"),
    ("proxy_ignore_headers", "onedoor acts on none of the app's fields; X-Accel-* are passed on"),
    ("proxy_set_body", BODIES), ("proxy_method", "onedoor keeps the method"), ("proxy_pass_request_*", "onedoor passes on the whole request"),
    ("proxy_next_upstream*", "onedoor repeats a request elsewhere only where no byte was answered and repeating is safe; that cannot be configured yet (`retry`)"),
    ("proxy_ssl_trusted_certificate", "write tls = { ca = \"FILE\" } in the route"),
    ("proxy_ssl_*", "onedoor verifies https upstreams by the name in the URL and sends it as SNI; there is no way around it but tls = { ca = \"FILE\" } in the route"),
    ("proxy_cookie_*", "behind strip = true onedoor sets the path and domain of cookies right by itself; nothing else is changed"),
    ("proxy_redirect", "behind strip = true onedoor sets Location right by itself; nothing else is changed"),
    ("proxy_bind", "onedoor lets the kernel choose the local address"), ("proxy_ignore_client_abort", "onedoor ends the request upstream when the client goes"),
    ("split_clients", "onedoor does not split traffic yet (`split` is planned)"), ("mirror*", "onedoor does not mirror requests"),
    ("geo", "write it into the app: onedoor has no variables"), ("map", "onedoor has no variables: write a route for each case, or let the app decide"),
    ("set", "onedoor has no variables"), ("secure_link*", "let the app check the link"), ("valid_referers", "let the app look at Referer"),
    ("satisfy", "see the guard beside it"), ("auth_jwt*", "let the app check the token"), ("break", "onedoor's rewriting has one step"),
    ("rewrite_log", "`onedoor explain PATH` shows what becomes of a path"), ("ignore_invalid_headers", "onedoor refuses what is no field"),
    ("underscores_in_headers", "onedoor passes on fields with underscores"), ("large_client_header_buffers", "[server] limits = { header = \"64KiB\" } is the most; 32KiB is the default"),
    ("js_*", "let the app do it"), ("perl*", "let the app do it"), ("*_by_lua*", "let the app do it: onedoor runs no Lua"), ("lua_*", "let the app do it: onedoor runs no Lua"),
    ("msie_padding", "no longer needed by any browser"), ("limit_except", "write the methods as routes of their own: \"GET /path\""),
    ("random", "write balance = \"least-conn\" or \"round-robin\" in the app"), ("hash", "write balance = \"cookie\" or \"ip-hash\" in the app"),
    ("env", "apps inherit the container's environment as it is"), ("include", "it could not be read"), ("status_zone", "write builtin = \"metrics\""), ("api", "write builtin = \"metrics\""),
    ("health_check*", "write ready = { path = … } and live = { path = … } in the app"), ("match", "write ready = { path = … } in the app"),
    ("state", "write the app's replicas"), ("stream", "onedoor speaks HTTP alone"), ("mail", "onedoor speaks HTTP alone"),
    ("if", "onedoor has no `if`: write a route of its own for the method, host or path that is asked for, or let the app decide"),
];

/// What is said of a directive for its name alone.
pub(super) fn verdict(name: &str) -> Option<Verdict> {
    let find = |table: &[(&str, &str)]| {
        table.iter().find(|(pattern, _)| is_named(pattern, name)).map(|(_, said)| (*said).to_owned())
    };
    find(UNNEEDED).map(Verdict::Unneeded).or_else(|| find(MISSING).map(Verdict::Missing))
}

fn is_named(pattern: &str, name: &str) -> bool {
    let pattern_is = |pattern: &str| match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == pattern,
    };
    match pattern.strip_prefix('*') {
        Some(inner) => match inner.strip_suffix('*') {
            Some(inside) => name.contains(inside),
            None => name.ends_with(inner),
        },
        None => pattern_is(pattern),
    }
}

/// `60`, `60s`, `1m`, `1h 30m`: nginx's own durations as onedoor writes them.
pub(in crate::import) fn duration(text: &str) -> Option<Span> {
    let mut millis = 0_u64;
    let mut left = text.trim();
    while !left.is_empty() {
        let digits = left.len() - left.trim_start_matches(|digit: char| digit.is_ascii_digit()).len();
        let number: u64 = left[..digits].parse().ok()?;
        left = &left[digits..];
        let letters = left.len() - left.trim_start_matches(|letter: char| letter.is_ascii_alphabetic()).len();
        let unit = match &left[..letters] {
            "ms" => 1,
            "" | "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            "w" => 604_800_000,
            _ => return None,
        };
        millis = millis.checked_add(number.checked_mul(unit)?)?;
        left = left[letters..].trim_start();
    }
    Some(Span(millis))
}

/// Milliseconds, shown in the largest unit that is whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::import) struct Span(pub(in crate::import) u64);

impl std::fmt::Display for Span {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (unit, name) = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s"), (1, "ms")]
            .into_iter()
            .find(|(unit, _)| self.0 > 0 && self.0.is_multiple_of(*unit))
            .unwrap_or((1, "ms"));
        write!(f, "{}{name}", self.0 / unit)
    }
}

/// `10m` → `10MiB`. None: no size; `Some(None)`: no limit.
pub(super) fn size(text: &str) -> Option<Option<String>> {
    let (digits, unit) = match text.to_ascii_lowercase().as_bytes() {
        [.., b'k'] => (&text[..text.len() - 1], "KiB"),
        [.., b'm'] => (&text[..text.len() - 1], "MiB"),
        [.., b'g'] => (&text[..text.len() - 1], "GiB"),
        _ => (text, "B"),
    };
    let number: u64 = digits.parse().ok()?;
    Some((number > 0).then(|| format!("{number}{unit}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_and_sizes_are_those_of_nginx() {
        for (text, expected) in [
            ("60", "1m"),
            ("90s", "90s"),
            ("1h 30m", "90m"),
            ("1d", "1d"),
            ("500ms", "500ms"),
            ("86400", "1d"),
        ] {
            assert_eq!(duration(text).map(|span| span.to_string()).as_deref(), Some(expected), "{text}");
        }
        assert_eq!(duration("soon"), None);
        assert_eq!(size("10m"), Some(Some("10MiB".to_owned())));
        assert_eq!(size("0"), Some(None));
        assert_eq!(size("ten"), None);
    }
}
