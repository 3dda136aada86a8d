// What is published has named fields.
// expect: publish needs: a millrace::schema
#include "trades.hpp"

struct unnamed {
    double price;
};
int main() {
    auto p = from<trade>("t") | map([](const trade& t) {
#ifdef MUST_FAIL
                 return unnamed{t.price};
#else
                 return t;
#endif
             }) |
             publish("prices");
}
