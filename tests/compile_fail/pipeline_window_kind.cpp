// Only an assigner may be of one's own.
// expect: window needs: an assigner
#include "trades.hpp"

struct whole_days {
#ifdef MUST_FAIL
    using is_window_kind = void;
#else
    window_bounds assign(timestamp time) const {
        const timestamp start = std::chrono::floor<std::chrono::days>(time);
        return {start, start + 24h};
    }
#endif
};
int main() { auto p = from<trade>("t") | window(whole_days{}, drop_late) | process<count>(); }
