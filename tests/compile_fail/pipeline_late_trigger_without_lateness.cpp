// Without a lateness no late event counts.
// expect: window needs: a lateness with a late trigger
#include "trades.hpp"

#ifdef MUST_FAIL
auto windows = window(tumbling{1s}, late{events{2}}, drop_late);
#else
auto windows = window(tumbling{1s}, late{events{2}}, lateness{1s}, drop_late);
#endif
int main() { auto p = from<trade>("t") | windows | process<count>(); }
