"""Flask behind a proxy, as its documentation says: ProxyFix reads X-Forwarded-Prefix."""
from flask import Flask, redirect, session, url_for
from werkzeug.middleware.proxy_fix import ProxyFix

app = Flask(__name__)
app.secret_key = "for a test"
app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1, x_prefix=1)


@app.get("/")
def index():
    visits = session["visits"] = session.get("visits", 0) + 1
    style = url_for("static", filename="style.css")
    return f'<!doctype html><link rel="stylesheet" href="{style}"><p id="visits">{visits}</p><a href="{url_for("away")}">away</a>'


@app.get("/away")
def away():
    return redirect(url_for("index"))
