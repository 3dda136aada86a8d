// Floating point makes no key of time either.
// expect: per_key needs: a member or function of the source's event
#include "trades.hpp"

#ifdef MUST_FAIL
constexpr auto member = &trade::price;
#else
constexpr auto member = &trade::symbol;
#endif
int main() { auto p = from<trade>("t", per_key(member)) | process<count>(); }
