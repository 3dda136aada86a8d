// A flat_map gives a range.
// expect: flat_map needs: a function of the stream
#include "trades.hpp"

#ifdef MUST_FAIL
auto split = flat_map([](const trade& t) { return t; });
#else
auto split = flat_map([](const trade& t) { return std::array{t, t}; });
#endif
int main() { auto p = from<trade>("t") | split; }
