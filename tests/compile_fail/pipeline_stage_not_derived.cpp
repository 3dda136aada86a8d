// A stage of one's own derives from `stage`.
// expect: | needs: a stage behind it, which derives from millrace::stage
#include "trades.hpp"

#ifdef MUST_FAIL
struct nothing {};
#else
using nothing = stage;
#endif
struct all : nothing {
    template <class Stream>
    static consteval void require() {}
    template <class Stream>
    Stream output(const Stream& in) const {
        return in;
    }
    template <class Stream, class Next>
    auto make_node(const Stream&, Next next) const {
        return next;
    }
};
int main() { auto p = from<trade>("t") | all{} | publish("all"); }
