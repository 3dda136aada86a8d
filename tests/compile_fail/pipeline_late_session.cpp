// What a late event joins is told at once.
// expect: session needs: no late trigger
#include <millrace/windows/session.hpp>

#include "trades.hpp"

#ifdef MUST_FAIL
auto windows = window(session{10s}, lateness{1s}, late{events{100}}, drop_late);
#else
auto windows = window(session{10s}, lateness{1s}, early{events{100}}, drop_late);
#endif
int main() { auto p = from<trade>("t") | windows | process<count>(); }
