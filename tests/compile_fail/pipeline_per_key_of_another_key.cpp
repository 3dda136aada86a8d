// Where each key has a time of its own, windows are of the same key.
// expect: per_key needs: key_by the same key before the window
#include "trades.hpp"

int main() {
    auto p = from<trade>("t", per_key(&trade::symbol))
#ifdef MUST_FAIL
             | key_by("cents", [](const trade& t) { return static_cast<int>(t.price * 100); })
#else
             | key_by(&trade::symbol)
#endif
             | window(tumbling{1s}, drop_late) | process<count>();
}
