//! What holds in a block and in the blocks inside of it: nginx's inheritance, for what onedoor can say at all.

use std::collections::BTreeMap;

use crate::draft::{Entry, Value};
use crate::import::finding::{Item, Ledger, Verdict};
use crate::import::sketch::fact;

use super::settings::{self, Span};
use super::tree::Directive;

#[derive(Clone, Debug, Default)]
pub(super) struct Scope {
    /// `set $name value`.
    pub(super) variables: BTreeMap<String, String>,
    /// `proxy_set_header Host`.
    pub(super) host: HostField,
    /// Who may come in, as far as nginx asked.
    pub(super) guard: Guard,
    pub(super) root: Option<String>,
    pub(super) default_type: Option<String>,
    /// `add_header`, for answers onedoor makes itself.
    pub(super) headers: Vec<(String, String, Item)>,
    /// WebSockets are expected here.
    pub(super) upgrades: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum HostField {
    /// Nothing said: the name in proxy_pass.
    #[default]
    Upstream,
    Client,
    Fixed(String),
}

#[derive(Clone, Debug, Default)]
pub(super) struct Guard {
    auth: Option<String>,
    allows: Vec<String>,
    denies_all: bool,
}

impl Guard {
    /// What nginx asked of whoever comes; None: everybody may.
    pub(super) fn shown(&self) -> Option<String> {
        let mut parts: Vec<String> = self.auth.iter().cloned().collect();
        if !self.allows.is_empty() && self.denies_all {
            parts.push(format!("allow {}", self.allows.join(", ")));
        }
        (!parts.is_empty()).then(|| parts.join("; "))
    }

    /// Nobody may.
    pub(super) fn refuses_all(&self) -> bool {
        self.denies_all && self.allows.is_empty()
    }
}

/// Where a directive stands: what it says about the whole is for `[server]`, the rest for its routes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    Http,
    Server,
    Location,
}

const OWN_FIELDS: &str = "onedoor tells apps the client by itself, in X-Forwarded-For, X-Forwarded-Proto, X-Forwarded-Host and Forwarded";
const REAL_IP: &str =
    "onedoor does not send this field: the client's address is the first of X-Forwarded-For";
const UPGRADES: &str = "WebSockets pass by themselves";

impl Scope {
    /// For a block inside: what is said there takes the place of what was said outside, as nginx does it.
    pub(super) fn inside(&self, children: &[Directive]) -> Self {
        let mut scope = self.clone();
        let says = |name: &str| children.iter().any(|child| child.name == name);
        if says("proxy_set_header") {
            scope.host = HostField::Upstream;
        }
        if says("add_header") {
            scope.headers.clear();
        }
        if says("allow") || says("deny") {
            scope.guard = Guard { auth: scope.guard.auth, ..Guard::default() };
        }
        scope
    }

    /// Takes a directive that holds for its block; false: it is another's business.
    pub(super) fn take(
        &mut self,
        directive: &Directive,
        level: Level,
        server: &mut Entry,
        ledger: &mut Ledger,
    ) -> bool {
        let (item, first) = (directive.item, directive.arg(0));
        match directive.name.as_str() {
            "set" => {
                self.variables.insert(first.trim_start_matches('$').to_owned(), directive.arg(1).to_owned());
                ledger.converted(item, "put in where it is used");
            }
            "proxy_set_header" => self.field(directive, ledger),
            "auth_basic" if first == "off" => {
                self.guard.auth = None;
                ledger.converted(item, "no guard here");
            }
            "auth_basic" => self.guarded(format!("auth_basic \"{first}\""), item, ledger),
            "auth_basic_user_file" => ledger.missing(item, "see auth_basic beside it"),
            "auth_request" if first == "off" => ledger.converted(item, "no guard here"),
            "auth_request" => self.guarded(format!("auth_request {first}"), item, ledger),
            "auth_request_set" => ledger.missing(item, "see auth_request beside it"),
            "allow" | "deny" => self.access(directive, ledger),
            "root" => self.root = Some(first.to_owned()),
            "default_type" => {
                self.default_type = Some(first.to_owned());
                ledger.unneeded(item, "onedoor passes on the app's own Content-Type");
            }
            "add_header" => self.headers.push((first.to_owned(), directive.arg(1).to_owned(), item)),
            _ => return timing(directive, level, self, server, ledger),
        }
        true
    }

    fn guarded(&mut self, guard: String, item: Item, ledger: &mut Ledger) {
        self.guard.auth = Some(guard);
        ledger.missing(
            item,
            "onedoor cannot ask who comes in yet (`auth` is planned). What it guarded answers 403 now, so that nothing \
             is open by accident: let the app ask, then use the line beside the route",
        );
    }

    fn access(&mut self, directive: &Directive, ledger: &mut Ledger) {
        let (item, who) = (directive.item, directive.arg(0));
        match (directive.name.as_str(), who) {
            ("deny", "all") => self.guard.denies_all = true,
            ("allow", "all") => self.guard = Guard { auth: self.guard.auth.take(), ..Guard::default() },
            ("allow", _) => self.guard.allows.push(who.to_owned()),
            _ => {
                ledger.missing(item, "onedoor cannot refuse single addresses yet: let the app or whoever stands in front do it");
                return;
            }
        }
        if self.guard.allows.is_empty() {
            ledger.converted(item, "nobody may in is status = 403");
        } else {
            ledger.missing(
                item,
                "onedoor cannot ask from where one comes yet (`allow` is planned). What it guarded answers 403 now, so \
                 that nothing is open by accident: use the line beside the route when it may be open",
            );
        }
    }

    fn field(&mut self, directive: &Directive, ledger: &mut Ledger) {
        let (item, name, value) = (directive.item, directive.arg(0).to_ascii_lowercase(), directive.arg(1));
        match name.as_str() {
            "host" => {
                self.host = match value {
                    "$host" | "$http_host" | "$host:$server_port" | "$http_host:$server_port" | "$server_name" => HostField::Client,
                    "$proxy_host" => HostField::Upstream,
                    fixed => HostField::Fixed(fixed.to_owned()),
                };
                if let HostField::Fixed(fixed) = &self.host {
                    let how = format!("apps see the client's Host, URLs their own name; \"{fixed}\" is not sent");
                    ledger.changed(item, how);
                } else {
                    ledger.converted(item, "apps see the client's Host; for URLs: host = \"keep\"");
                }
            }
            "x-real-ip" | "x-client-ip" => ledger.changed(item, REAL_IP),
            "x-forwarded-for" | "x-forwarded-proto" | "x-forwarded-host" | "x-forwarded-port" | "forwarded"
            | "x-forwarded-scheme" | "x-scheme" | "x-url-scheme" | "x-forwarded-server" | "x-forwarded-protocol" | "x-forwarded-ssl" => {
                if matches!(name.as_str(), "x-forwarded-for" | "x-forwarded-proto" | "x-forwarded-host" | "forwarded") {
                    ledger.unneeded(item, OWN_FIELDS);
                } else {
                    ledger.changed(item, format!("this field is not sent; {OWN_FIELDS}"));
                }
            }
            "x-forwarded-prefix" | "x-script-name" => {
                ledger.unneeded(item, "behind strip = true onedoor sends X-Forwarded-Prefix");
            }
            "x-request-id" => ledger.unneeded(item, "onedoor sends X-Request-Id by itself"),
            "upgrade" => {
                self.upgrades = true;
                ledger.unneeded(item, UPGRADES);
            }
            "connection" => ledger.unneeded(item, UPGRADES),
            "accept-encoding" if value.is_empty() => {
                ledger.missing(item, "onedoor passes on Accept-Encoding: the app may compress");
            }
            "proxy" => ledger.unneeded(item, "apps behind HTTP do not turn `Proxy` into HTTP_PROXY; CGI is not served"),
            _ => ledger.missing(
                item,
                "onedoor does not change the request's fields yet (`request` is planned): let the app do without it, or \
                 give it by env",
            ),
        }
    }
}

/// Times, sizes, and whom to believe: mostly `[server]`.
fn timing(
    directive: &Directive,
    level: Level,
    scope: &Scope,
    server: &mut Entry,
    ledger: &mut Ledger,
) -> bool {
    let (item, first) = (directive.item, directive.arg(0));
    let key = match directive.name.as_str() {
        "client_max_body_size" if level != Level::Location => {
            match settings::size(first) {
                Some(Some(size)) => {
                    larger(server, "limits", "body", &size);
                    ledger.converted(item, format!("[server] limits = {{ body = \"{size}\" }}"));
                }
                Some(None) => ledger.converted(item, "no limit, which is onedoor's default"),
                None => ledger.missing(item, format!("\"{first}\" is no size")),
            }
            return true;
        }
        "proxy_connect_timeout" => "connect",
        "proxy_read_timeout" if scope.upgrades || is_long(first) => "tunnel",
        "proxy_read_timeout" => "first_byte",
        "proxy_send_timeout" | "client_body_timeout" | "send_timeout" => "body",
        "client_header_timeout" => "header",
        "keepalive_timeout" => "idle",
        "set_real_ip_from" => {
            let mut known = match fact(server, "trusted_proxies") {
                Some(Value::List(known)) => known.clone(),
                _ => Vec::new(),
            };
            if first == "unix:" {
                ledger.unneeded(item, "a Unix socket's peer is not asked for its address");
            } else {
                known.push(Value::from(first));
                server.say("trusted_proxies", Value::List(known));
                ledger.converted(item, "[server] trusted_proxies");
            }
            return true;
        }
        "real_ip_header" if first.eq_ignore_ascii_case("x-forwarded-for") => {
            ledger.unneeded(item, "onedoor reads X-Forwarded-For of trusted proxies");
            return true;
        }
        "real_ip_header" => {
            ledger.missing(
                item,
                "onedoor finds the client by X-Forwarded-For (or server.proxy_protocol), by no other field",
            );
            return true;
        }
        "access_log" if first == "off" && level != Level::Location => {
            ledger.missing(item, "write [log] access = \"off\" if no request at all is to be logged");
            return true;
        }
        "access_log" if first == "off" => {
            ledger.changed(item, "onedoor logs the requests of every route alike");
            return true;
        }
        "access_log" | "log_format" => {
            ledger.changed(
                item,
                "access lines go to stdout, in onedoor's own form (JSON, or for people on a terminal)",
            );
            return true;
        }
        _ => return false,
    };
    time(item, first, key, level, server, ledger);
    true
}

fn is_long(text: &str) -> bool {
    const WEBSOCKETS: Span = Span(30 * 60_000);
    settings::duration(text).is_some_and(|span| span >= WEBSOCKETS)
}

fn time(item: Item, first: &str, key: &str, level: Level, server: &mut Entry, ledger: &mut Ledger) {
    match settings::duration(first) {
        Some(Span(0)) | None => {
            ledger.missing(item, format!("[server] timeout = {{ {key} = … }} takes no \"{first}\""))
        }
        Some(span) => {
            larger(server, "timeout", key, &span.to_string());
            let into = format!("[server] timeout = {{ {key} = \"{span}\" }}");
            match level {
                Level::Location => {
                    ledger.changed(item, format!("{into}: the longest of all holds for every route"))
                }
                Level::Http | Level::Server => ledger.converted(item, into),
            }
        }
    }
}

/// Sets `table.key`, unless it is larger already.
fn larger(server: &mut Entry, table: &str, key: &str, value: &str) {
    let mut pairs = match fact(server, table) {
        Some(Value::Table(pairs)) => pairs.clone(),
        _ => Vec::new(),
    };
    match pairs.iter_mut().find(|(known, _)| known == key) {
        Some((_, Value::Text(known))) if weight(known) >= weight(value) => return,
        Some((_, known)) => *known = Value::from(value),
        None => pairs.push((key.to_owned(), Value::from(value))),
    }
    server.say(table, Value::Table(pairs));
}

fn weight(text: &str) -> u64 {
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => 1,
    };
    digits.parse::<u64>().unwrap_or(0).saturating_mul(unit)
}

/// Settles a directive by its name alone.
pub(super) fn settle_by_name(directive: &Directive, ledger: &mut Ledger) {
    if ledger.is_settled(directive.item) {
        return;
    }
    let verdict = match (directive.name.as_str(), directive.arg(0)) {
        ("proxy_redirect", "off" | "default") => {
            Verdict::Unneeded("behind strip = true onedoor sets Location right by itself".to_owned())
        }
        (name, _) => match settings::verdict(name) {
            Some(verdict) => verdict,
            None => return,
        },
    };
    directive.abandon(ledger, &verdict);
}
