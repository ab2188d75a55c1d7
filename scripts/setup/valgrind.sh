#!/bin/sh
# valgrind, which counts the instructions of `make bench-plan`.
set -eu
. "$(dirname -- "$0")/lib.sh"

have valgrind && exit 0
may_apt || fail "valgrind is missing, and we are not root: install it, then run this again"
apt_install "no valgrind" valgrind libc6-dbg
