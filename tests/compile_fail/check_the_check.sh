#!/bin/sh
# check_the_check.sh DIRECTORY COMPILER ARGUMENTS...
#
# check.sh must let a good file pass and must fail, for the right reason, on each kind of bad one.
set -u

here=$(dirname "$0")
file=$1/example.cpp
shift
failures=0

# expect STATUS ANSWER: what check.sh says of the file on standard input.
expect() {
    status=$1 answer=$2
    shift 2
    cat >"$file"
    said=$(sh "$here/check.sh" "$file" "$@")
    got=$?
    case $said in
    *"$answer"*) [ $got -eq "$status" ] && return ;;
    esac
    failures=$((failures + 1))
    echo "expected status $status and '$answer', got $got and: $said"
}

expect 0 "" "$@" <<'EOF'
// expect: the sentence
#ifdef MUST_FAIL
static_assert(false, "the sentence");
#endif
EOF
expect 1 "is accepted with MUST_FAIL" "$@" <<'EOF'
// expect: the sentence
EOF
expect 1 "is refused, but not with: the sentence" "$@" <<'EOF'
// expect: the sentence
#ifdef MUST_FAIL
static_assert(false, "another one");
#endif
EOF
expect 1 "is refused, but not with: a second" "$@" <<'EOF'
// expect: the first
// expect: a second
#ifdef MUST_FAIL
static_assert(false, "the first");
#endif
EOF
expect 1 "is refused, but not with: the sentence" "$@" <<'EOF'
// expect: the sentence
#ifdef MUST_FAIL
static_assert(false, "another one first");
static_assert(false, "the sentence");
#endif
EOF
expect 1 "is refused without MUST_FAIL" "$@" <<'EOF'
// expect: the sentence
static_assert(false, "the sentence");
EOF
expect 1 "has no line" "$@" <<'EOF'
#ifdef MUST_FAIL
static_assert(false, "the sentence");
#endif
EOF

exit $failures
