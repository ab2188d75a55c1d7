//! The frameworks: one row each, more particular calls before more general ones.
//!
//! What is not here is left to PORT and HOST, and to finding out where the app listens. `HOSTNAME` is said only to
//! Next.js standalone, which binds it: elsewhere it is the container's name, and programs rely on that.

use std::time::Duration;

use super::{Framework, Wants};

/// Python holds its output back when it is not a terminal; and the proxy in front is on the loopback.
const PYTHON: &[(&str, &str)] = &[("PYTHONUNBUFFERED", "1"), ("FORWARDED_ALLOW_IPS", "127.0.0.1,::1")];

/// Over a Unix socket uvicorn sees no peer address; the folder's mode is the guard.
const UVICORN_SOCKET: &[(&str, &str)] = &[("UVICORN_UDS", "{socket}"), ("FORWARDED_ALLOW_IPS", "*")];

const GRADIO_PORT: &[(&str, &str)] = &[("GRADIO_SERVER_PORT", "{port}"), ("GRADIO_SERVER_NAME", "{host}")];

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

const PLAIN: Framework = Framework {
    name: "",
    calls: &[],
    on_port: &[],
    on_socket: &[],
    wants: Wants::Unknown,
    on_stripped: &[],
    on_kept: &[],
    on_moved: &[],
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
        // It puts its root path in front of each path itself: a prefix that was kept would be there twice.
        wants: Wants::Strip,
        on_stripped: &[("UVICORN_ROOT_PATH", "{prefix}")],
        ..PYTHON_PLAIN
    },
    // Its own uvicorn reads no variable: its documentation page needs --root-path $PREFIX.
    Framework {
        name: "FastAPI",
        calls: &[&["fastapi", "run"], &["fastapi", "dev"]],
        wants: Wants::Strip,
        ..PYTHON_PLAIN
    },
    // It closes an idle connection after 2 s, and sync workers after each answer.
    Framework {
        name: "gunicorn",
        calls: &[&["gunicorn"]],
        // It cuts its SCRIPT_NAME off each path, and refuses a path without it.
        wants: Wants::Keep,
        on_moved: &[("SCRIPT_NAME", "{prefix}")],
        idle_max: seconds(1),
        ..PYTHON_PLAIN
    },
    Framework { name: "hypercorn", calls: &[&["hypercorn"]], ..PYTHON_PLAIN },
    Framework {
        name: "granian",
        calls: &[&["granian"]],
        on_port: &[("GRANIAN_PORT", "{port}"), ("GRANIAN_HOST", "{host}")],
        on_socket: &[("GRANIAN_UDS", "{socket}")],
        wants: Wants::Keep,
        on_moved: &[("GRANIAN_URL_PATH_PREFIX", "{prefix}")],
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
        // By ProxyFix(app.wsgi_app, x_prefix=1), which reads X-Forwarded-Prefix.
        wants: Wants::Strip,
        ..PYTHON_PLAIN
    },
    Framework {
        name: "Django",
        calls: &[
            &["python", "manage.py", "runserver"],
            &["manage.py", "runserver"],
            &["django-admin", "runserver"],
        ],
        // By FORCE_SCRIPT_NAME, a setting.
        wants: Wants::Strip,
        ..PYTHON_PLAIN
    },
    Framework {
        name: "Streamlit",
        calls: &[&["streamlit", "run"]],
        on_port: &[("STREAMLIT_SERVER_PORT", "{port}"), ("STREAMLIT_SERVER_ADDRESS", "{host}")],
        wants: Wants::Keep,
        on_kept: &[("STREAMLIT_SERVER_BASE_URL_PATH", "{prefix}")],
        unless_set: &[
            ("PYTHONUNBUFFERED", "1"),
            ("STREAMLIT_SERVER_HEADLESS", "true"),
            // Its own origin check knows nothing of the name the browser asked for.
            ("STREAMLIT_SERVER_ENABLE_CORS", "false"),
        ],
        ..PLAIN
    },
    // Their ports are said by a flag; the host that a browser asked for is not in what they expect of a WebSocket.
    Framework {
        name: "Bokeh",
        calls: &[&["bokeh", "serve"], &["panel", "serve"]],
        wants: Wants::Keep,
        idle_max: seconds(60),
        ..PYTHON_PLAIN
    },
    Framework {
        name: "Jupyter",
        calls: &[&["jupyter"], &["jupyter-lab"], &["jupyter-server"], &["voila"]],
        on_port: &[("JUPYTER_PORT", "{port}"), ("JUPYTER_PORT_RETRIES", "0")],
        // By --ServerApp.base_url=$PREFIX/, a flag.
        wants: Wants::Keep,
        idle_max: seconds(60),
        ..PYTHON_PLAIN
    },
    Framework {
        name: "Chainlit",
        calls: &[&["chainlit", "run"]],
        on_port: &[("CHAINLIT_PORT", "{port}"), ("CHAINLIT_HOST", "{host}")],
        wants: Wants::Keep,
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
        // By --static-prefix $PREFIX, a flag.
        wants: Wants::Keep,
        ..PYTHON_PLAIN
    },
    Framework {
        name: "Gradio",
        calls: &[&["gradio", "*.py"]],
        on_port: GRADIO_PORT,
        wants: Wants::Strip,
        on_stripped: &[("GRADIO_ROOT_PATH", "{prefix}")],
        ..PYTHON_PLAIN
    },
    Framework {
        name: "marimo",
        calls: &[&["marimo", "run"], &["marimo", "edit"]],
        // By --base-url $PREFIX, a flag.
        wants: Wants::Keep,
        ..PYTHON_PLAIN
    },
    Framework {
        name: "Shiny",
        calls: &[&["shiny", "run"]],
        // All its links are relative.
        wants: Wants::Strip,
        ..PYTHON_PLAIN
    },
    // A script may be a Gradio or a Dash app, or anything; Dash and many others read PORT and HOST.
    Framework {
        name: "Python",
        calls: &[&["python", "*.py"]],
        on_port: GRADIO_PORT,
        on_stripped: &[
            ("GRADIO_ROOT_PATH", "{prefix}"),
            ("DASH_REQUESTS_PATHNAME_PREFIX", "{prefix}/"),
            ("DASH_ROUTES_PATHNAME_PREFIX", "/"),
        ],
        ..PYTHON_PLAIN
    },
    Framework { name: "Python", calls: &[&["python"]], ..PYTHON_PLAIN },
    Framework {
        name: "Next.js standalone",
        calls: &[&["node", ".next/standalone/server.js"]],
        on_port: &[("HOSTNAME", "{host}")],
        // By basePath, when it is built.
        wants: Wants::Keep,
        ..PLAIN
    },
    Framework { name: "Next.js", calls: &[&["next"]], wants: Wants::Keep, ..PLAIN },
    Framework {
        name: "Nitro",
        calls: &[&["node", ".output/server/index.mjs"], &["nuxt"], &["nuxi"], &["nitro"]],
        on_port: &[("NITRO_PORT", "{port}"), ("NITRO_HOST", "{host}")],
        on_socket: &[("NITRO_UNIX_SOCKET", "{socket}")],
        wants: Wants::Keep,
        on_kept: &[("NUXT_APP_BASE_URL", "{prefix}/"), ("NITRO_APP_BASE_URL", "{prefix}/")],
        ..PLAIN
    },
    Framework {
        name: "SvelteKit",
        calls: &[&["node", "build"], &["node", "build/index.js"]],
        on_socket: &[("SOCKET_PATH", "{socket}")],
        // By paths.base, when it is built.
        wants: Wants::Keep,
        // onedoor writes these fields anew on every request; without them SvelteKit takes itself for https://localhost.
        unless_set: &[
            ("PROTOCOL_HEADER", "x-forwarded-proto"),
            ("HOST_HEADER", "x-forwarded-host"),
            ("PORT_HEADER", "x-forwarded-port"),
        ],
        ..PLAIN
    },
    // By --base $PREFIX/, a flag.
    Framework { name: "Vite", calls: &[&["vite"]], wants: Wants::Keep, ..PLAIN },
    Framework { name: "Astro", calls: &[&["astro"]], wants: Wants::Keep, ..PLAIN },
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
        wants: Wants::Keep,
        on_moved: &[
            ("GF_SERVER_ROOT_URL", "%(protocol)s://%(domain)s{prefix}/"),
            ("GF_SERVER_SERVE_FROM_SUB_PATH", "true"),
        ],
        idle_max: seconds(60),
        ..PLAIN
    },
    Framework {
        name: "Ollama",
        calls: &[&["ollama", "serve"]],
        on_port: &[("OLLAMA_HOST", "{host}:{port}")],
        // An API: it makes no links.
        wants: Wants::Strip,
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
        // Quarkus fixes its root path when it is built.
        wants: Wants::Keep,
        on_moved: &[
            ("SERVER_SERVLET_CONTEXT_PATH", "{prefix}"),
            ("SPRING_WEBFLUX_BASE_PATH", "{prefix}"),
            ("MICRONAUT_SERVER_CONTEXT_PATH", "{prefix}"),
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
    // Puma says its own SCRIPT_NAME to the app and cuts nothing off; RAILS_RELATIVE_URL_ROOT is for assets only.
    Framework {
        name: "Rails",
        calls: &[&["rails", "server"], &["rails", "s"]],
        wants: Wants::Strip,
        on_stripped: &[("SCRIPT_NAME", "{prefix}"), ("RAILS_RELATIVE_URL_ROOT", "{prefix}")],
        idle_max: seconds(15),
        ..PLAIN
    },
    Framework {
        name: "Puma",
        calls: &[&["puma"]],
        wants: Wants::Strip,
        on_stripped: &[("SCRIPT_NAME", "{prefix}")],
        idle_max: seconds(15),
        ..PLAIN
    },
    Framework { name: "Rack", calls: &[&["rackup"]], idle_max: seconds(15), ..PLAIN },
    Framework {
        name: "Phoenix",
        calls: &[&["mix", "phx.server"]],
        // By url: [path: …], a setting.
        wants: Wants::Strip,
        unless_set: &[("PHX_SERVER", "true"), ("RELEASE_DISTRIBUTION", "none")],
        idle_max: seconds(50),
        ..PLAIN
    },
    Framework {
        name: "n8n",
        calls: &[&["n8n"]],
        on_port: &[("N8N_PORT", "{port}")],
        wants: Wants::Strip,
        on_stripped: &[("N8N_PATH", "{prefix}/")],
        ..PLAIN
    },
    Framework { name: "code-server", calls: &[&["code-server"]], wants: Wants::Strip, ..PLAIN },
    // The built-in server closes each connection.
    Framework { name: "PHP", calls: &[&["php"]], idle_max: seconds(1), ..PLAIN },
];
