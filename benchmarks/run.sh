#!/bin/sh
# run.sh DIRECTORY [--quick]: all benchmarks whose programs are in DIRECTORY.
#
# Figures drift with the machine, so contenders take turns and what counts is their ratio in one run.
set -eu

directory=$1
shift
rounds=3 milliseconds=1000 messages=1000000 idle_connections=10000
case ${1-} in
--quick) rounds=1 milliseconds=300 messages=400000 idle_connections=2000 ;;
'') ;;
*)
    echo "usage: run.sh DIRECTORY [--quick]" >&2
    exit 2
    ;;
esac

node_server=$(dirname "$0")/node_ws/server.mjs
results=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill -KILL "$server"; rm -rf "$results"' EXIT
trap 'exit 1' INT TERM
# shellcheck disable=SC3045
ulimit -n "$(ulimit -H -n)" # for the idle connections

has_contender() {
    case $1 in
    node_ws) command -v node >/dev/null && [ -d "${node_server%/*}/node_modules/ws" ] ;;
    *) [ -x "$directory/${1%_2_loops}" ] ;;
    esac
}

start() {
    case $1 in
    node_ws) exec node "$node_server" --port 0 ;;
    *_2_loops) exec "$directory/${1%_2_loops}" --port 0 --loops 2 ;;
    *) exec "$directory/$1" --port 0 ;;
    esac
}

# measure SCENARIO SERVER ARGUMENTS...: one server under load; its line of figures is added to the
# contender's of this table.
measure() {
    scenario=$1 contender=$2
    shift 2
    : >"$results/out" # The server before has left its port there.
    start "$contender" >"$results/out" &
    server=$!
    port=
    while [ -z "$port" ]; do
        kill -0 $server || exit 1
        port=$(sed -n 's/^port \([0-9]*\)$/\1/p' "$results/out")
        [ -n "$port" ] || sleep 0.05
    done
    "$directory/load_generator" "$scenario" --port "$port" --pid $server "$@" >>"$results/$contender"
    kill -KILL $server # A contender may take long to close its connections.
    wait $server 2>/dev/null || :
    server=
}

# compare TITLE TARGET CONTENDERS SCENARIO ARGUMENTS...: a table, with the ratios to the first
# contender; TARGET is the ratio, or the bytes a connection, that the last one is to reach.
compare() {
    title=$1 target=$2 contenders=$3 scenario=$4
    shift 4
    rm -f "$results"/*
    round=0
    while [ $round -lt $rounds ]; do
        round=$((round + 1))
        for contender in $contenders; do
            ! has_contender "$contender" || measure "$scenario" "$contender" "$@"
        done
    done
    printf '\n%s, median of %d\n\n' "$title" $rounds
    for contender in $contenders; do
        if [ -f "$results/$contender" ]; then
            printf '%s ' "$contender"
            sort -k2,2g "$results/$contender" |
                awk '{ line[NR] = $0 } END { print line[int((NR + 1) / 2)] }'
        else
            echo "$contender"
        fi
    done | awk -v target="$target" -v first="${contenders%% *}" "$table"
}

# shellcheck disable=SC2016
table='
    function column(name, header, form, unit) {
        if (!(name in value)) return
        titles = titles sprintf(" %12s", header)
        line = line sprintf(" %12." form "f", value[name] / unit)
    }
    NF == 1 { skipped = skipped "skipped, for it is not installed: " $1 "\n"; next }
    {
        split("", value)
        for (i = 2; i < NF; i += 2) value[$i] = $(i + 1)
        last = "bytes" in value ? value["bytes"] : value["cpu_ns"]
        if (!base) { base = last; base_name = $1 }
        value["ratio"] = last / base
        titles = sprintf("%-26s", "server")
        line = sprintf("%-26s", $1)
        column("bytes", "bytes", 0, 1)
        column("cpu_ns", "CPU ns", 1, 1)
        column("per_second", "per second", 0, 1)
        column("p50_us", "p50 us", 0, 1)
        column("p99_us", "p99 us", 0, 1)
        column("p999_us", "p99.9 us", 0, 1)
        column("bars", "bars", 0, 1)
        column("rss_kb", "RSS MiB", 1, 1024)
        column("ratio", "ratio", 2, 1)
        if (!header++) print titles
        print line
        is_judged = target != "" && ("bytes" in value || base_name == first)
        reached = "bytes" in value ? last : value["ratio"]
    }
    END {
        printf "%s", skipped
        if (is_judged)
            printf "millrace is to need at most %s: %s\n", target,
                reached <= target + 0 ? "reached" : "missed"
    }'

sh "$(dirname "$0")/compile_time.sh" "$directory" $rounds

for program in in_process joins tables parallel replay; do
    [ ! -x "$directory/$program" ] || "$directory/$program" "$@"
done

compare 'JSON trades into keyed windows of 1 s: server CPU a message of 128 bytes' '' \
    'handwritten_websocketpp behind_websocketpp millrace_server' trades --messages $messages
compare 'The same in two loops beside one: messages per second show what another core gives' '' \
    'millrace_server millrace_server_2_loops' trades --messages $messages

raw='beast_raw websocketpp_raw libwebsockets_raw node_ws millrace_raw'
timed="--milliseconds $milliseconds"
# shellcheck disable=SC2086
{
    compare 'Ingest: texts of 128 bytes, ASCII' 0.08 "$raw" ingest $timed
    compare 'Ingest: texts of 128 bytes in many scripts' '' "$raw" ingest --text mixed $timed
    compare 'Echo: one text at a time on 32 connections' 0.75 "$raw" echo --connections 32 $timed
    compare 'Echo: 16 texts at a time on 32 connections' 0.10 "$raw" \
        echo --connections 32 --depth 16 $timed
    compare 'Echo of a handler that works for each: two loops beside one' '' \
        'millrace_raw millrace_raw_2_loops' echo --path /work --connections 32 $timed
    compare 'Fan-out: one update at a time to 1,000 subscribers' 0.33 "$raw" \
        fanout --connections 1000 $timed
    compare 'Fan-out: 16 updates at a time to 1,000 subscribers' 0.33 "$raw" \
        fanout --connections 1000 --depth 16 $timed
    compare "Idle: user memory and CPU time of each of $idle_connections connections" 2048 "$raw" \
        idle --connections $idle_connections
}
