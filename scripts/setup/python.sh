#!/bin/sh
# Python with venv and pip, for the zoo's FastAPI app and for the tools that come as wheels.
set -eu
. "$(dirname -- "$0")/lib.sh"

python3 -c 'import venv, ensurepip' 2>/dev/null && exit 0
if may_apt; then
    apt_install "no python3-venv" python3 python3-venv
    exit 0
fi
# scripts/venv.sh runs pip out of its wheel where Python cannot bring its own.
if ! ls "$tools"/debian/usr/share/python-wheels/pip-*.whl >/dev/null 2>&1; then
    if have python3; then
        unpack_debs "no python3-venv" python3-pip-whl
    else
        unpack_debs "no python3" python3 python3-pip-whl
    fi
fi
have python3 && exit 0
# The unpacked Python runs with the loader and the libraries it was unpacked with, and with nothing in the environment
# that an app of its would inherit. A venv links to the wrapper, and is found by the name that was called.
python=$tools/debian/usr/bin/python3
loader=$(find "$tools/debian/lib" "$tools/debian/usr/lib" -type f -name 'ld-linux-*.so.*' 2>/dev/null | head -n 1)
real=$(find "$tools/debian/usr/bin" -type f -name 'python3.*[0-9]' | head -n 1)
rm -f "$python"
printf '#!/bin/sh\nexec "%s" --argv0 "$0" --library-path "%s" "%s" "$@"\n' "$loader" "$(unpacked_libraries)" "$real" >"$python"
chmod +x "$python"
printf '#!/bin/sh\nexec "%s" "$@"\n' "$python" >"$tools/bin/python3"
chmod +x "$tools/bin/python3"
