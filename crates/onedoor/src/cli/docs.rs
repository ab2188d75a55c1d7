//! `onedoor docs`: the reference, from the catalogue that the decoder itself uses.

use std::borrow::Cow;
use std::io::{self, Write};

use clap::Args;

use super::{Ended, Surroundings};
use crate::config::catalogue::{self, Row, Status};

/// Say what a key of the file means; without one: list them all.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// A key, by its whole path (`server.limits.body`, `apps.*.run`) or its end (`body`)
    key: Option<String>,
    /// Print the whole reference as Markdown (docs/config.md)
    #[arg(long, conflicts_with = "key")]
    markdown: bool,
}

pub(super) fn run(arguments: &Arguments, surroundings: &mut Surroundings<'_>) -> io::Result<Ended> {
    let Some(key) = &arguments.key else {
        if arguments.markdown {
            write_markdown(surroundings.out)?;
        } else {
            write_list(surroundings.out)?;
        }
        return Ok(Ended::Well);
    };
    let found = find(key);
    if found.is_empty() {
        writeln!(surroundings.talk, "there is no key `{key}`")?;
        if let Some(near) = catalogue::nearest_path(key) {
            writeln!(surroundings.talk, "did you mean `{near}`?")?;
        }
        return Ok(Ended::Wrong);
    }
    for (index, row) in found.into_iter().enumerate() {
        if index > 0 {
            writeln!(surroundings.out)?;
        }
        write_row(row, surroundings.out)?;
    }
    Ok(Ended::Well)
}

/// The key of that path and what stands below it, else every key that ends so. `apps.web.run` means `apps.*.run`.
fn find(key: &str) -> Vec<&'static Row> {
    let key = without_layer(key);
    let parts: Vec<&str> = key.split('.').collect();
    let is_named = |row: &Row| {
        let mut path = row.path.split('.');
        let as_written = parts.iter().all(|part| path.next().is_some_and(|own| own == *part || own == "*"));
        as_written && path.next().is_none()
    };
    if let Some(named) = catalogue::rows().find(|row| is_named(row)) {
        let below = catalogue::rows().filter(|row| row.parent() == catalogue::shape(named));
        let below = below.filter(|row| !catalogue::refused_in(named).contains(&row.key()));
        return std::iter::once(named).chain(below).collect();
    }
    catalogue::rows().filter(|row| row.path.ends_with(&format!(".{key}"))).collect()
}

/// `defaults.app.stop` is what `apps.*.stop` is, and `profile.dev.log` what `log` is.
fn without_layer(key: &str) -> Cow<'_, str> {
    if let Some(key) = key.strip_prefix("defaults.app.") {
        return Cow::Owned(format!("apps.*.{key}"));
    }
    match key.strip_prefix("profile.").and_then(|named| named.split_once('.')) {
        Some((_, key)) => without_layer(key),
        None => Cow::Borrowed(key),
    }
}

fn write_row(row: &Row, out: &mut dyn Write) -> io::Result<()> {
    match row.status {
        Status::NotYet => {
            writeln!(out, "{} (not supported yet)", row.path)?;
            writeln!(out, "  {}", row.text)
        }
        Status::Supported => {
            writeln!(out, "{}", row.path)?;
            writeln!(out, "  {}", row.text)?;
            writeln!(out, "  value:   {}", catalogue::describe(row.kinds))?;
            if !row.default.is_empty() {
                writeln!(out, "  default: {}", row.default)?;
            }
            writeln!(out, "  since:   {}", row.since)
        }
    }
}

fn write_list(out: &mut dyn Write) -> io::Result<()> {
    let supported = || catalogue::rows().filter(|row| row.status == Status::Supported);
    let width = supported().map(|row| row.path.len()).max().unwrap_or(0);
    for row in supported() {
        let default = if row.default.is_empty() { "-" } else { row.default };
        writeln!(out, "{:width$}  {default}", row.path)?;
    }
    Ok(())
}

/// docs/config.md, whole.
fn write_markdown(out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "# onedoor.toml\n")?;
    writeln!(out, "<!-- Made by `onedoor docs --markdown`; change the catalogue, not this file. -->\n")?;
    writeln!(out, "{}\n", INTRODUCTION.trim())?;
    let sections = [
        ("The top", ""),
        ("`[server]`", "server"),
        ("`[apps]`", "apps"),
        ("`[defaults]`", "defaults"),
        ("`[jobs]`", "jobs"),
        ("`[routes]`", "routes"),
        ("`[log]`", "log"),
        ("`[admin]`", "admin"),
        ("`[profile]`", "profile"),
    ];
    for (title, prefix) in sections {
        writeln!(out, "## {title}\n")?;
        writeln!(out, "| key | value | default | |\n|---|---|---|---|")?;
        for row in catalogue::rows().filter(|row| row.status == Status::Supported) {
            let head = row.path.split('.').next().unwrap_or("");
            let is_here =
                if prefix.is_empty() { head == row.path } else { head == prefix && head != row.path };
            if is_here {
                let value = cell(&catalogue::describe(row.kinds));
                writeln!(out, "| `{}` | {value} | {} | {} |", row.path, cell(row.default), cell(row.text))?;
            }
        }
        writeln!(out)?;
    }
    writeln!(out, "## Not supported yet\n")?;
    writeln!(out, "These belong to the language; a file that uses one is refused.\n")?;
    writeln!(out, "| key | |\n|---|---|")?;
    for row in catalogue::rows().filter(|row| row.status == Status::NotYet) {
        writeln!(out, "| `{}` | {} |", row.path, cell(row.text))?;
    }
    Ok(())
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

const INTRODUCTION: &str = "
The common case is three lines, and nothing in the file depends on order:

```toml
[apps]
web = \"uvicorn main:app\"      # served at /
api = \"node server.js\"        # served at /api
```

A duration is a whole number with its unit: `ms`, `s`, `m`, `h`, `d`. A size is one with `B`, `KB`, `MB`, `GB`, `KiB`,
`MiB`, `GiB`. Relative paths start at the file's folder. Keys that start with `x-` are yours.

`${VAR}` in a value is the container's variable at load; an unset one is an error. `${VAR:-default}` has a default,
`${VAR:?why}` a reason, `$$` is a plain `$`. Commands (`run`) are different: they see the app's environment when it
starts.

| a pattern | matches |
|---|---|
| `\"/health\"` | exactly that path |
| `\"/node/*\"` as a route, `path = \"/node\"` on an app | `/node`, `/node/` and everything below; never `/nodejs` |
| `\"/users/{id}\"`, `\"/f/{rest...}\"`, `\"/{id:[0-9]+}\"` | one segment; the remainder; one segment by a regex |
| `\"GET example.com/x\"`, `\"*.example.com/*\"` | that method; that host; any host below it |

Who wins is decided by the patterns alone: the more exact host, then the more exact path segment by segment, then the
method. Two routes that tie are an error; `priority` breaks the tie.

## Layers

`-f base.toml -f prod.toml` reads both and lays the later over the earlier: tables are merged key by key, everything else,
lists included, is replaced. Relative paths in all of them start at the first file's folder, and `onedoor status` and its
like find the running onedoor by the first file. `[profile.NAME]` holds such changes in the file itself; `--profile NAME` or
`ONEDOOR_PROFILE=NAME` lays them over it. `[defaults.app]` is put under every app.

```toml
[defaults.app]
restart = { backoff = \"1s..30s\" }

[apps.web]
run = \"npm start\"
path = \"/\"
env = { DATABASE_URL = \"${DATABASE_URL:-postgres://db/shop}\" }

[profile.dev]
server.listen = \"127.0.0.1:3000\"
apps.web.run = \"npm run dev\"
apps.web.env.DATABASE_URL = \"sqlite:dev.db\"
```

- A command alone is the app's `run`: `apps.web = \"npm start\"` and `apps.web.env.DEBUG = \"1\"` are one app, still served
  under its name.
- A route that names another target (`app`, `proxy`, ...) replaces the whole route; a `ready` or `live` of another form (`path`,
  `log`, ...) the whole `ready` or `live`. A list of routes of one key is replaced as a whole, and replaces what is there.
- Of keys that exclude each other the later layer's word holds: `strip`, `rewrite` and `prefix`; `respond`, `body` and `json`; `port`
  and `socket`; a name in `env` and in `secrets`; `on = \"start\"` and the `tz` and `overlap` of a timetable; `tls` and a `proxy` that is
  not https.
- A default is passed over where it has no meaning: `ready.path` and `start = \"lazy\"` for a worker, `replicas` for a fixed `port`,
  `needs` for the app that is needed. What the app says itself is an error there.
- `enabled = false` switches an app or a job off. Whoever needs it does not wait for it; a route that names such an app needs
  another target there.
- A profile that is not chosen is checked all the same. A variable that is not set is a mistake only where its value is used.
- `min_version` lets an older onedoor say that it is too old, instead of naming every key it does not know.

A file whose name ends in `.json` is read as JSON: the same keys, no comments. Without `-f` it is `onedoor.toml`, or `onedoor.json`
if only that is there.
";
