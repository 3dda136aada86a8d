// Time by a part of the key would be told to others of the same part.
// expect: per_key needs: key_by the same key before the window or state
#include "trades.hpp"

constexpr key_part letter{"letter", [](const trade& t) { return t.symbol.substr(0, 1); }};

#ifdef MUST_FAIL
auto by = per_key(&trade::symbol);
#else
auto by = per_key(&trade::symbol, letter);
#endif
int main() {
    auto p = from<trade>("t", by) | key_by(&trade::symbol, letter) |
             window(tumbling{1s}, drop_late) | process<count>();
}
