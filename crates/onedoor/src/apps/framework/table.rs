//! The frameworks: one row each, more particular calls before more general ones.
//!
//! What is not here is left to PORT and HOST, and to finding out where the app listens. `HOSTNAME` is said only to
//! Next.js standalone, which binds it: elsewhere it is the container's name, and programs rely on that.

use std::time::Duration;

use super::Framework;

/// Python holds its output back when it is not a terminal; and the proxy in front is on the loopback.
const PYTHON: &[(&str, &str)] = &[("PYTHONUNBUFFERED", "1"), ("FORWARDED_ALLOW_IPS", "127.0.0.1,::1")];

/// Over a Unix socket uvicorn sees no peer address; the folder's mode is the guard.
const UVICORN_SOCKET: &[(&str, &str)] = &[("UVICORN_UDS", "{socket}"), ("FORWARDED_ALLOW_IPS", "*")];

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

const PLAIN: Framework = Framework {
    name: "",
    calls: &[],
    on_port: &[],
    on_socket: &[],
    on_stripped: &[],
    on_kept: &[],
    unless_set: &[],
    idle_max: seconds(4),
};

const PYTHON_PLAIN: Framework = Framework { unless_set: PYTHON, ..PLAIN };

pub(super) static TABLE: &[Framework] = &[
    Framework {
        name: "uvicorn",
        calls: &[&["uvicorn"]],
        on_port: &[("UVICORN_PORT", "{port}"), ("UVICORN_HOST", "{host}")],
        on_socket: UVICORN_SOCKET,
        on_stripped: &[("UVICORN_ROOT_PATH", "{prefix}")],
        ..PYTHON_PLAIN
    },
    Framework { name: "FastAPI", calls: &[&["fastapi", "run"], &["fastapi", "dev"]], ..PYTHON_PLAIN },
    // It closes an idle connection after 2 s, and sync workers after each answer.
    Framework { name: "gunicorn", calls: &[&["gunicorn"]], idle_max: seconds(1), ..PYTHON_PLAIN },
    Framework { name: "hypercorn", calls: &[&["hypercorn"]], ..PYTHON_PLAIN },
    Framework {
        name: "granian",
        calls: &[&["granian"]],
        on_port: &[("GRANIAN_PORT", "{port}"), ("GRANIAN_HOST", "{host}")],
        on_socket: &[("GRANIAN_UDS", "{socket}")],
        ..PYTHON_PLAIN
    },
    Framework { name: "daphne", calls: &[&["daphne"]], ..PYTHON_PLAIN },
    Framework {
        name: "waitress",
        calls: &[&["waitress-serve"], &["waitress"]],
        idle_max: seconds(60),
        ..PYTHON_PLAIN
    },
    Framework {
        name: "Flask",
        calls: &[&["flask", "run"]],
        on_port: &[("FLASK_RUN_PORT", "{port}"), ("FLASK_RUN_HOST", "{host}")],
        ..PYTHON_PLAIN
    },
    Framework {
        name: "Django",
        calls: &[
            &["python", "manage.py", "runserver"],
            &["manage.py", "runserver"],
            &["django-admin", "runserver"],
        ],
        ..PYTHON_PLAIN
    },
    Framework {
        name: "Streamlit",
        calls: &[&["streamlit", "run"]],
        on_port: &[("STREAMLIT_SERVER_PORT", "{port}"), ("STREAMLIT_SERVER_ADDRESS", "{host}")],
        on_kept: &[("STREAMLIT_SERVER_BASE_URL_PATH", "{prefix}")],
        unless_set: &[
            ("PYTHONUNBUFFERED", "1"),
            ("STREAMLIT_SERVER_HEADLESS", "true"),
            // Its own origin check knows nothing of the name the browser asked for.
            ("STREAMLIT_SERVER_ENABLE_CORS", "false"),
        ],
        ..PLAIN
    },
    Framework {
        name: "Jupyter",
        calls: &[&["jupyter"], &["jupyter-lab"], &["jupyter-server"], &["voila"]],
        on_port: &[("JUPYTER_PORT", "{port}"), ("JUPYTER_PORT_RETRIES", "0")],
        idle_max: seconds(60),
        ..PYTHON_PLAIN
    },
    Framework {
        name: "Chainlit",
        calls: &[&["chainlit", "run"]],
        on_port: &[("CHAINLIT_PORT", "{port}"), ("CHAINLIT_HOST", "{host}")],
        on_kept: &[("CHAINLIT_ROOT_PATH", "{prefix}")],
        ..PYTHON_PLAIN
    },
    Framework {
        name: "Litestar",
        calls: &[&["litestar", "run"]],
        on_port: &[("LITESTAR_PORT", "{port}"), ("LITESTAR_HOST", "{host}")],
        on_socket: &[("LITESTAR_UNIX_DOMAIN_SOCKET", "{socket}")],
        ..PYTHON_PLAIN
    },
    Framework {
        name: "MLflow",
        calls: &[&["mlflow", "server"], &["mlflow", "ui"]],
        on_port: &[("MLFLOW_PORT", "{port}"), ("MLFLOW_HOST", "{host}")],
        ..PYTHON_PLAIN
    },
    // A script may be a Gradio or a Dash app; Dash and many others read PORT and HOST.
    Framework {
        name: "Python",
        calls: &[&["python", "*.py"], &["gradio", "*.py"]],
        on_port: &[("GRADIO_SERVER_PORT", "{port}"), ("GRADIO_SERVER_NAME", "{host}")],
        on_stripped: &[("GRADIO_ROOT_PATH", "{prefix}")],
        ..PYTHON_PLAIN
    },
    Framework { name: "Python", calls: &[&["python"]], ..PYTHON_PLAIN },
    Framework {
        name: "Next.js standalone",
        calls: &[&["node", ".next/standalone/server.js"]],
        on_port: &[("HOSTNAME", "{host}")],
        ..PLAIN
    },
    Framework { name: "Next.js", calls: &[&["next"]], ..PLAIN },
    Framework {
        name: "Nitro",
        calls: &[&["node", ".output/server/index.mjs"], &["nuxt"], &["nuxi"], &["nitro"]],
        on_port: &[("NITRO_PORT", "{port}"), ("NITRO_HOST", "{host}")],
        on_socket: &[("NITRO_UNIX_SOCKET", "{socket}")],
        on_kept: &[("NUXT_APP_BASE_URL", "{prefix}/")],
        ..PLAIN
    },
    Framework {
        name: "SvelteKit",
        calls: &[&["node", "build"], &["node", "build/index.js"]],
        on_socket: &[("SOCKET_PATH", "{socket}")],
        // onedoor writes these fields anew on every request; without them SvelteKit takes itself for https://localhost.
        unless_set: &[
            ("PROTOCOL_HEADER", "x-forwarded-proto"),
            ("HOST_HEADER", "x-forwarded-host"),
            ("PORT_HEADER", "x-forwarded-port"),
        ],
        ..PLAIN
    },
    Framework { name: "Vite", calls: &[&["vite"]], ..PLAIN },
    Framework {
        name: "Node",
        calls: &[&["node"], &["npm"], &["pnpm"], &["yarn"], &["tsx"], &["ts-node"], &["nodemon"], &["nest"]],
        ..PLAIN
    },
    Framework {
        name: "Bun",
        calls: &[&["bun"]],
        on_port: &[("BUN_PORT", "{port}")],
        idle_max: seconds(8),
        ..PLAIN
    },
    Framework {
        name: "Deno",
        calls: &[&["deno"]],
        on_port: &[("DENO_SERVE_ADDRESS", "tcp:{host}:{port}")],
        idle_max: seconds(30),
        ..PLAIN
    },
    // net/http and hyper keep an idle connection for ever.
    Framework { name: "Go", calls: &[&["go", "run"]], idle_max: seconds(60), ..PLAIN },
    Framework {
        name: "Rust",
        calls: &[&["cargo", "run"], &["cargo", "leptos"]],
        on_port: &[
            ("ROCKET_PORT", "{port}"),
            ("ROCKET_ADDRESS", "{host}"),
            ("LEPTOS_SITE_ADDR", "{host}:{port}"),
        ],
        idle_max: seconds(60),
        ..PLAIN
    },
    Framework {
        name: "Grafana",
        calls: &[&["grafana"], &["grafana-server"]],
        on_port: &[("GF_SERVER_HTTP_PORT", "{port}"), ("GF_SERVER_HTTP_ADDR", "{host}")],
        idle_max: seconds(60),
        ..PLAIN
    },
    Framework {
        name: "Ollama",
        calls: &[&["ollama", "serve"]],
        on_port: &[("OLLAMA_HOST", "{host}:{port}")],
        idle_max: seconds(60),
        ..PLAIN
    },
    // Spring Boot, Quarkus or Micronaut: a jar does not say which, and each reads its own.
    Framework {
        name: "JVM",
        calls: &[
            &["java", "-jar"],
            &["mvn", "spring-boot:run"],
            &["gradlew", "bootRun"],
            &["gradle", "bootRun"],
        ],
        on_port: &[
            ("SERVER_PORT", "{port}"),
            ("SERVER_ADDRESS", "{host}"),
            ("QUARKUS_HTTP_PORT", "{port}"),
            ("QUARKUS_HTTP_HOST", "{host}"),
            ("MICRONAUT_SERVER_PORT", "{port}"),
            ("MICRONAUT_SERVER_HOST", "{host}"),
        ],
        unless_set: &[("SERVER_FORWARD_HEADERS_STRATEGY", "framework")],
        idle_max: seconds(15),
        ..PLAIN
    },
    Framework {
        name: "ASP.NET Core",
        calls: &[&["dotnet", "*.dll"], &["dotnet", "run"], &["dotnet", "watch"]],
        on_port: &[("ASPNETCORE_URLS", "http://{host}:{port}")],
        on_socket: &[("ASPNETCORE_URLS", "http://unix:{socket}")],
        unless_set: &[("ASPNETCORE_FORWARDEDHEADERS_ENABLED", "true")],
        idle_max: seconds(60),
        ..PLAIN
    },
    Framework {
        name: "Rails",
        calls: &[&["rails", "server"], &["rails", "s"]],
        idle_max: seconds(15),
        ..PLAIN
    },
    Framework { name: "Puma", calls: &[&["puma"], &["rackup"]], idle_max: seconds(15), ..PLAIN },
    Framework {
        name: "Phoenix",
        calls: &[&["mix", "phx.server"]],
        unless_set: &[("PHX_SERVER", "true"), ("RELEASE_DISTRIBUTION", "none")],
        idle_max: seconds(50),
        ..PLAIN
    },
    Framework { name: "n8n", calls: &[&["n8n"]], on_port: &[("N8N_PORT", "{port}")], ..PLAIN },
    // The built-in server closes each connection.
    Framework { name: "PHP", calls: &[&["php"]], idle_max: seconds(1), ..PLAIN },
];
