// A field is called by its name in the schema.
// expect: at needs: the name of a field in the schema of its event
// expect: 'p', 'r', 'i', 'z', 'e'
#include <millrace/analyzers/named.hpp>
#include <millrace/analyzers/summary.hpp>

#include "trades.hpp"

#ifdef MUST_FAIL
using chosen = mean<at<"prize">>;
#else
using chosen = mean<at<"price">>;
#endif
int main() {
    auto p = from<trade>("t") | window(tumbling{1s}, drop_late) |
             process<summary<count, named<"own", chosen>>>();
}
