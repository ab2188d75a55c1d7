//! The frameworks of JavaScript: the package that brings each, and how what it has built is started.

use crate::detect::{PrefixHabit, Role};

/// A framework by the package that brings it, and how what it has built is started.
pub(super) struct Framework {
    pub(super) package: &'static str,
    pub(super) name: &'static str,
    pub(super) start: Start,
    pub(super) role: Role,
    pub(super) prefix: PrefixHabit,
    pub(super) dev: &'static str,
}

pub(super) enum Start {
    /// This command, which needs what its second part names.
    Command(&'static str, &'static str),
    /// A script of its own is asked for.
    Script,
    /// The same of a single-page app, which has an index.html to begin with: a library is built by the same tool.
    Spa(&'static str, &'static str),
    /// A folder of files; the command that shows them.
    Files(&'static str, &'static str),
}

const fn framework(package: &'static str, name: &'static str, start: Start) -> Framework {
    Framework { package, name, start, role: Role::Pages, prefix: PrefixHabit::ByRoutes, dev: "" }
}

const fn service(package: &'static str, name: &'static str) -> Framework {
    Framework { role: Role::Service, ..framework(package, name, Start::Script) }
}

/// Those that use others come first.
pub(super) const FRAMEWORKS: &[Framework] = &[
    Framework {
        prefix: PrefixHabit::BuiltIn("basePath in its next.config"),
        dev: "next dev",
        ..framework("next", "Next.js", Start::Command("next start", ".next"))
    },
    Framework {
        prefix: PrefixHabit::Keeps,
        dev: "nuxt dev",
        ..framework(
            "nuxt",
            "Nuxt",
            Start::Command("node .output/server/index.mjs", ".output/server/index.mjs"),
        )
    },
    Framework {
        prefix: PrefixHabit::BuiltIn("basename in its react-router.config, and base in its vite.config"),
        dev: "react-router dev",
        ..framework(
            "@react-router/serve",
            "React Router",
            Start::Command("react-router-serve ./build/server/index.js", "build/server/index.js"),
        )
    },
    Framework {
        prefix: PrefixHabit::BuiltIn("basename and base in its vite.config"),
        dev: "remix vite:dev",
        ..framework(
            "@remix-run/serve",
            "Remix",
            Start::Command("remix-serve ./build/server/index.js", "build/server/index.js"),
        )
    },
    Framework {
        prefix: PrefixHabit::BuiltIn("paths.base in its svelte.config"),
        dev: VITE_DEV,
        ..framework("@sveltejs/adapter-node", "SvelteKit", Start::Command("node build", "build/index.js"))
    },
    Framework {
        prefix: PrefixHabit::BuiltIn("base in its astro.config"),
        dev: ASTRO_DEV,
        ..framework(
            "@astrojs/node",
            "Astro",
            Start::Command("node ./dist/server/entry.mjs", "dist/server/entry.mjs"),
        )
    },
    Framework {
        prefix: PrefixHabit::BuiltIn("base in its astro.config"),
        dev: ASTRO_DEV,
        ..framework("astro", "Astro", Start::Files("dist", "astro preview --host $HOST --port $PORT"))
    },
    Framework {
        prefix: PrefixHabit::BuiltIn("paths.base in its svelte.config"),
        dev: VITE_DEV,
        ..framework("@sveltejs/kit", "SvelteKit", Start::Command(VITE_PREVIEW, ".svelte-kit/output"))
    },
    Framework { dev: "nest start --watch", ..framework_of_nest() },
    service("fastify", "Fastify"),
    service("express", "Express"),
    service("koa", "Koa"),
    service("hono", "Hono"),
    service("@hapi/hapi", "hapi"),
    service("elysia", "Elysia"),
    Framework {
        prefix: PrefixHabit::BuiltIn("--baseUrl, in its docusaurus.config"),
        dev: "docusaurus start --host $HOST --port $PORT --no-open",
        ..framework(
            "@docusaurus/core",
            "Docusaurus",
            Start::Files("build", "docusaurus serve --host $HOST --port $PORT --no-open"),
        )
    },
    Framework {
        prefix: PrefixHabit::BuiltIn("--base-href when it is built"),
        dev: "ng serve --host $HOST --port $PORT",
        ..framework("@angular/core", "Angular", Start::Script)
    },
    Framework {
        prefix: PrefixHabit::BuiltIn("homepage in its package.json"),
        ..framework(
            "react-scripts",
            "Create React App",
            Start::Spa("build", "npx --yes serve --single build --listen tcp://$HOST:$PORT"),
        )
    },
    Framework {
        prefix: PrefixHabit::BuiltIn("base in its vite.config"),
        dev: VITE_DEV,
        ..framework("vite", "Vite", Start::Spa("dist", VITE_PREVIEW))
    },
];

const VITE_PREVIEW: &str = "vite preview --host $HOST --port $PORT --strictPort";
const VITE_DEV: &str = "vite --host $HOST --port $PORT --strictPort";
const ASTRO_DEV: &str = "astro dev --host $HOST --port $PORT";

const fn framework_of_nest() -> Framework {
    Framework {
        role: Role::Service,
        ..framework("@nestjs/core", "NestJS", Start::Command("node dist/main.js", "dist/main.js"))
    }
}
