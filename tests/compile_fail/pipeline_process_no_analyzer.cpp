// What a process folds with is an analyzer of its event.
// expect: analyzer needs: void update(const Event&)
#include "trades.hpp"

struct nothing {
    double result() const { return 0; }
    template <class Archive>
    void archive(Archive&) {}
};
#ifdef MUST_FAIL
using chosen = nothing;
#else
using chosen = count;
#endif
int main() { auto p = from<trade>("t") | process<chosen>(); }
