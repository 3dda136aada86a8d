// Loops share a stream by its key.
// expect: parallel needs: a key by which loops share the stream
#include "trades.hpp"

#include <millrace/pipeline/parallel.hpp>

int main() {
    auto p = from<trade>("t") |
#ifndef MUST_FAIL
             key_by(&trade::symbol) |
#endif
             parallel(2, process<count>());
}
