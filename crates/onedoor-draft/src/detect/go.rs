//! Go: the packages `main` of a module, each a program; a built one is started as it is.

use super::{Found, Provider, Role, routes};
use crate::folder::{Place, Source, base};

pub(super) const MANIFESTS: &[&str] = &["go.mod"];

/// What says that a program listens, and the framework that says it.
const SIGNS: [(&str, Option<&str>); 9] = [
    ("gin-gonic/gin", Some("Gin")),
    ("labstack/echo", Some("Echo")),
    ("gofiber/fiber", Some("Fiber")),
    ("go-chi/chi", Some("chi")),
    ("gorilla/mux", Some("gorilla/mux")),
    ("ListenAndServe", None),
    ("http.Serve(", None),
    ("net.Listen(", None),
    ("fasthttp", Some("fasthttp")),
];

pub(super) fn look(place: Place<'_>) -> Vec<Found> {
    if !place.has("go.mod") {
        return Vec::new();
    }
    let sources = place.sources(&[".go"], MANIFESTS);
    let mut found: Vec<Found> =
        programs(&sources).iter().map(|package| program(place, package, &sources)).collect();
    // A module with one program is known by its folder.
    if let [only] = found.as_mut_slice() {
        only.name = None;
    }
    found
}

/// The folders that hold a `func main`, the module's own first.
fn programs(sources: &[Source]) -> Vec<String> {
    let is_main = |source: &&Source| {
        let lines = || source.text.lines().map(str::trim);
        lines().any(|line| line == "package main") && lines().any(|line| line.starts_with("func main()"))
            // `//go:build ignore`: a program for people.
            && !lines().any(|line| line.starts_with("//go:build ignore"))
    };
    let mut folders: Vec<String> = Vec::new();
    for source in sources.iter().filter(is_main) {
        let folder = source.name.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
        if !folders.contains(&folder) {
            folders.push(folder);
        }
    }
    folders
}

fn program(place: Place<'_>, package: &str, sources: &[Source]) -> Found {
    let module = module_name(place);
    let called = if package.is_empty() { base(module.as_deref().unwrap_or_default()) } else { base(package) }
        .to_owned();
    let folder = base(place.folder);
    let built = [called.as_str(), folder]
        .into_iter()
        .filter(|name| !name.is_empty())
        .flat_map(|name| [format!("./{name}"), format!("./bin/{name}")])
        .find(|program| place.tree.is_program(&place.path(program.trim_start_matches("./"))));
    let source = if package.is_empty() { ".".to_owned() } else { format!("./{package}") };
    let run = built.clone().unwrap_or_else(|| format!("go run {source}"));
    let mut found = Found::new(place, Provider::Go, run);
    let reached = reached(package, module.as_deref(), sources);
    let sign = SIGNS.iter().find_map(|(sign, framework)| {
        let source = reached.iter().find(|source| source.text.contains(sign))?;
        Some((sign, framework, *source))
    });
    found.because(
        place,
        "go.mod",
        module.map_or_else(|| "a Go module".to_owned(), |module| format!("module {module}")),
    );
    match sign {
        Some((sign, framework, source)) => {
            found.because(place, &source.name, sign.trim_end_matches('('));
            found.framework = *framework;
            found.role = if framework.is_some() { Role::Service } else { Role::Listener };
        }
        None => found.role = Role::Worker,
    }
    if let Some(built) = &built {
        found.because(place, built.trim_start_matches("./"), "the built program");
    }
    found.dev = built.is_some().then(|| format!("go run {source}"));
    found.build =
        Some(format!("go build -o ./bin/{} {source}", if called.is_empty() { "app" } else { &called }));
    found.manager = Some("go");
    found.version = directive(place, "go ");
    found.routes = routes::of(sources);
    found.name = Some(called);
    found
}

/// The program's own sources, and the module's other packages if it imports one of them.
fn reached<'a>(package: &str, module: Option<&str>, sources: &'a [Source]) -> Vec<&'a Source> {
    let folder = |source: &Source| source.name.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
    let own: Vec<&Source> = sources.iter().filter(|source| folder(source) == package).collect();
    let import = module.map(|module| format!("\"{module}/"));
    let imports = import.is_some_and(|import| own.iter().any(|source| source.text.contains(&import)));
    if imports { sources.iter().collect() } else { own }
}

fn module_name(place: Place<'_>) -> Option<String> {
    directive(place, "module ")
}

fn directive(place: Place<'_>, word: &str) -> Option<String> {
    let text = place.text("go.mod")?;
    text.lines().find_map(|line| line.trim().strip_prefix(word)).map(|rest| rest.trim().to_owned())
}
