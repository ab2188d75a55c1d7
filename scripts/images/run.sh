#!/bin/sh
# Runs the zoo's image on PORT until Ctrl-C; with arguments, runs tests/image against it instead.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
. "$root/scripts/images/engine.sh"
if [ "${1:-}" = --test ]; then
    shift
    exec python3 -B "$root/tests/image/run.py" "$@"
fi
terminal=
[ ! -t 0 ] || terminal=-it
exec podman run -p "${PORT:-8000}:8000" --rm $terminal zoo
