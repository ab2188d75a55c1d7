#!/bin/sh
# make itself, for .ci/run: who types `make` has it.
set -eu
. "$(dirname -- "$0")/lib.sh"

have make && exit 0
if may_apt; then
    apt_install "no make" make
    exit 0
fi
unpack_debs "no make" make
ln -sf "$tools/debian/usr/bin/make" "$tools/bin/make"
