// Nor does a stream have a key that is not named.
// expect: key_by needs: a name and a member or function of the event
#include "trades.hpp"

int main() {
    auto p = from<trade>("t") |
#ifdef MUST_FAIL
             key_by |
#else
             key_by(&trade::symbol) |
#endif
             publish("all");
}
