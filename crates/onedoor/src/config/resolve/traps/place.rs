//! Where an app listens by its own command's words: on a port of its own choice, or where everybody can reach it.
//!
//! The door tells each app a private port on the loopback ($PORT, $HOST). Whoever writes another address into the
//! command or the variables knows better, or has copied a line that was written for a life without the door.

use super::App;
use crate::apps::spec::Listening;
use crate::config::error::{Code, ConfigError};
use crate::config::fix::Fix;
use crate::config::interpolate::Piece;
use crate::config::source::{Located, Span};
use crate::config::surgery;

/// A word of the command that is an address, whole or in part.
struct Written<'w> {
    /// As it stands there: `--port=3000`, `0.0.0.0:8000`, `3000`.
    word: &'w str,
    /// The address in it.
    address: &'w str,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Port,
    Host,
    /// `host:port`, or one of them.
    Either,
}

/// The flag, which programs have it (none: all), and what its value is.
#[rustfmt::skip]
const FLAGS: &[(&str, &[&str], Kind)] = &[
    ("--port", &[], Kind::Port),
    ("--server.port", &[], Kind::Port),
    ("--server-port", &[], Kind::Port),
    ("--http-port", &[], Kind::Port),
    ("--ServerApp.port", &[], Kind::Port),
    ("-p", &["next", "nuxt", "puma", "rails", "serve", "http-server", "daphne", "flask", "hugo", "mlflow", "sanic",
             "shiny", "litestar", "rackup", "thin", "vite", "astro", "marimo", "mkdocs"], Kind::Port),
    ("--host", &[], Kind::Host),
    ("--hostname", &["next"], Kind::Host),
    ("-H", &["next", "sanic"], Kind::Host),
    ("--server.address", &[], Kind::Host),
    ("--address", &["bokeh", "panel"], Kind::Host),
    ("--ServerApp.ip", &[], Kind::Host),
    ("--ip", &["jupyter", "jupyter-lab", "jupyter-server", "voila"], Kind::Host),
    ("--bind", &[], Kind::Either),
    ("-b", &["gunicorn", "hypercorn", "puma", "rails", "daphne", "mkdocs"], Kind::Either),
    ("--listen", &[], Kind::Either),
    ("-l", &["serve"], Kind::Either),
    ("--addr", &[], Kind::Either),
    ("--bind-addr", &[], Kind::Either),
    ("--urls", &["dotnet"], Kind::Either),
    ("runserver", &["python", "manage.py", "django-admin"], Kind::Either),
    ("-S", &["php"], Kind::Either),
];

/// Every address that a program's words say.
fn written(words: &[String]) -> Vec<Written<'_>> {
    let Some((program, rest)) = words.split_first() else { return Vec::new() };
    let mut found = Vec::new();
    if let ("http.server", Some(port)) = (program.as_str(), rest.first()) {
        found.push(Written { word: port, address: port, kind: Kind::Port });
    }
    for (index, word) in rest.iter().enumerate() {
        let has_it = |(_, programs, _): &&(&str, &[&str], Kind)| {
            programs.is_empty() || programs.contains(&program.as_str())
        };
        for (flag, _, kind) in FLAGS.iter().filter(has_it) {
            let Some(after) = word.strip_prefix(flag) else { continue };
            let is_short = flag.len() == 2 && flag.starts_with('-');
            let (word, address) = match (after.strip_prefix('='), after) {
                (Some(value), _) => (word.as_str(), value),
                (None, "") => match rest[index + 1..].iter().find(|word| !word.starts_with('-')) {
                    Some(next) => (next.as_str(), next.as_str()),
                    None => continue,
                },
                (None, value) if is_short => (word.as_str(), value),
                (None, _) => continue,
            };
            found.push(Written { word, address, kind: *kind });
        }
    }
    found
}

/// What an address says: `tcp://0.0.0.0:3000` is for everybody, at 3000.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Address<'a> {
    scheme: &'a str,
    host: Option<&'a str>,
    port: Option<u16>,
}

impl<'a> Address<'a> {
    /// None: a variable, a socket, or no address at all.
    fn parse(text: &'a str, kind: Kind) -> Option<Self> {
        let (scheme, rest) = match text.find("://") {
            Some(at) => text.split_at(at + 3),
            None => ("", text),
        };
        if rest.contains(['$', '/']) || rest.starts_with("unix:") {
            return None;
        }
        let port_of = |text: &str| text.parse::<u16>().ok().filter(|port| *port != 0);
        if let Some(port) = port_of(rest) {
            return (kind != Kind::Host).then_some(Self { scheme, host: None, port: Some(port) });
        }
        if kind == Kind::Port {
            return None;
        }
        let is_v6 = rest.contains("::") && !rest.starts_with('[');
        match rest.rsplit_once(':').filter(|_| !is_v6) {
            Some((host, port)) if !host.ends_with(':') => {
                Some(Self { scheme, host: Some(host), port: Some(port_of(port)?) })
            }
            _ => Some(Self { scheme, host: Some(rest), port: None }),
        }
    }

    fn is_for_everybody(&self) -> bool {
        self.host.is_some_and(|host| matches!(host, "0.0.0.0" | "::" | "[::]" | "*" | "") || host == "0")
    }

    /// The same on the loopback, and where the door says.
    fn meant(&self) -> String {
        let host = match self.host {
            Some(_) if self.is_for_everybody() => "127.0.0.1",
            Some(host) => host,
            None => "",
        };
        match (self.host, self.port) {
            (Some(_), Some(_)) => format!("{}{host}:$PORT", self.scheme),
            (None, _) => format!("{}$PORT", self.scheme),
            (Some(_), None) => format!("{}{host}", self.scheme),
        }
    }
}

/// `public`: the door's own ports.
pub(super) fn traps(app: &App<'_>, public: &[u16]) -> Vec<ConfigError> {
    let told = match &app.spec.listening {
        Listening::Nowhere | Listening::UnixSocket { .. } | Listening::Handed { .. } => return Vec::new(),
        Listening::FixedPort { port, .. } => Some(*port),
        Listening::Auto { .. } | Listening::PrivatePort { .. } => None,
    };
    let mut found = Vec::new();
    for written in app.line.calls.iter().flat_map(|words| written(words)) {
        let Some(address) = Address::parse(written.address, written.kind) else { continue };
        let place = app.line.place(written.word);
        let trap = match address.port.filter(|port| Some(*port) != told) {
            Some(port) => wrong_port(app, port, told, public, place),
            None if address.is_for_everybody() => around_the_door(app, written.address, place),
            None => continue,
        };
        // With a port that the file says, only the host is wrong.
        let meant = match (address.port, told) {
            (Some(port), Some(told)) if port == told => address.meant().replace("$PORT", &port.to_string()),
            _ => address.meant(),
        };
        let meant_word = written.word.replace(written.address, &meant);
        let fix = app.line.replaced(written.word, &meant_word).map(|edit| Fix::of(vec![edit]));
        let alone = app.spec.replicas == 1;
        let remedy = match address.port.filter(|port| Some(*port) != told && alone && !public.contains(port))
        {
            Some(port) => format!("write {meant_word}, or name the port to the door: port = {port}"),
            None => format!("write {meant_word}"),
        };
        found.push(trap.remedy(remedy).fix(fix));
    }
    found.extend(
        app.section.env("env").iter().filter_map(|(name, value)| variable(app, told, public, name, value)),
    );
    found
}

fn wrong_port(app: &App<'_>, port: u16, told: Option<u16>, public: &[u16], place: Span) -> ConfigError {
    let name = &app.spec.name;
    let fact = match (told, app.spec.replicas) {
        _ if public.contains(&port) => {
            format!("app \"{name}\" listens on {port}, which is the door's own port")
        }
        (Some(told), _) => format!("app \"{name}\" listens on {port}, and its `port` is {told}"),
        (None, replicas) if replicas > 1 => {
            format!("app \"{name}\" has {replicas} processes, which cannot all listen on {port}")
        }
        (None, _) => format!("app \"{name}\" listens on {port}, whatever $PORT says"),
    };
    let trap = ConfigError::new(Code::FixedPort, place, fact);
    match app.section.key("port").filter(|_| told.is_some()) {
        Some(key) => trap.also(key, "its `port`"),
        None => trap,
    }
}

fn around_the_door(app: &App<'_>, address: &str, place: Span) -> ConfigError {
    let fact = format!("app \"{}\" listens on {address}: it can be reached around the door", app.spec.name);
    ConfigError::new(Code::AroundTheDoor, place, fact)
}

/// Variables that say where a framework listens; the app's own `env` beats what the door says.
const HOSTS: [&str; 7] = [
    "HOST",
    "UVICORN_HOST",
    "FLASK_RUN_HOST",
    "STREAMLIT_SERVER_ADDRESS",
    "GRADIO_SERVER_NAME",
    "NITRO_HOST",
    "ROCKET_ADDRESS",
];
const PORTS: [&str; 7] = [
    "PORT",
    "UVICORN_PORT",
    "FLASK_RUN_PORT",
    "STREAMLIT_SERVER_PORT",
    "GRADIO_SERVER_PORT",
    "NITRO_PORT",
    "ROCKET_PORT",
];

fn variable(
    app: &App<'_>,
    told: Option<u16>,
    public: &[u16],
    name: &Located<String>,
    value: &Located<Vec<Piece>>,
) -> Option<ConfigError> {
    let [Piece::Text(text)] = &value.value[..] else { return None };
    let trap = if PORTS.contains(&name.value.as_str()) {
        let port = text.parse::<u16>().ok().filter(|port| Some(*port) != told)?;
        wrong_port(app, port, told, public, value.span)
    } else {
        let address = Address::parse(text, Kind::Host).filter(Address::is_for_everybody)?;
        HOSTS
            .contains(&name.value.as_str())
            .then(|| around_the_door(app, address.host.unwrap_or("*"), value.span))?
    };
    let gone = surgery::take_out(app.source, name.span, value.span).map(|edit| Fix::of(vec![edit]));
    Some(trap.remedy(format!("leave {} out: the door says it to the app", name.value)).fix(gone))
}

#[cfg(test)]
mod tests {
    use super::super::warnings_of as warnings;

    fn about(app: &str) -> Vec<String> {
        warnings(&format!("[apps.web]\npath = \"/\"\n{app}\n"))
    }

    #[test]
    fn a_port_of_its_own_choice_is_a_trap_unless_the_door_is_told() {
        for (run, meant) in [
            ("uvicorn main:app --port 3000", "write $PORT"),
            ("uvicorn main:app --port=3000", "write --port=$PORT"),
            ("next start -p 3000", "write $PORT"),
            ("next start -p3000", "write -p$PORT"),
            ("gunicorn -b 0.0.0.0:3000 app:app", "write 127.0.0.1:$PORT"),
            ("gunicorn --bind :3000 app:app", "write 127.0.0.1:$PORT"),
            ("gunicorn --bind=127.0.0.1:3000 app:app", "write --bind=127.0.0.1:$PORT"),
            ("puma -b tcp://0.0.0.0:3000", "write tcp://127.0.0.1:$PORT"),
            ("python3 -m http.server 3000", "write $PORT"),
            ("a && exec ./shop --listen [::]:3000", "write 127.0.0.1:$PORT"),
        ] {
            let said = about(&format!("run = {run:?}"));
            assert_eq!(said.len(), 1, "{run}: {said:?}");
            assert!(said[0].contains("listens on 3000") && said[0].contains(meant), "{run}: {said:?}");
            let told = about(&format!("port = 3000\nrun = {run:?}"));
            assert!(told.iter().all(|said| said.contains("around the door")), "{run}: {told:?}");
        }
    }

    #[test]
    fn an_address_of_everybody_is_a_way_around_the_door() {
        for (run, meant) in [
            ("uvicorn main:app --host 0.0.0.0", "write 127.0.0.1"),
            ("uvicorn main:app --host=0.0.0.0 --port $PORT", "write --host=127.0.0.1"),
            ("vite preview --host :: --port $PORT", "write 127.0.0.1"),
            ("next start -H 0.0.0.0", "write 127.0.0.1"),
            ("streamlit run a.py --server.address=0.0.0.0", "write --server.address=127.0.0.1"),
        ] {
            let said = about(&format!("run = {run:?}"));
            assert_eq!(said.len(), 1, "{run}: {said:?}");
            assert!(said[0].contains("around the door") && said[0].contains(meant), "{run}: {said:?}");
        }
        assert_eq!(about("port = 3000\nrun = \"gunicorn -b 0.0.0.0:3000 a\"").len(), 1);
    }

    #[test]
    fn what_the_door_says_and_what_is_no_address_is_none() {
        for run in [
            "uvicorn main:app --host 127.0.0.1 --port $PORT",
            "uvicorn main:app --host $HOST --port ${PORT}",
            "gunicorn -b $HOST:$PORT app:app",
            "gunicorn --bind unix:/run/a.sock app:app",
            "gunicorn -p /run/a.pid app:app",
            "./shop --port-range 3000",
            "./shop -p 3000",
            "node server.js --portable 3000",
            "php-fpm -F",
        ] {
            assert_eq!(about(&format!("run = {run:?}")), [""; 0], "{run}");
        }
        let worker = "[apps]\nw = { run = \"./w --port 3000\" }\nx = \"y\"\n";
        assert_eq!(warnings(worker), [""; 0]);
    }

    #[test]
    fn the_doors_port_and_one_port_for_several_are_named_as_what_they_are() {
        assert!(about("run = \"uvicorn a --port 8000\"")[0].contains("the door's own port"));
        assert!(about("run = \"uvicorn a --port 3000\"\nreplicas = 3")[0].contains("3 processes"));
        assert!(about("run = \"uvicorn a --port 3000\"\nport = 4000")[0].contains("its `port` is 4000"));
    }

    #[test]
    fn a_variable_that_says_otherwise_is_a_trap() {
        let said = about("run = \"node x.js\"\nenv = { PORT = \"3000\", HOST = \"0.0.0.0\" }");
        assert_eq!(said.len(), 2, "{said:?}");
        assert_eq!(about("run = \"node x.js\"\nport = 3000\nenv = { PORT = \"3000\" }"), [""; 0]);
        assert_eq!(
            about("run = \"node x.js\"\nenv = { DB_PORT = \"3000\", DB_HOST = \"0.0.0.0\" }"),
            [""; 0]
        );
    }
}
