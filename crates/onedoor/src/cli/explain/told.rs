//! What is told about one request, in words and as JSON: both from the same findings.

use std::io::{self, Write};

use onedoor_http1::{HeadError, PathChange};
use serde_json::{Value, json};

use super::asked::Asked;
use super::steps;
use crate::config::{Loaded, TableRow};
use crate::proxy::foretold::{Foreseen, Foretold, Forwarded, Mended, foretell};
use crate::proxy::route::{Action, Miss, NearMiss, Outcome, RunnerUp, Seen, Step, Verdict, Winner};
use crate::registry::AppId;

/// Near misses told; more is noise.
const NEAR_MISSES_MOST: usize = 5;

/// The findings, ready to be written.
#[derive(Debug, Default)]
pub(super) struct Told {
    request: String,
    client: Option<String>,
    /// None: it goes on, or the answer depends on more than the request.
    status: Option<u16>,
    /// `app node`, `https://google.com`, `404: no route is for this path`
    verdict: String,
    /// What could be sent instead.
    escaped: Option<String>,
    path: Option<(String, &'static str)>,
    route: Option<RouteTold>,
    steps: Vec<String>,
    upstream: Option<Upstream>,
    location: Option<String>,
    /// What of the answer's fields.
    mended: Option<Mended>,
    near: Vec<Near>,
}

#[derive(Debug)]
struct RouteTold {
    key: String,
    pattern: String,
    place: String,
    captures: Vec<(String, String)>,
    conditions: Vec<Seen>,
    because: String,
    /// What became of the prefix, where that was left to the framework.
    prefix: Option<String>,
}

#[derive(Debug)]
struct Upstream {
    line: String,
    fields: Vec<String>,
    replaced: Vec<String>,
    removed: Vec<String>,
}

#[derive(Debug)]
struct Near {
    pattern: String,
    place: String,
    why: String,
}

impl Told {
    pub(super) fn of(asked: &Asked, loaded: &Loaded) -> Self {
        let Asked { method, host, target, .. } = asked;
        // An argument may hold what a terminal would obey.
        let request = format!("{method} {host}{target}").replace(char::is_control, "\u{fffd}");
        let Some(head) = asked.head() else {
            let error = HeadError::BadTarget;
            let verdict = format!("{}: {error}", error.status());
            let (status, escaped) = (Some(error.status()), asked.escaped());
            return Self { request, status, verdict, escaped, ..Self::default() };
        };
        let name_of = |app: AppId| loaded.apps.apps.get(usize::from(app.0)).map_or("?", |app| &*app.name);
        let foretold = foretell(&loaded.proxy, name_of, &head, asked.peer);
        let mut told = Self { request, ..Self::default() };
        told.client = foretold.client.map(|client| client.to_string());
        told.judge(&foretold, asked, loaded);
        told.tell_route(&foretold, loaded);
        told
    }

    fn judge(&mut self, foretold: &Foretold<'_>, asked: &Asked, loaded: &Loaded) {
        match &foretold.end {
            Foreseen::Refused { status, why, bad_head } => {
                self.status = Some(*status);
                self.verdict = match foretold.explanation.as_ref().map(|found| &found.outcome) {
                    Some(Outcome::NotFound) => format!("{status}: no route is for this request"),
                    Some(Outcome::MethodNotAllowed { allow }) => format!("{status}: allowed are {allow}"),
                    Some(Outcome::Route(_)) | None => format!("{status}: {why}"),
                };
                if let Some(HeadError::BadTarget) = bad_head {
                    self.escaped = asked.escaped();
                }
            }
            Foreseen::Forward(Forwarded { route, line, fields, replaced, removed, mended }) => {
                self.verdict = target(&route.action, loaded);
                self.steps = steps::of(route, foretold.method, mended.as_ref(), loaded);
                self.mended = mended.clone();
                self.upstream = Some(Upstream {
                    line: line.clone(),
                    fields: fields.clone(),
                    replaced: replaced.clone(),
                    removed: removed.clone(),
                });
            }
            Foreseen::Respond(answer) => {
                self.status = Some(answer.status);
                self.verdict = format!("answer {}, {} bytes", answer.status, answer.body.len());
            }
            Foreseen::Redirect { status, location } => {
                self.status = Some(*status);
                self.verdict = format!("redirect {status}");
                self.location = Some(location.clone());
                if let Some(Outcome::Route(winner)) =
                    foretold.explanation.as_ref().map(|found| &found.outcome)
                {
                    match winner.route.action {
                        Action::App { .. } => {
                            self.verdict = format!("redirect {status}, to the mount with its slash");
                            self.steps = steps::to_the_slash(location);
                        }
                        Action::Files(_) => {
                            self.verdict = format!("redirect {status}, to the folder with its slash");
                        }
                        Action::Proxy { .. }
                        | Action::Respond(_)
                        | Action::Redirect(_)
                        | Action::Builtin(_) => {}
                    }
                }
            }
            Foreseen::Builtin(builtin) => self.verdict = format!("built-in {}", builtin.word()),
            Foreseen::File { files, path } => {
                let (verdict, steps) = steps::of_file(files, path.as_deref());
                self.verdict = verdict;
                self.steps = steps;
            }
            Foreseen::Options => {
                self.status = Some(200);
                "200: the door itself is meant, and no route is asked".clone_into(&mut self.verdict);
            }
        }
    }

    fn tell_route(&mut self, foretold: &Foretold<'_>, loaded: &Loaded) {
        let Some(explanation) = &foretold.explanation else { return };
        self.path = foretold.path.clone().and_then(|(path, change)| match change {
            PathChange::None => None,
            PathChange::Encoding => Some((path, "as it is matched")),
            PathChange::DotSegments => Some((path, ". and .. are resolved, for the upstream too")),
        });
        if let Outcome::Route(winner) = &explanation.outcome {
            self.route = Some(RouteTold::of(winner, loaded));
        }
        self.near = explanation.near_misses.iter().take(NEAR_MISSES_MOST).map(Near::of).collect();
    }

    pub(super) fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{}  ->  {}", self.request, self.verdict)?;
        let mut line = |label: &str, text: &str| writeln!(out, "  {label:<9} {text}");
        if let Some(escaped) = &self.escaped {
            line("escaped", escaped)?;
        }
        if let Some((path, why)) = &self.path {
            line("path", &format!("{path}  ({why})"))?;
        }
        if let Some(route) = &self.route {
            let RouteTold { key, pattern, place, captures, conditions, because, prefix } = route;
            // Of several routes of one key the name goes on with the conditions.
            let also = if key.starts_with(pattern) { String::new() } else { format!(", that is {pattern}") };
            line("route", &format!("{key}{also}  ({place})"))?;
            for (name, value) in captures {
                line("capture", &format!("{name} = {value}"))?;
            }
            for seen in conditions {
                line("when", &seen.condition)?;
            }
            line("because", because)?;
            if let Some(prefix) = prefix {
                line("prefix", prefix)?;
            }
            if let Some(client) = self.client.as_ref().filter(|_| route.asks_for_address()) {
                line("client", client)?;
            }
        }
        for (at, step) in self.steps.iter().enumerate() {
            line(if at == 0 { "then" } else { "" }, step)?;
        }
        if let Some(Upstream { line: first, fields, replaced, removed }) = &self.upstream {
            line("upstream", first)?;
            for field in fields {
                line("", field)?;
            }
            for field in replaced {
                line("replaced", field)?;
            }
            for field in removed {
                line("removed", field)?;
            }
        }
        if let Some(location) = &self.location {
            line("location", location)?;
        }
        for Near { pattern, place, why } in &self.near {
            line("not", &format!("{pattern}  ({place}): {why}"))?;
        }
        Ok(())
    }

    pub(super) fn json(&self) -> Value {
        json!({
            "request": self.request,
            "client": self.client,
            "verdict": self.verdict,
            "status": self.status,
            "path": self.path.as_ref().map(|(path, _)| path),
            "route": self.route.as_ref().map(RouteTold::json),
            "steps": self.steps,
            "upstream": self.upstream.as_ref().map(|upstream| json!({
                "request": upstream.line,
                "headers": upstream.fields,
                "replaced": upstream.replaced,
                "removed": upstream.removed,
            })),
            "location": self.location,
            "mended": self.mended.as_ref().map(mended),
            "not": self.near.iter().map(|near| json!({
                "pattern": near.pattern,
                "place": near.place,
                "why": near.why,
            })).collect::<Vec<_>>(),
        })
    }
}

impl RouteTold {
    fn of(winner: &Winner<'_>, loaded: &Loaded) -> Self {
        Self {
            key: winner.route.name.to_string(),
            pattern: winner.pattern.written().to_owned(),
            place: winner.route.place.to_string(),
            captures: winner.captures.clone(),
            conditions: winner.conditions.clone(),
            because: because(winner),
            prefix: prefix(winner, loaded),
        }
    }

    fn asks_for_address(&self) -> bool {
        self.conditions.iter().any(|seen| seen.condition.starts_with("ip = "))
    }

    fn json(&self) -> Value {
        let captures = self.captures.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str())));
        let when = self.conditions.iter();
        json!({
            "key": self.key,
            "pattern": self.pattern,
            "place": self.place,
            "captures": sorted::map(captures),
            "when": when.map(|seen| json!({ "condition": seen.condition, "value": seen.value })).collect::<Vec<_>>(),
            "because": self.because,
            "prefix": self.prefix,
        })
    }
}

impl Near {
    fn of(near: &NearMiss<'_>) -> Self {
        Self {
            pattern: near.pattern.written().to_owned(),
            place: near.route.place.to_string(),
            why: why_not(&near.miss),
        }
    }
}

fn mended(Mended { paths, cookie_domain }: &Mended) -> Value {
    json!({
        "paths": paths.as_ref().map(|paths| json!({
            "inside": paths.inside,
            "outside": paths.outside,
            "authority": paths.authority,
        })),
        "cookie_domain": cookie_domain,
    })
}

fn because(winner: &Winner<'_>) -> String {
    let Some(RunnerUp { route, pattern, decided_by }) = &winner.runner_up else {
        return "no other route matches".to_owned();
    };
    let why = match decided_by {
        Step::Host => "more exact in the host".to_owned(),
        Step::Path { segment, .. } => format!("more exact in segment {} of the path", segment + 1),
        Step::Method => "more exact in the method".to_owned(),
        Step::When => "more exact in its conditions".to_owned(),
        Step::Priority => "higher in priority".to_owned(),
    };
    format!("{why} than {}  ({})", pattern.written(), route.place)
}

/// Where it was left to the framework, what it decided.
fn prefix(winner: &Winner<'_>, loaded: &Loaded) -> Option<String> {
    let is_its = |row: &&TableRow| row.place == winner.route.place && row.at == *winner.pattern.written();
    let framework = loaded.table.iter().find(is_its)?.asked?;
    let done = match &winner.route.action {
        Action::App { rewrite, .. } if rewrite.stripped_prefix().is_some() => "cut off",
        Action::App { .. }
        | Action::Proxy { .. }
        | Action::Respond(_)
        | Action::Redirect(_)
        | Action::Builtin(_)
        | Action::Files(_) => "kept",
    };
    Some(format!("{done}, as {framework} wants it (prefix = \"auto\")"))
}

fn target(action: &Action, loaded: &Loaded) -> String {
    match action {
        Action::App { app, .. } => {
            let name = loaded.apps.apps.get(usize::from(app.0)).map_or("?", |app| &*app.name);
            format!("app {name}")
        }
        Action::Proxy { upstream, rewrite, .. } => {
            let found = loaded.proxy.upstreams.get(usize::from(upstream.0));
            let base = String::from_utf8_lossy(rewrite.base());
            found.map_or_else(|| "?".to_owned(), |upstream| format!("{}{base}", upstream.origin))
        }
        Action::Respond(_) | Action::Redirect(_) | Action::Builtin(_) | Action::Files(_) => String::new(),
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
