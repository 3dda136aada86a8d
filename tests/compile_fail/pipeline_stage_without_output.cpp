// A stage says what comes out of it.
// expect: stage needs: require<Stream>(), output(in) and make_node(in, next)
#include "trades.hpp"

struct passes : stage {
    template <class Stream>
    static consteval void require() {}
#ifndef MUST_FAIL
    template <class Stream>
    Stream output(const Stream& in) const {
        return in;
    }
#endif
    template <class Stream, class Next>
    Next make_node(const Stream&, Next next) const {
        return next;
    }
};

int main() { auto p = from<trade>("t") | passes{} | process<count>(); }
