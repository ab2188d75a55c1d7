#!/bin/sh
# Python with venv and pip, for the zoo's FastAPI app and for the tools that come as wheels.
set -eu
. "$(dirname -- "$0")/lib.sh"

python3 -c 'import venv, ensurepip' 2>/dev/null && exit 0
if may_apt; then
    apt_install "no python3-venv" python3 python3-venv
    exit 0
fi
have python3 || fail "no python3, and we are not root: install python3 and python3-venv, then run make again"
# scripts/venv.sh runs pip out of its wheel where Python cannot bring its own.
ls "$tools"/debian/usr/share/python-wheels/pip-*.whl >/dev/null 2>&1 || unpack_debs "no python3-venv" python3-pip-whl
