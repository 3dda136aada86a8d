// A newer version may lie in another window than the one whose place it takes.
// expect: window needs: events whose corrections lie in the same window, and a newer version may be of any time
#include "trades.hpp"

#include <millrace/pipeline/latest.hpp>

int main() {
    auto p = from<trade>("t") | key_by(&trade::symbol) |
#ifdef MUST_FAIL
             latest(as_table) |
#else
             latest() |
#endif
             window(tumbling{1s}, drop_late) | process<count>();
}
