#!/bin/sh
# Runs the zoo in the foreground until Ctrl-C.
set -eu

cd "$(dirname -- "$0")/../examples/zoo"
# Ctrl-C goes to the whole foreground process group: to make as well, which would report an error whatever the door says.
# Job control gives the door a group of its own. It must end all the same when make is told to.
if [ -t 0 ] && command -v setpriv >/dev/null; then
    set -m
    setpriv --pdeathsig TERM ../../dist/onedoor up
else
    exec ../../dist/onedoor up
fi
