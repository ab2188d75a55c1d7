//! What other programs call our keys and words: Compose, supervisord, systemd, nginx, Caddy, Traefik, foreman, fly.toml,
//! Kamal, Kubernetes. Only proposes.

use super::catalogue::{self, Status};
use super::suggest;

/// Our key, from the table it was looked for in, and theirs in the spelling `a_b`.
#[rustfmt::skip]
const KEYS: &[(&str, &[&str])] = &[
    ("apps", &["app", "services", "service", "processes", "programs", "program", "process", "applications", "containers", "procs"]),
    ("routes", &["route", "paths", "locations", "location", "handlers", "routing", "ingress", "rules", "rewrites"]),
    ("server", &["http", "global", "door", "gateway", "listener", "http_service", "entrypoint", "entrypoints", "proxy"]),
    ("jobs", &["job", "cron", "crons", "tasks", "task", "cronjobs", "schedules", "scheduled"]),
    ("log", &["logging", "logs", "logger"]),
    ("name", &["project", "project_name", "title", "app_name"]),
    ("server.listen", &["listen", "port", "bind", "addr", "address", "ports", "http_port", "listen_addr"]),
    ("run", &["command", "cmd", "exec", "entrypoint", "process", "start_command", "start_cmd", "script", "exec_start", "program", "executable", "start_script", "launch"]),
    ("dir", &["cwd", "workdir", "working_dir", "working_directory", "directory", "folder", "root_dir", "chdir", "base_dir", "project_dir", "root", "work_dir", "context"]),
    ("path", &["prefix", "mount", "location", "path_prefix", "base_path", "basepath", "base_url", "url_prefix", "route", "mount_path", "subpath", "context_path", "url_path", "uri", "url", "endpoint", "http", "http_path", "http_get"]),
    ("env", &["environment", "vars", "variables", "envs", "environ", "env_vars", "environment_variables", "setenv"]),
    ("env_file", &["dotenv", "envfile", "env_files", "environment_file", "env_path"]),
    ("ready", &["health", "healthcheck", "health_check", "readiness", "readiness_probe", "healthz", "check", "startup_probe", "ready_when"]),
    ("live", &["liveness", "liveness_probe", "watchdog", "alive"]),
    ("host", &["hostname", "domain", "server_name", "subdomain", "vhost", "virtual_host", "hosts", "domains"]),
    ("port", &["listen_port", "internal_port", "app_port", "target_port", "container_port", "http_port", "ports", "expose"]),
    ("strip", &["strip_prefix", "stripprefix", "strip_path_prefix", "strip_path", "trim_prefix", "remove_prefix"]),
    ("rewrite", &["path_rewrite", "replace_prefix", "rewrite_to", "replace_path", "add_prefix"]),
    ("proxy", &["upstream", "proxy_pass", "backend", "url", "target", "reverse_proxy", "destination", "forward", "forward_to", "upstreams", "dest", "origin", "proxy_to"]),
    ("app", &["service", "process", "application", "program"]),
    ("respond", &["return", "response", "text", "reply", "message", "content"]),
    ("status", &["code", "status_code", "expect", "http_code"]),
    ("static", &["file_server", "files", "alias", "static_dir", "static_files", "share", "public", "publish", "serve", "document_root", "docroot", "root"]),
    ("spa", &["single_page", "single_page_app", "fallback", "history_api_fallback", "try_files"]),
    ("index", &["index_file", "index_document"]),
    ("not_found", &["error_page", "error_document", "page_404", "404"]),
    ("cache", &["expires", "max_age", "maxage", "cache_control"]),
    ("precompressed", &["gzip_static", "brotli_static", "compressed"]),
    ("redirect", &["redirect_to", "redir", "to", "location"]),
    ("headers", &["header", "response_headers", "add_header"]),
    ("type", &["content_type", "mime", "mime_type"]),
    ("listen", &["bind", "address", "addr", "port", "http_port", "ports", "listen_addr"]),
    ("workers", &["threads", "worker_processes", "worker_threads"]),
    ("start_timeout", &["startup_timeout", "boot_timeout", "startsecs", "start_period", "timeout_start", "timeout_start_sec"]),
    ("replicas", &["instances", "scale", "numprocs", "count", "num_procs", "formation"]),
    ("needs", &["depends_on", "requires", "after", "wants", "depends", "dependencies", "wait_for", "wait_on", "links"]),
    ("restart.when", &["autorestart", "restart_policy", "restart_on"]),
    ("restart.backoff", &["restart_sec", "restart_delay"]),
    ("restart.give_up", &["startretries", "max_retries", "retries", "max_restarts"]),
    ("stop.signal", &["stopsignal", "stop_signal", "kill_signal", "exit_signal"]),
    ("stop.grace", &["stopwaitsecs", "stop_grace_period", "kill_timeout", "stop_timeout", "timeout_stop", "timeout_stop_sec", "grace_period", "termination_grace_period_seconds", "shutdown_timeout"]),
    ("limits.memory", &["mem_limit", "memory_limit", "memory", "mem", "max_memory", "memory_max"]),
    ("limits.cpu", &["cpus", "cpu", "cpu_limit", "cpu_quota"]),
    ("limits.files", &["nofile", "ulimit", "limit_nofile"]),
    ("limits.processes", &["nproc", "pids_limit", "tasks_max"]),
    ("limits.body", &["client_max_body_size", "max_body_size", "body_limit", "max_body", "body_size", "request_body", "max_request_body"]),
    ("limits.header", &["large_client_header_buffers", "max_header", "max_header_size"]),
    ("limits.connections", &["worker_connections", "max_connections"]),
    ("timeout.idle", &["keepalive_timeout", "keep_alive", "idle_timeout", "keepalive"]),
    ("timeout.first_byte", &["proxy_read_timeout", "read_timeout", "response_header_timeout", "response_timeout"]),
    ("timeout.connect", &["proxy_connect_timeout", "connect_timeout", "dial_timeout"]),
    ("timeout.header", &["client_header_timeout", "header_timeout", "read_header_timeout"]),
    ("timeout.body", &["client_body_timeout", "body_timeout"]),
    ("timeout.tunnel", &["websocket_timeout", "ws_timeout", "tunnel_timeout"]),
    ("idle", &["keepalive", "keep_alive", "keepalive_timeout"]),
    ("first_byte", &["read", "response", "proxy_read_timeout"]),
    ("trusted_proxies", &["trusted", "trusted_ips", "set_real_ip_from", "real_ip", "forwarded_allow_ips", "trust_proxy", "trusted_proxy"]),
    ("stop_budget", &["shutdown_timeout", "stop_timeout", "termination_grace_period", "grace_period", "stop_grace_period"]),
    ("user", &["uid", "username", "run_as", "runas", "run_as_user"]),
    ("group", &["gid", "run_as_group"]),
    ("essential", &["critical", "required", "primary"]),
    ("stop_after_idle", &["idle_timeout", "sleep_after", "scale_to_zero", "auto_stop"]),
    ("success", &["exitcodes", "exit_codes", "success_exit_status", "success_exit_codes"]),
    ("balance", &["lb", "load_balancing", "lb_policy", "load_balance", "strategy", "load_balancer"]),
    ("cap", &["max_concurrency", "concurrency", "hard_limit", "max_in_flight"]),
    ("secrets", &["secret"]),
    ("on", &["schedule", "cron", "when", "trigger", "at"]),
    ("max", &["timeout", "max_time", "active_deadline_seconds"]),
    ("tz", &["timezone", "time_zone"]),
    ("overlap", &["concurrency_policy"]),
    ("every", &["interval", "period", "period_seconds"]),
    ("timeout", &["timeout_seconds"]),
    ("exec", &["command", "cmd", "test", "run"]),
    ("log", &["pattern", "regex", "line"]),
    ("failures", &["retries", "failure_threshold", "threshold"]),
    ("when", &["policy", "condition", "mode"]),
    ("backoff", &["delay"]),
    ("give_up", &["max", "max_retries", "attempts", "max_attempts", "retries", "limit"]),
    ("grace", &["timeout", "period", "wait", "grace_period"]),
    ("signal", &["sig"]),
    ("do", &["action", "mode"]),
    ("for", &["timeout", "wait", "max_wait", "hold"]),
    ("queue", &["queue_size", "max_queue", "max"]),
    ("memory", &["mem", "ram"]),
    ("cpu", &["cpus", "cores"]),
    ("files", &["nofile", "open_files"]),
    ("processes", &["pids", "nproc"]),
    ("format", &["formatter", "encoding", "style", "type"]),
    ("access", &["access_log", "requests"]),
    ("ca", &["ca_file", "cafile", "ca_cert", "root_ca"]),
];

/// Words that other programs have for one of ours: the key's path, theirs, ours.
const WORDS: &[(&str, &[&str], &str)] = &[
    ("log.format", &["text", "pretty", "console", "plain", "logfmt"], "human"),
    ("log.format", &["structured"], "json"),
    ("log.access", &["true", "yes", "enabled", "stdout", "/dev/stdout"], "on"),
    ("log.access", &["false", "no", "none", "disabled", "/dev/null"], "off"),
    ("apps.*.restart.when", &["unless-stopped", "true", "yes", "any"], "always"),
    ("apps.*.restart.when", &["no", "false", "none", "off"], "never"),
    ("apps.*.restart.when", &["unexpected", "failure", "on-error", "on-abnormal"], "on-failure"),
    ("apps.*.balance", &["least-connections", "least-connection", "leastconn", "least"], "least-conn"),
    ("apps.*.balance", &["rr", "roundrobin", "default"], "round-robin"),
    ("apps.*.balance", &["source", "client-ip", "ip", "source-ip"], "ip-hash"),
    ("apps.*.balance", &["sticky", "session"], "cookie"),
    ("apps.*.start", &["on-demand", "ondemand", "manual"], "lazy"),
    ("apps.*.start", &["auto", "boot", "always"], "eager"),
    ("apps.*.replace", &["rolling", "start-first", "zero-downtime"], "overlap"),
    ("apps.*.replace", &["recreate"], "stop-first"),
    ("apps.*.while_down.do", &["wait", "queue"], "hold"),
    ("apps.*.while_down.do", &["reject", "fail", "error"], "refuse"),
    ("jobs.*.overlap", &["forbid", "false", "no"], "skip"),
    ("jobs.*.overlap", &["replace"], "kill"),
    ("routes.*.host", &["preserve", "client"], "keep"),
    ("routes.*.builtin", &["healthz", "healthcheck", "live", "liveness", "ping"], "health"),
    ("routes.*.builtin", &["readyz", "readiness"], "ready"),
    ("routes.*.builtin", &["prometheus"], "metrics"),
    ("server.workers", &["max", "cpus", "default"], "auto"),
];

/// Our name for what another program calls `typed`, from the table at `pattern`: `run`, `stop.grace`.
pub(super) fn of_key(pattern: &str, typed: &str) -> Option<&'static str> {
    let typed = snake(typed);
    let is_ours = |ours: &str| {
        catalogue::rows().any(|row| {
            row.status == Status::Supported
                && !ours.contains('*')
                && match pattern {
                    "" => row.path == ours,
                    pattern => {
                        row.path.strip_prefix(pattern).and_then(|end| end.strip_prefix('.')) == Some(ours)
                    }
                }
        })
    };
    let same = || catalogue::keys_of(pattern).find(|key| *key == typed);
    same().or_else(|| {
        let named = KEYS.iter().filter(|(_, theirs)| theirs.contains(&typed.as_str()));
        named.map(|(ours, _)| *ours).find(|ours| is_ours(ours))
    })
}

/// The same where a finger slipped in another program's name.
pub(super) fn near_key(pattern: &str, typed: &str) -> Option<&'static str> {
    let theirs = KEYS.iter().flat_map(|(_, theirs)| theirs.iter().copied());
    let meant = suggest::nearest(&snake(typed), theirs.filter(|name| of_key(pattern, name).is_some()))?;
    of_key(pattern, meant)
}

/// Our word for what another program calls `typed`, for the key at `path`.
pub(super) fn of_word(path: &str, words: &[&'static str], typed: &str) -> Option<&'static str> {
    let typed = typed.trim().replace('_', "-");
    let lower = typed.to_ascii_lowercase();
    let bare = lower.strip_prefix("sig").unwrap_or(&lower);
    let same = words
        .iter()
        .copied()
        .find(|word| [typed.to_ascii_lowercase().as_str(), bare].contains(&&*word.to_ascii_lowercase()));
    // `on-failure:5` is Compose's.
    let theirs = lower.split(':').next().unwrap_or(&lower);
    same.or_else(|| words.iter().copied().find(|word| *word == theirs)).or_else(|| {
        let row = |row: &&(&str, &[&str], &'static str)| row.0 == path && row.1.contains(&lower.as_str());
        WORDS.iter().find(row).map(|(_, _, ours)| *ours)
    })
}

/// `workingDir`, `Working-Dir` → `working_dir`
fn snake(typed: &str) -> String {
    let mut out = String::with_capacity(typed.len() + 4);
    let mut after_lower = false;
    for letter in typed.chars() {
        if letter.is_uppercase() && after_lower {
            out.push('_');
        }
        after_lower = letter.is_lowercase() || letter.is_ascii_digit();
        out.extend(
            letter.to_lowercase().map(|letter| if letter == '-' || letter == ' ' { '_' } else { letter }),
        );
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_synonym_leads_to_a_key_that_is_there() {
        for (ours, theirs) in KEYS {
            let ends = |row: &catalogue::Row| row.path == *ours || row.path.ends_with(&format!(".{ours}"));
            assert!(catalogue::rows().any(ends), "{ours}");
            for their in *theirs {
                assert_eq!(snake(their), *their);
            }
        }
        for (path, _, ours) in WORDS {
            let row = catalogue::rows().find(|row| row.path == *path).unwrap_or_else(|| panic!("{path}"));
            assert!(catalogue::describe(row.kinds).contains(&format!("\"{ours}\"")), "{path} {ours}");
        }
    }

    #[test]
    fn a_synonym_belongs_to_its_table() {
        assert_eq!(of_key("apps.*", "cwd"), Some("dir"));
        assert_eq!(of_key("apps.*", "workingDir"), Some("dir"));
        assert_eq!(of_key("apps.*", "start-timeout"), Some("start_timeout"));
        assert_eq!(of_key("apps.*", "stop_grace_period"), Some("stop.grace"));
        assert_eq!(of_key("routes.*", "cwd"), None);
        assert_eq!(of_key("", "port"), Some("server.listen"));
        assert_eq!(of_key("server", "port"), Some("listen"));
    }

    #[test]
    fn a_word_is_found_under_its_other_names() {
        let signals = ["TERM", "INT"];
        assert_eq!(of_word("apps.*.stop.signal", &signals, "SIGTERM"), Some("TERM"));
        assert_eq!(of_word("apps.*.stop.signal", &signals, "term"), Some("TERM"));
        let when = ["always", "on-failure", "never"];
        assert_eq!(of_word("apps.*.restart.when", &when, "on_failure"), Some("on-failure"));
        assert_eq!(of_word("apps.*.restart.when", &when, "on-failure:5"), Some("on-failure"));
        assert_eq!(of_word("apps.*.restart.when", &when, "unless-stopped"), Some("always"));
        assert_eq!(of_word("apps.*.restart.when", &when, "perhaps"), None);
    }
}
