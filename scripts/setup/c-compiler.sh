#!/bin/sh
# A C compiler: rustc links with it, and the TLS library has C in it.
set -eu
. "$(dirname -- "$0")/lib.sh"

have cc && exit 0
if may_apt; then
    apt_install "no C compiler" gcc libc6-dev
    exit 0
fi
unpack_debs "no C compiler" gcc libc6-dev
for tool in ar ranlib readelf; do
    have "$tool" && continue
    printf '#!/bin/sh\nLD_LIBRARY_PATH="%s" exec "%s" "$@"\n' "$(unpacked_libraries)" "$tools/debian/usr/bin/$tool" >"$tools/bin/$tool"
    chmod +x "$tools/bin/$tool"
done
# Last: it says that all of this stands.
wrap_compiler cc gcc
