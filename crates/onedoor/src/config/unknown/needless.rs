//! What other programs need to be told, and onedoor does not; and what is not its business.

use super::Stray;
use crate::config::fix::Fix;
use crate::config::source::Source;
use crate::config::surgery;
use crate::config::written::Written;

impl Stray<'_> {
    pub(super) fn needless(self, source: &Source) -> Option<(String, Option<Fix>)> {
        if let Some(why) = why(self.pattern, self.name) {
            let gone = match self.value.value {
                Written::Table(_) => surgery::take_out_table(source, self.key),
                _ => None,
            };
            let gone = gone.or_else(|| surgery::take_out(source, self.key, self.value.span));
            return Some((format!("take it out: {why}"), gone.map(|edit| Fix::of(vec![edit]))));
        }
        elsewhere(self.pattern, self.name).map(|sentence| (sentence.to_owned(), None))
    }
}

/// Nothing is lost without it.
fn why(pattern: &str, name: &str) -> Option<&'static str> {
    let log = "what an app prints is in onedoor's log";
    match (pattern, name) {
        (
            "apps.*" | "jobs.*",
            "stdout_logfile" | "stderr_logfile" | "logfile" | "stdout" | "stderr" | "log_file",
        ) => Some(log),
        ("apps.*" | "jobs.*", "redirect_stderr" | "stdout_logfile_maxbytes" | "stderr_logfile_maxbytes") => {
            Some(log)
        }
        ("apps.*", "autostart" | "daemon" | "daemonize" | "nodaemon") => {
            Some("every app is started, and kept running")
        }
        ("apps.*", "container_name" | "process_name") => Some("an app is called by its key"),
        ("apps.*" | "", "networks" | "network" | "network_mode") => {
            Some("all apps are in one container, and find one another by NAME_URL")
        }
        ("", "version") => Some("the file has no version"),
        ("", "nodaemon") => Some("onedoor stays in the foreground"),
        ("", "supervisord" | "supervisorctl" | "unix_http_server" | "inet_http_server")
        | ("", "rpcinterface:supervisor") => {
            Some("onedoor is the supervisor, and has a control socket of its own")
        }
        _ => None,
    }
}

/// Something is, and it has to be said in another way.
fn elsewhere(pattern: &str, name: &str) -> Option<&'static str> {
    match (pattern, name) {
        ("apps.*" | "jobs.*", "args" | "arguments") => {
            Some("they belong to the command: run = [\"node\", \"server.js\"]")
        }
        ("apps.*" | "jobs.*" | "", "volumes" | "volume" | "mounts") => {
            Some("what is mounted is the container's business: docker run -v, or the platform's volumes")
        }
        ("apps.*", "deploy" | "resources") => {
            Some("written apart: replicas = 2, limits = { memory = \"512MiB\", cpu = 0.5 }")
        }
        ("apps.*", "routes") => {
            Some("an app has one path; each other one stands in [routes]: \"/path/*\" = { app = \"NAME\" }")
        }
        ("apps.*" | "routes.*" | "", "timeout") => Some(
            "say which wait is meant: start_timeout of an app, stop.grace, ready.timeout, or server.timeout.first_byte",
        ),
        ("server" | "", "gzip" | "compression" | "encode") => {
            Some("this version does not compress; apps may")
        }
        (
            "server" | "",
            "ssl" | "https" | "ssl_certificate" | "ssl_certificate_key" | "force_https" | "certificate",
        ) => Some("this version does not serve https; let the platform or a load balancer end it"),
        ("server" | "routes.*" | "", "cors") => Some("let the app answer CORS requests itself"),
        _ => None,
    }
}
