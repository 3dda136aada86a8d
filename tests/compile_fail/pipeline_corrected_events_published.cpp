// Who follows events that are no records could not tell a correction from an event.
// expect: publish needs: records, which say what they correct, or final_only()
#include "trades.hpp"

struct bar {
    std::uint64_t trades;
};
template <>
inline constexpr auto millrace::schema<bar> = fields(field{"trades", &bar::trades});

int main() {
    auto p = from<trade>("t") | window(tumbling{1s}, lateness{1s}, drop_late) | process<count>() |
#ifndef MUST_FAIL
             final_only() |
#endif
             map([](const auto& row) { return bar{at<"count">(row)}; }) | publish("bars");
}
