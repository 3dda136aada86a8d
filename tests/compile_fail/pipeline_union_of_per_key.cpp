// The watermarks of keys do not meet.
// expect: union_of needs: inputs whose watermark holds for all their keys
#include "trades.hpp"

int main() {
#ifdef MUST_FAIL
    auto time = per_key(&trade::symbol);
#else
    auto time = by_producer{};
#endif
    auto p = union_of(from<trade>("a"), from<trade>("b", time));
}
