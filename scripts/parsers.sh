#!/bin/sh
# Prepares the parsers that the differential tests compare the door with: h11 and httptools in an environment of their
# own, and the Go program. Node's is ready as it is. All below target/parsers.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
sources=$root/crates/onedoor/tests/it/differential/parsers
made=$root/target/parsers
mkdir -p "$made"
if ! "$root/scripts/venv.sh" --standing "$made/venv" "$sources/requirements.txt"; then
    echo "parsers: installing h11 and httptools into target/parsers/venv"
    "$root/scripts/venv.sh" "$made/venv" "$sources/requirements.txt"
fi
cd "$sources/go"
GOFLAGS=-mod=mod GOTOOLCHAIN=local CGO_ENABLED=0 go build -buildvcs=false -o "$made/go" .
