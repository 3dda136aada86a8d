#!/bin/sh
# Runs the traffic example: demo.sh BUILD_DIRECTORY [--port N] [--speed X] [--db FILE]
# Ends with Ctrl-C. The database is BUILD_DIRECTORY/demo/traffic.db if not said otherwise; the
# replay's log is beside it.
set -eu

usage() {
    echo "usage: demo [--port N] [--speed X] [--db FILE]" >&2
    exit 2
}

build=$1
shift
port=8080 speed=1800 db=$build/demo/traffic.db
while [ $# -gt 0 ]; do
    [ $# -gt 1 ] || usage
    case $1 in
    --port) port=$2 ;;
    --speed) speed=$2 ;;
    --db) db=$2 ;;
    *) usage ;;
    esac
    shift 2
done
directory=$(dirname "$db")
mkdir -p "$directory"
address=$directory/address
log=$directory/replay.log
server='' replay=''

# Each has a session of its own, so that Ctrl-C reaches this shell alone, which then ends them in
# order: a second signal would hurry the server.
stop() {
    trap '' INT TERM HUP
    for process in $replay $server; do
        kill "$process" 2>/dev/null || :
        wait "$process" 2>/dev/null || :
    done
}
trap 'stop; exit 130' INT
trap 'stop; exit 143' TERM HUP

: >"$address"
: >"$log"
setsid "$build/traffic_server" --port "$port" --db "$db" >"$address" &
server=$!
until [ -s "$address" ]; do
    kill -0 "$server" 2>/dev/null || exit 1
    sleep 0.05
done
url=$(cat "$address")

setsid "$build/traffic_replay" --port "${url##*:}" --speed "$speed" >"$log" 2>&1 &
replay=$!
until [ -s "$log" ]; do sleep 0.05; done
if grep '^traffic_replay: ' "$log" >&2; then
    stop
    exit 1
fi

echo "An hour of 2015 takes $(awk "BEGIN { printf \"%.3g\", 3600 / $speed }") s. Ctrl-C ends the demo."
echo "$url"

wait "$server" && status=0 || status=$?
stop
exit "$status"
