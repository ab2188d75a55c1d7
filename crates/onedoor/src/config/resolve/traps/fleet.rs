//! Apps taken together: one whose sessions are in the memory of one of several processes, and a container in which no
//! app counts.

use super::App;
use crate::apps::framework;
use crate::apps::spec::AppSpec;
use crate::config::error::{Code, ConfigError};
use crate::config::fix::Fix;
use crate::config::resolve::Context;
use crate::config::resolve::app::Draft;
use crate::config::section::Section;
use crate::config::surgery;
use crate::registry::Weight;

/// A browser's session is in one process, and its next request or WebSocket may come to another.
pub(super) fn sessions_apart(app: &App<'_>) -> Option<ConfigError> {
    let mut calls = app.line.calls.iter().rev();
    let name = calls.find_map(|words| framework::keeps_sessions(words)).filter(|_| app.spec.replicas > 1)?;
    let is_sticky = |word: &str| matches!(word, "cookie" | "ip-hash");
    if app.section.text("balance").is_some_and(|word| is_sticky(word.value)) {
        return None;
    }
    let replicas = app.section.node("replicas").map(|node| node.span)?;
    let fact = format!(
        "app \"{}\": {name} keeps sessions in memory, and a client's requests go to all {} processes",
        app.spec.name, app.spec.replicas
    );
    let trap = ConfigError::new(Code::SessionsApart, replicas, fact);
    let fix = match app.section.node("balance") {
        Some(balance) => Some(Fix::replace(balance.span, "\"cookie\"")),
        None => app
            .section
            .key("replicas")
            .and_then(|key| surgery::put_beside(app.source, key, replicas, "balance = \"cookie\""))
            .map(|edit| Fix::of(vec![edit])),
    };
    Some(trap.remedy("balance = \"cookie\" brings each client to the same one").fix(fix))
}

/// The container would go on, and its platform take it for well, whichever app has given up.
pub(in crate::config::resolve) fn nobody_counts(
    drafts: &[Draft<'_>],
    apps: &[AppSpec],
    context: &mut Context<'_>,
) {
    let is_said = |section: &&Section| section.flag("essential") == Some(false);
    let sections = drafts.iter().filter_map(|draft| draft.section);
    let Some(place) = sections.filter(is_said).find_map(|section| section.key("essential")) else { return };
    let counts = |app: &AppSpec| app.weight == Weight::Essential;
    if context.env.is_for_development() || apps.iter().any(counts) {
        return;
    }
    let fact = "no app is essential: whichever gives up, the container goes on without it";
    let trap = ConfigError::new(Code::NobodyCounts, place, fact);
    context.warn(trap.remedy("say essential = true of the app that the container is there for"));
}

#[cfg(test)]
mod tests {
    use super::super::warnings_of as warnings;

    #[test]
    fn sessions_in_memory_want_a_client_to_come_back_to_the_same_process() {
        let about =
            |run: &str, more: &str| warnings(&format!("[apps.a]\npath = \"/\"\nrun = \"{run}\"\n{more}\n"));
        assert_eq!(about("streamlit run app.py", "replicas = 2").len(), 1);
        assert_eq!(about("streamlit run app.py", "replicas = 2\nbalance = \"least-conn\"").len(), 1);
        assert_eq!(about("streamlit run app.py", "replicas = 2\nbalance = \"cookie\"").len(), 0);
        assert_eq!(about("streamlit run app.py", "replicas = 1").len(), 0);
        assert_eq!(about("uvicorn main:app", "replicas = 2").len(), 0);
    }

    #[test]
    fn a_container_in_which_no_app_counts_is_a_trap() {
        let one = "[apps.a]\npath = \"/\"\nrun = \"x\"\nessential = false\n";
        assert_eq!(warnings(one).len(), 1);
        assert_eq!(warnings(&format!("{one}[apps.b]\npath = \"/b\"\nrun = \"x\"\n")).len(), 1);
        assert_eq!(
            warnings(&format!("{one}[apps.b]\npath = \"/b\"\nrun = \"x\"\nessential = true\n")).len(),
            0
        );
        assert_eq!(
            warnings("[apps.a]\npath = \"/a\"\nrun = \"x\"\n[apps.b]\npath = \"/b\"\nrun = \"x\"\n").len(),
            0
        );
    }
}
