//! Which framework a command line starts, and what that framework wants to be told.
//!
//! Part of step "spawn" of the life of an app. Pure: it judges words and never looks at a file. A wrong guess is
//! cheap: a variable nobody reads; where the app really listens is found out in `ready`.

mod places;
mod prefix;
mod table;

use std::time::Duration;

use super::spec::{Command, PrefixMode};
pub(super) use places::synchronous_places;
pub(crate) use prefix::{Hears, SETTINGS, hears, keeps_sessions};

/// The address every app is told to listen on: only onedoor is to reach it.
pub(super) const HOST: &str = "127.0.0.1";

/// An idle connection to an app nobody knows is used again for this long: Node and uvicorn close after 5 s.
const UNKNOWN_IDLE_MAX: Duration = Duration::from_secs(4);

/// How one framework takes its address. In the values, `{port}`, `{host}`, `{socket}` and `{prefix}` are filled in.
#[derive(Debug)]
pub(super) struct Framework {
    pub(super) name: &'static str,
    /// Calls that start it: the program, then words that must follow in this order (`*.dll`: any that ends so).
    calls: &'static [&'static [&'static str]],
    on_port: &'static [(&'static str, &'static str)],
    /// Empty: it takes no Unix socket by a variable.
    on_socket: &'static [(&'static str, &'static str)],
    /// What `prefix = "auto"` does.
    wants: Wants,
    /// For a prefix that the door cuts off: the framework puts it in front of the links it makes.
    on_stripped: &'static [(&'static str, &'static str)],
    /// For a prefix that stays, where the framework and not the app's own code makes the routes.
    on_kept: &'static [(&'static str, &'static str)],
    /// For a prefix that stays where the app's own code knows nothing of it: the server moves the routes below it. Set
    /// unless the operator did, and for `prefix = "auto"` alone: with code that has the prefix in its routes, it would
    /// be there twice.
    on_moved: &'static [(&'static str, &'static str)],
    /// Set unless the operator did.
    unless_set: &'static [(&'static str, &'static str)],
    /// Below the time after which it closes an idle connection.
    idle_max: Duration,
}

/// What becomes of a prefix on its way to a framework, so that it works (FRAMEWORKS.md: STRIP or KEEP).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wants {
    Strip,
    Keep,
    /// The app's own code decides.
    Unknown,
}

/// The framework that `command` starts, by name, and what it wants; None: it is not known.
pub(crate) fn wants(command: &Command) -> Option<(&'static str, Wants)> {
    recognise(command).map(|framework| (framework.name, framework.wants))
}

/// The same for a framework that was known by other signs than its command.
pub(crate) fn wants_by_name(name: &str) -> Option<Wants> {
    table::TABLE.iter().find(|framework| framework.name == name).map(|framework| framework.wants)
}

/// What a process is told about its place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    pub(super) port: Option<u16>,
    pub(super) socket: Option<&'a str>,
    pub(super) prefix: Option<&'a str>,
    pub(super) prefix_mode: PrefixMode,
}

/// The framework that `command` starts. In a shell line the last command that is known counts: what stands before
/// it are preparations.
pub(super) fn recognise(command: &Command) -> Option<&'static Framework> {
    let calls = calls(command);
    calls.iter().rev().find_map(|words| recognise_words(words))
}

/// The programs that `command` calls, each with its words, less what only starts another: `exec`, `npx`, `uv run`.
/// A program's name is without its folder, and Python's without its version.
pub(crate) fn calls(command: &Command) -> Vec<Vec<String>> {
    let lines = match command {
        Command::Exec(words) => match &words[..] {
            [shell, flag, line, ..] if is_shell(shell) && flag.starts_with('-') && flag.ends_with('c') => {
                simple_commands(line)
            }
            words => vec![words.to_vec()],
        },
        Command::Shell(line) => simple_commands(line),
    };
    lines.into_iter().filter_map(without_wrappers).collect()
}

fn is_shell(program: &str) -> bool {
    matches!(program_name(program), "sh" | "bash" | "dash" | "ash")
}

/// How long an idle connection to the app may be used again.
pub(super) fn idle_max(framework: Option<&Framework>) -> Duration {
    framework.map_or(UNKNOWN_IDLE_MAX, |framework| framework.idle_max)
}

/// True if the command itself says where to listen: no variable should argue with that.
pub(super) fn says_where(command: &Command) -> bool {
    const FLAGS: &[&str] =
        &["--port", "-p", "--bind", "-b", "--uds", "--fd", "--host", "--listen", "--unix", "--unix-socket"];
    let names_a_place = |word: &str| {
        FLAGS
            .iter()
            .any(|flag| word.strip_prefix(flag).is_some_and(|rest| rest.is_empty() || rest.starts_with('=')))
    };
    match command {
        Command::Exec(words) => words.iter().any(|word| names_a_place(word)),
        Command::Shell(line) => line.split_ascii_whitespace().any(names_a_place),
    }
}

impl Framework {
    pub(super) fn takes_a_socket(&self) -> bool {
        !self.on_socket.is_empty()
    }

    /// The variables that tell it its place. They beat what the container gave.
    pub(super) fn place_variables(&self, place: &Place<'_>) -> Vec<(&'static str, String)> {
        let mut variables = Vec::new();
        let mut fill = |rows: &[(&'static str, &'static str)]| {
            variables.extend(rows.iter().map(|(name, value)| (*name, filled(value, place))));
        };
        if place.port.is_some() {
            fill(self.on_port);
        }
        // After the port's: where one variable says both, the socket is the better place.
        if place.socket.is_some() {
            fill(self.on_socket);
        }
        match (place.prefix, place.prefix_mode) {
            (None, _) => {}
            (Some(_), PrefixMode::Kept | PrefixMode::Moved) => fill(self.on_kept),
            (Some(_), PrefixMode::Stripped) => fill(self.on_stripped),
        }
        variables
    }

    /// Variables that are set only where neither the container nor the app's `env` did.
    pub(super) fn quiet_variables(&self, place: &Place<'_>) -> Vec<(&'static str, String)> {
        let moved = match (place.prefix, place.prefix_mode) {
            (Some(_), PrefixMode::Moved) => self.on_moved,
            (Some(_), PrefixMode::Kept | PrefixMode::Stripped) | (None, _) => &[],
        };
        let rows = self.unless_set.iter().chain(moved);
        rows.map(|(name, value)| (*name, filled(value, place))).collect()
    }
}

fn filled(template: &str, place: &Place<'_>) -> String {
    let port = place.port.map(|port| port.to_string()).unwrap_or_default();
    template
        .replace("{port}", &port)
        .replace("{host}", HOST)
        .replace("{socket}", place.socket.unwrap_or_default())
        .replace("{prefix}", place.prefix.unwrap_or_default())
}

fn recognise_words(words: &[String]) -> Option<&'static Framework> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let (program, rest) = words.split_first()?;
    table::TABLE.iter().find(|framework| framework.calls.iter().any(|call| matches_call(call, program, rest)))
}

/// Whether `words` call the program with these words, in their order (`*.py`: any that ends so).
pub(crate) fn is_call(words: &[String], call: &[&str]) -> bool {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    words.split_first().is_some_and(|(program, rest)| matches_call(call, program, rest))
}

fn matches_call(call: &[&str], program: &str, words: &[&str]) -> bool {
    let Some((name, wanted)) = call.split_first() else { return false };
    let mut words = words.iter();
    *name == program && wanted.iter().all(|wanted| words.any(|word| is_word(word, wanted)))
}

fn is_word(word: &str, wanted: &str) -> bool {
    match wanted.strip_prefix('*') {
        Some(ending) => word.ends_with(ending),
        None => word.strip_suffix(wanted).is_some_and(|before| before.is_empty() || before.ends_with('/')),
    }
}

/// `/usr/bin/python3.13` is `python`.
fn program_name(program: &str) -> &str {
    let name = program.rsplit('/').next().unwrap_or(program);
    let stem = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    if stem == "python" || stem == "pypy" { "python" } else { name }
}

/// Programs that only start another one, with the words that belong to them.
const WRAPPERS: &[&[&str]] = &[
    &["exec"],
    &["env"],
    &["nohup"],
    &["uv", "run"],
    &["poetry", "run"],
    &["pipenv", "run"],
    &["pdm", "run"],
    &["rye", "run"],
    &["hatch", "run"],
    &["bundle", "exec"],
    &["npx"],
    &["bunx"],
    &["pnpm", "exec"],
    &["yarn", "exec"],
    &["python", "-m"],
    &["python", "-u", "-m"],
    &["python", "-O", "-m"],
    &["opentelemetry-instrument"],
    &["ddtrace-run"],
    &["newrelic-admin", "run-program"],
];

/// None: nothing is left.
fn without_wrappers(mut words: Vec<String>) -> Option<Vec<String>> {
    loop {
        let first = words.first()?;
        if is_assignment(first) {
            words.remove(0);
            continue;
        }
        let program = program_name(first);
        let found = WRAPPERS.iter().find(|wrapper| {
            wrapper.first() == Some(&program)
                && words.len() > wrapper.len()
                && wrapper.iter().zip(&words).skip(1).all(|(own, word)| own == word)
        });
        let Some(wrapper) = found else {
            let program = program.to_owned();
            words[0] = program;
            return Some(words);
        };
        words.drain(..wrapper.len());
        // Options of the wrapper itself, such as `uv run --frozen`; one with a separate value is not understood.
        while words.first().is_some_and(|word| word.starts_with('-')) {
            words.remove(0);
        }
    }
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    })
}

/// A shell line cut at `;`, `&`, `|` and parentheses. Quoted ones are cut, too: then a word is not recognised, no more.
fn simple_commands(line: &str) -> Vec<Vec<String>> {
    line.split([';', '&', '|', '(', ')', '\n'])
        .filter_map(shlex::split)
        .filter(|words| !words.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exec(line: &str) -> Command {
        Command::Exec(shlex::split(line).unwrap())
    }

    fn name(line: &str) -> &'static str {
        recognise(&exec(line)).map_or("-", |framework| framework.name)
    }

    #[test]
    fn a_framework_is_known_by_its_command_line() {
        for (line, expected) in [
            ("uvicorn main:app", "uvicorn"),
            (".venv/bin/uvicorn main:app --reload", "uvicorn"),
            ("python3.13 -m uvicorn main:app", "uvicorn"),
            ("uv run --frozen uvicorn main:app", "uvicorn"),
            ("LOG=1 poetry run python -m gunicorn app:app", "gunicorn"),
            ("fastapi run", "FastAPI"),
            ("hypercorn main:app", "hypercorn"),
            ("granian --interface asgi main:app", "granian"),
            ("flask --app x run", "Flask"),
            ("python manage.py runserver --noreload", "Django"),
            ("streamlit run app.py", "Streamlit"),
            ("python app.py", "Python"),
            ("node .next/standalone/server.js", "Next.js standalone"),
            ("npx next start", "Next.js"),
            ("node .output/server/index.mjs", "Nitro"),
            ("node build", "SvelteKit"),
            ("node /srv/main.js", "Node"),
            ("npm start", "Node"),
            ("vite preview", "Vite"),
            ("bun run index.ts", "Bun"),
            ("go run .", "Go"),
            ("java -Xmx1g -jar app.jar", "JVM"),
            ("dotnet Shop.dll", "ASP.NET Core"),
            ("bundle exec puma -C config/puma.rb", "Puma"),
            ("bin/rails server", "Rails"),
            ("mix phx.server", "Phoenix"),
            ("./target/release/shop", "-"),
            ("cargo run --release", "Rust"),
            ("celery -A tasks worker", "-"),
        ] {
            assert_eq!(name(line), expected, "{line}");
        }
    }

    #[test]
    fn the_last_known_command_of_a_shell_line_counts() {
        let line = Command::Shell("alembic upgrade head && exec uvicorn main:app | tee log".into());
        assert_eq!(recognise(&line).unwrap().name, "uvicorn");
    }

    #[test]
    fn the_variables_say_the_place() {
        let place = Place {
            port: Some(21001),
            socket: Some("/run/a.sock"),
            prefix: Some("/api"),
            prefix_mode: PrefixMode::Stripped,
        };
        let uvicorn = recognise(&exec("uvicorn main:app")).unwrap();
        let variables = uvicorn.place_variables(&place);
        for (name, value) in [
            ("UVICORN_PORT", "21001"),
            ("UVICORN_HOST", "127.0.0.1"),
            ("UVICORN_UDS", "/run/a.sock"),
            ("UVICORN_ROOT_PATH", "/api"),
        ] {
            assert!(variables.contains(&(name, value.to_owned())), "{name} in {variables:?}");
        }
    }

    #[test]
    fn a_variable_that_says_port_or_socket_says_the_socket_last() {
        let place = Place {
            port: Some(21001),
            socket: Some("/run/a.sock"),
            prefix: None,
            prefix_mode: PrefixMode::Stripped,
        };
        let variables = recognise(&exec("dotnet Shop.dll")).unwrap().place_variables(&place);
        let last = variables.iter().rfind(|(name, _)| *name == "ASPNETCORE_URLS").unwrap();
        assert_eq!(last.1, "http://unix:/run/a.sock");
    }

    #[test]
    fn without_a_prefix_nothing_is_said_about_one() {
        let place = Place { port: Some(1), socket: None, prefix: None, prefix_mode: PrefixMode::Stripped };
        let variables = recognise(&exec("uvicorn main:app")).unwrap().place_variables(&place);
        assert!(variables.iter().all(|(name, _)| !name.contains("ROOT_PATH") && !name.contains("UDS")));
    }

    /// What each framework is told of `/api` under `prefix = "auto"`: as FRAMEWORKS.md has it.
    #[test]
    fn each_framework_is_told_its_prefix_in_its_own_way() {
        for (line, wanted, told) in [
            ("uvicorn main:app", Wants::Strip, "UVICORN_ROOT_PATH=/api"),
            ("gradio app.py", Wants::Strip, "GRADIO_ROOT_PATH=/api"),
            ("n8n start", Wants::Strip, "N8N_PATH=/api/"),
            ("bin/rails server", Wants::Strip, "SCRIPT_NAME=/api RAILS_RELATIVE_URL_ROOT=/api"),
            ("puma", Wants::Strip, "SCRIPT_NAME=/api"),
            ("gunicorn app:app", Wants::Keep, "SCRIPT_NAME=/api"),
            ("granian app:app", Wants::Keep, "GRANIAN_URL_PATH_PREFIX=/api"),
            ("streamlit run app.py", Wants::Keep, "STREAMLIT_SERVER_BASE_URL_PATH=/api"),
            ("chainlit run app.py", Wants::Keep, "CHAINLIT_ROOT_PATH=/api"),
            (
                "node .output/server/index.mjs",
                Wants::Keep,
                "NUXT_APP_BASE_URL=/api/ NITRO_APP_BASE_URL=/api/",
            ),
            (
                "grafana server",
                Wants::Keep,
                "GF_SERVER_ROOT_URL=%(protocol)s://%(domain)s/api/ GF_SERVER_SERVE_FROM_SUB_PATH=true",
            ),
            (
                "java -jar app.jar",
                Wants::Keep,
                "SERVER_SERVLET_CONTEXT_PATH=/api SPRING_WEBFLUX_BASE_PATH=/api \
                 MICRONAUT_SERVER_CONTEXT_PATH=/api",
            ),
            ("jupyter lab", Wants::Keep, ""),
            ("vite preview", Wants::Keep, ""),
            ("node server.js", Wants::Unknown, ""),
            ("python app.py", Wants::Unknown, ""),
        ] {
            let (_, wants) = wants(&exec(line)).unwrap();
            assert_eq!(wants, wanted, "{line}");
            let prefix_mode = match wants {
                Wants::Strip => PrefixMode::Stripped,
                Wants::Keep => PrefixMode::Moved,
                Wants::Unknown => PrefixMode::Kept,
            };
            let place = Place { port: None, socket: None, prefix: Some("/api"), prefix_mode };
            let framework = recognise(&exec(line)).unwrap();
            let mut variables = framework.place_variables(&place);
            variables.extend(framework.quiet_variables(&place));
            variables.retain(|(_, value)| value.contains("/api") || *value == "true");
            let quiet = framework.unless_set;
            variables.retain(|(name, _)| quiet.iter().all(|(other, _)| other != name));
            let said: Vec<String> = variables.iter().map(|(name, value)| format!("{name}={value}")).collect();
            assert_eq!(said.join(" "), told, "{line}");
        }
    }

    /// A server that moves its routes would have the prefix twice where the app's code already knows it.
    #[test]
    fn a_prefix_that_is_merely_kept_moves_no_routes() {
        let place = Place { port: None, socket: None, prefix: Some("/api"), prefix_mode: PrefixMode::Kept };
        let gunicorn = recognise(&exec("gunicorn app:app")).unwrap();
        let mut variables = gunicorn.place_variables(&place);
        variables.extend(gunicorn.quiet_variables(&place));
        assert!(variables.iter().all(|(name, _)| *name != "SCRIPT_NAME"), "{variables:?}");
    }

    #[test]
    fn a_command_that_says_where_it_listens_is_not_argued_with() {
        assert!(says_where(&exec("uvicorn main:app --port $PORT")));
        assert!(says_where(&exec("gunicorn --bind=unix:/x app")));
        assert!(!says_where(&exec("uvicorn main:app --portable")));
        assert!(says_where(&Command::Shell("uvicorn main:app -p 80 | cat".into())));
    }

    #[test]
    fn an_unknown_app_keeps_idle_connections_shorter_than_common_servers() {
        assert_eq!(idle_max(None), Duration::from_secs(4));
        assert_eq!(idle_max(recognise(&exec("go run ."))), Duration::from_secs(60));
    }
}
