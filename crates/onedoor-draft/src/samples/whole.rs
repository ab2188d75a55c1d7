//! Folders with several apps below them, and what is none.

use super::Layout;

pub(super) const LAYOUTS: &[Layout] = &[
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
            "web / | files web",
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
        says: &[
            "api /api | uvicorn main:app | its routes begin with /api",
            "frontend / | files frontend/dist (single-page app)",
        ],
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
            "docs /docs strip | files docs/site",
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
        says: &["web / | files web | web/index.html: plain files"],
    },
    Layout {
        name: "two folders of one name",
        files: &["services/api/index.php", "legacy/api/index.php", "web/index.html"],
        says: &["api /api | php", "services-api /services-api | php", "web / | files web"],
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
