#!/bin/sh
# The zoo's image, from dist/onedoor; with --from-sources, from the committed Dockerfile alone, as whoever has a clone and an
# engine builds it. Official images are pulled where that works; where no registry is reached, stand-ins take their names.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
. "$root/scripts/images/engine.sh"
cd "$root"
official="debian:trixie-slim python:3.13-slim-trixie python:3.13-trixie node:24-trixie-slim node:24-trixie golang:1.26-trixie rust:1-trixie"

# One try tells whether there is a registry; what stands is not asked for again.
if ! podman image exists docker.io/library/debian:trixie-slim && timeout 60 podman pull --quiet docker.io/library/debian:trixie-slim >/dev/null 2>&1; then
    for image in $official; do
        podman image exists "docker.io/library/$image" || podman pull --quiet "docker.io/library/$image" >/dev/null
    done
    podman pull --quiet gcr.io/distroless/static-debian13:nonroot >/dev/null
    echo official >"$images/origin"
fi
if [ "$(cat "$images/origin" 2>/dev/null)" = official ]; then
    echo "image: on the official images"
else
    scripts/images/stand-ins.sh
    echo "image: on stand-ins for $official and distroless/static: no registry of images is reached"
fi

file=examples/zoo/Dockerfile
if [ "${1:-}" != --from-sources ]; then
    file=$images/zoo.Dockerfile
    dist/onedoor dockerfile -f examples/zoo/onedoor.toml --context . --onedoor dist/onedoor -o "$file" 2>"$images/log" ||
        { cat "$images/log" >&2; exit 1; }
fi
if ! podman build --format docker --network host -t zoo -f "$file" . >"$images/log" 2>&1; then
    tail -n 40 "$images/log" >&2
    exit 1
fi
echo "image: zoo is built from $file"
