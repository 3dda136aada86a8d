// A source whose time is that of all events has no keys to limit.
// expect: from needs: options that mean something for its time
#include "trades.hpp"

int main() {
    auto p = from<trade>("t"
#ifdef MUST_FAIL
                         ,
                         max_keys{5}
#endif
                         ) |
             process<count>();
}
