// What was said of a key that makes room could not be taken back.
// expect: process needs: no evict_least_recent where events may be corrected
#include "trades.hpp"

int main() {
    auto p = from<trade>("t") | key_by(&trade::symbol) |
             window(tumbling{10s}, lateness{1s}, drop_late) | process<count>() |
             process<count>(max_keys{5}
#ifdef MUST_FAIL
                            ,
                            evict_least_recent
#endif
             );
}
