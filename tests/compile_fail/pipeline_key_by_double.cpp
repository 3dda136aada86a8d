// Floating point makes no key.
// expect: key_by needs: a member or function
#include "trades.hpp"

#ifdef MUST_FAIL
auto key = key_by(&trade::price);
#else
auto key = key_by(&trade::symbol);
#endif
int main() { auto p = from<trade>("t") | key | process<count>(); }
