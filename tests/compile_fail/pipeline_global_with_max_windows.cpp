// A key has one window of all time.
// expect: global needs: no max_windows
#include "trades.hpp"

#ifdef MUST_FAIL
auto windows = window(global{}, early{events{100}}, max_windows{5});
#else
auto windows = window(global{}, early{events{100}}, max_keys{5});
#endif
int main() { auto p = from<trade>("t") | windows | process<count>(); }
