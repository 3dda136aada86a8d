// Nor is one whose arguments are types.
// expect: process and detect need: an analyzer, of which a template is none before it has its arguments
#include <millrace/analyzers/summary.hpp>

#include "trades.hpp"

int main() {
    auto p = from<trade>("t") | window(tumbling{1s}, drop_late) |
#ifdef MUST_FAIL
             process<summary>();
#else
             process<summary<count>>();
#endif
}
