//! `needs`: which apps must be ready before an app is started. Every name is an app's, and nobody waits in a circle.

use super::Context;
use super::app::Draft;
use crate::apps::spec::AppSpec;
use crate::config::error::{Code, ConfigError};
use crate::config::section::{Section, Value};
use crate::config::source::Located;
use crate::config::suggest;
use crate::registry::AppId;

/// The apps that this one needs, each once.
pub(super) fn of(
    section: &Section,
    name: &str,
    drafts: &[Draft<'_>],
    context: &mut Context<'_>,
) -> Vec<AppId> {
    let mut needs = Vec::new();
    for needed in named(section) {
        match drafts.iter().find(|draft| draft.name.value == needed.value) {
            Some(draft) if draft.name.value == name => {
                let fact = format!("app \"{name}\" needs itself");
                context
                    .errors
                    .push(ConfigError::new(Code::Contradiction, needed.span, fact).remedy("take it out"));
            }
            Some(draft) if !needs.contains(&draft.id) => needs.push(draft.id),
            Some(_) => {}
            None => {
                let fact = format!("app \"{name}\" needs \"{}\", and there is no such app", needed.value);
                let error = ConfigError::new(Code::UnknownApp, needed.span, fact);
                let names = drafts.iter().map(|draft| draft.name.value);
                context.errors.push(match suggest::nearest(needed.value, names) {
                    Some(near) => error.remedy(format!("did you mean \"{near}\"?")),
                    None => error.remedy("name one of [apps]"),
                });
            }
        }
    }
    needs
}

fn named(section: &Section) -> Vec<Located<&str>> {
    match section.node("needs").map(|node| &node.value) {
        Some(Value::List(names)) => {
            names.iter().map(|name| Located::new(name.value.as_str(), name.span)).collect()
        }
        Some(_) | None => section.text("needs").into_iter().collect(),
    }
}

/// Apps that wait for one another are never started.
pub(super) fn check_circles(specs: &[AppSpec], drafts: &[Draft<'_>], context: &mut Context<'_>) {
    // Whoever needs nobody that is left can be started; whoever is left at the end waits in a circle or behind one.
    let mut left: Vec<&AppSpec> = specs.iter().collect();
    loop {
        let before = left.len();
        let ids: Vec<AppId> = left.iter().map(|spec| spec.id).collect();
        left.retain(|spec| spec.needs.iter().any(|needed| ids.contains(needed)));
        if left.len() == before {
            break;
        }
    }
    let Some(first) = left.first() else { return };
    let circle = circle_from(first, &left);
    let Some(draft) = drafts.iter().find(|draft| Some(draft.id) == circle.first().map(|spec| spec.id)) else {
        return;
    };
    let place = draft.section.and_then(|section| section.key("needs")).unwrap_or(draft.name.span);
    let names: Vec<String> =
        circle.iter().chain(circle.first()).map(|spec| format!("\"{}\"", spec.name)).collect();
    let fact = format!("these wait for one another: {}", names.join(" needs "));
    context.errors.push(ConfigError::new(Code::Contradiction, place, fact).remedy("take one `needs` out"));
}

/// Following the first need of each that is left leads round at last.
fn circle_from<'a>(first: &'a AppSpec, left: &[&'a AppSpec]) -> Vec<&'a AppSpec> {
    let mut way = vec![first];
    loop {
        let here = way[way.len() - 1];
        let next = left.iter().find(|spec| here.needs.contains(&spec.id));
        let Some(next) = next else { return way };
        if let Some(at) = way.iter().position(|spec| spec.id == next.id) {
            return way.split_off(at);
        }
        way.push(next);
    }
}
