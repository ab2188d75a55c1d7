//! Folders of several languages, as people have them: what is written for each is pinned, and hadolint reads it.

pub(super) struct Fixture {
    pub(super) name: &'static str,
    /// As `samples::lay` reads them.
    pub(super) files: &'static [&'static str],
    /// Name, folder, command.
    pub(super) apps: &'static [(&'static str, &'static str, &'static str)],
}

pub(super) const FIXTURES: &[Fixture] = &[
    Fixture {
        name: "pip_and_npm",
        files: &[
            "api/requirements.txt=fastapi\nuvicorn\npsycopg2\n",
            "api/main.py=app = FastAPI()",
            "web/package.json={\"scripts\":{\"start\":\"node server.js\",\"build\":\"tsc\"},\"dependencies\":{\"express\":\"5\"}}",
            "web/package-lock.json={}",
            "web/server.js=app.listen(1)",
        ],
        apps: &[("api", "api", "uvicorn main:app"), ("web", "web", "node server.js")],
    },
    Fixture {
        name: "uv_and_a_pnpm_workspace",
        files: &[
            "api/pyproject.toml=[project]\nname='api'\nrequires-python='>=3.12,<3.13'\ndependencies=['flask']\n",
            "api/uv.lock",
            "api/main.py=app = Flask(__name__)",
            "pnpm-lock.yaml",
            "pnpm-workspace.yaml=packages: ['apps/*', 'packages/*']",
            "package.json={\"name\":\"root\",\"packageManager\":\"pnpm@9.15.0\"}",
            "apps/site/package.json={\"name\":\"site\",\"scripts\":{\"start\":\"node server.js\",\"build\":\"tsc\"},\"dependencies\":{\"ui\":\"workspace:*\",\"express\":\"5\"}}",
            "apps/site/server.js=app.listen(1)",
            "packages/ui/package.json={\"name\":\"ui\",\"scripts\":{\"build\":\"tsc\"}}",
        ],
        apps: &[("api", "api", "flask run"), ("site", "apps/site", "node server.js")],
    },
    Fixture {
        name: "poetry_and_go",
        files: &[
            "api/pyproject.toml=[project]\nname='api'\ndependencies=['fastapi']\n",
            "api/poetry.lock",
            "api/main.py=app = FastAPI()",
            "svc/go.mod=module svc\ngo 1.25\n",
            "svc/go.sum",
            "svc/cmd/svc/main.go=package main\nfunc main() { http.ListenAndServe(\"\", nil) }\n",
        ],
        apps: &[("api", "api", "uvicorn main:app"), ("svc", "svc", "go run ./cmd/svc -v")],
    },
    Fixture {
        name: "pdm_and_rust",
        files: &[
            "api/pyproject.toml=[project]\nname='api'\ndependencies=['fastapi']\n",
            "api/pdm.lock",
            "api/main.py=app = FastAPI()",
            "svc/Cargo.toml=[package]\nname='svc'\n[dependencies]\naxum='0.9'\n",
            "svc/Cargo.lock",
            "svc/src/main.rs=fn main() {}",
        ],
        apps: &[("api", "api", "uvicorn main:app"), ("svc", "svc", "cargo run --release")],
    },
    Fixture {
        name: "pipenv_and_bun",
        files: &[
            "api/Pipfile=[packages]\nflask='*'\n",
            "api/Pipfile.lock={}",
            "api/main.py=app = Flask(__name__)",
            "web/package.json={\"scripts\":{\"start\":\"bun server.ts\",\"build\":\"bun build server.ts\"},\"dependencies\":{\"hono\":\"4\"}}",
            "web/bun.lock",
            "web/server.ts=Bun.serve({})",
        ],
        apps: &[("api", "api", "flask run"), ("web", "web", "bun server.ts")],
    },
    Fixture {
        name: "bun_with_next_and_deno",
        files: &[
            "web/package.json={\"scripts\":{\"build\":\"next build\"},\"dependencies\":{\"next\":\"16\"}}",
            "web/bun.lock",
            "edge/deno.json={\"tasks\":{\"start\":\"deno run -A main.ts\",\"build\":\"deno run build.ts\"}}",
            "edge/deno.lock={}",
            "edge/main.ts=Deno.serve(f)",
        ],
        apps: &[("web", "web", "next start"), ("edge", "edge", "deno run -A main.ts")],
    },
    Fixture {
        name: "rails_and_node",
        files: &[
            "web/Gemfile=gem 'rails'\ngem 'propshaft'\ngem 'pg'\n",
            "web/Gemfile.lock",
            "web/.ruby-version=3.3.6",
            "web/app/assets/",
            "web/config.ru",
            "live/package.json={\"scripts\":{\"start\":\"node server.js\"},\"dependencies\":{\"ws\":\"8\"}}",
            "live/package-lock.json={}",
            "live/server.js=createServer().listen(1)",
        ],
        apps: &[
            ("web", "web", "bundle exec rails server -b $HOST -p $PORT"),
            ("worker", "web", "bundle exec sidekiq"),
            ("live", "live", "node server.js"),
        ],
    },
    Fixture {
        name: "sinatra_and_python",
        files: &[
            "web/Gemfile=gem 'sinatra'\ngem 'puma'\n",
            "web/config.ru=run App",
            "api/requirements.txt=flask\n",
            "api/main.py=app = Flask(__name__)",
        ],
        apps: &[("web", "web", "bundle exec puma -b tcp://$HOST:$PORT"), ("api", "api", "flask run")],
    },
    Fixture {
        name: "laravel_and_go",
        files: &[
            "composer.json={\"require\":{\"php\":\"^8.3\",\"laravel/framework\":\"12\",\"ext-intl\":\"*\",\"ext-json\":\"*\"}}",
            "composer.lock={}",
            "public/index.php",
            "svc/go.mod=module svc\ngo 1.26\n",
            "svc/main.go=package main\nfunc main() { http.ListenAndServe(\"\", nil) }\n",
        ],
        apps: &[("web", "", "php -S $HOST:$PORT -t public"), ("svc", "svc", "./svc")],
    },
    Fixture {
        name: "php_python_and_ruby",
        files: &[
            "web/index.php=<?php echo 1;",
            "api/requirements.txt=flask\n",
            "api/main.py=app = Flask(__name__)",
            "job/Gemfile=gem 'sinatra'\n",
            "job/app.rb=get '/' do end",
        ],
        apps: &[
            ("web", "web", "frankenphp php-server --listen $HOST:$PORT --root ."),
            ("api", "api", "flask run"),
            ("job", "job", "bundle exec ruby app.rb"),
        ],
    },
    Fixture {
        name: "spring_by_maven_and_node",
        files: &[
            "api/pom.xml=<project><parent><artifactId>spring-boot-starter-parent</artifactId></parent><java.version>21</java.version></project>",
            "api/src/main/java/x/App.java=class App {}",
            "web/server.js=http.createServer(f).listen(1)",
        ],
        apps: &[("api", "api", "mvn -q spring-boot:run"), ("web", "web", "node server.js")],
    },
    Fixture {
        name: "spring_by_gradle_and_python",
        files: &[
            "api/build.gradle.kts=plugins { id(\"org.springframework.boot\") }",
            "api/gradlew",
            "web/requirements.txt=flask\n",
            "web/main.py=app = Flask(__name__)",
        ],
        apps: &[("api", "api", "./gradlew bootRun"), ("web", "web", "flask run")],
    },
    Fixture {
        name: "quarkus_and_dotnet",
        files: &[
            "api/pom.xml=<project><artifactId>quarkus-maven-plugin</artifactId><maven.compiler.release>25</maven.compiler.release></project>",
            "api/src/main/java/x/App.java=class App {}",
            "shop/Shop.csproj=<Project Sdk=\"Microsoft.NET.Sdk.Web\"><TargetFramework>net8.0</TargetFramework></Project>",
            "shop/Program.cs=app.MapGet(\"/x\", () => 1);",
        ],
        apps: &[
            ("api", "api", "mvn -q quarkus:dev"),
            ("shop", "shop", "dotnet run --no-launch-profile -c Release"),
        ],
    },
    Fixture {
        name: "two_dotnets_and_static",
        files: &[
            "one/One.csproj=<Project Sdk=\"Microsoft.NET.Sdk.Web\"><TargetFramework>net9.0</TargetFramework></Project>",
            "two/Two.csproj=<Project Sdk=\"Microsoft.NET.Sdk.Web\"><TargetFramework>net10.0</TargetFramework><AssemblyName>Twice</AssemblyName></Project>",
            "docs/index.html=hi",
        ],
        apps: &[
            ("one", "one", "dotnet run"),
            ("two", "two", "dotnet run"),
            ("docs", "docs", "python3 -m http.server $PORT"),
        ],
    },
    Fixture {
        name: "phoenix_and_python",
        files: &[
            "web/mix.exs=def project, do: [app: :shop, elixir: \"~> 1.17\", deps: [{:phoenix, \"~> 1.8\"}]]\n\"assets.deploy\": []",
            "web/mix.lock",
            "web/config/config.exs",
            "ml/requirements.txt=numpy --hash=sha256:00\n",
            "ml/main.py=app = FastAPI()",
        ],
        apps: &[("web", "web", "mix phx.server"), ("ml", "ml", "uvicorn main:app")],
    },
    Fixture {
        name: "go_rust_and_elixir",
        files: &[
            "a/go.mod=module a\n",
            "a/main.go=package main\nfunc main() { http.ListenAndServe(\"\", nil) }\n",
            "b/Cargo.toml=[package]\nname='b'\n[dependencies]\naxum='0.9'\n",
            "b/src/main.rs=fn main() {}",
            "c/mix.exs=def project, do: [app: :c, deps: [{:bandit, \"1\"}]]",
        ],
        apps: &[("a", "a", "go run ."), ("b", "b", "./target/release/b"), ("c", "c", "mix run --no-halt")],
    },
    Fixture {
        name: "mkdocs_and_yarn",
        files: &[
            "docs/mkdocs.yml=site_name: x",
            "docs/docs/index.md",
            "web/package.json={\"scripts\":{\"start\":\"node server.js\"},\"dependencies\":{\"express\":\"5\"}}",
            "web/yarn.lock",
            "web/server.js=app.listen(1)",
        ],
        apps: &[
            ("docs", "docs", "python3 -m http.server $PORT --bind $HOST --directory site"),
            ("web", "web", "node server.js"),
        ],
    },
    Fixture {
        name: "yarn_4_and_poetry_run",
        files: &[
            "api/pyproject.toml=[project]\nname='api'\ndependencies=['fastapi']\n",
            "api/poetry.lock",
            "api/main.py=app = FastAPI()",
            "web/package.json={\"packageManager\":\"yarn@4.9.2\",\"scripts\":{\"start\":\"node server.js\",\"build\":\"tsc\"}}",
            "web/yarn.lock=\n__metadata:\n  version: 8\n",
            "web/.yarnrc.yml=yarnPath: .yarn/releases/yarn-4.9.2.cjs",
            "web/.yarn/releases/yarn-4.9.2.cjs",
            "web/server.js=app.listen(1)",
        ],
        apps: &[("api", "api", "poetry run uvicorn main:app --host $HOST"), ("web", "web", "node server.js")],
    },
    Fixture {
        name: "two_nodes_and_two_pythons",
        files: &[
            "one/package.json={\"engines\":{\"node\":\"20\"},\"scripts\":{\"start\":\"node server.js\"}}",
            "one/server.js=app.listen(1)",
            "two/package.json={\"scripts\":{\"start\":\"node a.js && node server.js\"}}",
            "two/server.js=app.listen(1)",
            "three/requirements.txt=flask",
            "three/.python-version=3.11",
            "three/main.py=app = Flask(__name__)",
            "four/requirements.txt=flask",
            "four/main.py=app = Flask(__name__)",
        ],
        apps: &[
            ("one", "one", "node server.js"),
            ("two", "two", "npm start"),
            ("three", "three", "flask run"),
            ("four", "four", "flask run"),
        ],
    },
    Fixture {
        name: "names_with_spaces_and_quotes",
        files: &[
            "my api/requirements.txt=flask",
            "my api/main.py=app = Flask(__name__)",
            "it's \"web\"/package.json={\"scripts\":{\"start\":\"node server.js\",\"build\":\"tsc\"}}",
            "it's \"web\"/package-lock.json={}",
            "it's \"web\"/server.js=app.listen(1)",
        ],
        apps: &[("api", "my api", "flask run"), ("web", "it's \"web\"", "node server.js")],
    },
    Fixture {
        name: "a_vite_site_and_fastapi",
        files: &[
            "frontend/package.json={\"scripts\":{\"build\":\"vite build\"},\"devDependencies\":{\"vite\":\"8\"}}",
            "frontend/package-lock.json={}",
            "frontend/index.html",
            "backend/requirements.txt=-r base.txt\n",
            "backend/base.txt=fastapi",
            "backend/main.py=app = FastAPI()",
        ],
        apps: &[
            ("web", "frontend", "vite preview --host $HOST --port $PORT --strictPort"),
            ("api", "backend", "uvicorn main:app"),
        ],
    },
];
