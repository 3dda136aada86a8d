// A window's process stands right behind it.
// expect: window needs: a process behind it, before union_of
#include "trades.hpp"

int main() {
    auto counted = from<trade>("a") | window(tumbling{1s}, drop_late)
#ifndef MUST_FAIL
                   | process<count>()
#endif
        ;
    auto p = union_of(counted, counted);
}
