#!/bin/sh
# For CI: runs make test-apps when something it depends on has changed since it last passed. tests/apps/passed.txt is the
# digest of that; make test-apps writes it, and whoever ran it commits it. With --digest: only says the present one.
set -eu
cd "$(dirname -- "$0")/.."
digest() {
    scripts/digest.sh tests/apps scripts/test-apps.sh crates/onedoor/src/apps/framework crates/onedoor/src/prefix_doctor \
        crates/onedoor-proxy/src/proxy/policy/repair crates/onedoor-proxy/src/proxy/route/rewrite.rs \
        crates/onedoor-proxy/src/proxy/route/slash.rs crates/onedoor/src/config/resolve/prefix.rs
}
now=$(digest)
[ "${1:-}" != --digest ] || { echo "$now"; exit 0; }
if [ "$(cat tests/apps/passed.txt 2>/dev/null)" = "$now" ]; then
    echo "test-apps: nothing that it depends on has changed since it passed"
    exit 0
fi
exec make test-apps
