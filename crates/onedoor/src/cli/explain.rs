//! `onedoor explain [METHOD] URL`: which route takes a request, why, what the upstream will see, and what came close.
//!
//! Asks the very table that the proxy asks. Starts nothing, sends nothing.

use std::io::{self, Write};

use clap::Args;

use super::{Ended, FileArgument, Surroundings};
use crate::config::{self, Loaded};
use crate::proxy::route::{
    Action, Ask, Builtin, Explanation, Found, Matched, Miss, NearMiss, Outcome, Rewrite, RunnerUp, Step,
    UpstreamHost, Winner,
};

/// Near misses shown; more is noise.
const NEAR_MISSES_MOST: usize = 5;

/// Say which route takes a request, why, and what the upstream will see.
#[derive(Debug, Args)]
#[command(override_usage = "onedoor explain [OPTIONS] [METHOD] URL")]
pub(super) struct Arguments {
    /// The request: a path or a whole URL, with a method in front if it is not GET
    #[arg(value_name = "[METHOD] URL", num_args = 1..=2, required = true)]
    request: Vec<String>,
    /// The Host it asks for, if the URL names none
    #[arg(long, value_name = "HOST")]
    host: Option<String>,
    #[command(flatten)]
    file: FileArgument,
}

/// A request as it was asked about.
struct Asked {
    method: String,
    host: String,
    path: String,
    /// With its `?`.
    query: String,
}

pub(super) fn run(arguments: &Arguments, surroundings: &mut Surroundings<'_>) -> io::Result<Ended> {
    let asked = match asked(arguments) {
        Ok(asked) => asked,
        Err(why) => {
            writeln!(surroundings.talk, "error: {why}")?;
            return Ok(Ended::Wrong);
        }
    };
    let loaded = config::load_to_ask(&arguments.file.file, surroundings.env);
    let loaded = match super::told(loaded, surroundings)? {
        Ok(loaded) => loaded,
        Err(ended) => return Ok(ended),
    };
    explain(&asked, &loaded, surroundings.out)?;
    if asked.path.contains('%') || asked.path.contains("/.") {
        writeln!(
            surroundings.talk,
            "note: the path is matched as written here; the door first resolves . and .. and"
        )?;
        writeln!(surroundings.talk, "      escapes that need not be")?;
    }
    Ok(Ended::Well)
}

fn asked(arguments: &Arguments) -> Result<Asked, String> {
    let (method, url) = match &arguments.request[..] {
        [url] => ("GET", url.as_str()),
        [method, url] => (method.as_str(), url.as_str()),
        _ => return Err("write a URL, or a method and a URL".to_owned()),
    };
    let without_scheme = url.split_once("://").map(|(_, rest)| rest);
    let (url_host, target) = match without_scheme {
        Some(rest) => rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len())),
        None => ("", url),
    };
    let target = target.split('#').next().unwrap_or(target);
    let (path, query) = target.split_at(target.find('?').unwrap_or(target.len()));
    let path = match path {
        "" if without_scheme.is_some() => "/",
        path if path.starts_with('/') => path,
        path => return Err(format!("\"{path}\" is no path: write \"/{path}\", or a URL with its scheme")),
    };
    let host = arguments.host.clone().unwrap_or_else(|| url_host.to_owned());
    Ok(Asked { method: method.to_owned(), host, path: path.to_owned(), query: query.to_owned() })
}

fn explain(asked: &Asked, loaded: &Loaded, out: &mut dyn Write) -> io::Result<()> {
    let routes = &loaded.proxy.routes;
    let ask =
        Ask { method: asked.method.as_bytes(), host: asked.host.as_bytes(), path: asked.path.as_bytes() };
    let Explanation { outcome, near_misses } = routes.explain(&ask);
    let Asked { method, host, path, query } = asked;
    write!(out, "{method} {host}{path}{query}")?;
    match &outcome {
        Outcome::NotFound => writeln!(out, "  ->  404: no route is for this path")?,
        Outcome::MethodNotAllowed { allow } => writeln!(out, "  ->  405: allowed are {allow}")?,
        Outcome::Route(winner) => {
            writeln!(out, "  ->  {}", target(&winner.route.action, loaded))?;
            let (name, written) = (&winner.route.name, winner.pattern.written());
            let also = if **name == *written { String::new() } else { format!(", that is {written}") };
            writeln!(out, "  route     {name}{also}  ({})", winner.route.place)?;
            write_why(winner, out)?;
            if let Found::Route(matched) = routes.find(&ask) {
                write_upstream(&matched, asked, out)?;
            }
        }
    }
    for near in near_misses.iter().take(NEAR_MISSES_MOST) {
        let NearMiss { route, pattern, miss } = near;
        writeln!(out, "  not       {}  ({}): {}", pattern.written(), route.place, why_not(miss))?;
    }
    Ok(())
}

fn write_why(winner: &Winner<'_>, out: &mut dyn Write) -> io::Result<()> {
    for (name, value) in &winner.captures {
        writeln!(out, "  capture   {name} = {value}")?;
    }
    match &winner.runner_up {
        None => writeln!(out, "  because   no other route matches"),
        Some(RunnerUp { route, pattern, decided_by }) => {
            let why = match decided_by {
                Step::Host => "more exact in the host".to_owned(),
                Step::Path { segment, .. } => format!("more exact in segment {} of the path", segment + 1),
                Step::Method => "more exact in the method".to_owned(),
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
        Action::Builtin(Builtin::Health) => "built-in health".to_owned(),
        Action::Builtin(Builtin::Ready) => "built-in ready".to_owned(),
    }
}

/// What goes out: the upstream's request line and Host, or the client's Location.
fn write_upstream(matched: &Matched<'_>, asked: &Asked, out: &mut dyn Write) -> io::Result<()> {
    let (host, rewrite) = match &matched.route.action {
        Action::App { host, rewrite, .. } | Action::Proxy { host, rewrite, .. } => (host, rewrite),
        Action::Redirect(redirect) => {
            let mut location = Vec::new();
            let query = asked.query.strip_prefix('?').map(str::as_bytes);
            redirect.location(matched, asked.path.as_bytes(), query, &mut location);
            return writeln!(out, "  location  {}", String::from_utf8_lossy(&location));
        }
        Action::Respond(_) | Action::Builtin(_) => return Ok(()),
    };
    let host = match host {
        UpstreamHost::Upstream(host) => &**host,
        UpstreamHost::Keep if asked.host.is_empty() => "as the client sent it",
        UpstreamHost::Keep => &asked.host,
    };
    let path = upstream_path(rewrite, matched, &asked.path);
    writeln!(out, "  upstream  {} {path}{}", asked.method, asked.query)?;
    writeln!(out, "            Host: {host}")?;
    match rewrite.stripped_prefix() {
        Some(prefix) => writeln!(out, "            X-Forwarded-Prefix: {prefix}"),
        None => Ok(()),
    }
}

fn upstream_path(rewrite: &Rewrite, matched: &Matched<'_>, path: &str) -> String {
    let mut out = Vec::new();
    rewrite.upstream_path(matched, path.as_bytes(), &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

fn why_not(miss: &Miss) -> String {
    match miss {
        Miss::Segment { asked, wanted } => format!("\"{asked}\" is a different segment than \"{wanted}\""),
        Miss::PathGoesOn { with } => format!("it is exact, and the path goes on with {with}"),
        Miss::PathEnds { wanted } => format!("the path ends before \"{wanted}\""),
        Miss::Method { wanted } => format!("it is for {wanted} only"),
        Miss::Host => "it is for another host".to_owned(),
    }
}
