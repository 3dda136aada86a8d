// Nor is what makes an operator one.
// expect: | needs: a stage behind it, which derives from millrace::stage; what makes one is called
#include "trades.hpp"

int main() {
    auto p = from<trade>("t") |
#ifdef MUST_FAIL
             filter |
#else
             filter([](const trade& t) { return t.price > 0; }) |
#endif
             publish("all");
}
