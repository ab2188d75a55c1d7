#!/bin/sh
# venv.sh [--standing] DIR REQUIREMENTS: a Python environment at DIR with exactly the pinned packages; nothing to do if
# it stands. With --standing it only says, by its exit code, whether it does.
set -eu

only_ask=
[ "$1" = --standing ] && only_ask=yes && shift
dir=$1
requirements=$2
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)

# The folder's own name belongs to what is installed: the programs in it begin with it, and do not survive a move.
wanted=$(printf '# %s\n' "$dir" && cat "$requirements")
[ "$(cat "$dir/installed.txt" 2>/dev/null)" = "$wanted" ] && "$dir/bin/python" -c '' 2>/dev/null && exit 0
[ -z "$only_ask" ] || exit 1
rm -rf "$dir"
if python3 -c 'import ensurepip' 2>/dev/null; then
    python3 -m venv "$dir"
    set -- -m pip
else
    # Debian keeps pip out of python3; scripts/setup/python.sh has unpacked its wheel, which can run itself.
    python3 -m venv --without-pip "$dir"
    set -- "$(find "$root/.tools/debian/usr/share/python-wheels" -name 'pip-*.whl' | head -n 1)/pip"
fi
"$dir/bin/python" "$@" install --quiet --disable-pip-version-check -r "$requirements"
printf '%s\n' "$wanted" >"$dir/installed.txt"
