#!/bin/sh
# compile_time.sh DIRECTORY ROUNDS: what a translation unit costs the compiler at -O2, on one core.
# DIRECTORY has `compile_arguments`, which says the compiler, and what finds the libraries.
set -eu

rounds=$2
sources=$(dirname "$0")
compiler=$(sed -n 1p "$1/compile_arguments")
arguments=$(sed 1d "$1/compile_arguments")
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
trap 'exit 1' INT TERM

# measure NAME SOURCE ARGUMENTS...
measure() {
    name=$1 source=$2
    shift 2
    # shellcheck disable=SC2086
    command time -f '%U %M' -a -o "$results/$name" \
        "$compiler" $arguments -O2 "$@" -c "$sources/$source" -o "$results/object"
}

quick_start=../examples/quick_start/quick_start.cpp
contenders='handwritten_websocketpp pipeline_alone quick_start quick_start_compiled'
round=0
while [ "$round" -lt "$rounds" ]; do
    round=$((round + 1))
    measure handwritten_websocketpp handwritten_websocketpp.cpp -std=c++17 -UASIO_NO_DEPRECATED
    measure pipeline_alone ../examples/custom_stage/custom_stage.cpp -std=c++20
    measure quick_start $quick_start -std=c++20
    measure quick_start_compiled $quick_start -std=c++20 -DMILLRACE_COMPILED \
        -DASIO_SEPARATE_COMPILATION
done

printf '\nCompile time of a program at -O2, median of %d\n\n' "$rounds"
for contender in $contenders; do
    printf '%s ' "$contender"
    sort -k1,1g "$results/$contender" | awk '{ line[NR] = $0 } END { print line[int((NR + 1) / 2)] }'
done | awk '
    NR == 1 { base = $2; printf "%-26s %12s %12s %12s\n", "program", "CPU s", "peak MiB", "ratio" }
    { printf "%-26s %12.1f %12.0f %12.2f\n", $1, $2, $3 / 1024, $2 / base }'
