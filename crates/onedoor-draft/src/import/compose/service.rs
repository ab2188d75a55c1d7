//! Which services are apps of this container, which run once, and which stay what they are.

use std::collections::BTreeSet;

use crate::draft::Entry;
use crate::import::Format;
use crate::import::files::Input;
use crate::import::finding::{Item, Ledger, Place, Verdict};
use crate::import::sketch::{Service, Sketch, app_name};
use crate::import::yaml::Node;

use super::environment::{Move, Sibling, Siblings};
use super::{command, labels, process};

/// In the name of an image that is no program of one's own.
const FOREIGN: [&str; 50] = [
    "postgres",
    "postgis",
    "timescale",
    "pgvector",
    "mysql",
    "mariadb",
    "percona",
    "redis",
    "valkey",
    "keydb",
    "dragonfly",
    "mongo",
    "rabbitmq",
    "memcached",
    "elasticsearch",
    "opensearch",
    "kibana",
    "logstash",
    "minio",
    "kafka",
    "zookeeper",
    "nats",
    "clickhouse",
    "cassandra",
    "scylla",
    "influxdb",
    "couchdb",
    "neo4j",
    "mailhog",
    "mailpit",
    "adminer",
    "pgadmin",
    "phpmyadmin",
    "prometheus",
    "grafana",
    "loki",
    "jaeger",
    "otel",
    "vault",
    "consul",
    "etcd",
    "keycloak",
    "meilisearch",
    "typesense",
    "qdrant",
    "weaviate",
    "localstack",
    "cockroach",
    "mssql",
    "watchtower",
];
/// Images that onedoor takes the place of.
const DOORS: [&str; 6] = ["traefik", "nginx", "caddy", "haproxy", "envoy", "httpd"];

const DOOR_PORT: u16 = 8000;

/// What a service is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    App,
    /// Runs to its end before others start.
    Job,
    Foreign,
    Door,
}

pub(super) fn convert_all(services: &Node, input: &Input, sketch: &mut Sketch, ledger: &mut Ledger) {
    let completed = completed(services);
    let roles: Vec<Role> =
        services.entries().iter().map(|(name, node)| role(name, node, &completed)).collect();
    let mut siblings = Siblings::default();
    // The door's own port is nobody's, unless another file says where it listens.
    let mut taken = BTreeSet::new();
    if sketch.formats.iter().all(|format| *format == Format::Compose) {
        taken.insert(DOOR_PORT);
    }
    for ((name, node), role) in services.entries().iter().zip(&roles) {
        match role {
            Role::App | Role::Job => {
                let listens = command::port(node, input).filter(|_| *role == Role::App);
                let port = listens.map(|from| free(from, &mut taken));
                siblings.inside.push(Sibling { name: name.clone(), port });
            }
            Role::Foreign => siblings.outside.push(name.clone()),
            Role::Door => {}
        }
    }
    let mut labelled = labels::Labels::default();
    for ((name, node), role) in services.entries().iter().zip(&roles) {
        let place = Place { file: input.name.as_str().into(), line: node.line };
        let item = ledger.open(place, &format!("services.{name}"));
        match role {
            Role::Foreign => {
                let how = "a program of an image of its own, not one of this container: keep it as a service beside it. \
                           Its address stays, and can be said from outside";
                abandon(name, node, item, input, &Verdict::Missing(how.to_owned()), ledger);
            }
            Role::Door => {
                labelled.read(name, node, input, ledger);
                let how = "onedoor takes its place. What it routes is told by labels, or by its own file: --from nginx FILE \
                           --from compose FILE";
                abandon(name, node, item, input, &Verdict::Changed(how.to_owned()), ledger);
            }
            Role::App | Role::Job => {
                let is_taken = |name: &str| {
                    sketch.services.iter().any(|service| service.app.name == name)
                        || sketch.jobs.iter().any(|job| job.name == name)
                };
                if sketch.services.iter().any(|service| service.called == *name) {
                    let how = "an earlier file speaks of it, and that one counts: convert what `docker compose config` prints";
                    abandon(name, node, item, input, &Verdict::Missing(how.to_owned()), ledger);
                    continue;
                }
                let own = app_name(name, is_taken);
                if own != *name {
                    ledger.changed(item, format!("it is called {own}: a name is [a-z][a-z0-9-]*"));
                }
                labelled.read(name, node, input, ledger);
                let around = Around { roles: &roles, services, siblings: &siblings, input };
                let mut made = around.process(name, node, Entry::named(own), item, ledger);
                if *role == Role::Job {
                    sketch.jobs.push(job(&mut made, item, ledger));
                } else {
                    ledger.converted(item, format!("[apps.{}]", made.app.name));
                    let process::Process { app, listens, reach, .. } = made;
                    sketch.services.push(Service { app, called: name.clone(), item, listens, reach });
                }
            }
        }
    }
    labelled.route(sketch, ledger);
}

/// The next port that nobody has.
fn free(from: u16, taken: &mut BTreeSet<u16>) -> Move {
    let to = (from..=u16::MAX).find(|port| !taken.contains(port)).unwrap_or(from);
    taken.insert(to);
    Move { from, to }
}

/// What a service has to know of the others.
struct Around<'a> {
    roles: &'a [Role],
    services: &'a Node,
    siblings: &'a Siblings,
    input: &'a Input,
}

impl<'a> Around<'a> {
    fn process(
        &self,
        name: &'a str,
        node: &'a Node,
        app: Entry,
        item: Item,
        ledger: &mut Ledger,
    ) -> process::Process<'a> {
        let needed = |wanted: &str| {
            let at = self.services.entries().iter().position(|(name, _)| name == wanted)?;
            matches!(self.roles.get(at), Some(Role::App | Role::Job)).then(|| app_name(wanted, |_| false))
        };
        let mut made = process::Process::new(name, app, node, item, self.input);
        made.convert(self.siblings, &needed, ledger);
        made
    }
}

/// The same, run once.
fn job(made: &mut process::Process<'_>, item: Item, ledger: &mut Ledger) -> Entry {
    let app = &mut made.app;
    app.facts.retain(|fact| !matches!(fact.key.as_str(), "restart" | "replicas" | "ready" | "port"));
    app.say("on", "start");
    ledger.converted(item, format!("[jobs.{}]: others wait for its end", app.name));
    std::mem::take(app)
}

/// Services whose end others wait for.
fn completed(services: &Node) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (_, node) in services.entries() {
        for (wanted, condition) in node.entry("depends_on").map(Node::entries).unwrap_or_default() {
            if condition.said("condition") == Some("service_completed_successfully") {
                names.insert(wanted.clone());
            }
        }
    }
    names
}

fn role(name: &str, node: &Node, completed: &BTreeSet<String>) -> Role {
    let image = node.said("image").unwrap_or_default().to_ascii_lowercase();
    let short = image.split(['@']).next().unwrap_or_default();
    let short = short.rsplit('/').next().unwrap_or_default();
    let short = short.split(':').next().unwrap_or_default();
    let is_built = node.entry("build").is_some();
    let is_one_of = |names: &[&str]| {
        !is_built && names.iter().any(|known| short.contains(known) || image.contains(&format!("{known}/")))
    };
    if is_one_of(&DOORS)
        && node.entry("command").is_none_or(|command| short.contains("traefik") || command.texts().len() > 1)
    {
        return Role::Door;
    }
    if is_one_of(&FOREIGN) {
        return Role::Foreign;
    }
    if completed.contains(name) { Role::Job } else { Role::App }
}

/// The service and all it says.
fn abandon(name: &str, node: &Node, item: Item, input: &Input, verdict: &Verdict, ledger: &mut Ledger) {
    ledger.settle(item, verdict.clone());
    let inner = match verdict {
        Verdict::Missing(_) => {
            Verdict::Missing(format!("it belongs to services.{name}, which stays outside"))
        }
        _ => Verdict::Unneeded(format!("it belongs to services.{name}, whose place onedoor takes")),
    };
    for (key, node) in node.entries().iter().filter(|(key, _)| key != "labels") {
        let place = Place { file: input.name.as_str().into(), line: node.line };
        let item = ledger.open(place, &format!("{name}.{key}: {}", node.shown()));
        ledger.settle(item, inner.clone());
    }
    if let (Some(labels), Verdict::Missing(_)) = (node.entry("labels"), verdict) {
        let place = Place { file: input.name.as_str().into(), line: labels.line };
        let item = ledger.open(place, &format!("{name}.labels: {}", labels.shown()));
        ledger.settle(item, inner);
    }
}
