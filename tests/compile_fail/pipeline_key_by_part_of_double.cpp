// Floating point makes no part of a key either.
// expect: key_by needs: parts that are members or functions of the stream's event
#include "trades.hpp"

#ifdef MUST_FAIL
auto key = key_by(&trade::symbol, &trade::price);
#else
auto key =
    key_by(&trade::symbol,
           key_part{"cents", [](const trade& t) { return static_cast<int>(t.price * 100); }});
#endif
int main() { auto p = from<trade>("t") | key | process<count>(); }
