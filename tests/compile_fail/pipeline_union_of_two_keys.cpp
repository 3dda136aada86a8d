// A key that only one of the inputs has would be lost.
// expect: union_of needs: inputs of the same key, or without; put key_by behind it
#include "trades.hpp"

int main() {
    auto a = from<trade>("a");
#ifdef MUST_FAIL
    auto p = union_of(a, from<trade>("b") | key_by(&trade::symbol));
#else
    auto p = union_of(a, from<trade>("b")) | key_by(&trade::symbol);
#endif
}
