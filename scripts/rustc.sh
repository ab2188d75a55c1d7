#!/bin/sh
# What Cargo runs in place of rustc for the shipped binary (RUSTC_WRAPPER, from scripts/build.sh): two things that it cannot say
# crate by crate, or of a folder that it alone knows.
set -eu

# What is compiled for size keeps a frame pointer. Without one the unwind tables have a line for each push and pop, of which
# such code is full.
case " $* " in
    *" opt-level=s "* | *" opt-level=z "*) set -- "$@" -C force-frame-pointers=yes ;;
esac
# A panic names a file from its crate on, not from the home of whoever compiled it.
[ -z "${CARGO_MANIFEST_DIR:-}" ] || set -- "$@" "--remap-path-prefix=${CARGO_MANIFEST_DIR%/*}="
exec "$@"
