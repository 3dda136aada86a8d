// A tee of two branches ends its pipeline.
// expect: union_of needs: inputs that go on
#include "trades.hpp"

int main() {
    auto a = from<trade>("a");
#ifdef MUST_FAIL
    auto p = union_of(a | tee(publish("x"), publish("y")), from<trade>("b"));
#else
    auto p = union_of(a | publish("x") | publish("y"), from<trade>("b"));
#endif
}
