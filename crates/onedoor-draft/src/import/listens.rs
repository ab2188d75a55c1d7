//! Where a command listens, as far as its words and its environment tell.

use super::sketch::{Address, is_here};

/// Options whose next word, or whose value, is a port or an address.
const OPTIONS: [&str; 17] = [
    "port",
    "p",
    "b",
    "bind",
    "listen",
    "l",
    "addr",
    "address",
    "http",
    "http-port",
    "http-address",
    "server.port",
    "serverapp.port",
    "uds",
    "unix-socket",
    "listen-address",
    "http-socket",
];
/// Variables that servers read their port from.
const VARIABLES: [&str; 11] = [
    "PORT",
    "UVICORN_PORT",
    "FLASK_RUN_PORT",
    "STREAMLIT_SERVER_PORT",
    "GRADIO_SERVER_PORT",
    "SERVER_PORT",
    "NITRO_PORT",
    "HTTP_PORT",
    "LISTEN_PORT",
    "APP_PORT",
    "JUPYTER_PORT",
];

/// The port or socket a program listens on; at most one of each word.
pub(super) fn of<'e>(words: &[String], env: impl Iterator<Item = (&'e str, &'e str)>) -> Vec<Address> {
    let flat: Vec<&str> = words.iter().flat_map(|word| word.split_ascii_whitespace()).collect();
    let mut found = Vec::new();
    let mut add = |address: Address| {
        if !found.contains(&address) {
            found.push(address);
        }
    };
    for (at, word) in flat.iter().enumerate() {
        let word = word.trim_matches(['"', '\'', ',', ';']);
        let next = flat.get(at + 1).map_or("", |next| next.trim_matches(['"', '\'', ',', ';']));
        if let Some(address) = option(word, next).or_else(|| bare(word)) {
            add(address);
        }
        if (matches!(word, "runserver" | "http.server" | "serve") || word.ends_with("/serve"))
            && let Some(port) = port(next)
        {
            add(Address::Port(port));
        }
    }
    for (name, value) in env {
        if VARIABLES.contains(&name)
            && let Some(port) = port(value)
        {
            add(Address::Port(port));
        }
    }
    found
}

/// The prefix a command says it is served under.
pub(super) fn prefix(run: &str) -> Option<String> {
    const OPTIONS: [&str; 8] = [
        "base_url",
        "baseurlpath",
        "base-url",
        "root-path",
        "url-prefix",
        "path_prefix",
        "prefix",
        "base-path",
    ];
    let words: Vec<&str> = run.split_ascii_whitespace().collect();
    words.iter().enumerate().find_map(|(at, word)| {
        let name = word.strip_prefix("--")?;
        let next = words.get(at + 1).copied().unwrap_or_default();
        let (name, value) = name.split_once('=').unwrap_or((name, next));
        let name = name.rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
        let value = value.trim_end_matches('/');
        let is_path =
            value.len() > 1 && value.starts_with('/') && !value.contains(['*', '{', '$', '%', '?', '#']);
        (OPTIONS.contains(&name.as_str()) && is_path).then(|| value.to_owned())
    })
}

/// `--port 8000`, `--port=8000`, `-b 0.0.0.0:8000`, `-p8000`, `--uds /run/x.sock`.
fn option(word: &str, next: &str) -> Option<Address> {
    let name = word.trim_start_matches('-');
    if name.len() == word.len() {
        return None;
    }
    let (name, value) = name.split_once('=').unwrap_or((name, next));
    let (name, value) = match name.split_at_checked(1) {
        Some(("p" | "b", glued)) if !word.starts_with("--") && port(glued).is_some() => ("p", glued),
        _ => (name, value),
    };
    if !OPTIONS.contains(&name.to_ascii_lowercase().as_str()) {
        return None;
    }
    if value.starts_with('/') {
        let is_socket =
            value.ends_with(".sock") || value.ends_with(".socket") || matches!(name, "uds" | "unix-socket");
        return is_socket.then(|| Address::Socket(value.to_owned()));
    }
    port(value).map(Address::Port).or_else(|| bare(value))
}

/// `0.0.0.0:8000`, `:8000`, `unix:/run/x.sock`, `PORT=8000`.
fn bare(word: &str) -> Option<Address> {
    if let Some(value) = word.strip_prefix("PORT=") {
        return port(value).map(Address::Port);
    }
    let word = word.strip_prefix("tcp://").or_else(|| word.strip_prefix("http://")).unwrap_or(word);
    if word.starts_with("unix:") {
        return Address::parse(word);
    }
    let (host, digits) = word.rsplit_once(':')?;
    if !is_here(host) || host.contains('/') {
        return None;
    }
    port(digits).map(Address::Port)
}

fn port(text: &str) -> Option<u16> {
    text.parse().ok().filter(|port| *port >= 80)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_is_found_in_the_ways_people_write_it() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        for (command, expected) in [
            ("gunicorn -b 127.0.0.1:8000 app:app", vec![Address::Port(8000)]),
            ("gunicorn --bind=unix:/run/g.sock app:app", vec![Address::Socket("/run/g.sock".into())]),
            ("uvicorn main:app --host 0.0.0.0 --port 8000", vec![Address::Port(8000)]),
            ("uvicorn main:app --uds /run/u.sock", vec![Address::Socket("/run/u.sock".into())]),
            ("python manage.py runserver 0.0.0.0:8000", vec![Address::Port(8000)]),
            ("python -m http.server 9000", vec![Address::Port(9000)]),
            ("puma -p 3000", vec![Address::Port(3000)]),
            ("java -jar app.jar --server.port=8081", vec![Address::Port(8081)]),
            ("node server.js", vec![]),
            ("celery -A app worker -c 4", vec![]),
            ("worker --redis redis://localhost:6379/0", vec![]),
            ("bash -c 'exec node x.js --port 3000'", vec![Address::Port(3000)]),
        ] {
            assert_eq!(of(&words(command), [].into_iter()), expected, "{command}");
        }
        assert_eq!(of(&words("node x.js"), [("PORT", "3001")].into_iter()), [Address::Port(3001)]);
    }
}
