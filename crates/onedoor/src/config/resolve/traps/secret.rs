//! A secret in clear text: whoever reads the file reads it, and so does whoever reads the repository's history.

use crate::config::error::{Code, ConfigError};
use crate::config::fix::Fix;
use crate::config::interpolate::Piece;
use crate::config::resolve::Context;
use crate::config::section::{Section, Value};
use crate::config::source::{Located, Span};
use crate::config::{fix, secrecy};

/// Of an app or a job, with its name and whether it is one or the other.
pub(in crate::config::resolve) fn traps(
    (noun, name): (&str, &str),
    section: &Section,
    context: &Context<'_>,
) -> Vec<ConfigError> {
    if context.env.is_for_development() {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (variable, value) in section.env("env") {
        found.extend(of_variable((noun, name), section, variable, value, context));
    }
    found.extend(section.node("run").and_then(|run| match &run.value {
        Value::List(words) => words.iter().find_map(|word| of_word((noun, name), &word.value, word.span)),
        Value::Text(line) => of_word((noun, name), line, run.span),
        _ => None,
    }));
    found
}

fn of_variable(
    (noun, name): (&str, &str),
    section: &Section,
    variable: &Located<String>,
    value: &Located<Vec<Piece>>,
    context: &Context<'_>,
) -> Option<ConfigError> {
    let [Piece::Text(text)] = &value.value[..] else { return None };
    let written = context.source.slice(value.span);
    // What comes from the container's environment is not in the file.
    let is_from_elsewhere = written.contains("${") && secrecy::part(written).is_none();
    let by_name = secrecy::is_secret_name(&variable.value) && secrecy::is_telling(text);
    if is_from_elsewhere || !by_name && secrecy::part(text).is_none() {
        return None;
    }
    let key = fix::key(&variable.value);
    let fact = format!("{noun} \"{name}\": {} stands here in clear text", variable.value);
    let trap = ConfigError::new(Code::SecretInClear, value.span, fact);
    let lower = variable.value.to_ascii_lowercase();
    let trap = trap.remedy(format!(
        "give it to the container, and write secrets = {{ {key} = \"env:{}\" }}, or \"file:/run/secrets/{lower}\"",
        variable.value
    ));
    // Nothing is lost only where the container has the same already.
    let is_known = context.env.text(&variable.value) == Some(text);
    Some(trap.fix(is_known.then(|| moved(section, variable, context)).flatten()))
}

/// The variable as a secret of the same name, where it is all that `env` holds.
fn moved(section: &Section, variable: &Located<String>, context: &Context<'_>) -> Option<Fix> {
    let is_alone = section.key("secrets").is_none() && section.env("env").len() == 1;
    let (env, whole) = section.key("env").zip(section.node("env")).filter(|_| is_alone)?;
    let is_inline = context.source.slice(whole.span).starts_with('{');
    let secret = format!("secrets = {{ {} = \"env:{}\" }}", fix::key(&variable.value), variable.value);
    is_inline.then(|| Fix::replace(Span { start: env.start, end: whole.span.end }, secret))
}

/// In a command everybody on the machine can read it.
fn of_word((noun, name): (&str, &str), text: &str, place: Span) -> Option<ConfigError> {
    secrecy::part(text)?;
    let fact = format!("{noun} \"{name}\": a secret stands in its command, where `ps` shows it");
    let trap = ConfigError::new(Code::SecretInClear, place, fact);
    Some(
        trap.remedy(
            "give it as a variable, secrets = { NAME = \"env:NAME\" }, and write $NAME in the command",
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::super::warnings_of as warnings;

    #[test]
    fn a_secret_in_clear_text_is_a_trap_that_does_not_repeat_it() {
        for env in [
            "API_TOKEN = \"hunter2hunter2\"",
            "POSTGRES_PASSWORD = \"hunter2\"",
            "DATABASE_URL = \"postgres://shop:hunter2@db/shop\"",
            "STRIPE = \"sk_live_hunter2hunter2\"",
            "KEY = \"-----BEGIN RSA PRIVATE KEY-----hunter2\"",
        ] {
            let said = warnings(&format!("[apps.a]\nrun = \"x\"\npath = \"/\"\nenv = {{ {env} }}\n"));
            assert_eq!(said.len(), 1, "{env}: {said:?}");
            assert!(said[0].contains("in clear text") && !said[0].contains("hunter2"), "{said:?}");
        }
        let job = "[jobs.j]\nrun = \"x --db redis://:hunter2@db\"\non = \"start\"\n";
        assert!(warnings(job)[0].contains("job \"j\": a secret stands in its command"));
    }

    #[test]
    fn what_is_kept_elsewhere_or_no_secret_is_none() {
        for env in [
            "API_TOKEN = \"${API_TOKEN:-}\"",
            "MAX_TOKENS = \"4096\"",
            "TOKEN = \"/run/secrets/token\"",
            "USE_TOKEN = \"true\"",
            "DATABASE_URL = \"postgres://db/shop\"",
            "NEXT_PUBLIC_API_KEY = \"abcdefgh\"",
            "DB_PASSWORD_FILE = \"/run/secrets/db\"",
        ] {
            let said = warnings(&format!("[apps.a]\nrun = \"x\"\npath = \"/\"\nenv = {{ {env} }}\n"));
            assert_eq!(said, [""; 0], "{env}");
        }
    }
}
