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

PORT=$port "$onedoor" >onedoor.log 2>&1 &
door=$!
trap 'kill $door 2>/dev/null && wait $door 2>/dev/null || true' EXIT
i=0
until "$onedoor" status --json 2>/dev/null | python3 -c '
import json, sys
sys.exit(any(app["state"] != "ready" for app in json.load(sys.stdin)["apps"]))' 2>/dev/null; do
    i=$((i + 1))
    if [ $i -gt 240 ]; then
        "$onedoor" status >&2 || true
        tail -n 40 onedoor.log >&2
        echo "test-apps: the apps are not ready after a minute" >&2
        exit 1
    fi
    sleep 0.25
done
node browse.mjs "http://localhost:$port" "$@"
