#!/bin/sh
# fuzz.sh SECONDS: runs every fuzz target for that long, one after the other; the first finding ends it.
set -eu

seconds=$1
cd "$(dirname -- "$0")/.."
for target in $(cargo +nightly fuzz list); do
    echo "fuzz: $target for $seconds s"
    # What is found grows the corpus, which is ignored; it begins with the seeds, which are not.
    mkdir -p "fuzz/corpus/$target"
    cargo +nightly fuzz run "$target" "fuzz/corpus/$target" "fuzz/seeds/$target" \
        -- -max_total_time="$seconds" -print_final_stats=1 -verbosity=0
done
