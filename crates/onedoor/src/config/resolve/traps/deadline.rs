//! Deadlines that the platform does not wait for, an address that it cannot reach, and a port that it does not ask.
//!
//! The numbers are the platforms' own (`platform`). Where one can be raised on the platform only its upper bound counts:
//! whoever raised it has said so in the file.

use std::time::Duration;

use crate::config::duration;
use crate::config::error::{Code, ConfigError};
use crate::config::fix::quoted;
use crate::config::resolve::Context;
use crate::config::resolve::platform::Platform;
use crate::config::section::{Section, Value};
use crate::config::source::Span;
use crate::proxy::config::Listen;

/// `file`: the whole of it. `listen`: what became of it.
pub(in crate::config::resolve) fn traps(file: &Section, listen: &[Listen], context: &mut Context<'_>) {
    let platform = Platform::of(context.env);
    if context.env.is_for_development() || platform == Platform::Unknown {
        return;
    }
    let mut found = Vec::new();
    let server = file.table("server");
    if let Some(server) = server {
        found.extend(stop_budget(server, platform));
        found.extend(first_byte(server, platform));
        found.extend(unreachable(server, listen, platform));
        found.extend(another_port(server, listen, platform, context));
    }
    found.extend(members(file).filter_map(|section| held(section, platform)));
    found.into_iter().for_each(|trap| context.warn(trap));
}

/// The apps and the routes: who holds requests.
fn members(file: &Section) -> impl Iterator<Item = &Section> {
    let tables = ["apps", "routes"].into_iter().filter_map(|name| file.table(name));
    tables.flat_map(|table| &table.entries).flat_map(|entry| {
        match entry.node.as_ref().map(|node| &node.value) {
            Some(Value::Table(section)) => vec![section],
            Some(Value::Tables(sections)) => sections.iter().map(|section| &section.value).collect(),
            _ => Vec::new(),
        }
    })
}

fn too_long(key: &str, said: Duration, most: Duration, place: Span, who: &str) -> ConfigError {
    let (said, most) = (duration::show(said), duration::show(most));
    let fact = format!("{key} is {said}, but {who} after {most}");
    let trap = ConfigError::new(Code::PlatformDeadline, place, fact);
    trap.remedy(format!("write \"{most}\" or less, or leave it out"))
}

fn stop_budget(server: &Section, platform: Platform) -> Option<ConfigError> {
    let (said, most) = (server.duration("stop_budget")?, platform.stop_budget_most()?);
    let place = server.node("stop_budget")?.span;
    let who = format!("{} kills the container", platform.name());
    let trap =
        || too_long("stop_budget", said, most, place, &who).replace(place, quoted(&duration::show(most)));
    (said > most).then(trap)
}

fn first_byte(server: &Section, platform: Platform) -> Option<ConfigError> {
    let timeout = server.table("timeout")?;
    let (said, most) = (timeout.duration("first_byte")?, platform.answer_most()?);
    let place = timeout.node("first_byte")?.span;
    let who = format!("{} answers in its place", platform.name());
    (said > most).then(|| too_long("timeout.first_byte", said, most, place, &who))
}

fn held(section: &Section, platform: Platform) -> Option<ConfigError> {
    let while_down = section.table("while_down")?;
    let (said, most) = (while_down.duration("for")?, platform.answer_most()?);
    let place = while_down.node("for")?.span;
    let who = format!("{} answers in its place", platform.name());
    (said >= most).then(|| too_long("while_down.for", said, most, place, &who))
}

/// Port 0 is for tests: nobody knows it before.
fn unreachable(server: &Section, listen: &[Listen], platform: Platform) -> Option<ConfigError> {
    let is_inside = |listen: &Listen| match listen {
        Listen::Tcp(address) => address.ip().is_loopback() && address.port() != 0,
        Listen::AnyAddress { .. } | Listen::FirstFree { .. } | Listen::Unix(_) => false,
    };
    let node = server.node("listen").filter(|_| listen.iter().all(is_inside))?;
    let Listen::Tcp(first) = listen.first()? else { return None };
    let fact = format!("the door listens on {first}, which {} cannot reach", platform.name());
    let trap = ConfigError::new(Code::ListensInside, node.span, fact);
    let meant = quoted(&format!(":{}", first.port()));
    let written = matches!(&node.value, Value::Text(text) if *text == first.to_string());
    let trap = trap.remedy(format!("write {meant}: every address"));
    Some(if written { trap.replace(node.span, meant) } else { trap })
}

fn another_port(
    server: &Section,
    listen: &[Listen],
    platform: Platform,
    context: &Context<'_>,
) -> Option<ConfigError> {
    if !platform.says_the_port() {
        return None;
    }
    let port: u16 = context.env.text("PORT")?.parse().ok()?;
    let node = server.node("listen")?;
    let ports = listen.iter().map(|listen| match listen {
        Listen::Tcp(address) => address.port(),
        Listen::AnyAddress { port } => *port,
        Listen::FirstFree { .. } | Listen::Unix(_) => 0,
    });
    let ports: Vec<u16> = ports.collect();
    let first = ports.iter().find(|port| **port != 0).filter(|_| !ports.contains(&port))?;
    let fact = format!("the door listens on {first}, and {} asks at PORT, which is {port}", platform.name());
    let trap = ConfigError::new(Code::ListensInside, node.span, fact);
    let meant = quoted(&format!(":${{PORT:-{first}}}"));
    let trap = trap.remedy(format!("write {meant}"));
    Some(if matches!(node.value, Value::Text(_)) { trap.replace(node.span, meant) } else { trap })
}

#[cfg(test)]
mod tests {
    use crate::config::{Env, check_text};

    fn on(variables: &[(&str, &str)], server: &str) -> Vec<String> {
        let text = format!("[server]\n{server}\n[apps]\nweb = \"a\"\n");
        let env = Env::made_of(variables.iter().copied());
        let loaded = check_text(&text, &env).unwrap_or_else(|errors| panic!("{errors}"));
        loaded.warnings.lines().collect()
    }

    #[test]
    fn what_the_platform_does_not_wait_for_is_a_trap_there_alone() {
        for (variable, server, trap) in [
            ("K_SERVICE", "stop_budget = \"30s\"", "Cloud Run kills the container after 10s"),
            ("DYNO", "stop_budget = \"1m\"", "Heroku kills the container after 30s"),
            ("FLY_APP_NAME", "stop_budget = \"10m\"", "Fly.io kills the container after 5m"),
            ("DYNO", "timeout.first_byte = \"2m\"", "Heroku answers in its place after 30s"),
            ("K_SERVICE", "timeout.first_byte = \"2h\"", "Cloud Run answers in its place after 1h"),
            ("K_SERVICE", "listen = \"127.0.0.1:8080\"", "which Cloud Run cannot reach"),
            ("KUBERNETES_SERVICE_HOST", "listen = \"[::1]:8080\"", "which Kubernetes cannot reach"),
        ] {
            let said = on(&[(variable, "x")], server);
            assert_eq!(said.len(), 1, "{variable} {server}: {said:?}");
            assert!(said[0].contains(trap), "{said:?}");
            assert_eq!(on(&[], server), [""; 0], "{server}");
        }
    }

    #[test]
    fn what_the_platform_allows_is_none() {
        for (variable, server) in [
            ("K_SERVICE", "stop_budget = \"10s\""),
            ("FLY_APP_NAME", "stop_budget = \"2m\""),
            ("RENDER", "stop_budget = \"5m\""),
            ("KUBERNETES_SERVICE_HOST", "stop_budget = \"1h\""),
            ("DYNO", "timeout.first_byte = \"25s\""),
            ("FLY_APP_NAME", "timeout.first_byte = \"10m\""),
            ("K_SERVICE", "listen = [\"127.0.0.1:8080\", \":8081\"]"),
        ] {
            assert_eq!(on(&[(variable, "x")], server), [""; 0], "{variable} {server}");
        }
    }

    #[test]
    fn a_port_that_the_platform_does_not_ask_is_a_trap() {
        let said = on(&[("DYNO", "web.1"), ("PORT", "5000")], "listen = \":8000\"");
        assert!(said[0].contains("Heroku asks at PORT, which is 5000"), "{said:?}");
        assert_eq!(on(&[("DYNO", "web.1"), ("PORT", "5000")], "listen = \":${PORT:-8000}\""), [""; 0]);
        assert_eq!(on(&[("FLY_APP_NAME", "x"), ("PORT", "5000")], "listen = \":8000\""), [""; 0]);
    }
}
