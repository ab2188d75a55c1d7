//! A server for development in production's `run`: slow, curious, or compiling while somebody waits. Its place is `dev`.
//!
//! Judged by words alone. A tool that production uses as well (`vite preview`, `mix phx.server`) is not in the list.

use super::App;
use crate::apps::framework;
use crate::config::env::Purpose;
use crate::config::error::{Code, ConfigError};
use crate::config::fix::{Edit, Fix};
use crate::config::surgery;

/// What runs in production.
#[derive(Clone, Copy)]
enum Instead {
    /// The same with another word.
    Word(&'static str, &'static str),
    /// The same without this word.
    Without(&'static str),
    /// Something else.
    Say(&'static str),
    /// What it compiles at each start; an image of `onedoor dockerfile` has it compiled already, and starts that.
    Compiled(&'static str),
}

use Instead::{Compiled, Say, Word};

const DOTNET: &str = "`dotnet publish` in the image, and run = \"dotnet APP.dll\"";
const DJANGO: Instead = Say("run = \"gunicorn PROJECT.wsgi\", or \"uvicorn PROJECT.asgi:application\"");
const FILES: Instead = Say("build it in the image, and serve what was built: static = \"dist\"");
const GO: &str = "`go build -o app .` in the image, and run = \"./app\"";
const NUXT: Instead = Say("`nuxt build` in the image, and run = \"node .output/server/index.mjs\"");
const PHP: &str = "run = \"frankenphp php-server --root public\", or php-fpm and a server in front of it";
const REACT_ROUTER: Instead =
    Say("`react-router build` in the image, and run = \"react-router-serve build/server/index.js\"");
const REMIX: Instead =
    Say("`remix vite:build` in the image, and run = \"remix-serve build/server/index.js\"");
const RUST: &str = "`cargo build --release` in the image, and run = \"./target/release/NAME\"";
const SCRIPT: Instead =
    Say("build it in the image, and run what was built: \"npm start\", \"node dist/main.js\"");
const SPRING: &str = "build the jar in the image, and run = \"java -jar APP.jar\"";
const TYPESCRIPT: Instead = Say("compile it in the image, and run = \"node dist/main.js\"");
const WHAT_IT_STARTS: Instead = Say("run what it starts");

/// The program, words that follow in this order, and what runs in production.
#[rustfmt::skip]
const SERVERS: &[(&[&str], Instead)] = &[
    (&["next", "dev"], Word("dev", "start")),
    (&["fastapi", "dev"], Word("dev", "run")),
    (&["marimo", "edit"], Word("edit", "run")),
    (&["gradio", "*.py"], Word("gradio", "python")),
    (&["nodemon"], Word("nodemon", "node")),
    (&["tsx", "watch"], Instead::Without("watch")),
    (&["flask", "run"], Say("run = \"gunicorn MODULE:app\", with the module that has the app")),
    (&["python", "manage.py", "runserver"], DJANGO),
    (&["manage.py", "runserver"], DJANGO),
    (&["django-admin", "runserver"], DJANGO),
    (&["nuxt", "dev"], NUXT),
    (&["nuxi", "dev"], NUXT),
    (&["astro", "dev"], Say("`astro build` in the image, and run = \"node dist/server/entry.mjs\"")),
    (&["remix", "dev"], REMIX),
    (&["remix", "vite:dev"], REMIX),
    (&["react-router", "dev"], REACT_ROUTER),
    (&["wrangler", "dev"], Say("run = \"workerd serve CONFIG\"")),
    (&["react-scripts", "start"], FILES),
    (&["vue-cli-service", "serve"], FILES),
    (&["ng", "serve"], FILES),
    (&["webpack", "serve"], FILES),
    (&["webpack-dev-server"], FILES),
    (&["gatsby", "develop"], FILES),
    (&["trunk", "serve"], FILES),
    (&["live-server"], FILES),
    (&["hugo", "server"], FILES),
    (&["hugo", "serve"], FILES),
    (&["jekyll", "serve"], FILES),
    (&["mkdocs", "serve"], FILES),
    (&["ts-node-dev"], TYPESCRIPT),
    (&["tsnd"], TYPESCRIPT),
    (&["php", "-S"], Compiled(PHP)),
    (&["php", "artisan", "serve"], Say(PHP)),
    (&["symfony", "serve"], Say(PHP)),
    (&["symfony", "server:start"], Say(PHP)),
    (&["go", "run"], Compiled(GO)),
    (&["air"], Say(GO)),
    (&["gow"], Say(GO)),
    (&["CompileDaemon"], Say(GO)),
    (&["cargo", "run"], Compiled(RUST)),
    (&["cargo", "watch"], Say(RUST)),
    (&["cargo", "leptos", "watch"], Say(RUST)),
    (&["dotnet", "run"], Compiled(DOTNET)),
    (&["dotnet", "watch"], Say(DOTNET)),
    (&["mvn", "spring-boot:run"], Compiled(SPRING)),
    (&["mvnw", "spring-boot:run"], Compiled(SPRING)),
    (&["gradle", "bootRun"], Compiled(SPRING)),
    (&["gradlew", "bootRun"], Compiled(SPRING)),
    (&["quarkus", "dev"], Say(SPRING)),
    (&["watchexec"], WHAT_IT_STARTS),
    (&["watchmedo"], WHAT_IT_STARTS),
];

/// Words that make a server one for development: it watches its files, or shows its inside to whoever meets an error.
#[rustfmt::skip]
const FLAGS: &[(&[&str], &[&str])] = &[
    (&["uvicorn", "gunicorn", "hypercorn", "granian", "litestar", "shiny", "fastapi"], &["--reload"]),
    (&["litestar", "sanic"], &["--debug"]),
    (&["sanic"], &["--dev", "--auto-reload"]),
    (&["panel", "bokeh"], &["--dev", "--autoreload"]),
    (&["node", "bun", "deno", "tsx", "nest"], &["--watch"]),
    (&["bun"], &["--hot"]),
    (&["deno"], &["--watch-hmr"]),
];

const RUNNERS: [&str; 4] = ["npm", "pnpm", "yarn", "bun"];

struct Found {
    /// `next dev`
    call: String,
    /// The word that the place is at.
    word: String,
    instead: Instead,
}

pub(super) fn trap(app: &App<'_>, purpose: &Purpose) -> Option<ConfigError> {
    let calls = &app.line.calls;
    let Found { call, word, instead } =
        calls.iter().find_map(|words| server(words).or_else(|| flag(words)))?;
    if matches!((instead, purpose), (Compiled(_), Purpose::Build)) {
        return None;
    }
    let fact = format!("app \"{}\": `{call}` is for development", app.spec.name);
    let trap = ConfigError::new(Code::DevelopmentServer, app.line.place(&word), fact);
    let change = match instead {
        Say(remedy) | Compiled(remedy) => {
            return Some(trap.remedy(format!("{remedy}; dev = \"...\" is what `onedoor dev` runs")));
        }
        Word(word, by) => app.line.replaced(word, by).map(|edit| Fix::of(vec![edit])),
        Instead::Without(word) => app.line.without(word),
    };
    let remedy = match instead {
        Word(old, new) if word == old => format!("`{}` in production", call.replacen(old, new, 1)),
        Word(_, new) => format!("`{new}` in production"),
        Instead::Without(word) => format!("leave {word} out"),
        Say(_) | Compiled(_) => String::new(),
    };
    Some(
        trap.remedy(format!("{remedy}; dev = \"...\" is what `onedoor dev` runs")).fix(with_dev(app, change)),
    )
}

/// The command as it was becomes that of `onedoor dev`, where there is none.
fn with_dev(app: &App<'_>, change: Option<Fix>) -> Option<Fix> {
    let change = change?;
    let Some(run) = app.section.key("run").filter(|_| app.section.key("dev").is_none()) else {
        return Some(change);
    };
    let whole = app.line.whole();
    let dev = format!("dev = {}", app.source.slice(whole));
    let beside: Option<Edit> = surgery::put_beside(app.source, run, whole, &dev);
    Some(Fix { edits: change.edits.into_iter().chain(beside).collect(), ..change })
}

fn server(words: &[String]) -> Option<Found> {
    let (program, rest) = words.split_first()?;
    let first = rest.iter().find(|word| !word.starts_with('-')).map(String::as_str);
    if RUNNERS.contains(&program.as_str()) {
        let mut plain = rest.iter().map(String::as_str).filter(|word| !word.starts_with('-'));
        let script = plain.find(|word| *word != "run" && *word != "run-script")?;
        let is_for_development = matches!(script, "dev" | "develop" | "start:dev" | "serve:dev" | "watch")
            || script.starts_with("dev:");
        let call = words.join(" ");
        return is_for_development.then(|| Found { call, word: script.to_owned(), instead: SCRIPT });
    }
    if program == "vite" && !matches!(first, Some("build" | "preview" | "optimize")) {
        return Some(Found { call: "vite".to_owned(), word: "vite".to_owned(), instead: FILES });
    }
    let (call, instead) = SERVERS.iter().find(|(call, _)| framework::is_call(words, call))?;
    let is_name = |word: &&&str| !word.starts_with('*');
    let word = match instead {
        Word(word, _) | Instead::Without(word) => word,
        Say(_) | Compiled(_) => call.last()?,
    };
    let shown = call.iter().filter(is_name).copied().collect::<Vec<_>>().join(" ");
    Some(Found { call: shown, word: (*word).to_owned(), instead: *instead })
}

fn flag(words: &[String]) -> Option<Found> {
    let (program, rest) = words.split_first()?;
    let flags = FLAGS.iter().filter(|(programs, _)| programs.contains(&program.as_str()));
    let flag = flags.flat_map(|(_, flags)| *flags).find(|flag| rest.iter().any(|word| word == *flag))?;
    let call = format!("{program} {flag}");
    Some(Found { call, word: (*flag).to_owned(), instead: Instead::Without(flag) })
}

#[cfg(test)]
mod tests {
    use super::super::warnings_of as warnings;
    use crate::config::{Env, check_text};

    #[test]
    fn what_an_image_has_compiled_is_no_news_to_whoever_makes_one() {
        let file = |run: &str| format!("[apps.web]\npath = \"/\"\nrun = {run:?}\n");
        let said = |run: &str| {
            let checked = check_text(&file(run), &Env::made_of([]).building()).unwrap();
            checked.warnings.lines().filter(|line| line.contains("for development")).count()
        };
        for run in [
            "go run .",
            "cargo run --release",
            "dotnet run",
            "./gradlew bootRun",
            "php -S 127.0.0.1:$PORT -t public",
        ] {
            assert_eq!((warnings(&file(run)).len(), said(run)), (1, 0), "{run}");
        }
        for run in ["air", "npm run dev", "flask --app shop run"] {
            assert_eq!(said(run), 1, "{run}");
        }
    }

    #[test]
    fn a_server_for_development_is_a_trap_in_run_and_not_in_dev() {
        for (run, word) in [
            ("npm run dev", "npm start"),
            ("pnpm dev", "npm start"),
            ("bun run dev", "npm start"),
            ("npx next dev -p $PORT", "`next start` in production"),
            ("vite --host", "static = \"dist\""),
            ("nodemon server.js", "`node` in production"),
            ("tsx watch src/main.ts", "leave watch out"),
            ("uv run uvicorn main:app --reload", "leave --reload out"),
            ("flask --app shop run", "gunicorn MODULE:app"),
            ("python3 manage.py runserver $PORT", "gunicorn PROJECT.wsgi"),
            ("fastapi dev main.py", "`fastapi run` in production"),
            ("php -S 127.0.0.1:$PORT -t public", "frankenphp"),
            ("cargo run --release", "./target/release/NAME"),
            ("go run ./cmd/shop", "go build"),
            ("air", "go build"),
            ("deno run --watch main.ts", "leave --watch out"),
            ("bun --hot index.ts", "leave --hot out"),
            ("sh -c 'npm run dev'", "npm start"),
            ("alembic upgrade head && uvicorn main:app --reload", "leave --reload out"),
        ] {
            let said = warnings(&format!("[apps.web]\npath = \"/\"\nrun = {run:?}\n"));
            assert_eq!(said.len(), 1, "{run}: {said:?}");
            assert!(said[0].contains("is for development") && said[0].contains(word), "{run}: {said:?}");
            let meant = format!("[apps.web]\npath = \"/\"\nrun = \"x\"\ndev = {run:?}\n");
            assert_eq!(warnings(&meant), [""; 0], "{run}");
        }
    }

    #[test]
    fn what_production_uses_is_none() {
        for run in [
            "npm start",
            "npm run start",
            "npm run build:dev",
            "next start",
            "node server.js dev",
            "vite preview",
            "uvicorn main:app --reload-dir x",
            "fastapi run",
            "gunicorn dev:app",
            "go-run",
            "./cargo",
            "mix phx.server",
            "node --watchful x.js",
            "bin/rails server",
            "php-fpm -F",
            "nest start",
            "dotnet Shop.dll",
        ] {
            let said = warnings(&format!("[apps.web]\npath = \"/\"\nrun = {run:?}\n"));
            assert_eq!(said, [""; 0], "{run}");
        }
    }
}
