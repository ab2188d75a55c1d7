#!/bin/sh
# Chromium, for make test-apps: the browser of the system.
set -eu
. "$(dirname -- "$0")/lib.sh"

have chromium && exit 0
may_apt || fail "no chromium, and we are not root: install chromium and run make again"
apt_install "no chromium" chromium
