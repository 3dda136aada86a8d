// No event is late for a window that never ends.
// expect: global needs: no lateness and no late policy
#include "trades.hpp"

#ifdef MUST_FAIL
auto windows = window(global{}, early{events{100}}, drop_late);
#else
auto windows = window(global{}, early{events{100}});
#endif
int main() { auto p = from<trade>("t") | windows | process<count>(); }
