//! What `onedoor dev` makes of the same file.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use super::{Env, Loaded, check_text};
use crate::apps::spec::{AppSpec, Command, Grace, ReplaceHow, RestartWhen, Watch};
use crate::config::Developing;
use crate::observe::log::Format;
use crate::proxy::config::Listen;

fn developed(text: &str, how: Developing, variables: &[(&str, &str)]) -> Loaded {
    let env = Env::made_of(variables.iter().copied()).developing(how);
    check_text(text, &env).unwrap_or_else(|errors| panic!("{errors}"))
}

fn app(text: &str) -> AppSpec {
    developed(text, Developing::default(), &[]).apps.apps.remove(0)
}

/// Addresses, and the first port.
fn listens(text: &str, how: Developing, variables: &[(&str, &str)]) -> (Vec<IpAddr>, u16, usize) {
    let mut loaded = developed(text, how, variables);
    match loaded.proxy.listen.remove(0) {
        Listen::FirstFree { addresses, ports } => (addresses, ports[0], ports.len()),
        other => panic!("{other:?}"),
    }
}

const LOOPBACK: [IpAddr; 2] = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];

#[test]
fn the_door_is_on_this_machine_alone_and_on_the_port_that_was_said_last() {
    let web = "[apps]\nweb = \"a\"\n";
    let listening = format!("{web}[server]\nlisten = \"0.0.0.0:${{PORT:-8080}}\"\n");
    let usual = Developing::default;
    assert_eq!(listens(web, usual(), &[]), (LOOPBACK.to_vec(), 3000, 20));
    assert_eq!(listens(web, usual(), &[("PORT", "5000")]), (LOOPBACK.to_vec(), 5000, 20));
    assert_eq!(listens(&listening, usual(), &[]), (LOOPBACK.to_vec(), 8080, 20));
    let any = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
    let said = Developing { host: Some(any), port: Some(9000) };
    assert_eq!(listens(&listening, said, &[]), (vec![any], 9000, 1));
}

#[test]
fn a_port_that_an_app_has_for_itself_is_not_the_doors() {
    let text = "[apps.web]\nrun = \"next start\"\npath = \"/\"\nport = 3000\n";
    assert_eq!(listens(text, Developing::default(), &[]).1, 3001);
}

#[test]
fn dev_is_run_instead_of_run_once_and_watched_only_if_it_says_so() {
    let text = "[apps.web]\nrun = \"node server.js\"\ndev = \"npm run dev\"\nreplicas = 3\npath = \"/\"\n";
    let web = app(text);
    assert_eq!(web.command, Command::Exec(["npm", "run", "dev"].map(String::from).to_vec()));
    assert_eq!((web.replicas, web.watch), (1, Watch::Nothing));
    assert_eq!(app(&format!("{text}watch = true\n")).watch, Watch::Dir);
    let served = check_text(text, &Env::made_of([])).unwrap_or_else(|errors| panic!("{errors}"));
    let served = &served.apps.apps[0];
    assert_eq!(served.command, Command::Exec(["node", "server.js"].map(String::from).to_vec()));
    assert_eq!((served.replicas, served.restart.when), (3, RestartWhen::Always));
}

#[test]
fn an_app_is_watched_in_its_folder_or_where_it_says() {
    let watched = |more: &str| app(&format!("[apps.web]\nrun = \"a\"\npath = \"/\"\n{more}")).watch;
    assert_eq!(watched(""), Watch::Dir);
    assert_eq!(watched("watch = false\n"), Watch::Nothing);
    assert_eq!(watched("watch = \"src\"\n"), Watch::Paths(vec!["/srv/src".into()]));
    assert_eq!(watched("watch = [\"a\", \"/b\"]\n"), Watch::Paths(vec!["/srv/a".into(), "/b".into()]));
}

#[test]
fn an_app_that_ends_rests_and_one_that_changes_is_gone_soon() {
    let web = app("apps.web = { run = \"a\", path = \"/\", restart = { when = \"always\" } }\n");
    assert_eq!((web.restart.when, web.replace), (RestartWhen::Wanted, ReplaceHow::StopFirst));
    assert_eq!(web.stop.grace, Grace::AtMost(Duration::from_secs(3)));
    assert!(web.stop.drain < Duration::from_secs(1));
    let slow = app("apps.web = { run = \"a\", path = \"/\", stop = { grace = \"8s\" } }\n");
    assert_eq!(slow.stop.grace, Grace::AtMost(Duration::from_secs(8)), "what the file says stands");
}

#[test]
fn dev_alone_is_enough_for_development_and_nothing_else() {
    let text = "[apps.web]\ndev = \"npm run dev\"\npath = \"/\"\n";
    assert!(matches!(app(text).command, Command::Exec(_)));
    let errors = check_text(text, &Env::made_of([])).unwrap_err().to_string();
    assert!(errors.contains("app \"web\" has no `run`"), "{errors}");
    let bad = "[apps.web]\nrun = \"a\"\ndev = \"npm 'run\"\npath = \"/\"\n";
    assert!(check_text(bad, &Env::made_of([])).is_err(), "a quote that is never closed is one for everybody");
}

#[test]
fn the_log_is_for_people_unless_the_file_says_otherwise() {
    let format = |more: &str| {
        developed(&format!("[apps]\nweb = \"a\"\n{more}"), Developing::default(), &[]).log.format
    };
    assert_eq!(format(""), Format::Human);
    assert_eq!(format("[log]\nformat = \"json\"\n"), Format::Json);
}
