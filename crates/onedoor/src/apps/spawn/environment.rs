//! The environment of an app's process: what the container gave, what onedoor adds, what the app's own `env` says.
//!
//! The order is the rule (CONFIG.md §1.6): own beats onedoor's, onedoor's beats inherited. Pure but for the look
//! whether `.venv/bin` and `node_modules/.bin` exist.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};

use super::USUAL_PATH;
use crate::apps::framework::{Framework, HOST, Place};
use crate::apps::spec::AppSpec;

/// Folders of the app whose programs come first, in this order.
const PROGRAM_FOLDERS: &[&str] = &[".venv/bin", "node_modules/.bin"];

pub(super) fn build(
    app: &AppSpec,
    framework: Option<&'static Framework>,
    place: &Place<'_>,
) -> BTreeMap<OsString, OsString> {
    let mut variables: BTreeMap<OsString, OsString> = app.environment.inherited.iter().cloned().collect();
    let mut set = |name: &str, value: &str| variables.insert(name.into(), value.into());
    match (place.port, place.socket) {
        (Some(port), socket) => {
            set("PORT", &port.to_string());
            set("HOST", HOST);
            if let Some(socket) = socket {
                set("SOCKET", socket);
            }
        }
        // Opted in (`socket = true`): Node's `listen(process.env.PORT)` takes a path as well.
        (None, Some(socket)) => {
            set("PORT", socket);
            set("SOCKET", socket);
        }
        (None, None) => {}
    }
    if let Some(prefix) = place.prefix {
        set("PREFIX", prefix);
    }
    if let Some(framework) = framework {
        for (name, value) in framework.quiet_variables() {
            variables.entry((*name).into()).or_insert_with(|| (*value).into());
        }
        for (name, value) in framework.place_variables(place) {
            variables.insert(name.into(), value.into());
        }
    }
    let path = path_of(app, variables.get(OsStr::new("PATH")));
    variables.insert("PATH".into(), path);
    for (name, value) in &app.environment.own {
        variables.insert(name.into(), value.into());
    }
    variables
}

/// What the operator gave the app by this name.
pub(super) fn given(app: &AppSpec, name: &str) -> Option<String> {
    let own = app.environment.own.iter().find(|(own, _)| own == name).map(|(_, value)| value.clone());
    own.or_else(|| {
        let inherited = app.environment.inherited.iter().find(|(inherited, _)| inherited == name);
        inherited.and_then(|(_, value)| value.to_str()).map(str::to_owned)
    })
}

fn path_of(app: &AppSpec, inherited: Option<&OsString>) -> OsString {
    let mut path = OsString::new();
    for folder in PROGRAM_FOLDERS {
        let folder = app.dir.join(folder);
        if folder.is_dir() {
            path.push(folder);
            path.push(":");
        }
    }
    path.push(inherited.map_or_else(|| OsStr::new(USUAL_PATH), OsString::as_os_str));
    path
}
