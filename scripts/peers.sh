#!/bin/sh
# Prepares the real clients and servers that the tests put before and behind the door, besides the zoo: gunicorn and
# uvicorn, the WebSocket libraries of Python and Node. Into target/peers, pinned.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
lists=$root/crates/onedoor/tests/it/peers
peers=$root/target/peers
if ! "$root/scripts/venv.sh" --standing "$peers/python" "$lists/requirements.txt"; then
    echo "peers: installing gunicorn, uvicorn and websockets into target/peers/python"
    "$root/scripts/venv.sh" "$peers/python" "$lists/requirements.txt"
fi
if ! cmp -s "$lists/package-lock.json" "$peers/node/installed.json"; then
    echo "peers: installing ws into target/peers/node"
    rm -rf "$peers/node"
    mkdir -p "$peers/node"
    cp "$lists/package.json" "$lists/package-lock.json" "$peers/node"
    npm ci --prefix "$peers/node" --no-audit --no-fund --loglevel error >/dev/null
    cp "$lists/package-lock.json" "$peers/node/installed.json"
fi
