//! The paths that a program's own source routes, as far as they stand there as plain text.
//!
//! They answer one question: does the app know the prefix it will be mounted at? So a path missed here costs a
//! note, and one too many a prefix that is kept, which is what the language does anyway.

use crate::folder::Source;

/// What stands before the quote of a routed path, in any of the languages: a call or a named argument.
const BEFORE: [&str; 32] = [
    ".get(",
    ".post(",
    ".put(",
    ".patch(",
    ".delete(",
    ".all(",
    ".any(",
    ".use(",
    ".route(",
    ".websocket(",
    ".mount(",
    ".include_router(",
    "prefix=",
    "prefix: ",
    "url_prefix=",
    "handlefunc(",
    "handle(",
    ".group(",
    "route(",
    ".nest(",
    ".scope(",
    "@controller(",
    "getmapping(",
    "postmapping(",
    "requestmapping(",
    ".mapget(",
    ".mappost(",
    "scope ",
    "get ",
    "post ",
    "path(",
    ".head(",
];

/// More would not tell more.
const ROUTES_MOST: usize = 40;

/// Every path that is routed, in the order in which they are found; each once.
pub(super) fn of(sources: &[Source]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for source in sources {
        for path in source.text.lines().filter_map(routed) {
            if found.len() < ROUTES_MOST && !found.contains(&path) {
                found.push(path);
            }
        }
    }
    found
}

/// The path in a line such as `@app.get("/items")` or `mux.HandleFunc("GET /api/x", …)`.
fn routed(line: &str) -> Option<String> {
    let line = line.trim();
    if line.starts_with("//") || line.starts_with('#') && !line.starts_with("#[") {
        return None;
    }
    let quote = line.find(['"', '\'', '`'])?;
    let (before, rest) = line.split_at(quote);
    let before = before.to_ascii_lowercase();
    let is_route = BEFORE.iter().any(|call| before.ends_with(call)) || before.starts_with("#[");
    // A client's own requests look much the same: `requests.get("/x")` has no scheme only in tests.
    if !is_route
        || ["requests", "axios", "fetch", "client", "headers", "environ", "os"]
            .iter()
            .any(|word| before.contains(word))
    {
        return None;
    }
    let mark = rest.chars().next()?;
    let inside = rest[mark.len_utf8()..].split(mark).next()?;
    let path = match inside.split_once(' ') {
        Some((method, path)) if method.bytes().all(|byte| byte.is_ascii_uppercase()) => path,
        _ => inside,
    };
    (path.starts_with('/') && !path.contains(char::is_whitespace)).then(|| path.to_owned())
}

/// What a set of routes says about one mount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Knows {
    /// There are some below it.
    Prefix,
    /// There are some, and none is below it.
    Nothing,
    /// There are none to be read, or one that takes anything.
    Unclear,
}

pub(crate) fn knows(routes: &[String], mount: &str) -> Knows {
    if routes.iter().any(|path| is_below(path, mount)) {
        // `prefix="/api"` and paths relative to it stand side by side: one that is below tells.
        return Knows::Prefix;
    }
    if routes.is_empty() || routes.iter().any(|path| takes_anything(path)) {
        Knows::Unclear
    } else {
        Knows::Nothing
    }
}

fn is_below(path: &str, mount: &str) -> bool {
    path.strip_prefix(mount).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// A catch-all takes a prefix, too; whether it means to cannot be seen.
fn takes_anything(path: &str) -> bool {
    path.starts_with("/*")
        || path.starts_with("/{*")
        || path.starts_with("/{") && path.contains(":path}")
        || path.starts_with("/<path:")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_routed_path_is_read_from_each_language() {
        for (line, expected) in [
            ("@app.get(\"/items/{id}\")", Some("/items/{id}")),
            ("app.include_router(items, prefix=\"/api\")", Some("/api")),
            ("    router = APIRouter(prefix=\"/api\")", Some("/api")),
            ("@app.route('/x', methods=['GET'])", Some("/x")),
            ("app.get('/api/users', (req, res) => {", Some("/api/users")),
            ("app.use(\"/api\", router)", Some("/api")),
            ("mux.HandleFunc(\"GET /api/items\", list)", Some("/api/items")),
            ("r.GET(\"/ping\", func(c *gin.Context) {", Some("/ping")),
            (".route(\"/hello\", get(hello))", Some("/hello")),
            ("#[get(\"/hello\")]", Some("/hello")),
            ("  get '/hi' do", Some("/hi")),
            ("Route::get('/x', fn () => 1);", None),
            ("requests.get(\"/x\")", None),
            ("// app.get(\"/x\")", None),
            ("open(\"/etc/passwd\")", None),
            ("fetch('/api')", None),
        ] {
            assert_eq!(routed(line).as_deref(), expected, "{line}");
        }
    }

    #[test]
    fn one_route_below_a_prefix_tells_that_it_is_known() {
        let routes = |list: &[&str]| list.iter().map(|path| (*path).to_owned()).collect::<Vec<_>>();
        assert_eq!(knows(&routes(&["/health", "/{path:path}"]), "/api"), Knows::Unclear);
        assert_eq!(knows(&routes(&["/", "/health"]), "/api"), Knows::Nothing);
        assert_eq!(knows(&routes(&["/items", "/"]), "/api"), Knows::Nothing);
        assert_eq!(knows(&routes(&["/api/items", "/health"]), "/api"), Knows::Prefix);
        assert_eq!(knows(&routes(&["/apis"]), "/api"), Knows::Nothing);
    }
}
