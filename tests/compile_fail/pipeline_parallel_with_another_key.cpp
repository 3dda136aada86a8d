// Events of another key may lie in another loop.
// expect: parallel needs: stages that look at one key at a time
#include "trades.hpp"

#include <millrace/pipeline/parallel.hpp>

int main() {
    auto keyed = from<trade>("t") | key_by(&trade::symbol);
#ifdef MUST_FAIL
    auto p = keyed | parallel(2, key_by("all", [](const trade&) { return 1; }) | process<count>());
#else
    auto p = keyed | key_by("all", [](const trade&) { return 1; }) | parallel(2, process<count>());
#endif
}
