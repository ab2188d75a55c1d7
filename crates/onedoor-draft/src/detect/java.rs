//! Java and Kotlin: a built jar, else the build tool that runs the app.

use super::{Found, Provider, Role, routes};
use crate::folder::Place;

pub(super) const MANIFESTS: &[&str] = &["pom.xml", "build.gradle", "build.gradle.kts"];

struct Tool {
    program: String,
    name: &'static str,
    jars: &'static str,
}

pub(super) fn look(place: Place<'_>) -> Vec<Found> {
    look_at(place).into_iter().collect()
}

fn look_at(place: Place<'_>) -> Option<Found> {
    let manifest = place.first_of(MANIFESTS)?;
    let text = place.text(manifest).unwrap_or_default();
    let tool = if manifest == "pom.xml" {
        let program = if place.has("mvnw") { "./mvnw" } else { "mvn" };
        Tool { program: program.to_owned(), name: "maven", jars: "target" }
    } else {
        let program = if place.has("gradlew") { "./gradlew" } else { "gradle" };
        Tool { program: program.to_owned(), name: "gradle", jars: "build/libs" }
    };
    let framework = [
        ("spring-boot", "Spring Boot"),
        ("org.springframework.boot", "Spring Boot"),
        ("quarkus", "Quarkus"),
        ("micronaut", "Micronaut"),
        ("ktor", "Ktor"),
        ("javalin", "Javalin"),
    ]
    .into_iter()
    .find_map(|(sign, name)| text.contains(sign).then_some(name));
    let sources = place.sources(&[".java", ".kt"], MANIFESTS);
    // A library or the parent of other modules: nothing in it is started.
    let listens = sources
        .iter()
        .any(|source| source.text.contains("ServerSocket") || source.text.contains("HttpServer"));
    let jar = jar(place, tool.jars);
    if framework.is_none() && !listens && jar.is_none() || text.contains("<packaging>pom</packaging>") {
        return None;
    }
    let from_source = match (framework, tool.name) {
        (Some("Spring Boot"), "maven") => format!("{} -q spring-boot:run", tool.program),
        (Some("Spring Boot"), _) => format!("{} bootRun", tool.program),
        (Some("Quarkus"), "maven") => format!("{} -q quarkus:dev", tool.program),
        (_, "maven") => format!("{} -q compile exec:java", tool.program),
        (_, _) => format!("{} run", tool.program),
    };
    let run = jar.as_ref().map_or_else(|| from_source.clone(), |jar| format!("java -jar {jar}"));
    let mut found = Found::new(place, Provider::Java, run);
    found.because(place, manifest, framework.unwrap_or(tool.name));
    if let Some(jar) = &jar {
        found.because(place, jar, "the built jar");
    } else {
        found
            .notes
            .push(format!("`{from_source}` builds at each start: build the jar, then the jar is started"));
    }
    found.dev = Some(from_source);
    found.framework = framework;
    found.role = Role::Service;
    found.build = Some(match tool.name {
        "maven" => format!("{} -q package", tool.program),
        _ => format!("{} build", tool.program),
    });
    found.manager = Some(tool.name);
    found.version = between(&text, "<java.version>", "</java.version>")
        .or_else(|| between(&text, "<maven.compiler.release>", "</maven.compiler.release>"))
        .or_else(|| between(&text, "JavaLanguageVersion.of(", ")"));
    found.routes = routes::of(&sources);
    Some(found)
}

/// The jar that runs: not the sources, not what Spring Boot keeps of the thin one.
fn jar(place: Place<'_>, folder: &str) -> Option<String> {
    if !place.tree.is_folder(&place.path(folder)) {
        return None;
    }
    let below = Place { tree: place.tree, folder: &place.path(folder) };
    let is_whole =
        |name: &String| !["-sources", "-javadoc", "-plain", ".original"].iter().any(|end| name.contains(end));
    below.files_ending(".jar").into_iter().find(is_whole).map(|name| format!("{folder}/{name}"))
}

fn between(text: &str, before: &str, after: &str) -> Option<String> {
    Some(text.split_once(before)?.1.split_once(after)?.0.trim().to_owned())
}
