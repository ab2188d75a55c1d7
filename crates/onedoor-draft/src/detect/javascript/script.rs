//! A start script as a command of its own, and scripts that are started without one.

use crate::detect::{Found, Provider, routes};
use crate::folder::{Place, Source};

/// A server without a package.json.
pub(super) const SCRIPTS: [&str; 10] = [
    "server.js",
    "main.js",
    "index.js",
    "app.js",
    "server.mjs",
    "main.mjs",
    "index.mjs",
    "server.ts",
    "main.ts",
    "index.ts",
];

/// A script that listens, in a folder without a package.json.
pub(super) fn look(place: Place<'_>) -> Option<Found> {
    let (name, text) = SCRIPTS
        .into_iter()
        .filter(|name| place.has(name))
        .find_map(|name| Some((name, place.text(name)?)))?;
    let sign = listens(&text)?;
    let is_deno = text.contains("Deno.serve(");
    let is_bun = text.contains("Bun.serve(") || place.first_of(&["bun.lock", "bun.lockb"]).is_some();
    let (provider, run) = match () {
        () if is_deno => (Provider::Deno, format!("deno run --allow-net --allow-env --allow-read {name}")),
        () if is_bun => (Provider::Bun, format!("bun {name}")),
        // Node runs TypeScript since 22.18 by taking the types out.
        () => (Provider::Node, format!("node {name}")),
    };
    let mut found = Found::new(place, provider, run);
    found.because(place, name, sign.trim_end_matches('('));
    found.routes = routes::of(&[Source { name: name.to_owned(), text }]);
    Some(found)
}

/// What says that a program listens.
pub(super) fn listens(text: &str) -> Option<&'static str> {
    [".listen(", "createServer(", "Bun.serve(", "Deno.serve(", "serve(", "export default {"]
        .into_iter()
        .find(|sign| text.contains(sign))
}

pub(super) enum Resolved {
    Command {
        env: Vec<(String, String)>,
        command: String,
    },
    /// It takes a shell, or calls another script.
    NotOne,
}

/// A script as a command of its own: variables in front apart, and a port that is written down given back to the door.
pub(super) fn resolve(script: &str) -> Resolved {
    if script.contains(['|', '&', ';', '<', '>', '(', ')', '`', '$']) {
        return Resolved::NotOne;
    }
    let Some(words) = shlex::split(script) else { return Resolved::NotOne };
    let words: Vec<String> = words.into_iter().skip_while(|word| word == "cross-env").collect();
    let is_set = |word: &&String| word.split_once('=').is_some_and(|(name, _)| is_variable(name));
    let env: Vec<(String, String)> = words
        .iter()
        .take_while(is_set)
        .filter_map(|word| word.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let words = words.get(env.len()..).unwrap_or_default();
    match words.first().map(String::as_str) {
        None | Some("npm" | "pnpm" | "yarn" | "bun" | "npx" | "turbo" | "nx" | "lerna") => Resolved::NotOne,
        Some(_) => {
            // The port is the door's to give.
            let env = env.into_iter().filter(|(name, _)| name != "PORT" && name != "HOST").collect();
            Resolved::Command { env, command: freed_port(words) }
        }
    }
}

/// `next start -p 3000` with `$PORT` in the place of the number: two apps cannot both have 3000.
fn freed_port(words: &[String]) -> String {
    let is_number = |word: &str| word.parse::<u16>().is_ok();
    let mut said = Vec::with_capacity(words.len());
    let mut is_port = false;
    for word in words {
        let freed = match word.split_once('=') {
            _ if is_port && is_number(word) => Some("$PORT".to_owned()),
            Some(("--port", number)) if is_number(number) => Some("--port=$PORT".to_owned()),
            _ => None,
        };
        is_port = word == "-p" || word == "--port";
        let quoted = || shlex::try_quote(word).map_or_else(|_| word.clone(), std::borrow::Cow::into_owned);
        said.push(freed.unwrap_or_else(quoted));
    }
    said.join(" ")
}

fn is_variable(name: &str) -> bool {
    !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}

/// True for a script that only starts another package's.
pub(super) fn delegates(script: &str) -> bool {
    ["turbo", "nx ", "lerna", "pnpm ", "npm ", "yarn ", "bun "]
        .iter()
        .any(|tool| script.trim_start().starts_with(tool))
        || script.contains("--workspace")
        || script.contains("concurrently")
}
