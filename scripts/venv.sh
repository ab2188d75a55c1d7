#!/bin/sh
# venv.sh DIR REQUIREMENTS: a Python environment at DIR with exactly the pinned packages; nothing to do if it stands.
set -eu

dir=$1
requirements=$2
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)

cmp -s "$requirements" "$dir/installed.txt" && "$dir/bin/python" -c '' 2>/dev/null && exit 0
rm -rf "$dir"
if python3 -c 'import ensurepip' 2>/dev/null; then
    python3 -m venv "$dir"
    pip=pip
else
    # Debian keeps pip out of python3; scripts/setup/python.sh has unpacked its wheel, which can run itself.
    python3 -m venv --without-pip "$dir"
    pip=$(find "$root/.tools/debian/usr/share/python-wheels" -name 'pip-*.whl' | head -n 1)/pip
fi
case $pip in
    pip) "$dir/bin/python" -m pip install --quiet --disable-pip-version-check -r "$requirements" ;;
    *) "$dir/bin/python" "$pip" install --quiet --disable-pip-version-check -r "$requirements" ;;
esac
cp "$requirements" "$dir/installed.txt"
