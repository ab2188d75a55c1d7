//! The addresses by which apps find each other: who has one, who asks for one, and the side door behind each.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Context;
use super::app::Draft;
use super::job::JobDraft;
use super::route::route_policy;
use crate::apps::spec::{AppSpec, EnvPiece, EnvValue, JobSpec, Listening};
use crate::config::error::{Code, ConfigError};
use crate::config::interpolate::Piece;
use crate::config::source::Located;
use crate::config::suggest;
use crate::proxy::config::SideDoor;
use crate::proxy::route::{Action, Balance, Rewrite, Route, RouteId, Routes, UpstreamHost};
use crate::registry::AppId;

/// Everybody an address could be asked of, by name.
#[derive(Debug, Default)]
pub(in crate::config) struct Siblings(BTreeMap<String, Sibling>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sibling {
    Served,
    Worker,
    Job,
}

impl Siblings {
    pub(super) fn of(apps: &[Draft<'_>], served: &[AppId], jobs: &[JobDraft<'_>]) -> Self {
        let app = |draft: &Draft<'_>| {
            let kind = if served.contains(&draft.id) { Sibling::Served } else { Sibling::Worker };
            (draft.name.value.to_owned(), kind)
        };
        let job = |draft: &JobDraft<'_>| (draft.name.value.to_owned(), Sibling::Job);
        Self(sorted::map(apps.iter().map(app).chain(jobs.iter().map(job))))
    }
}

/// A value of `env`, once it is sure that everybody it names has an address.
pub(super) fn value(pieces: &[Piece], context: &mut Context<'_>) -> EnvValue {
    let piece = |piece: &Piece| match piece {
        Piece::Text(text) => EnvPiece::Text(text.clone()),
        Piece::UrlOf(app) => {
            context.errors.extend(no_address(app, &context.siblings));
            EnvPiece::UrlOf(Arc::from(app.value.as_str()))
        }
    };
    EnvValue { pieces: pieces.iter().map(piece).collect() }
}

fn no_address(app: &Located<String>, siblings: &Siblings) -> Option<ConfigError> {
    let name = &app.value;
    let (code, fact, remedy) = match siblings.0.get(name) {
        Some(Sibling::Served) => return None,
        Some(Sibling::Worker) => (
            Code::Contradiction,
            format!("app \"{name}\" is a worker: nobody can ask it anything"),
            format!("give [apps.{name}] a `port`, or a `path` to serve it on, or name it in a route"),
        ),
        Some(Sibling::Job) => (
            Code::Contradiction,
            format!("\"{name}\" is a job: nobody can ask it anything"),
            "only an app that is served has an address".to_owned(),
        ),
        None => {
            let served = || siblings.0.iter().filter(|(_, kind)| **kind == Sibling::Served);
            let names: Vec<&str> = served().map(|(name, _)| name.as_str()).collect();
            let error = ConfigError::new(Code::UnknownApp, app.span, format!("there is no app \"{name}\""));
            let remedy = match suggest::nearest(name, names.iter().copied()) {
                Some(near) => {
                    let meant = format!("${{app.{near}.url}}");
                    let error = error.remedy(format!("did you mean {meant}?"));
                    return Some(error.replace(app.span, meant));
                }
                None if names.is_empty() => "no app of the file is served".to_owned(),
                None => format!("the apps that are served: {}", names.join(", ")),
            };
            return Some(error.remedy(remedy));
        }
    };
    Some(ConfigError::new(code, app.span, fact).remedy(remedy))
}

/// A side door for each served app, if there is anybody to ask it. `first` is the number of the first route.
pub(super) fn side_doors(
    drafts: &[Draft<'_>],
    apps: &[AppSpec],
    jobs: &[JobSpec],
    (first, body_max): (usize, Option<u64>),
) -> Vec<SideDoor> {
    let members = || apps.iter().chain(jobs.iter().map(|job| &job.worker));
    let is_asked = |app: &AppSpec| {
        let others = members().filter(|member| member.name != app.name).count();
        let mut values = app.environment.own.iter().flat_map(|(_, value)| &value.pieces);
        others > 0 || values.any(|piece| matches!(piece, EnvPiece::UrlOf(name) if *name == app.name))
    };
    let served = apps.iter().filter(|app| app.listening != Listening::Nowhere && is_asked(app));
    let mut doors = Vec::new();
    for app in served {
        let Some(draft) = drafts.iter().find(|draft| draft.id == app.id) else { continue };
        let number = RouteId(u16::try_from(first + doors.len()).unwrap_or(u16::MAX));
        let routes = Arc::new(Routes::one(route(draft, app, body_max), number));
        doors.push(SideDoor { app: Arc::clone(&app.name), port: None, routes });
    }
    doors
}

/// Asked by its address an app sees what was asked: its mount is where the door has it, and no matter of siblings.
fn route(draft: &Draft<'_>, app: &AppSpec, body_max: Option<u64>) -> Route {
    let mut policy = route_policy(None, body_max, draft.terms());
    if policy.balance == Balance::IpHash {
        // All siblings have one address: they would all ask the same replica.
        policy.balance = Balance::RoundRobin;
    }
    Route {
        name: Arc::from(format!("app.{}.url", app.name)),
        place: Arc::clone(&app.place),
        action: Action::App { app: app.id, host: UpstreamHost::Keep, rewrite: Rewrite::keep() },
        policy,
    }
}
