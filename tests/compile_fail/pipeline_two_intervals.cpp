// One of them would never fire.
// expect: early needs: every only once
#include "trades.hpp"

#ifdef MUST_FAIL
auto windows = window(tumbling{1s}, early{every{2s}}, early{every{1s}}, drop_late);
#else
auto windows = window(tumbling{1s}, early{events{2}}, early{every{1s}}, drop_late);
#endif
int main() { auto p = from<trade>("t") | windows | process<count>(); }
