// Windows that never say so give nothing that is final.
// expect: final_only needs: records that say they are final
#include "trades.hpp"

int main() {
    auto p = from<trade>("t") |
             window(tumbling{1s}, lateness{1s},
#ifdef MUST_FAIL
                    without_final,
#endif
                    drop_late) |
             process<count>() | filter([](const auto&) { return true; }) | final_only();
}
