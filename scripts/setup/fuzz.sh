#!/bin/sh
# What `make fuzz` needs: the nightly toolchain, a C++ compiler for libFuzzer, and cargo-fuzz in .tools.
set -eu
. "$(dirname -- "$0")/lib.sh"

fuzz=0.13.2

if ! cargo +nightly --version >/dev/null 2>&1; then
    have rustup || fail "fuzzing needs the nightly toolchain, and there is no rustup to add it"
    say "no nightly toolchain: adding it with rustup"
    rustup toolchain install nightly --profile minimal >/dev/null 2>&1 || fail "rustup could not add the nightly toolchain"
fi
if ! have c++; then
    may_apt || fail "no C++ compiler, and we are not root: install g++, then run make fuzz again"
    apt_install "no C++ compiler" g++
fi
have cargo-fuzz && exit 0
say "cargo-fuzz $fuzz: building it into .tools"
cargo install --quiet --locked --root "$tools" --version "$fuzz" cargo-fuzz
