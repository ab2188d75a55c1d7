#!/bin/sh
# run.sh [MOST_PERCENT]: instructions of one `plan`, with 5 routes and with 1000, for each shape of table; fails where the
# larger table costs more than MOST_PERCENT (3) over the smaller. Instructions do not depend on how busy the machine is.
set -eu

most=${1:-3}
cd "$(dirname -- "$0")"
cargo build --quiet --release --locked
bench=${CARGO_TARGET_DIR:-target}/release/onedoor-bench-plan
plans=100

# How many instructions one plan takes: callgrind counts only below `counted`.
instructions() {
    valgrind --tool=callgrind --callgrind-out-file=/dev/null --collect-atstart=no \
        --toggle-collect='onedoor_bench_plan::counted*' "$bench" "$1" "$2" 2>&1 |
        awk -v plans="$plans" '/Collected/ { found = 1; printf "%.0f", $NF / plans } !/^==/ { print > "/dev/stderr" } END { exit !found }'
}

printf '%-16s %10s %10s %8s\n' shape '5 routes' '1000' growth
failed=0
for shape in $("$bench"); do
    few=$(instructions "$shape" 5)
    many=$(instructions "$shape" 1000)
    growth=$(awk -v few="$few" -v many="$many" 'BEGIN { printf "%.1f", (many - few) * 100 / few }')
    printf '%-16s %10s %10s %7s%%\n' "$shape" "$few" "$many" "$growth"
    awk -v growth="$growth" -v most="$most" 'BEGIN { exit !(growth > most) }' && failed=1
done
[ "$failed" -eq 0 ] || { echo "bench-plan: a large table costs more than $most % over a small one" >&2 && exit 1; }
