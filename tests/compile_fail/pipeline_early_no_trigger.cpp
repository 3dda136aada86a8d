// Something else than a trigger.
// expect: early and late need: events{n}, every{1s} or a trigger of your own
#include "trades.hpp"

#ifdef MUST_FAIL
auto windows = window(tumbling{1s}, early{100}, drop_late);
#else
auto windows = window(tumbling{1s}, early{events{100}}, drop_late);
#endif
int main() { auto p = from<trade>("t") | windows | process<count>(); }
