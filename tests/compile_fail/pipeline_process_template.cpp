// A template is no analyzer.
// expect: process and detect need: an analyzer, of which a template is none before it has its arguments
#include "trades.hpp"

int main() {
    auto p = from<trade>("t") | window(tumbling{1s}, drop_late) |
#ifdef MUST_FAIL
             process<mean>();
#else
             process<mean<&trade::price>>();
#endif
}
