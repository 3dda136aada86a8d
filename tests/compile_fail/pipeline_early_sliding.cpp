// Each event lies in many sliding windows, all of which would fire.
// expect: sliding needs: no early trigger
#include <millrace/windows/sliding.hpp>

#include "trades.hpp"

#ifdef MUST_FAIL
auto windows = window(sliding{10s, 1s}, early{events{100}}, drop_late);
#else
auto windows = window(sliding{10s, 1s}, lateness{1s}, late{events{100}}, drop_late);
#endif
int main() { auto p = from<trade>("t") | windows | process<count>(); }
