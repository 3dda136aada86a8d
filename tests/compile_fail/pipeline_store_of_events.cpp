// A store keeps records.
// expect: store needs: records
#include "trades.hpp"

#include <millrace/storage/memory.hpp>

int main() {
    auto p = from<trade>("t")
#ifndef MUST_FAIL
             | process<count>()
#endif
             | store<memory_storage>();
}
