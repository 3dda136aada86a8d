#include <millrace/windows/firing.hpp>

#include <millrace/pipeline/describe.hpp>
#include <millrace/windows/tumbling.hpp>
#include <millrace/windows/windowing.hpp>

#include "../pipeline/fed.hpp"

using namespace millrace;
using namespace std::chrono_literals;

namespace {

struct at_once {
    struct state {
        template <class Archive>
        void archive(Archive&) {}
    };
    bool on_event(state&, const trade&, event_stamp) const { return true; }
};

template <class... Options>
std::string described_with(Options... options) {
    return describe(from<trade>("t") | window(tumbling{10s}, drop_late, options...) |
                    process<count>())
        .text();
}

}  // namespace

TEST_CASE("a window tells its triggers") {
    const std::string without = described_with(lateness{1s});
    CHECK(without.find("early") == std::string::npos);
    const std::string both = described_with(lateness{1s}, early{events{100}}, early{every{1s}},
                                            late{events{5}}, early{at_once{}});
    INFO(both);
    for (const char* each : {"early_events", "100", "early_every", "late_firing_events", "at_once"})
        CHECK(both.find(each) != std::string::npos);
}

TEST_CASE("an early record makes the stream one of corrections") {
    const auto plain = window(tumbling{10s}, drop_late);
    const auto early_too = window(tumbling{10s}, drop_late, early{events{100}});
    CHECK(std::is_same_v<decltype(plain)::changes_type, append_only>);
    CHECK(std::is_same_v<decltype(early_too)::changes_type, updating>);
}
