#!/bin/sh
# For CI: runs make test-image when something it depends on has changed since it last passed; tests/image/passed.txt is the
# digest of that (scripts/digest.sh). Where there is no root on Debian there are no control groups to test with: said, skipped.
set -eu
cd "$(dirname -- "$0")/.."
digest() {
    scripts/digest.sh Dockerfile .dockerignore tests/image examples/zoo scripts/images scripts/setup/podman.sh \
        crates/onedoor-draft/src/image crates/onedoor/src/cli/image crates/onedoor/src/cli/doctor crates/onedoor/src/cli/health.rs \
        crates/onedoor/src/apps crates/onedoor/src/run crates/onedoor-linux/src
}
[ "${1:-}" != --digest ] || { digest; exit 0; }
if [ "$(cat tests/image/passed.txt 2>/dev/null)" = "$(digest)" ]; then
    echo "test-image: nothing that it depends on has changed since it passed"
elif [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "test-image: SKIPPED: needs root on Debian, for podman and control groups"
else
    exec make test-image
fi
