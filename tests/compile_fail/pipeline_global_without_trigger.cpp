// A global window without a trigger would say nothing until the end.
// expect: global needs: an early trigger
#include "trades.hpp"

#ifdef MUST_FAIL
auto windows = window(global{});
#else
auto windows = window(global{}, early{events{100}});
#endif
int main() { auto p = from<trade>("t") | windows | process<count>(); }
