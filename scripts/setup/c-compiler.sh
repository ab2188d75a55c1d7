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
mkdir -p "$tools/bin"
# gcc finds its own parts beside itself; headers and start files come from the unpacked tree, and so do the
# libraries that the compiler itself is linked with.
libraries=$(find "$tools/debian/usr/lib" -maxdepth 1 -type d -name '*-linux-gnu' | head -n 1)
cat >"$tools/bin/cc" <<WRAPPER
#!/bin/sh
LD_LIBRARY_PATH=$libraries\${LD_LIBRARY_PATH:+:\$LD_LIBRARY_PATH} PATH=$tools/debian/usr/bin:\$PATH \\
    exec "$tools/debian/usr/bin/gcc" --sysroot="$tools/debian" "\$@"
WRAPPER
chmod +x "$tools/bin/cc"
for tool in ar ranlib readelf; do
    have "$tool" && continue
    printf '#!/bin/sh\nLD_LIBRARY_PATH=%s exec %s "$@"\n' "$libraries" "$tools/debian/usr/bin/$tool" >"$tools/bin/$tool"
    chmod +x "$tools/bin/$tool"
done
