// Loops do not share a store.
// expect: parallel needs: no store in it
#include "trades.hpp"

#include <millrace/pipeline/parallel.hpp>
#include <millrace/storage/memory.hpp>

int main() {
    auto keyed = from<trade>("t") | key_by(&trade::symbol);
#ifdef MUST_FAIL
    auto p = start(keyed | parallel(2, process<count, memory_storage>()));
#else
    auto p = start(keyed | parallel(2, process<count>()) | store<memory_storage>());
#endif
}
