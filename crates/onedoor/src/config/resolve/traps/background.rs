//! A command that sends its work to the background, and so seems to have ended.

use super::App;
use crate::apps::spec::Command;
use crate::config::error::{Code, ConfigError};

pub(super) fn trap(app: &App<'_>) -> Option<ConfigError> {
    let name = &app.spec.name;
    let of_shell = match &app.spec.command {
        Command::Shell(line) if line.trim_end().ends_with('&') => Some("&"),
        Command::Shell(_) | Command::Exec(_) => None,
    };
    let is_daemon = |word: &&String| *word == "--daemon" || *word == "--daemonize";
    let sign = of_shell.or_else(|| app.line.calls.iter().flatten().find(is_daemon).map(String::as_str))?;
    let fact = format!("app \"{name}\" goes to the background and will seem to have ended");
    let place = if sign == "&" { app.line.whole() } else { app.line.place(sign) };
    let trap = ConfigError::new(Code::Background, place, fact);
    let trap = trap.remedy(format!("leave {sign} out: onedoor itself keeps it running"));
    Some(if sign == "&" { trap } else { trap.fix(app.line.without(sign)) })
}

#[cfg(test)]
mod tests {
    use super::super::warnings_of as warnings;

    #[test]
    fn a_command_that_goes_to_the_background_is_a_trap() {
        let about = |run: &str| warnings(&format!("[apps.a]\npath = \"/a\"\nrun = \"{run}\""));
        assert_eq!(about("node x.js &").len(), 1);
        assert_eq!(about("gunicorn a --daemon").len(), 1);
        assert_eq!(about("a && b").len(), 0);
    }
}
