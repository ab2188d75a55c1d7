#!/bin/sh
# load.sh [PATH]: 64 keep-alive connections for 30 s through dist/onedoor to the zoo (default: its Go app). Prints how
# many requests failed, and the door's memory after 10 s and at the end. Not part of `make test`: a loaded machine is no bug.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
path=${1:-/go/load}
port=${PORT:-18000}
growth_max=1024

fail() {
    echo "load: $*" >&2
    exit 1
}

if [ ! -x "$root/dist/onedoor" ] || [ ! -x "$root/examples/zoo/go/go" ]; then
    fail "there is nothing to load: run make build zoo first"
fi
"$root/scripts/setup/wrk.sh"

logs=$(mktemp -d)
cd "$root/examples/zoo"
PORT=$port "$root/dist/onedoor" up >"$logs/stdout" 2>"$logs/stderr" &
door=$!
trap 'kill -TERM "$door" 2>/dev/null; wait "$door" || true; rm -rf "$logs"' EXIT
trap 'exit 130' INT TERM

# The share of memory that the door itself answers for, in KiB.
memory() { sed -n 's/^Pss: *\([0-9]*\) kB/\1/p' "/proc/$door/smaps_rollup"; }

# The first request is held until the app is ready; what wrk cannot connect to is not open yet.
until wrk -t1 -c1 -d1 "http://127.0.0.1:$port$path" >"$logs/first" 2>&1; do
    kill -0 "$door" 2>/dev/null || { cat "$logs/stderr" >&2; fail "the door does not open"; }
done
wrk -t2 -c64 -d30 --latency "http://127.0.0.1:$port$path" >"$logs/wrk" 2>&1 &
load=$!
sleep 10
early=$(memory)
wait "$load" || { cat "$logs/wrk" >&2; fail "wrk did not run"; }
late=$(memory)

cat "$logs/wrk"
failed=$(awk '/Socket errors:/ { gsub(",", ""); n += $4 + $6 + $8 + $10 } /Non-2xx or 3xx/ { n += $NF } END { print n + 0 }' "$logs/wrk")
echo "failed requests: $failed"
echo "PSS: $early KiB after 10 s, $late KiB at the end"
[ "$failed" = 0 ] || fail "requests failed"
[ $((late - early)) -le "$growth_max" ] || fail "the door grew by more than $growth_max KiB after the first 10 s"
