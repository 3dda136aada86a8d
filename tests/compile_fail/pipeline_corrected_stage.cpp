// A stage that does not know of corrections cannot stand where there are some.
// expect: stage needs: a member type takes_updates, and a node with update and remove
#include "trades.hpp"

struct passes : stage {
    template <class Stream>
    static consteval void require() {}
    template <class Stream>
    Stream output(const Stream& in) const {
        return in;
    }
    template <class Stream, class Next>
    Next make_node(const Stream&, Next next) const {
        return next;
    }
};

int main() {
    auto p = from<trade>("t") | window(tumbling{1s}, lateness{1s}, drop_late) | process<count>() |
#ifndef MUST_FAIL
             final_only() |
#endif
             passes{};
}
