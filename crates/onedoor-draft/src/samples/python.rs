//! Folders of Python programs.

use super::Layout;

pub(super) const LAYOUTS: &[Layout] = &[
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
];
