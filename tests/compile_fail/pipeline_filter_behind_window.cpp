// What changes the stream stands before its windows.
// expect: window needs: its process right behind it
#include "trades.hpp"

int main() {
    const auto dear = filter([](const trade& t) { return t.price > 1; });
#ifdef MUST_FAIL
    auto p = from<trade>("t") | window(tumbling{1s}, drop_late) | dear | process<count>();
#else
    auto p = from<trade>("t") | dear | window(tumbling{1s}, drop_late) | process<count>();
#endif
}
