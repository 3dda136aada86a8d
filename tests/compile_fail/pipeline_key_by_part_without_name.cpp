// What is computed has no name that results could show.
// expect: key_by needs: a name and a member or function of the event; or one or several of
#include "trades.hpp"

constexpr auto first_letter = [](const trade& t) { return t.symbol.substr(0, 1); };

#ifdef MUST_FAIL
auto key = key_by(&trade::symbol, first_letter);
#else
auto key = key_by(&trade::symbol, key_part{"letter", first_letter});
#endif
int main() { auto p = from<trade>("t") | key | process<count>(); }
