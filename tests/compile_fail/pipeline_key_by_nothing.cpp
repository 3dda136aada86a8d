// A key has one part or more.
// expect: key_by needs: one part or more, and at most eight
#include "trades.hpp"

#ifdef MUST_FAIL
auto key = key_by();
#else
auto key = key_by(&trade::symbol);
#endif
int main() { auto p = from<trade>("t") | key | process<count>(); }
