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
    /// The folder of a single-page app, which has an index.html to begin with: a library is built by the same tool.
    Spa(Folder),
    /// A folder of files, with a page for each path.
    Files(Folder),
}

/// What a build makes.
pub(super) struct Folder {
    pub(super) name: &'static str,
    /// The folder in it whose files are called after what is in them.
    pub(super) hashed: &'static str,
    /// What its 404.html is made of; empty: it always is.
    pub(super) page_of: Option<&'static [&'static str]>,
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
        ..framework(
            "astro",
            "Astro",
            Start::Files(Folder { name: "dist", hashed: "_astro", page_of: Some(ASTRO_PAGES) }),
        )
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
            Start::Files(Folder { name: "build", hashed: "assets", page_of: Some(&[]) }),
        )
    },
    Framework {
        prefix: PrefixHabit::BuiltIn("--base-href when it is built"),
        dev: "ng serve --host $HOST --port $PORT",
        ..framework("@angular/core", "Angular", Start::Script)
    },
    Framework {
        prefix: PrefixHabit::BuiltIn("homepage in its package.json"),
        dev: CRA_DEV,
        ..framework(
            "react-scripts",
            "Create React App",
            Start::Spa(Folder { name: "build", hashed: "static", page_of: None }),
        )
    },
    Framework {
        prefix: PrefixHabit::BuiltIn("base in its vite.config"),
        dev: VITE_DEV,
        ..framework("vite", "Vite", Start::Spa(Folder { name: "dist", hashed: "assets", page_of: None }))
    },
];

const VITE_PREVIEW: &str = "vite preview --host $HOST --port $PORT --strictPort";
const VITE_DEV: &str = "vite --host $HOST --port $PORT --strictPort";
/// It reads HOST and PORT, and opens a browser unless told not to.
const CRA_DEV: &str = "env BROWSER=none react-scripts start";
const ASTRO_PAGES: &[&str] = &["src/pages/404.astro", "src/pages/404.md", "src/pages/404.mdx"];
const ASTRO_DEV: &str = "astro dev --host $HOST --port $PORT";

const fn framework_of_nest() -> Framework {
    Framework {
        role: Role::Service,
        ..framework("@nestjs/core", "NestJS", Start::Command("node dist/main.js", "dist/main.js"))
    }
}
