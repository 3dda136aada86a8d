#!/bin/sh
# Runs the fleet example: demo.sh BUILD_DIRECTORY [--port N] [--speed X]
# Ends with Ctrl-C.
set -eu

usage() {
    echo "usage: demo.sh BUILD_DIRECTORY [--port N] [--speed X]" >&2
    exit 2
}

[ $# -gt 0 ] || usage
build=$1
shift
port=8080 speed=120
while [ $# -gt 0 ]; do
    [ $# -gt 1 ] || usage
    case $1 in
    --port) port=$2 ;;
    --speed) speed=$2 ;;
    *) usage ;;
    esac
    shift 2
done
directory=$(mktemp -d)
address=$directory/address
server='' feeder=''

# Each has a session of its own, so that Ctrl-C reaches this shell alone, which then ends them in
# order: a second signal would hurry the server.
stop() {
    trap '' INT TERM HUP
    for process in $feeder $server; do
        kill "$process" 2>/dev/null || :
        wait "$process" 2>/dev/null || :
    done
    rm -r "$directory"
}
trap 'stop; exit 130' INT
trap 'stop; exit 143' TERM HUP

: >"$address"
setsid "$build/fleet_server" --port "$port" >"$address" &
server=$!
until [ -s "$address" ]; do
    kill -0 "$server" 2>/dev/null || { stop; exit 1; }
    sleep 0.05
done
url=$(cat "$address")

setsid "$build/fleet_feeder" --port "${url##*:}" --speed "$speed" >"$directory/log" &
feeder=$!
sleep 0.5
kill -0 "$feeder" 2>/dev/null || { stop; exit 1; }

echo "An hour of 2025 takes $(awk "BEGIN { printf \"%.3g\", 3600 / $speed }") s. Ctrl-C ends the demo."
echo "$url"

wait "$server" && status=0 || status=$?
stop
exit "$status"
