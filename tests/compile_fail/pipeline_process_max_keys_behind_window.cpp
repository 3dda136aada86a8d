// Where windows are, they limit their keys.
// expect: process needs: max_keys as an option of its window
#include "trades.hpp"

int main() {
    auto p = from<trade>("t") | key_by(&trade::symbol) | window(tumbling{10s}, drop_late) |
             process<count>(
#ifdef MUST_FAIL
                 max_keys{5}
#endif
             );
}
