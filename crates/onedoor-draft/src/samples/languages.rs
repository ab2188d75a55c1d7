//! Folders of the other languages, and of plain files.

use super::Layout;

pub(super) const LAYOUTS: &[Layout] = &[
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
        says: &["web / | files . | index.html: plain files"],
    },
    Layout {
        name: "MkDocs",
        files: &["mkdocs.yml=site_name: x", "docs/index.md"],
        says: &["web / | files site | mkdocs.yml: MkDocs"],
    },
];
