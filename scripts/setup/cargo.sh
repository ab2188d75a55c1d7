#!/bin/sh
# Cargo is the one thing that is presupposed; its companions rustfmt and clippy come with it or from rustup.
set -eu
. "$(dirname -- "$0")/lib.sh"

have cargo || fail "cargo is missing: install Rust (rustup.rs), then run make again; everything else is installed for you"
for part in ${*:-}; do
    have "cargo-$part" && continue
    have rustup || fail "cargo $part is missing: install it beside cargo, then run make again"
    component=$part
    [ "$part" = fmt ] && component=rustfmt
    say "no cargo $part: adding it with rustup"
    rustup component add "$component" >/dev/null 2>&1 || fail "rustup could not add $component"
done
