//! `onedoor health`: for a container's HEALTHCHECK. 0 while onedoor is up and every essential app is ready, else 1.
//!
//! The control socket knows. Where it cannot be asked, the door is: for `ready` or `health` if the file has a route
//! to them, else whether it takes a connection. A file with mistakes is no reason to be unwell: onedoor runs the one
//! it was started with.

use std::io::{self, Write};
use std::time::Duration;

use serde_json::json;

use super::operate::Target;
use super::{Ended, Surroundings};
use crate::config::{self, Env};
use crate::control::{Answer, AppStatus, CallError, Patience, Request, call};
use crate::prefix_doctor::{Place, Stream};
use crate::proxy::config::{Listen, ProxyProtocol};

/// Whoever is well answers in milliseconds; platforms give a check some seconds.
const PATIENCE: Duration = Duration::from_secs(2);

/// What listens where no readable file says so.
const ANY_FILE: &str = "[routes]\n\"/\" = { respond = \"\" }\n";

pub(super) fn run(target: &Target, surroundings: &mut Surroundings<'_>) -> io::Result<Ended> {
    let health = look(target, surroundings.env);
    if target.json {
        let answer = match &health {
            Ok(()) => json!({"ok": true}),
            Err(why) => json!({"ok": false, "error": why}),
        };
        writeln!(surroundings.out, "{answer}")?;
    }
    match health {
        Ok(()) => Ok(Ended::Well),
        Err(why) => {
            writeln!(surroundings.talk, "onedoor: {why}")?;
            Ok(Ended::Refused)
        }
    }
}

fn look(target: &Target, env: &Env) -> Result<(), String> {
    match call(&target.places(env), &Request::Status, Patience::AtMost(PATIENCE)) {
        Ok(Answer::Status(status)) => match status.apps.iter().find_map(ailment) {
            None => Ok(()),
            Some(why) => Err(why),
        },
        // Another user's socket, or none: the door is for everybody.
        Ok(Answer::Refused(_) | Answer::Done | Answer::Reloaded(_))
        | Err(CallError::NobodyThere | CallError::NoEntry { .. }) => Door::of(target, env).look(),
        Err(error @ (CallError::Broken { .. } | CallError::NoAnswer { .. } | CallError::Silent { .. })) => {
            Err(error.to_string())
        }
    }
}

/// One that sleeps is well: a request wakes it up.
fn ailment(app: &AppStatus) -> Option<String> {
    if !app.essential || ["ready", "idle"].contains(&app.state.as_str()) {
        return None;
    }
    let (name, state) = (&app.name, &app.state);
    Some(match app.detail.as_str() {
        "" => format!("app \"{name}\" is {state}"),
        detail => format!("app \"{name}\" is {state}: {detail}"),
    })
}

/// The public side, as far as the file tells.
struct Door {
    listen: Vec<Listen>,
    /// A path that answers how it is.
    path: Option<String>,
}

impl Door {
    fn of(target: &Target, env: &Env) -> Self {
        let loaded =
            config::load_to_ask(&target.files.layers(), env).or_else(|_| config::check_text(ANY_FILE, env));
        // Not even PORT makes sense: then nothing listens.
        let Ok(loaded) = loaded else { return Self { listen: Vec::new(), path: None } };
        let path = match loaded.proxy.proxy_protocol {
            ProxyProtocol::Off => loaded.health_path,
            // We are no load balancer: that it takes a connection is all we can hear.
            ProxyProtocol::Required => None,
        };
        Self { listen: loaded.proxy.listen, path }
    }

    fn look(&self) -> Result<(), String> {
        let mut why = "no onedoor runs this file here".to_owned();
        for listen in &self.listen {
            for place in Place::of(listen) {
                match place.connect(PATIENCE) {
                    Ok(stream) => return self.ask(stream, &place.shown()),
                    Err(error) => {
                        why = format!("no onedoor runs this file here, and on {}: {error}", place.shown());
                    }
                }
            }
        }
        Err(why)
    }

    fn ask(&self, mut stream: Box<dyn Stream>, place: &str) -> Result<(), String> {
        let Some(path) = &self.path else { return Ok(()) };
        let asked = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        let mut head = [0; 12];
        let answered = stream.write_all(asked.as_bytes()).and_then(|()| stream.read_exact(&mut head));
        answered.map_err(|error| format!("GET {path} on {place}: {error}"))?;
        // `HTTP/1.1 200`
        match head.strip_prefix(b"HTTP/1.1 ") {
            Some(b"200") => Ok(()),
            Some(status) => Err(format!("GET {path} on {place}: {}", status.escape_ascii())),
            None => Err(format!("GET {path} on {place}: no answer in HTTP")),
        }
    }
}
