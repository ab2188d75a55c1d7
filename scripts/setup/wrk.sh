#!/bin/sh
# wrk, the load generator of scripts/load.sh.
set -eu
. "$(dirname -- "$0")/lib.sh"

have wrk && exit 0
may_apt || fail "wrk is missing, and we are not root: install it, then run this again"
apt_install "no wrk" wrk
