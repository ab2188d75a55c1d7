#!/bin/sh
# Prepares the zoo's three apps: the Python environment and the Go program; the Node app is ready as it is.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
venv=$root/examples/zoo/python/.venv
requirements=$root/examples/zoo/python/requirements.txt
if ! "$root/scripts/venv.sh" --standing "$venv" "$requirements"; then
    echo "zoo: installing the Python app's packages into examples/zoo/python/.venv"
    "$root/scripts/venv.sh" "$venv" "$requirements"
fi
cd "$root/examples/zoo/go"
# Neither the network nor a version control system is needed for a program of one file.
GOFLAGS=-mod=mod GOTOOLCHAIN=local CGO_ENABLED=0 go build -buildvcs=false -o go .
