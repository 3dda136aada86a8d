// A duration is no window.
// expect: window needs: an assigner
#include "trades.hpp"

#ifdef MUST_FAIL
auto size = 1s;
#else
auto size = tumbling{1s};
#endif
int main() { auto p = from<trade>("t") | window(size, drop_late) | process<count>(); }
