//! What is done with a request that goes on, in the order in which it is done: each limit, wait and deadline that the
//! file sets for it.

use std::time::Duration;

use onedoor_http1::Method;

use crate::apps::spec::{AppSpec, Cap};
use crate::config::{Loaded, show_duration};
use crate::proxy::foretold::{Mended, MendedPaths};
use crate::proxy::route::{
    Action, Balance, Extent, Files, LineLimits, Route, RoutePolicy, Siblings, Unknown, WhileDown,
};

pub(super) fn of(route: &Route, method: Method, mended: Option<&Mended>, loaded: &Loaded) -> Vec<String> {
    let app = match &route.action {
        Action::App { app, .. } => loaded.apps.apps.get(usize::from(app.0)),
        Action::Proxy { .. } => None,
        Action::Respond(_) | Action::Redirect(_) | Action::Builtin(_) | Action::Files(_) => {
            return body(&route.policy, loaded);
        }
    };
    let mut steps = body(&route.policy, loaded);
    if let Some(app) = app {
        steps.push(while_down(app, &route.policy.while_down));
        steps.extend(line(app, route.policy.line));
        steps.extend(balance(app, route.policy.balance));
    }
    let timeouts = &loaded.proxy.timeouts;
    steps.push(format!("a connection within {}, else 502", show_duration(timeouts.connect)));
    steps.push(again(method, app));
    steps.push(format!(
        "the answer begins within {}, else 504; then {} at most between two pieces",
        show_duration(timeouts.first_byte),
        show_duration(timeouts.body)
    ));
    steps.extend(mended.map(mending).into_iter().flatten());
    if let (Some(app), Balance::Cookie) = (app, route.policy.balance) {
        steps.push(format!("the answer sets the cookie onedoor-{}, unless the client has it", app.name));
    }
    steps
}

/// What a file's route does with one path, as far as it can be said without the disk.
pub(super) fn of_file(files: &Files, path: Option<&str>) -> (String, Vec<String>) {
    let folder = files.written.trim_end_matches('/');
    let Some(path) = path else {
        return (format!("404: {folder} has no file of such a name, or it is hidden"), Vec::new());
    };
    let (verdict, mut steps) = match &files.extent {
        Extent::Only(_) => (format!("file {}", files.written), Vec::new()),
        Extent::Below if path.is_empty() || path.ends_with('/') => {
            (format!("file {folder}/{path}{}", files.index), Vec::new())
        }
        Extent::Below => {
            let page = format!("if there is none, {path}.html; if it is a folder, 308 to its slash");
            (format!("file {folder}/{path}"), vec![page])
        }
    };
    match (&files.unknown, &files.extent) {
        (_, Extent::Only(_)) | (Unknown::Refused, _) => steps.push("else 404".to_owned()),
        (Unknown::Index, _) => {
            steps.push(format!(
                "else {folder}/{}, unless an asset is asked for (.js, .png): 404",
                files.index
            ));
        }
        (Unknown::Page(page), _) => steps.push(format!("else 404, with {folder}/{page}")),
    }
    if files.siblings == Siblings::Sent {
        steps.push("its .br, .zst or .gz instead, if there is one that the client takes".to_owned());
    }
    steps.push(format!("Cache-Control: {}", files.cache));
    (verdict, steps)
}

/// What is changed in the answer's fields.
fn mending(mended: &Mended) -> Vec<String> {
    let paths = mended.paths.iter().flat_map(|paths| {
        let MendedPaths { authority, .. } = paths;
        let which = "Location, Content-Location, Link, Refresh and cookie paths of the answer";
        [
            format!("{which}{}", mapping(paths)),
            format!("an absolute URL to {authority} is treated likewise, and becomes a path"),
        ]
    });
    let domain = mended.cookie_domain.iter();
    let domain = domain.map(|host| {
        format!("the Domain of a cookie is dropped where it is for {host} and not for the host asked for")
    });
    paths.chain(domain).collect()
}

fn mapping(MendedPaths { inside, outside, .. }: &MendedPaths) -> String {
    let named: Vec<&str> = inside.iter().map(String::as_str).filter(|path| !path.is_empty()).collect();
    let plural = if named.len() == 1 { "s" } else { "" };
    let are = if named.len() == 1 { "is" } else { "are" };
    let names = named.join(" and ");
    match (&*names, &**outside) {
        (_, "") => format!(": {names} {are} cut off"),
        ("", mount) => format!(" get {mount} back"),
        (_, mount) if named.len() < inside.len() => {
            format!(": {names} become{plural} {mount}, any other gets {mount} in front")
        }
        (_, mount) => format!(": {names} become{plural} {mount} again"),
    }
}

/// Why a stripped app's mount is not served without its slash, and how it can be.
pub(super) fn to_the_slash(location: &str) -> Vec<String> {
    let mount = location.split('?').next().unwrap_or_default();
    let mount = mount.strip_suffix('/').unwrap_or(mount);
    vec![
        format!("the app sees / either way, but relative links of a page at {mount} lead out of it;"),
        format!("a route for \"{mount}\" alone, with rewrite = \"/\", does without"),
    ]
}

fn body(policy: &RoutePolicy, loaded: &Loaded) -> Vec<String> {
    let limit = policy.body_max.or(loaded.proxy.limits.body_max);
    limit.map(|bytes| format!("a body of {bytes} bytes at most, else 413")).into_iter().collect()
}

fn while_down(app: &AppSpec, what: &WhileDown) -> String {
    let name = &app.name;
    match what {
        WhileDown::Hold { at_most, queue_max } => {
            let time = show_duration(*at_most);
            format!("while {name} is not ready: held for {time} at most, with {queue_max} others; then 503")
        }
        WhileDown::Refuse => format!("while {name} is not ready: 503 at once"),
        WhileDown::Page => {
            format!("while {name} is not ready: 503 at once, with a page that asks again for browsers")
        }
    }
}

/// Only where the file sets a cap: what a command line says about it is read when the app starts.
fn line(app: &AppSpec, line: LineLimits) -> Option<String> {
    let Cap::AtMost(cap) = app.cap else { return None };
    let LineLimits { at_most, length_max } = line;
    let wait = if at_most == Duration::ZERO {
        "no other waits".to_owned()
    } else {
        format!("{length_max} others wait for {} at most", show_duration(at_most))
    };
    Some(format!("{cap} requests at once for each process; {wait}, then 503"))
}

fn balance(app: &AppSpec, balance: Balance) -> Option<String> {
    let how = match balance {
        Balance::RoundRobin => "in turn",
        Balance::LeastConn => "the one with the fewest requests",
        Balance::IpHash => "by the client's address",
        Balance::Cookie => "by the client's cookie",
    };
    (app.replicas > 1).then(|| format!("one of {} replicas, {how}", app.replicas))
}

fn again(method: Method, app: Option<&AppSpec>) -> String {
    match (method.is_safe(), app) {
        (true, Some(_)) => "lost before an answer: sent again, the method is safe".to_owned(),
        (true, None) => "lost before an answer on a connection that was kept: sent again".to_owned(),
        (false, _) => "lost after it was sent: never sent again, the method is not safe".to_owned(),
    }
}
