//! The samples: files as people have them, each converted; what is written and what is said is pinned beside this.
//! Read the snapshots when they change: they are what an operator sees.

mod hostile;

use std::path::{Path, PathBuf};

use super::finding::Verdict;
use super::{Conversion, Detail, Fault, Format, Input, convert};
use crate::config::{Env, Paint, check_text};

/// A folder below `samples`, and what is read in it.
const SAMPLES: &[(&str, &[(Format, &str)])] = &[
    ("fastapi-react", &[(Format::Nginx, "nginx.conf"), (Format::Supervisord, "supervisord.conf")]),
    ("node-sockets", &[(Format::Nginx, "nginx.conf"), (Format::Supervisord, "supervisord.conf")]),
    ("wordpress", &[(Format::Nginx, "nginx.conf")]),
    ("node-pair", &[(Format::Nginx, "nginx.conf"), (Format::Supervisord, "supervisord.conf")]),
    ("legacy-portal", &[(Format::Nginx, "nginx.conf"), (Format::Supervisord, "supervisord.conf")]),
    ("django-celery", &[(Format::Nginx, "nginx.conf"), (Format::Supervisord, "supervisord.conf")]),
    ("laravel", &[(Format::Supervisord, "supervisord.conf")]),
    ("jupyter", &[(Format::Supervisord, "supervisord.conf")]),
    ("web-api-db", &[(Format::Compose, "compose.yaml")]),
    ("traefik-labels", &[(Format::Compose, "docker-compose.yml")]),
    ("worker-beat", &[(Format::Compose, "compose.yaml")]),
    ("next-go", &[(Format::Compose, "docker-compose.yml")]),
    ("prefixed-services", &[(Format::Nginx, "gateway/nginx.conf"), (Format::Compose, "docker-compose.yml")]),
    ("unit-django", &[(Format::Unit, "unit.json")]),
    ("unit-node", &[(Format::Unit, "unit.json")]),
    ("unit-wordpress", &[(Format::Unit, "unit.json")]),
    ("unit-go", &[(Format::Unit, "unit.json")]),
    ("unit-python-prefix", &[(Format::Unit, "unit.json")]),
    ("caddy-paths", &[(Format::Caddy, "Caddyfile"), (Format::Procfile, "Procfile")]),
    ("caddy-subdomains", &[(Format::Caddy, "Caddyfile"), (Format::Supervisord, "supervisord.conf")]),
    ("caddy-php", &[(Format::Caddy, "Caddyfile")]),
    ("caddy-spa", &[(Format::Caddy, "Caddyfile"), (Format::Supervisord, "supervisord.conf")]),
    ("caddy-snippets", &[(Format::Caddy, "Caddyfile"), (Format::Procfile, "Procfile")]),
    ("caddy-gates", &[(Format::Caddy, "Caddyfile")]),
    ("procfile-shop", &[(Format::Procfile, "Procfile")]),
    ("cron-flask", &[(Format::Supervisord, "supervisord.conf")]),
];

fn folder(sample: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/import/samples").join(sample)
}

fn converted(sample: &str, files: &[(Format, &str)]) -> Conversion {
    let input = |name: &str| -> Result<Input, Fault> {
        let read = Input::read(&folder(sample).join(name))?;
        Ok(Input { name: name.to_owned(), ..read })
    };
    let inputs: Vec<(Format, Vec<Input>)> = files
        .iter()
        .map(|(format, name)| (*format, vec![input(name).expect("the sample is there")]))
        .collect();
    convert(&inputs).unwrap_or_else(|fault| panic!("{sample}: {fault}"))
}

/// What the samples take from the environment.
fn env() -> Env {
    Env::made_of(
        [
            "DATABASE_URL",
            "PATH",
            "JUPYTER_TOKEN",
            "NGINX_PORT",
            "POSTGRES_PASSWORD",
            "SECRET_KEY",
            "DB_PASSWORD",
            "UPLOADS",
        ]
        .map(|name| (name, "given")),
    )
}

#[test]
fn what_is_written_and_said_of_each_sample_is_pinned() {
    for (sample, files) in SAMPLES {
        let Conversion { draft, report } = converted(sample, files);
        // Absolute places of this checkout do not belong in a snapshot.
        let place = format!("{}/", folder(sample).display());
        let text = format!("{}\n=====\n{}", draft.render(), report.render(Detail::Whole)).replace(&place, "");
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false, snapshot_path => "snapshots" }, {
            insta::assert_snapshot!(*sample, text);
        });
    }
}

#[test]
fn every_sample_becomes_a_file_that_check_accepts() {
    for (sample, files) in SAMPLES {
        let text = converted(sample, files).draft.render();
        if let Err(errors) = check_text(&text, &env()) {
            panic!("{sample}:\n{}\n{text}", errors.render(Paint::Plain));
        }
    }
}

#[test]
fn every_directive_of_every_sample_is_accounted_for() {
    for (sample, files) in SAMPLES {
        let report = converted(sample, files).report;
        for finding in &report.findings {
            assert!(!finding.verdicts.is_empty(), "{sample}: {} {}", finding.place, finding.what);
            let is_fallback = |verdict: &Verdict| matches!(verdict, Verdict::Missing(text) if text.starts_with("onedoor has nothing for it; see"));
            assert!(
                !finding.verdicts.iter().any(is_fallback),
                "{sample}: nobody thought of {} {}",
                finding.place,
                finding.what
            );
        }
    }
}
