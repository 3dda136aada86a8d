// Floating point makes no part of a key of time either.
// expect: per_key needs: a member or function of the source's event, or several
#include "trades.hpp"

#ifdef MUST_FAIL
auto by = per_key(&trade::symbol, &trade::price);
#else
auto by = per_key(&trade::symbol, key_part{"again", &trade::symbol});
#endif
int main() { auto p = from<trade>("t", by) | process<count>(); }
