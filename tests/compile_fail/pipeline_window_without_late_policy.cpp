// A silent drop does not compile.
// expect: window needs: where events later than the allowed lateness go
#include "trades.hpp"

#ifdef MUST_FAIL
auto windows = window(tumbling{1s}, lateness{250ms});
#else
auto windows = window(tumbling{1s}, lateness{250ms}, drop_late);
#endif
int main() { auto p = from<trade>("t") | windows | process<count>(); }
