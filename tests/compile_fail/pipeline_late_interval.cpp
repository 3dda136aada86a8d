// An interval is for early records.
// expect: late needs: events{n} or a trigger of your own
#include "trades.hpp"

#ifdef MUST_FAIL
auto windows = window(tumbling{1s}, late{every{2s}}, lateness{1s}, drop_late);
#else
auto windows = window(tumbling{1s}, early{every{2s}}, lateness{1s}, drop_late);
#endif
int main() { auto p = from<trade>("t") | windows | process<count>(); }
