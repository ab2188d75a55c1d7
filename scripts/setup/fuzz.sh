#!/bin/sh
# What `make fuzz` needs: the nightly toolchain, a C++ compiler for libFuzzer, and cargo-fuzz in .tools.
set -eu
. "$(dirname -- "$0")/lib.sh"

if ! cargo +nightly --version >/dev/null 2>&1; then
    have rustup || fail "fuzzing needs the nightly toolchain, and there is no rustup to add it"
    say "no nightly toolchain: adding it with rustup"
    rustup toolchain install nightly --profile minimal >/dev/null 2>&1 || fail "rustup could not add the nightly toolchain"
fi
if ! have c++; then
    if may_apt; then
        apt_install "no C++ compiler" g++
    else
        unpack_debs "no C++ compiler" g++
        wrap_compiler c++ g++
    fi
fi
have cargo-fuzz && exit 0
"$root/scripts/setup/python.sh"
wheel "no cargo-fuzz" fuzz bin/cargo-fuzz
