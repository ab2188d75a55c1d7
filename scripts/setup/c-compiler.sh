#!/bin/sh
# A C compiler: rustc links with it, and the TLS library has C in it.
set -eu
. "$(dirname -- "$0")/lib.sh"

have cc && exit 0
if may_apt; then
    apt_install "no C compiler" gcc libc6-dev
    exit 0
fi
fail "no C compiler, and we are not root: install gcc (apt install gcc libc6-dev), then run make again"
