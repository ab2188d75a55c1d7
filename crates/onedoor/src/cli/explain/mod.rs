//! `onedoor explain [METHOD] URL`: which route takes a request, why, what the upstream will see, and what came close.
//!
//! Asks the very parser and the very table that the proxy asks. Starts nothing, sends nothing.

mod asked;

use std::io::{self, Write};

use clap::Args;
use onedoor_http1::{EncodedSlash, HeadError, PathChange};

use self::asked::{Asked, AskedPath, Read};
use super::{Ended, FileArguments, Surroundings};
use crate::config::{self, Loaded};
use crate::proxy::route::{
    Action, Ask, Details, EncodedSlashPolicy, Explanation, Found, Matched, Miss, NearMiss, Outcome, Route,
    RunnerUp, Seen, Step, UpstreamHost, Verdict, Winner,
};

/// Near misses shown; more is noise.
const NEAR_MISSES_MOST: usize = 5;

/// Say which route takes a request, why, and what the upstream will see.
#[derive(Debug, Args)]
#[command(override_usage = "onedoor explain [OPTIONS] [METHOD] URL")]
pub(super) struct Arguments {
    /// The request: a path or a whole URL, as it goes over the wire; a method in front if it is not GET
    #[arg(value_name = "[METHOD] URL", num_args = 1..=2, required = true)]
    request: Vec<String>,
    /// The Host it asks for, if the URL names none
    #[arg(long, value_name = "HOST")]
    host: Option<String>,
    #[command(flatten)]
    files: FileArguments,
}

pub(super) fn run(arguments: &Arguments, surroundings: &mut Surroundings<'_>) -> io::Result<Ended> {
    let asked = match Asked::new(&arguments.request, arguments.host.as_deref()) {
        Ok(asked) => asked,
        Err(why) => {
            writeln!(surroundings.talk, "error: {why}")?;
            return Ok(Ended::Wrong);
        }
    };
    let loaded = config::load_to_ask(&arguments.files.layers(), surroundings.env);
    let loaded = match super::told(loaded, surroundings)? {
        Ok(loaded) => loaded,
        Err(ended) => return Ok(ended),
    };
    let Asked { method, host, target } = &asked;
    // An argument may hold what a terminal would obey.
    let asked_for = format!("{method} {host}{target}").replace(char::is_control, "\u{fffd}");
    write!(surroundings.out, "{asked_for}  ->  ")?;
    match asked.read(&loaded.proxy.limits.head) {
        Read::Path(path) => explain(&asked, &path, &loaded, surroundings.out)?,
        Read::Door => writeln!(surroundings.out, "200: the door itself is meant, and no route is asked")?,
        Read::MethodRefused => writeln!(surroundings.out, "405: TRACE and CONNECT are always refused")?,
        Read::BadHead(error) => {
            writeln!(surroundings.out, "{}: {error}", error.status())?;
            if let (HeadError::BadTarget, Some(escaped)) = (error, asked.escaped()) {
                writeln!(surroundings.out, "  escaped   {escaped}")?;
            }
        }
        Read::BadPath(error) => writeln!(surroundings.out, "{}: {error}", error.status())?,
    }
    let upper = method.to_ascii_uppercase();
    if upper != *method && ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"].contains(&&*upper) {
        writeln!(surroundings.talk, "note: methods are case-sensitive; {method} is not {upper}")?;
    }
    Ok(Ended::Well)
}

fn explain(asked: &Asked, path: &AskedPath, loaded: &Loaded, out: &mut dyn Write) -> io::Result<()> {
    let routes = &loaded.proxy.routes;
    let details = Details { query: path.query.as_deref(), ..Details::default() };
    let ask =
        Ask { method: asked.method.as_bytes(), host: asked.host.as_bytes(), path: &path.normal, details };
    let Explanation { outcome, near_misses } = routes.explain(&ask);
    match &outcome {
        Outcome::NotFound => writeln!(out, "404: no route is for this path")?,
        Outcome::MethodNotAllowed { allow } => writeln!(out, "405: allowed are {allow}")?,
        Outcome::Route(winner) if is_refused(path, winner.route) => {
            writeln!(
                out,
                "400: the path has an escaped slash, and the route says encoded_slash = \"reject\""
            )?;
            write_winner(winner, path, out)?;
        }
        Outcome::Route(winner) => {
            writeln!(out, "{}", target(&winner.route.action, loaded))?;
            write_winner(winner, path, out)?;
            if let Found::Route(matched) = routes.find(&ask) {
                write_upstream(&matched, asked, path, out)?;
            }
        }
    }
    for near in near_misses.iter().take(NEAR_MISSES_MOST) {
        let NearMiss { route, pattern, miss } = near;
        writeln!(out, "  not       {}  ({}): {}", pattern.written(), route.place, why_not(miss))?;
    }
    Ok(())
}

fn is_refused(path: &AskedPath, route: &Route) -> bool {
    path.encoded_slash == EncodedSlash::Present && route.policy.encoded_slash == EncodedSlashPolicy::Reject
}

fn write_winner(winner: &Winner<'_>, path: &AskedPath, out: &mut dyn Write) -> io::Result<()> {
    let normal = String::from_utf8_lossy(&path.normal);
    match path.change {
        PathChange::None => {}
        PathChange::Encoding => {
            writeln!(out, "  path      {normal}  (as it is matched)")?;
        }
        PathChange::DotSegments => {
            writeln!(out, "  path      {normal}  (. and .. are resolved, for the upstream too)")?;
        }
    }
    let (name, written) = (&winner.route.name, winner.pattern.written());
    let also = if **name == *written { String::new() } else { format!(", that is {written}") };
    writeln!(out, "  route     {name}{also}  ({})", winner.route.place)?;
    write_why(winner, out)
}

fn write_why(winner: &Winner<'_>, out: &mut dyn Write) -> io::Result<()> {
    for (name, value) in &winner.captures {
        writeln!(out, "  capture   {name} = {value}")?;
    }
    for Seen { condition, .. } in &winner.conditions {
        writeln!(out, "  when      {condition}: holds")?;
    }
    match &winner.runner_up {
        None => writeln!(out, "  because   no other route matches"),
        Some(RunnerUp { route, pattern, decided_by }) => {
            let why = match decided_by {
                Step::Host => "more exact in the host".to_owned(),
                Step::Path { segment, .. } => format!("more exact in segment {} of the path", segment + 1),
                Step::Method => "more exact in the method".to_owned(),
                Step::When => "more exact in its conditions".to_owned(),
                Step::Priority => "higher in priority".to_owned(),
            };
            writeln!(out, "  because   {why} than {}  ({})", pattern.written(), route.place)
        }
    }
}

fn target(action: &Action, loaded: &Loaded) -> String {
    match action {
        Action::App { app, .. } => {
            let name = loaded.apps.apps.get(usize::from(app.0)).map_or("?", |app| &*app.name);
            format!("app {name}")
        }
        Action::Proxy { upstream, .. } => {
            let found = loaded.proxy.upstreams.get(usize::from(upstream.0));
            found.map_or_else(|| "?".to_owned(), |upstream| upstream.written.to_string())
        }
        Action::Respond(answer) => {
            format!("answer {}, {} bytes", answer.status, answer.body.len())
        }
        Action::Redirect(redirect) => format!("redirect {}", redirect.status),
        Action::Builtin(builtin) => format!("built-in {}", builtin.word()),
    }
}

/// What goes out: the upstream's request line and Host, or the client's Location.
fn write_upstream(
    matched: &Matched<'_>,
    asked: &Asked,
    path: &AskedPath,
    out: &mut dyn Write,
) -> io::Result<()> {
    let (host, rewrite) = match &matched.route.action {
        Action::App { host, rewrite, .. } | Action::Proxy { host, rewrite, .. } => (host, rewrite),
        Action::Redirect(redirect) => {
            let mut location = Vec::new();
            redirect.location(matched, &path.forward, path.query.as_deref(), &mut location);
            return writeln!(out, "  location  {}", String::from_utf8_lossy(&location));
        }
        Action::Respond(_) | Action::Builtin(_) => return Ok(()),
    };
    let host = match host {
        UpstreamHost::Upstream(host) => &**host,
        UpstreamHost::Keep if asked.host.is_empty() => "as the client sent it",
        UpstreamHost::Keep => &asked.host,
    };
    let mut target = Vec::new();
    rewrite.upstream_path(matched, &path.forward, &mut target);
    if let Some(query) = &path.query {
        target.push(b'?');
        target.extend_from_slice(query);
    }
    writeln!(out, "  upstream  {} {}", asked.method, String::from_utf8_lossy(&target))?;
    writeln!(out, "            Host: {host}")?;
    match rewrite.stripped_prefix() {
        Some(prefix) => writeln!(out, "            X-Forwarded-Prefix: {prefix}"),
        None => Ok(()),
    }
}

fn why_not(miss: &Miss) -> String {
    match miss {
        Miss::Segment { asked, wanted } => format!("\"{asked}\" is a different segment than \"{wanted}\""),
        Miss::PathGoesOn { with } => format!("it is exact, and the path goes on with {with}"),
        Miss::PathEnds { wanted } => format!("the path ends before \"{wanted}\""),
        Miss::Method { wanted } => format!("it is for {wanted} only"),
        Miss::Host => "it is for another host".to_owned(),
        Miss::When(seen) => seen.iter().filter_map(unmet).collect::<Vec<_>>().join("; "),
    }
}

fn unmet(seen: &Seen) -> Option<String> {
    let Seen { condition, value, verdict } = seen;
    match (verdict, value) {
        (Verdict::Holds, _) => None,
        (Verdict::Fails, Some(value)) => Some(format!("{condition}, and it is \"{value}\"")),
        (Verdict::Fails, None) => Some(format!("{condition}, and there is none")),
    }
}
