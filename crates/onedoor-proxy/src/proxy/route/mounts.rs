//! Which app is served below which prefix: for whoever looks at the apps from outside. Never on the way of a request.

use super::table::Routes;
use super::{Action, Route};
use crate::registry::AppId;

/// A subtree of paths, written out, that goes to an app.
#[derive(Clone, Debug)]
pub struct Mounted<'r> {
    pub app: AppId,
    pub route: &'r Route,
    /// As it is written, `*` included; None: any host.
    pub host: Option<&'r str>,
    /// `/shop`; empty for the root.
    pub prefix: String,
}

impl Routes {
    /// In the order of the table. Those for another method than GET, or on conditions, are left out.
    pub fn mounts(&self) -> impl Iterator<Item = Mounted<'_>> {
        self.specs.iter().filter_map(|spec| {
            let Action::App { app, .. } = spec.route.action else { return None };
            let written = spec.pattern.written();
            let (method, rest) = written.split_once(' ').unwrap_or(("GET", written));
            let host = rest.split('/').next().filter(|host| !host.is_empty());
            let prefix = spec.pattern.mount_prefix()?;
            (method == "GET" && spec.when.show().is_empty()).then_some(Mounted {
                app,
                route: &spec.route,
                host,
                prefix,
            })
        })
    }
}
