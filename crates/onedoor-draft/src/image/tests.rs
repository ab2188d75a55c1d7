//! The promise: folders as people have them → a Dockerfile that a person could have written.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::fixtures::{FIXTURES, Fixture};
use super::*;

fn app(name: &str, dir: &str, run: &str) -> WantedApp {
    WantedApp {
        name: name.to_owned(),
        dir: dir.to_owned(),
        words: run.split(' ').map(str::to_owned).collect(),
        kind: Kind::App,
        env_files: Vec::new(),
        user: None,
        build: Build::default(),
    }
}

fn of(files: &[(&str, &str)], apps: Vec<WantedApp>) -> Image {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let file = dir.path().join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
    at(dir.path(), apps)
}

fn at(folder: &Path, apps: Vec<WantedApp>) -> Image {
    image(folder, &wanted(apps))
}

fn wanted(apps: Vec<WantedApp>) -> Wanted {
    Wanted {
        apps,
        files: Vec::new(),
        configuration: Configuration::Files(vec!["onedoor.toml".to_owned()]),
        below: String::new(),
        onedoor: Origin::File("dist/onedoor".to_owned()),
        version: "0.1.0",
        name: Some("shop".to_owned()),
        port: 8000,
        profile: None,
        pins: BTreeMap::new(),
    }
}

#[test]
fn the_zoo() {
    let zoo = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/zoo");
    let image = at(
        &zoo,
        vec![
            app("python", "python", "uvicorn main:app"),
            app("node", "node", "node main.js"),
            app("go", "go", "./go"),
        ],
    );
    insta::assert_snapshot!(image.dockerfile);
}

#[test]
fn what_is_built_at_each_start_elsewhere_is_built_once() {
    let image = of(
        &[
            ("go.mod", "module api\ngo 1.22\n"),
            ("main.go", "package main\nfunc main() { http.ListenAndServe() }\n"),
        ],
        vec![app("api", "", "go run . --verbose")],
    );
    insta::assert_snapshot!(image.dockerfile);
}

#[test]
fn what_no_image_may_hold_is_asked_of_the_container() {
    let api = WantedApp {
        env_files: vec!["defaults.env".to_owned(), "api/.env".to_owned()],
        user: Some("www-data".to_owned()),
        ..app("api", "api", "node main.js")
    };
    let image = of(&[("api/main.js", "require('http').listen(1)")], vec![api]);
    assert_eq!(
        image.notes,
        [
            "api: api/.env is not in the image, which is no place for secrets: give its variables to the container (--env-file api/.env); the image does not ask for the file",
            "api: user = \"www-data\" takes root, and the image runs as 10001: take `user` out, or start the container as root (--user 0)",
        ]
    );
    assert!(image.dockerfile.contains("api = { env_file = [\"defaults.env\"] }"), "{}", image.dockerfile);
}

#[test]
fn a_context_above_the_folder_is_where_everything_is_taken_from() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("main.js"), "require('http')").unwrap();
    let above = Wanted {
        below: "deploy/here".to_owned(),
        onedoor: Origin::Sources("tools/onedoor".to_owned()),
        ..wanted(vec![app("site", "", "node main.js")])
    };
    let text = image(dir.path(), &above).dockerfile;
    for line in [
        "COPY tools/onedoor/Cargo.toml tools/onedoor/Cargo.lock ./",
        "COPY tools/onedoor/crates/ crates/",
        "COPY deploy/here/onedoor.toml /srv/",
        "COPY deploy/here/ ./",
    ] {
        assert!(text.lines().any(|written| written == line), "{line} is not in\n{text}");
    }
}

fn of_fixture(fixture: &Fixture) -> Image {
    let dir = tempfile::tempdir().unwrap();
    crate::samples::lay(fixture.files, dir.path()).unwrap();
    at(dir.path(), fixture.apps.iter().map(|(name, dir, run)| app(name, dir, run)).collect())
}

#[test]
fn folders_of_several_languages_get_the_dockerfile_that_is_pinned() {
    for fixture in FIXTURES {
        insta::assert_snapshot!(fixture.name, of_fixture(fixture).dockerfile);
    }
}

#[test]
fn what_is_said_beside_them() {
    let said: Vec<String> = FIXTURES
        .iter()
        .flat_map(|fixture| {
            let image = of_fixture(fixture);
            let tried = |planned: &&Planned| planned.experimental;
            let experimental = image.plan.iter().filter(tried).map(|planned| planned.provider.to_owned());
            let notes: Vec<String> = image.notes.iter().cloned().chain(experimental).collect();
            notes.into_iter().map(|note| format!("{}: {note}", fixture.name))
        })
        .collect();
    insta::assert_snapshot!("notes", said.join("\n"));
}

#[test]
fn the_same_folder_gives_the_same_bytes_and_every_ignore_is_the_same() {
    for fixture in FIXTURES {
        let (one, other) = (of_fixture(fixture), of_fixture(fixture));
        assert_eq!(one.dockerfile, other.dockerfile, "{}", fixture.name);
        assert_eq!(one.ignore, of_fixture(&FIXTURES[0]).ignore, "{}", fixture.name);
    }
    insta::assert_snapshot!("ignore", of_fixture(&FIXTURES[0]).ignore);
}

/// The files, with what the owner of the app says of its building.
fn built(files: &[(&str, &str)], dir: &str, run: &str, build: Build) -> Image {
    of(files, vec![WantedApp { build, ..app("api", dir, run) }])
}

const UV: [(&str, &str); 3] = [
    ("api/pyproject.toml", "[project]\nname = \"api\"\ndependencies = [\"fastapi\"]\n"),
    ("api/uv.lock", ""),
    ("api/main.py", "from fastapi import FastAPI\napp = FastAPI()\n"),
];

fn texts(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn pair(name: &str, value: &str) -> Vec<(String, String)> {
    vec![(name.to_owned(), value.to_owned())]
}

#[test]
fn what_the_owner_says_stands_around_what_was_found() {
    let build = Build {
        version: Some("3.12".to_owned()),
        apt: texts(&["libpq5"]),
        apt_build: texts(&["libpq-dev"]),
        env: pair("UV_EXTRA", "gpu and more"),
        secrets: pair("netrc", "~/.netrc"),
        before: texts(&["echo first"]),
        install: Some(texts(&["echo ahead", FOUND, "echo behind"])),
        build: Some(texts(&["make all || true", "make docs"])),
        after: texts(&["rm -rf tests"]),
        start: Some(Start::Words(texts(&["uvicorn", "main:app", "--workers", "2"]))),
        ..Build::default()
    };
    insta::assert_snapshot!(built(&UV, "api", "uvicorn main:app --reload", build).dockerfile);
}

#[test]
fn what_the_owner_says_stands_instead_of_what_was_found() {
    let build = Build {
        install: Some(texts(&["uv sync --extra gpu"])),
        start: Some(Start::Line("granian main:app".to_owned())),
        ..Build::default()
    };
    let text = built(&UV, "api", "uvicorn main:app", build).dockerfile;
    let steps = ["COPY api/ ./", "    uv sync --extra gpu", "run = \"granian main:app\" }'"];
    let places: Vec<usize> =
        steps.iter().map(|step| text.find(step).unwrap_or_else(|| panic!("{step} in {text}"))).collect();
    assert!(places.is_sorted(), "{text}");
    assert!(!text.contains("uv sync --locked"), "{text}");
}

#[test]
fn a_folder_that_would_be_taken_as_it_is_gets_a_stage_for_its_owners_commands() {
    let files = [("tool/run.sh", "exec node x.js"), ("tool/x.js", "")];
    let build = Build { build: Some(texts(&["make"])), ..Build::default() };
    let text = built(&files, "tool", "sh -c exec node x.js", build).dockerfile;
    assert!(
        text.contains("FROM debian:trixie-slim AS build-api\nWORKDIR /srv/tool\nCOPY tool/ ./\nRUN make\n"),
        "{text}"
    );
    assert!(text.contains("COPY --from=build-api /srv/tool /srv/tool\n"), "{text}");
}

#[test]
fn a_provider_that_is_named_is_taken_whatever_the_folder_looks_like() {
    let files = [("package.json", "{}"), ("requirements.txt", "flask\n"), ("app.py", "")];
    let named = |provider: &str| {
        let build = Build { provider: Some(provider.to_owned()), ..Build::default() };
        built(&files, "", "python app.py", build)
    };
    assert_eq!(named("python").plan[0].provider, "Python");
    assert!(named("python").dockerfile.contains("pip install -r requirements.txt"));
    let none = named("none");
    assert_eq!(none.plan[0].provider, "");
    assert!(none.dockerfile.contains("FROM python:3.13-slim-trixie AS image"), "its command says so");
}

#[test]
fn an_app_comes_from_an_image_or_from_a_dockerfile_of_its_own() {
    let legacy = Build {
        made_from: MadeFrom::Image {
            image: "ghcr.io/acme/legacy:2.4".to_owned(),
            copy: texts(&["/opt/legacy", "/etc/legacy.conf"]),
        },
        apt: texts(&["libxml2"]),
        ..Build::default()
    };
    let own = Build {
        made_from: MadeFrom::Dockerfile {
            file: "old/Dockerfile".to_owned(),
            copy: texts(&["/usr/local/bin/old"]),
        },
        ..Build::default()
    };
    let files = [(
        "old/Dockerfile",
        "ARG V=1\nFROM gcc:$V AS build\nWORKDIR /src\nCOPY . .\nRUN make\nFROM debian:trixie-slim\nCOPY --from=build /old /usr/local/bin/old\nENTRYPOINT [\"old\"]\n",
    )];
    let image = of(
        &files,
        vec![
            WantedApp { build: legacy, ..app("legacy", "", "/opt/legacy/bin/serve --port $PORT") },
            WantedApp { build: own, ..app("old", "old", "/usr/local/bin/old") },
        ],
    );
    let rows: Vec<_> = image.plan.iter().map(|row| (row.provider, row.because.join(", "))).collect();
    assert_eq!(
        rows,
        [("image", "ghcr.io/acme/legacy:2.4".to_owned()), ("Dockerfile", "old/Dockerfile".to_owned())]
    );
    insta::assert_snapshot!(image.dockerfile);
}

#[test]
fn images_are_named_once_and_have_the_digests_that_are_wanted() {
    let apps = || vec![app("api", "api", "uvicorn main:app"), app("site", "", "node x.js")];
    let images = of(&UV, apps()).images;
    assert_eq!(
        images,
        ["debian:trixie-slim", "node:24-trixie-slim", "python:3.13-slim-trixie", "python:3.13-trixie"]
    );
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("api")).unwrap();
    UV.iter().for_each(|(name, text)| fs::write(dir.path().join(name), text).unwrap());
    let pins = images.iter().map(|image| (image.clone(), format!("sha256:{}", image.len()))).collect();
    let pinned = image(dir.path(), &Wanted { pins, ..wanted(apps()) });
    for line in [
        "FROM python:3.13-trixie@sha256:18 AS build-api",
        "FROM python:3.13-slim-trixie@sha256:23 AS image",
        "COPY --from=node:24-trixie-slim@sha256:19 /usr/local/bin/node /opt/node/bin/node",
        "LABEL org.opencontainers.image.base.digest=sha256:23 \\",
        "    org.opencontainers.image.base.name=python:3.13-slim-trixie",
    ] {
        assert!(
            pinned.dockerfile.lines().any(|written| written == line),
            "{line} is not in\n{}",
            pinned.dockerfile
        );
    }
    assert_eq!(pinned.images, images);
}

#[test]
fn files_that_the_door_serves_are_built_without_what_builds_them_or_copied() {
    let dir = tempfile::tempdir().unwrap();
    let files = [
        (
            "front/package.json",
            "{\"scripts\":{\"build\":\"vite build\"},\"devDependencies\":{\"vite\":\"7\"}}",
        ),
        ("front/package-lock.json", "{}"),
        ("front/index.html", ""),
        ("public/robots.txt", ""),
        ("api/go.mod", "module api\ngo 1.26\n"),
        ("api/main.go", "package main\nfunc main() { http.ListenAndServe() }\n"),
    ];
    for (name, text) in files {
        fs::create_dir_all(dir.path().join(name).parent().unwrap()).unwrap();
        fs::write(dir.path().join(name), text).unwrap();
    }
    let files = texts(&["front/dist", "public", "nowhere"]);
    let made = image(dir.path(), &Wanted { files, ..wanted(vec![app("api", "api", "./api")]) });
    assert_eq!(
        made.notes,
        ["nowhere: is not there, and nothing here is known to build it: the image will not have it"]
    );
    insta::assert_snapshot!(made.dockerfile);
}

#[test]
fn a_token_of_npm_is_in_no_layer_and_a_variable_is_none() {
    let of_npmrc = |line: &str| {
        let files = [("package.json", "{\"dependencies\":{}}"), ("main.js", ""), (".npmrc", line)];
        of(&files, vec![app("site", "", "node main.js")])
    };
    let secret = of_npmrc("//npm.example.com/:_authToken=npm_0123456789\n");
    assert!(!secret.dockerfile.contains(".npmrc"), "{}", secret.dockerfile);
    assert!(secret.ignore.lines().any(|line| line == ".npmrc"), "{}", secret.ignore);
    assert!(secret.notes.iter().any(|note| note.starts_with(".npmrc: holds a token")), "{:?}", secret.notes);
    let harmless = of_npmrc("//npm.example.com/:_authToken=${NPM_TOKEN}\n");
    assert!(harmless.dockerfile.contains("COPY package.json .npmrc ./"), "{}", harmless.dockerfile);
    assert!(harmless.notes.is_empty() && !harmless.ignore.contains("npmrc"));
}

#[test]
fn a_folder_that_is_served_as_a_whole_is_in_the_image() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("index.html"), "").unwrap();
    let text = image(dir.path(), &Wanted { files: texts(&[""]), ..wanted(Vec::new()) }).dockerfile;
    assert!(text.contains("AS files\nWORKDIR /srv\nCOPY . ./\n"), "{text}");
    assert!(text.contains("COPY --from=files /srv /srv\n"), "{text}");
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("index.html"), "").unwrap();
    let apps = vec![app("site", "", "node main.js")];
    let text = image(dir.path(), &Wanted { files: texts(&[""]), ..wanted(apps) }).dockerfile;
    assert!(!text.contains("AS files"), "the app brings it along: {text}");
}
