#!/bin/sh
# Real, unchanged frameworks from PyPI and npm, each below a prefix behind the real door, before a real browser. What is
# installed is pinned and goes to target/test-apps. With names: only those apps.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
PATH=$root/.tools/bin:$PATH
export PATH
made=$root/target/test-apps
onedoor=${ONEDOOR_BIN:-$root/dist/onedoor}
port=${TEST_APPS_PORT:-18099}

mkdir -p "$made"
(cd "$root/tests/apps" && tar -cf - .) | (cd "$made" && tar -xf -)
if ! "$root/scripts/venv.sh" --standing "$made/.venv" "$made/requirements.txt"; then
    echo "test-apps: installing the Python frameworks into target/test-apps/.venv"
    "$root/scripts/venv.sh" "$made/.venv" "$made/requirements.txt"
fi
if ! cmp -s "$made/package-lock.json" "$made/node_modules/installed.json"; then
    echo "test-apps: installing the Node frameworks into target/test-apps/node_modules"
    npm ci --prefix "$made" --no-audit --no-fund --loglevel error >/dev/null
    cp "$made/package-lock.json" "$made/node_modules/installed.json"
fi

cd "$made"
if [ ! -f django/manage.py ]; then
    .venv/bin/django-admin startproject mysite django
fi
(
    cd django
    export DJANGO_SETTINGS_MODULE=served
    ../.venv/bin/python manage.py migrate --verbosity 0
    ../.venv/bin/python manage.py collectstatic --noinput --verbosity 0
    DJANGO_SUPERUSER_PASSWORD="for a test" ../.venv/bin/python manage.py createsuperuser --noinput \
        --username admin --email admin@example.com >/dev/null 2>&1 || true
)
node_modules/.bin/vite build vite --base /vite/ --logLevel error

# serve FILE: the door, until all of its apps are ready.
serve() {
    PORT=$port "$onedoor" -f "$1" >onedoor.log 2>&1 &
    door=$!
    i=0
    until "$onedoor" status -f "$1" --json 2>/dev/null | python3 -c '
import json, sys
sys.exit(any(app["state"] != "ready" for app in json.load(sys.stdin)["apps"]))' 2>/dev/null; do
        i=$((i + 1))
        if [ $i -gt 480 ]; then
            "$onedoor" status -f "$1" >&2 || true
            tail -n 40 onedoor.log >&2
            echo "test-apps: the apps are not ready after two minutes" >&2
            exit 1
        fi
        sleep 0.25
    done
}

leave() {
    kill "$door" 2>/dev/null && wait "$door" 2>/dev/null || true
}
trap leave EXIT

serve onedoor.toml
node browse.mjs "http://localhost:$port" "$@"
[ $# = 0 ] || exit 0
# Where the browser is content, the prefix doctor is.
PORT=$port "$onedoor" check --live
leave

# The page of an app that failed comes back by itself.
node reload.mjs "$onedoor" "$port"

# Where each is set up wrongly, it says what to write.
serve wrong.toml
PORT=$port "$onedoor" check --live -f wrong.toml >told.txt && exit 1
grep -v '^  note' told.txt >told-short.txt
diff -u expected.txt told-short.txt
echo "test-apps: the doctor tells what to write for each of $(grep -c '^/' expected.txt) that are wrong"
"$root/scripts/test-apps-if-changed.sh" --digest >"$root/tests/apps/passed.txt"
