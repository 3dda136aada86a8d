#!/bin/sh
# run.sh DIRECTORY [--quick]: all benchmarks whose programs are in DIRECTORY.
#
# Figures drift with the machine, so contenders take turns and what counts is their ratio in one run.
set -eu

directory=$1
shift
messages=1000000 rounds=5
case ${1-} in
--quick) messages=400000 rounds=1 ;;
'') ;;
*)
    echo "usage: run.sh DIRECTORY [--quick]" >&2
    exit 2
    ;;
esac

results=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$results"' EXIT
trap 'exit 1' INT TERM

if [ -x "$directory/in_process" ]; then
    "$directory/in_process" "$@"
    echo
fi

# One server under load; its line of figures is added to the contender's.
measure() {
    "$directory/$1" --port 0 >"$results/$1.out" &
    server=$!
    port=
    while [ -z "$port" ]; do
        kill -0 $server || exit 1
        port=$(sed -n 's/^port \([0-9]*\)$/\1/p' "$results/$1.out")
        [ -n "$port" ] || sleep 0.05
    done
    "$directory/load_generator" --port "$port" --pid $server --messages $messages >>"$results/$1"
    kill $server
    wait $server || :
    server=
}

contenders='millrace_server handwritten_websocketpp'
round=0
while [ $round -lt $rounds ]; do
    round=$((round + 1))
    for contender in $contenders; do
        [ ! -x "$directory/$contender" ] || measure "$contender"
    done
done

echo "End to end: server CPU a message of 128 bytes, JSON into keyed windows of 1 s, median of $rounds"
echo
printf '%-26s %12s %12s %8s %8s\n' server 'CPU ns' 'messages/s' bars ratio
for contender in handwritten_websocketpp millrace_server; do
    [ -f "$results/$contender" ] || continue
    sort -k2,2g "$results/$contender" | awk '{ line[NR] = $0 } END { print line[int((NR + 1) / 2)] }'
done | awk -v names="handwritten_websocketpp millrace_server" '
    BEGIN { split(names, name) }
    NR == 1 { base = $2 }
    { printf "%-26s %12.1f %12.0f %8d %8.2f\n", name[NR], $2, $4, $8, $2 / base }'
