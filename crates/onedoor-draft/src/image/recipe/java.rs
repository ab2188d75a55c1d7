//! Java and Kotlin: one jar by Maven or Gradle, and a runtime without a compiler.

use super::super::dockerfile::Cache;
use super::super::runtime::{Company, JAVAS, Runtime, UBUNTU};
use super::{Recipe, Standing, Start, Taken, Unit};
use crate::folder::join;

const MAVEN: Cache = Cache::shared("maven", "/root/.m2");
const GRADLE: Cache = Cache::shared("gradle", "/root/.gradle");

/// What is built, whatever version its name holds.
const JAR: &str = "app.jar";

pub(super) fn recipe(unit: &Unit<'_>) -> Recipe {
    let mut recipe = Recipe { standing: Standing::Experimental, ..Recipe::default() };
    let version = unit.version(JAVAS, |asked| format!(">={asked}"), &mut recipe.notes);
    let runtime = Runtime::Java(version);
    let is_maven = unit.place().has("pom.xml");
    let image = match (is_maven, unit.place().has("gradlew")) {
        (true, _) => format!("maven:3-eclipse-temurin-{version}-{UBUNTU}"),
        (false, true) => runtime.build_image(),
        (false, false) => format!("gradle:9-jdk{version}-{UBUNTU}"),
    };
    let mut stage = unit.stage(image, unit.home());
    stage.copy([unit.sources()], "./");
    let (cache, command, folder) = match (is_maven, unit.place().has("gradlew")) {
        (true, _) => (MAVEN, "mvn --batch-mode --quiet -DskipTests package", "target"),
        (false, true) => (GRADLE, "sh ./gradlew --no-daemon assemble", "build/libs"),
        (false, false) => (GRADLE, "gradle --no-daemon assemble", "build/libs"),
    };
    stage.build(&[cache], command);
    let built = built(unit);
    if let Built::Jar = built {
        stage.run(format!(
            "find {folder} -maxdepth 1 -name '*.jar' ! -name '*-sources.jar' ! -name '*-javadoc.jar' ! -name '*-plain.jar' ! -name 'original-*.jar' -exec cp {{}} {JAR} ';'"
        ));
    }
    for start in &unit.starts {
        match jar(start) {
            Some(jar) => recipe.taken.push(Taken::Built(join(&unit.home(), jar.trim_start_matches("./")))),
            None => {
                let (taken, jar) = match built {
                    Built::Jar => (JAR.to_owned(), JAR.to_owned()),
                    Built::Folder => {
                        (format!("{folder}/quarkus-app"), format!("{folder}/quarkus-app/quarkus-run.jar"))
                    }
                };
                recipe.taken.push(Taken::Built(join(&unit.home(), &taken)));
                recipe.starts.push(start.instead(format!("java -jar {jar}")));
            }
        }
    }
    if unit.found.is_some_and(|found| found.framework.is_none()) {
        recipe.notes.push(format!(
            "{}: `java -jar` wants a jar that holds its libraries and names its main class; its build has to make such a one",
            unit.shown()
        ));
    }
    recipe.runtimes.push((runtime, Company::Alone));
    recipe.stage = Some(stage);
    recipe
}

enum Built {
    Jar,
    /// Quarkus keeps its libraries beside a small jar.
    Folder,
}

fn built(unit: &Unit<'_>) -> Built {
    match unit.found.and_then(|found| found.framework) {
        Some("Quarkus") => Built::Folder,
        _ => Built::Jar,
    }
}

/// The jar that a command names.
fn jar<'a>(start: &Start<'a>) -> Option<&'a str> {
    let mut words = start.words.iter().skip_while(|word| *word != "-jar").skip(1);
    words.next().map(String::as_str).filter(|_| start.words.first().is_some_and(|word| word == "java"))
}
