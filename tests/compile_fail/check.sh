#!/bin/sh
# check.sh FILE COMPILER ARGUMENTS...
#
# FILE must compile as it is, and must be refused with MUST_FAIL defined: the compiler's first error,
# with its notes, then says every sentence that the file names in a comment line of its own,
# `// expect: SENTENCE`.
set -u
export LC_ALL=C

file=$1
shift

fail() {
    echo "$file: $1"
    [ -z "${output-}" ] || printf '%s\n' "$output"
    exit 1
}

sentences=$(sed -n 's|^[[:space:]]*// expect: *||p' "$file")
[ -n "$sentences" ] || fail "has no line '// expect: SENTENCE'"

output=$("$@" "$file" 2>&1) || fail "is refused without MUST_FAIL"
output=$("$@" -DMUST_FAIL "$file" 2>&1) && fail "is accepted with MUST_FAIL"
output=$(printf '%s\n' "$output" | awk '/ error: / { errors++ } errors < 2')

printf '%s\n' "$sentences" | while IFS= read -r sentence; do
    case $output in
    *"$sentence"*) ;;
    *) fail "is refused, but not with: $sentence" ;;
    esac
done
