#!/bin/sh
# Builds the shipped binary: one static file, dist/onedoor, small and without anything to load at run time.
#   --within-limit   refuse one that is larger than bytes_max. Whoever builds with another compiler, as in an image, is only
#                    told: it makes other bytes.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cd "$root"
bytes_max=12000000 # docs/decisions/0072-how-the-binary-is-kept-small.md

# Naming the target, even our own, keeps +crt-static away from proc macros, which must stay shared libraries.
target=$(rustc -vV | sed -n 's/^host: //p')
case $target in
    *-linux-*) ;;
    *) echo "build: onedoor is for Linux; this is $target" >&2 && exit 1 ;;
esac
# Functions that came out alike are kept once, relocations are packed, AES for one family of processors stays out (two
# functions of 340 kB), and so do the unwind tables of C, which no panic passes through: together 2.2 MB. Rust links with
# its own lld on x86-64; elsewhere with whatever cc has. The program itself is three lines, and its level is that of the
# optimisation of the whole (LTO): what was compiled for size says so of itself and stays small.
case $target in
    x86_64-*) small="-C link-arg=-Wl,--icf=all -C link-arg=-Wl,-z,pack-relative-relocs" ;;
    *) small="" ;;
esac
# rustc.sh adds what Cargo cannot say (0076). Cargo does not see what it adds: its sum makes a change of it a change of the flags.
RUSTC_WRAPPER=$root/scripts/rustc.sh \
    RUSTFLAGS="${RUSTFLAGS:-} -C target-feature=+crt-static $small -C metadata=$(cksum <scripts/rustc.sh | tr ' ' -)" \
    AWS_LC_SYS_CFLAGS="${AWS_LC_SYS_CFLAGS:-} -DMY_ASSEMBLER_IS_TOO_OLD_FOR_512AVX -fno-asynchronous-unwind-tables" \
    cargo rustc --quiet --release --locked --target "$target" -p onedoor --bin onedoor -- -C opt-level=3

built=${CARGO_TARGET_DIR:-target}/$target/release/onedoor
mkdir -p dist
# Replaced by a rename: a running door keeps the file it was started from.
cmp -s "$built" dist/onedoor || { cp "$built" dist/onedoor.new && mv dist/onedoor.new dist/onedoor; }

fail() {
    echo "build: dist/onedoor $*" >&2
    exit 1
}

bytes=$(wc -c <dist/onedoor)
if [ "$bytes" -ge "$bytes_max" ]; then
    over="has $bytes bytes; the limit is $bytes_max"
    [ "${1:-}" != --within-limit ] || fail "$over"
    echo "build: dist/onedoor $over" >&2
fi
! readelf -lW dist/onedoor | grep -q INTERP || fail "is not static: it names a program interpreter"
! readelf -dW dist/onedoor | grep -q NEEDED || fail "is not static: it needs shared libraries"
# getaddrinfo in a static glibc loads the image's NSS modules at run time, and can crash there.
! grep -qa libnss_ dist/onedoor || fail "has getaddrinfo in it; resolve names with our own resolver"
echo "dist/onedoor: $bytes bytes, static, $target"
