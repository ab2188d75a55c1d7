#!/bin/sh
# hadolint over every Dockerfile that is pinned: nothing it says, not even by the way, may be left.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
failed=0
read=0
for snapshot in "$root"/crates/onedoor-draft/src/image/snapshots/*.snap; do
    # Below the second line of dashes is what was written; the others are no Dockerfiles.
    text=$(awk 'dashes >= 2 { print } /^---$/ { dashes++ }' "$snapshot")
    case $text in "# syntax="*) ;; *) continue ;; esac
    read=$((read + 1))
    printf '%s\n' "$text" | hadolint --no-color - || { echo "hadolint: in $snapshot" >&2; failed=1; }
done
[ "$read" -gt 0 ] || { echo "hadolint: there is nothing to read" >&2; exit 1; }
exit "$failed"
