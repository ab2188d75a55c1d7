//! Layouts as people have them, and what is made of each: app, mount, command, and because of which file.

use std::fs;
use std::path::Path;

use super::super::folder::Tree;
use super::super::plan::{self, DevKey, Plan, Prefix};
use super::super::procfile;
use crate::config::{Env, check_text};

/// Files of a layout: `path`, `path=text`; a path that ends in `/` is a folder, one that begins with `+` a program.
type Files = &'static [&'static str];

struct Layout {
    name: &'static str,
    files: Files,
    /// `name path [strip] | command | a part of why`
    says: &'static [&'static str],
}

fn made(files: &[&str]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for file in files {
        let (path, text) = file.split_once('=').unwrap_or((file, ""));
        make(&dir.path().join(path.trim_start_matches('+')), path, text);
    }
    dir
}

fn make(at: &Path, path: &str, text: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    if path.ends_with('/') {
        fs::create_dir_all(at).unwrap();
        return;
    }
    fs::create_dir_all(at.parent().unwrap()).unwrap();
    fs::write(at, text).unwrap();
    if path.starts_with('+') {
        fs::set_permissions(at, fs::Permissions::from_mode(0o755)).unwrap();
    }
}

fn planned(files: &[&str]) -> Plan {
    let dir = made(files);
    let tree = Tree::at(dir.path());
    procfile::of_folder(&tree).unwrap_or_else(|| plan::of_folder(&tree))
}

fn lines(plan: &Plan) -> Vec<String> {
    plan.apps
        .iter()
        .map(|app| {
            let path = app.path.as_deref().unwrap_or("-");
            let strip = if app.prefix == Prefix::Stripped { " strip" } else { "" };
            format!("{} {path}{strip} | {} | {}", app.name, app.run, app.why.join("; "))
        })
        .collect()
}

const LAYOUTS: &[Layout] = &[
    Layout {
        name: "FastAPI by its own variable",
        files: &[
            "main.py=from fastapi import FastAPI\napi = FastAPI()\n",
            "requirements.txt=fastapi\nuvicorn[standard]\n",
        ],
        says: &["web / | uvicorn main:api | main.py: api = FastAPI(); requirements.txt: uvicorn"],
    },
    Layout {
        name: "FastAPI in a package, by uv",
        files: &[
            "pyproject.toml=[project]\ndependencies=['fastapi','uvicorn']\n",
            "uv.lock",
            "app/__init__.py",
            "app/main.py=import fastapi\napp = fastapi.FastAPI()\n",
        ],
        says: &["web / | uvicorn app.main:app | app/main.py: app = FastAPI(); pyproject.toml: uvicorn"],
    },
    Layout {
        name: "FastAPI below src",
        files: &[
            "pyproject.toml=[project]\ndependencies=['fastapi','uvicorn']\n",
            "src/shop/__init__.py",
            "src/shop/main.py=import fastapi\napp = fastapi.FastAPI()\n",
        ],
        says: &["web / | uvicorn shop.main:app | src/shop/main.py"],
    },
    Layout {
        name: "FastAPI by poetry",
        files: &[
            "pyproject.toml=[tool.poetry.dependencies]\nfastapi='*'\nhypercorn='*'\n",
            "poetry.lock",
            "main.py=from fastapi import FastAPI\napp = FastAPI()\n",
        ],
        says: &["web / | poetry run hypercorn --bind $HOST:$PORT main:app | main.py"],
    },
    Layout {
        name: "Flask with gunicorn",
        files: &[
            "requirements.txt=Flask\ngunicorn==23\n",
            "app.py=from flask import Flask\napp = Flask(__name__)\n",
        ],
        says: &["web / | gunicorn app:app | app.py: app = Flask(); requirements.txt: gunicorn"],
    },
    Layout {
        name: "Flask alone",
        files: &["requirements.txt=flask\n", "app.py=from flask import Flask\napp = Flask(__name__)\n"],
        says: &["web / | flask --app app:app run | app.py"],
    },
    Layout {
        name: "Django with gunicorn",
        files: &[
            "manage.py",
            "shop/wsgi.py=application = 1",
            "shop/settings.py",
            "requirements.txt=django\ngunicorn\n",
        ],
        says: &["web / | gunicorn shop.wsgi:application | manage.py: a Django project; shop/wsgi.py"],
    },
    Layout {
        name: "Django without a server",
        files: &["manage.py", "shop/wsgi.py", "requirements.txt=django\n"],
        says: &["web / | python3 manage.py runserver --noreload $HOST:$PORT | manage.py"],
    },
    Layout {
        name: "Streamlit",
        files: &["requirements.txt=streamlit\n", "app.py=import streamlit as st\nst.title('x')\n"],
        says: &["web / | streamlit run app.py | app.py: import streamlit"],
    },
    Layout {
        name: "Gradio",
        files: &[
            "requirements.txt=gradio\n",
            "app.py=import gradio as gr\ngr.Interface(f, 'text', 'text').launch()\n",
        ],
        says: &["web / | python3 app.py | app.py: import gradio"],
    },
    Layout {
        name: "Celery beside FastAPI",
        files: &[
            "requirements.txt=fastapi\nuvicorn\ncelery\n",
            "main.py=from fastapi import FastAPI\napp = FastAPI()\n",
            "tasks.py=from celery import Celery\nqueue = Celery('x')\n",
        ],
        says: &[
            "web / | uvicorn main:app | main.py",
            "worker - | celery -A tasks worker --loglevel info | tasks.py: celery's app",
        ],
    },
    Layout {
        name: "a plain Python server without a manifest",
        files: &["server.py=import http.server\nhttp.server.HTTPServer(('', 1), None).serve_forever()\n"],
        says: &["web / | python3 server.py | server.py: http.server"],
    },
    Layout {
        name: "a Python script that does not listen",
        files: &["requirements.txt=requests\n", "worker.py=import time\nwhile True: time.sleep(1)\n"],
        says: &["worker - | python3 worker.py | worker.py: a script"],
    },
    Layout {
        name: "Express by its start script",
        files: &[
            "package.json={\"scripts\":{\"start\":\"node server.js\"},\"dependencies\":{\"express\":\"5\"}}",
            "server.js=app.listen(process.env.PORT)",
        ],
        says: &["web / | node server.js | package.json: scripts.start"],
    },
    Layout {
        name: "a start script with variables and a fixed port",
        files: &[
            "package.json={\"scripts\":{\"start\":\"cross-env NODE_ENV=production PORT=3000 node x.js --port 3000\"}}",
            "x.js=http.createServer(f).listen(1)",
        ],
        says: &["web / | node x.js --port $PORT | package.json: scripts.start"],
    },
    Layout {
        name: "a start script that takes a shell",
        files: &["package.json={\"scripts\":{\"start\":\"node a.js && node b.js\"}}", "b.js=x.listen(1)"],
        says: &["web / | npm start | package.json: scripts.start"],
    },
    Layout {
        name: "Next.js",
        files: &[
            "package.json={\"scripts\":{\"start\":\"next start\",\"build\":\"next build\"},\"dependencies\":{\"next\":\"16\"}}",
        ],
        says: &["web / | next start | package.json: next"],
    },
    Layout {
        name: "Next.js standalone",
        files: &[
            "package.json={\"scripts\":{\"build\":\"next build\"},\"dependencies\":{\"next\":\"16\"}}",
            "next.config.js=module.exports = { output: 'standalone' }",
        ],
        says: &["web / | node .next/standalone/server.js | next.config.js: output: \"standalone\""],
    },
    Layout {
        name: "Nuxt",
        files: &["package.json={\"dependencies\":{\"nuxt\":\"4\"}}"],
        says: &["web / | node .output/server/index.mjs | package.json: nuxt"],
    },
    Layout {
        name: "SvelteKit with the Node adapter",
        files: &[
            "package.json={\"devDependencies\":{\"@sveltejs/kit\":\"2\",\"@sveltejs/adapter-node\":\"5\",\"vite\":\"8\"}}",
        ],
        says: &["web / | node build | package.json: @sveltejs/adapter-node"],
    },
    Layout {
        name: "Astro without a server",
        files: &["package.json={\"scripts\":{\"build\":\"astro build\"},\"dependencies\":{\"astro\":\"6\"}}"],
        says: &["web / | astro preview --host $HOST --port $PORT | package.json: astro"],
    },
    Layout {
        name: "React Router",
        files: &["package.json={\"dependencies\":{\"@react-router/serve\":\"7\",\"vite\":\"8\"}}"],
        says: &["web / | react-router-serve ./build/server/index.js | package.json: @react-router/serve"],
    },
    Layout {
        name: "NestJS",
        files: &[
            "package.json={\"scripts\":{\"start\":\"nest start\",\"start:prod\":\"node dist/main\",\"build\":\"nest build\"},\"dependencies\":{\"@nestjs/core\":\"11\",\"express\":\"5\"}}",
        ],
        says: &["web / | node dist/main.js | package.json: @nestjs/core"],
    },
    Layout {
        name: "a Vite single-page app",
        files: &[
            "package.json={\"scripts\":{\"build\":\"vite build\"},\"devDependencies\":{\"vite\":\"8\"}}",
            "index.html",
        ],
        says: &["web / | vite preview --host $HOST --port $PORT --strictPort | package.json: vite"],
    },
    Layout {
        name: "a server without a package.json",
        files: &["main.js=require('http').createServer(f).listen(process.env.PORT)"],
        says: &["web / | node main.js | main.js: .listen"],
    },
    Layout {
        name: "Bun by its lock",
        files: &[
            "package.json={\"main\":\"index.ts\",\"dependencies\":{\"x\":\"1\"}}",
            "bun.lock",
            "index.ts=Bun.serve({ fetch() {} })",
        ],
        says: &["web / | bun index.ts | index.ts: it listens"],
    },
    Layout {
        name: "Bun without a manifest",
        files: &["index.ts=Bun.serve({ fetch() {} })"],
        says: &["web / | bun index.ts | index.ts: Bun.serve"],
    },
    Layout {
        name: "Deno by its task",
        files: &["deno.json={\"tasks\":{\"start\":\"deno run -A main.ts\"}}", "main.ts=Deno.serve(f)"],
        says: &["web / | deno run -A main.ts | deno.json: tasks.start"],
    },
    Layout {
        name: "Deno by its main module",
        files: &[
            "deno.jsonc=// a comment\n{}",
            "main.ts=export default { fetch(r) { return new Response('x') } }",
        ],
        says: &[
            "web / | deno serve --allow-all --host $HOST --port $PORT main.ts | deno.jsonc: a Deno project",
        ],
    },
    Layout {
        name: "Go",
        files: &[
            "go.mod=module example.com/shop\n\ngo 1.26\n",
            "main.go=package main\nfunc main() { http.ListenAndServe(\"\", nil) }\n",
        ],
        says: &["web / | go run . | go.mod: module example.com/shop; main.go: ListenAndServe"],
    },
    Layout {
        name: "Go, built",
        files: &[
            "go.mod=module zoo\n",
            "main.go=package main\nfunc main() { http.ListenAndServe(\"\", nil) }\n",
            "+zoo=x",
        ],
        says: &["web / | ./zoo | go.mod: module zoo; main.go: ListenAndServe; zoo: the built program"],
    },
    Layout {
        name: "Go with two programs",
        files: &[
            "go.mod=module x\n",
            "cmd/api/main.go=package main\nimport \"x/internal\"\nfunc main() { gin.Default().Run() }\n",
            "cmd/tool/main.go=package main\n\nfunc main() {}\n",
            "go.sum=github.com/gin-gonic/gin",
            "internal/s.go=package internal\nimport \"github.com/gin-gonic/gin\"",
        ],
        says: &["api / | go run ./cmd/api | go.mod", "tool - | go run ./cmd/tool | go.mod"],
    },
    Layout {
        name: "Rust with axum",
        files: &[
            "Cargo.toml=[package]\nname='shop'\n[dependencies]\naxum='0.9'\n",
            "src/main.rs=fn main() {}",
        ],
        says: &["web / | cargo run --release --quiet | Cargo.toml: package shop; Cargo.toml: axum"],
    },
    Layout {
        name: "Rust, built",
        files: &[
            "Cargo.toml=[package]\nname='shop'\n[dependencies]\naxum='0.9'\n",
            "src/main.rs",
            "+target/release/shop=x",
        ],
        says: &["web / | ./target/release/shop | Cargo.toml"],
    },
    Layout {
        name: "Rails",
        files: &[
            "Gemfile=source 'x'\ngem \"rails\", '~> 8'\ngem 'puma'\n",
            "config.ru",
            "package.json={\"scripts\":{\"build\":\"x\"}}",
        ],
        says: &["web / | bundle exec rails server -b $HOST -p $PORT | Gemfile: gem rails"],
    },
    Layout {
        name: "Sinatra by Puma",
        files: &["Gemfile=gem 'sinatra'\ngem 'puma'\n", "config.ru=run Sinatra::Application"],
        says: &[
            "web / | bundle exec puma -b tcp://$HOST:$PORT | config.ru: a Rack app; Gemfile: gem sinatra",
        ],
    },
    Layout {
        name: "Laravel",
        files: &[
            "composer.json={\"require\":{\"php\":\"^8.3\",\"laravel/framework\":\"12\"}}",
            "public/index.php",
            "package.json={\"devDependencies\":{\"vite\":\"8\"}}",
        ],
        says: &[
            "web / | php -S $HOST:$PORT -t public | public/index.php: its front controller; composer.json: Laravel",
        ],
    },
    Layout {
        name: "plain PHP",
        files: &["index.php=<?php echo 1;"],
        says: &["web / | php -S $HOST:$PORT -t . | index.php"],
    },
    Layout {
        name: "FrankenPHP",
        files: &["public/index.php", "Caddyfile={ frankenphp }\nphp_server\n", "composer.json={}"],
        says: &[
            "web / | frankenphp php-server --listen $HOST:$PORT --root public | public/index.php: its front controller; Caddyfile",
        ],
    },
    Layout {
        name: "Spring Boot by Maven",
        files: &[
            "pom.xml=<project><parent><artifactId>spring-boot-starter-parent</artifactId></parent></project>",
            "+mvnw=x",
            "src/main/java/x/App.java=class App {}",
        ],
        says: &["web / | ./mvnw -q spring-boot:run | pom.xml: Spring Boot"],
    },
    Layout {
        name: "Spring Boot, built",
        files: &[
            "build.gradle.kts=plugins { id(\"org.springframework.boot\") }",
            "build/libs/shop-1-plain.jar",
            "build/libs/shop-1.jar",
        ],
        says: &[
            "web / | java -jar build/libs/shop-1.jar | build.gradle.kts: Spring Boot; build/libs/shop-1.jar",
        ],
    },
    Layout {
        name: "ASP.NET Core",
        files: &[
            "Shop.csproj=<Project Sdk=\"Microsoft.NET.Sdk.Web\"></Project>",
            "Program.cs=app.MapGet(\"/x\", () => 1);",
        ],
        says: &["web / | dotnet run --no-launch-profile -c Release | Shop.csproj: Microsoft.NET.Sdk.Web"],
    },
    Layout {
        name: "Phoenix",
        files: &[
            "mix.exs=def project, do: [app: :shop, elixir: \"~> 1.18\", deps: [{:phoenix, \"~> 1.8\"}]]",
            "assets/package.json={}",
        ],
        says: &["web / | mix phx.server | mix.exs: phoenix"],
    },
    Layout {
        name: "plain files",
        files: &["index.html", "style.css"],
        says: &["web / | python3 -m http.server $PORT --bind $HOST | index.html: plain files"],
    },
    Layout {
        name: "MkDocs",
        files: &["mkdocs.yml=site_name: x", "docs/index.md"],
        says: &["web / | python3 -m http.server $PORT --bind $HOST --directory site | mkdocs.yml: MkDocs"],
    },
    Layout {
        name: "frontend and backend",
        files: &[
            "frontend/package.json={\"scripts\":{\"build\":\"next build\"},\"dependencies\":{\"next\":\"16\"}}",
            "backend/main.py=from fastapi import FastAPI\napp = FastAPI()\n@app.get(\"/api/items\")\ndef f(): pass\n",
            "backend/requirements.txt=fastapi\nuvicorn\n",
        ],
        says: &[
            "backend /api | uvicorn main:app | its routes begin with /api",
            "frontend / | next start | frontend/package.json: next",
        ],
    },
    Layout {
        name: "an API whose routes do not know its prefix",
        files: &[
            "web/index.html",
            "api/main.py=from fastapi import FastAPI\napp = FastAPI()\n@app.get(\"/items\")\ndef f(): pass\n",
            "api/requirements.txt=fastapi\nuvicorn\n",
        ],
        says: &[
            "api /api strip | uvicorn main:app | its routes (/items, …) do not begin with /api: strip",
            "web / | python3",
        ],
    },
    Layout {
        name: "a workspace whose root only delegates",
        files: &[
            "package.json={\"workspaces\":[\"apps/*\"],\"scripts\":{\"start\":\"turbo run start\"},\"devDependencies\":{\"turbo\":\"2\"}}",
            "pnpm-lock.yaml",
            "apps/web/package.json={\"dependencies\":{\"next\":\"16\"}}",
            "apps/api/package.json={\"scripts\":{\"start\":\"node index.js\"},\"dependencies\":{\"fastify\":\"5\"}}",
            "apps/api/index.js=app.get('/users', f); app.listen({})",
            "packages/ui/package.json={\"main\":\"index.js\"}",
            "packages/ui/index.js=export const x = 1",
            "packages/charts/package.json={\"scripts\":{\"build\":\"vite build\"},\"devDependencies\":{\"vite\":\"8\"}}",
        ],
        says: &[
            "api /api strip | node index.js | apps/api/package.json: scripts.start",
            "web / | next start | apps/web/package.json: next",
        ],
    },
    Layout {
        name: "a frontend beside an API at the root",
        files: &[
            "main.py=from fastapi import FastAPI\napp = FastAPI()\n@app.get('/api/x')\ndef x(): pass\n",
            "requirements.txt=fastapi\nuvicorn\n",
            "frontend/package.json={\"devDependencies\":{\"vite\":\"8\"}}",
            "frontend/index.html",
        ],
        says: &["api /api | uvicorn main:app | its routes begin with /api", "frontend / | vite preview"],
    },
    Layout {
        name: "prefixes for everybody",
        files: &[
            "dashboard/app.py=import streamlit as st\n",
            "dashboard/requirements.txt=streamlit\n",
            "notebooks/a.ipynb={}",
            "notebooks/requirements.txt=jupyterlab\n",
            "docs/mkdocs.yml=site_name: x",
        ],
        says: &[
            "dashboard /dashboard | streamlit run app.py",
            "docs /docs strip | python3 -m http.server",
            "notebooks /notebooks | jupyter lab --no-browser",
        ],
    },
    Layout {
        name: "what is not an app",
        files: &[
            "node_modules/x/package.json={\"scripts\":{\"start\":\"node x\"}}",
            "vendor/y/index.php",
            ".git/index.html",
            "tests/app.py=app = FastAPI()",
            "examples/go/go.mod=module x",
            "main.go=package main",
            "target/index.html",
            "web/index.html",
        ],
        says: &["web / | python3 -m http.server $PORT --bind $HOST | web/index.html: plain files"],
    },
    Layout {
        name: "two folders of one name",
        files: &["services/api/index.php", "legacy/api/index.php", "web/index.html"],
        says: &["api /api | php", "services-api /services-api | php", "web / | python3"],
    },
    Layout {
        name: "a Procfile beats what would be found",
        files: &[
            "Procfile=web: gunicorn shop.wsgi\r\nadmin: node admin.js $PORT\r\n",
            "package.json={\"scripts\":{\"start\":\"node x.js\"}}",
            ".env=SECRET=hunter2",
        ],
        says: &[
            "web / | gunicorn shop.wsgi | Procfile:1: web",
            "admin /admin | node admin.js $PORT | Procfile:2: admin",
        ],
    },
    Layout {
        name: "the zoo",
        files: &[
            "python/main.py=from fastapi import FastAPI\napp = FastAPI(openapi_url=None)\n@app.get(\"/{path:path}\")\nasync def answer(path): pass\n",
            "python/requirements.txt=fastapi==1\nuvicorn==1\n",
            "node/main.js=http.createServer(f).listen(process.env.PORT)",
            "go/go.mod=module zoo\n",
            "go/main.go=package main\nfunc main() { http.ListenAndServe(x, y) }\n",
            "+go/go=x",
        ],
        says: &[
            "go /go | ./go | go/go.mod",
            "node /node | node main.js | node/main.js",
            "python / | uvicorn main:app | python/main.py",
        ],
    },
];

#[test]
fn each_layout_is_understood_as_its_owner_would() {
    let mut faults = Vec::new();
    for layout in LAYOUTS {
        let plan = planned(layout.files);
        let lines = lines(&plan);
        let fits = |(line, wanted): (&String, &&str)| {
            let mut parts = wanted.split(" | ");
            let beginning = parts.next().unwrap_or_default();
            line.starts_with(&format!("{beginning} | ")) && parts.all(|part| line.contains(part))
        };
        if lines.len() != layout.says.len() || !lines.iter().zip(layout.says).all(fits) {
            faults.push(format!(
                "{}:\n  found  {}\n  wanted {}",
                layout.name,
                lines.join("\n         "),
                layout.says.join("\n         ")
            ));
        }
    }
    assert!(LAYOUTS.len() >= 40);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn what_is_written_for_any_layout_is_a_file_without_a_mistake() {
    for layout in LAYOUTS {
        let text = planned(layout.files).draft(DevKey::NotYet).render();
        check_text(&text, &Env::made_of([]))
            .unwrap_or_else(|errors| panic!("{}: {errors}\n{text}", layout.name));
        assert!(!text.contains("hunter2"), "a secret was copied:\n{text}");
    }
}

#[test]
fn every_language_has_a_layout() {
    let mut providers: Vec<_> =
        LAYOUTS.iter().flat_map(|layout| planned(layout.files).found).map(|found| found.provider).collect();
    providers.sort();
    providers.dedup();
    assert_eq!(providers.len(), 12, "{providers:?}");
}

#[test]
fn the_paper_names_every_file_and_framework_that_is_known() {
    let paper = include_str!("../../../../../docs/zero-config.md");
    for manifest in super::manifests() {
        assert!(paper.contains(&format!("`{manifest}`")), "docs/zero-config.md does not name {manifest}");
    }
    let found = LAYOUTS.iter().flat_map(|layout| planned(layout.files).found);
    let known = super::javascript::frameworks().chain(found.filter_map(|found| found.framework));
    for framework in known {
        assert!(paper.contains(framework), "docs/zero-config.md does not name {framework}");
    }
}

#[test]
fn the_written_files_of_some_layouts() {
    for (name, label) in [
        ("the zoo", "zoo"),
        ("FastAPI in a package, by uv", "fastapi"),
        ("Celery beside FastAPI", "celery"),
        ("Django with gunicorn", "django"),
        ("Next.js standalone", "next"),
        ("a start script with variables and a fixed port", "node"),
        ("Go with two programs", "go"),
        ("a workspace whose root only delegates", "workspace"),
        ("prefixes for everybody", "prefixes"),
        ("a frontend beside an API at the root", "root_api"),
        ("a Procfile beats what would be found", "procfile"),
    ] {
        let layout = LAYOUTS.iter().find(|layout| layout.name == name).unwrap_or_else(|| panic!("{name}"));
        insta::assert_snapshot!(label, planned(layout.files).draft(DevKey::Known).render());
    }
}

#[test]
fn what_is_broken_or_hostile_is_said_and_nothing_else_suffers() {
    let plan = planned(&[
        "a/package.json=not json",
        "b/pyproject.toml=not toml [",
        "c/Cargo.toml=[[[",
        "web/index.html",
    ]);
    assert_eq!(lines(&plan).len(), 1, "{plan:?}");
    let notes = plan.notes.join("\n");
    for part in ["a/package.json: is not JSON", "b/pyproject.toml: is not TOML", "c/Cargo.toml: is not TOML"]
    {
        assert!(notes.contains(part), "{part}: {notes}");
    }
}

#[test]
fn a_folders_name_that_looks_like_a_variable_is_only_a_name() {
    let plan = planned(&["web/index.html", "${HOME}/index.php", "a\u{1b}[2J\nb/index.php"]);
    let text = plan.draft(DevKey::NotYet).render();
    let loaded = check_text(&text, &Env::made_of([])).unwrap_or_else(|errors| panic!("{errors}\n{text}"));
    assert_eq!(loaded.apps.apps.len(), 3);
    assert!(text.contains("dir = \"$${HOME}\"") && !text.contains('\u{1b}'), "{text}");
}

#[test]
fn a_folder_that_cannot_be_read_and_a_ring_of_links_are_passed() {
    let dir = made(&["web/index.html", "deep/"]);
    std::os::unix::fs::symlink("..", dir.path().join("deep/up")).unwrap();
    std::os::unix::fs::symlink("ring", dir.path().join("ring")).unwrap();
    std::os::unix::fs::symlink("/", dir.path().join("all")).unwrap();
    let deep = json_of_depth(100_000);
    fs::create_dir(dir.path().join("nested")).unwrap();
    fs::write(dir.path().join("nested/package.json"), deep).unwrap();
    let plan = plan::of_folder(&Tree::at(dir.path()));
    assert_eq!(lines(&plan).len(), 1, "{plan:?}");
}

fn json_of_depth(depth: usize) -> String {
    format!("{}{}", "[".repeat(depth), "]".repeat(depth))
}

#[test]
fn a_hundred_thousand_files_are_counted_and_not_looked_through() {
    let dir = made(&["package.json={\"scripts\":{\"start\":\"node x.js\"}}", "x.js=x.listen(1)", "logs/"]);
    for number in 0..20_000 {
        fs::File::create(dir.path().join(format!("logs/{number}"))).unwrap();
    }
    let plan = plan::of_folder(&Tree::at(dir.path()));
    assert_eq!(lines(&plan).len(), 1);
    assert!(
        plan.notes.iter().any(|note| note.contains("logs: has more than 5000 entries")),
        "{:?}",
        plan.notes
    );
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(60))]
    /// A file's text is a stranger's.
    #[test]
    fn whatever_the_files_say_nothing_breaks(
        name in proptest::sample::select(super::manifests().chain(["main.py", "server.js", "Procfile", "main.go", "x.csproj"]).collect::<Vec<_>>()),
        text in proptest::prop_oneof![
            "(.|\n){0,200}",
            "(web|[a-z]{1,5})?: ?[A-Z]=['\"$ a-z&*]{0,20}\n(release: x)?",
            "app ?= ?(fastapi.)?(FastAPI|Flask)\\((.|\n){0,20}",
            "\\{\"(scripts|dependencies|main|workspaces)\": ?(\\{\"start\": ?\"[a-z =$'&\\\\]{0,9}\"\\}|[0-9]|null)\\}",
        ],
    ) {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(name), &text).unwrap();
        let tree = Tree::at(dir.path());
        let plan = procfile::of_folder(&tree).unwrap_or_else(|| plan::of_folder(&tree));
        let text = plan.draft(DevKey::NotYet).render();
        // A command may be nonsense, which `check` says; but what is written is TOML.
        let read: Result<toml::Table, _> = toml::from_str(&text);
        proptest::prop_assert!(read.is_ok(), "{}", text);
    }
}
