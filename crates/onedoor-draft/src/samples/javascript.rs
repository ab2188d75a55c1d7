//! Folders for Node, Bun and Deno.

use super::Layout;

pub(super) const LAYOUTS: &[Layout] = &[
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
        says: &["web / | files dist | package.json: astro"],
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
        says: &["web / | files dist (single-page app) | package.json: vite"],
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
];
