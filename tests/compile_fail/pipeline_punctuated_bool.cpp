// A mark is a time, not a yes.
// expect: punctuated needs: a function of the source's event that gives a std::optional<timestamp>
#include "trades.hpp"

int main() {
    auto p = from<trade>("t", punctuated([](const trade& t) {
#ifdef MUST_FAIL
                             return t.price == 0;
#else
                             return std::optional{t.time};
#endif
                         })) |
             process<count>();
}
