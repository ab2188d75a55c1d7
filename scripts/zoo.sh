#!/bin/sh
# Prepares the zoo's three apps: the Python environment and the Go program; the Node app is ready as it is.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
"$root/scripts/venv.sh" "$root/examples/zoo/python/.venv" "$root/examples/zoo/python/requirements.txt"
cd "$root/examples/zoo/go"
# Neither the network nor a version control system is needed for a program of one file.
GOFLAGS=-mod=mod GOTOOLCHAIN=local CGO_ENABLED=0 go build -buildvcs=false -o go .
