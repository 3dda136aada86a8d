// Without a key one event would be the newest of all.
// expect: latest needs: a key whose newest event counts, by key_by before it
#include "trades.hpp"

#include <millrace/pipeline/latest.hpp>

int main() {
    auto p = from<trade>("t") |
#ifndef MUST_FAIL
             key_by(&trade::symbol) |
#endif
             latest();
}
