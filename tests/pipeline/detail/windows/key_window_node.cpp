#include <millrace/pipeline/detail/windows/key_window_node.hpp>

#include "../../fed.hpp"

using namespace millrace;
using namespace std::chrono_literals;

namespace {

template <class... Options>
auto by_symbol(Options... options) {
    return from<trade>("t", per_key(&trade::symbol), options...);
}

struct hop {
    int from_port, to_port;
    timestamp time;
};

}  // namespace

template <>
inline constexpr auto millrace::schema<hop> = fields(field{"from", &hop::from_port},
                                                     field{"to", &hop::to_port},
                                                     event_time{"time", &hop::time});

TEST_CASE("with time per key, only a key's own events close its windows") {
    fed keys{counts(by_symbol(), tumbling{1s}, drop_late)};
    keys.push("ahead", 5'000'000);
    keys.push("a", 1);
    keys.push("a", 900);
    CHECK(keys.out.empty());
    keys.push("a", 1001);
    CHECK(keys.out == strings{"a 0 2 0 watermark"});
    CHECK(keys.stats().late == 0);
}

TEST_CASE("a key's time is remembered when its windows are gone") {
    fed keys{counts(by_symbol(), tumbling{1s}, late_to("late"))};
    keys.push("a", 500);
    keys.running.advance(at_ms(1000));
    CHECK(keys.take() == strings{"a 0 1 0 watermark"});
    CHECK(keys.stats().keys == 0);
    keys.push("a", 600);
    keys.push("new", 600);
    CHECK(keys.take() == strings{"late a 600", "late new 600"});
}

TEST_CASE("each key is idle by itself, and shows what it has") {
    fed keys{counts(by_symbol(idle_timeout{3s}), tumbling{1s}, drop_late)};
    keys.push("a", 500);
    keys.pass(2s);
    CHECK(keys.out.empty());
    keys.push("b", 500);
    keys.pass(1s);
    CHECK(keys.take() == strings{"a 0 1 0 idle open"});
    keys.pass(3s);
    CHECK(keys.take() == strings{"b 0 1 0 idle open"});
    keys.push("a", 1000);
    CHECK(keys.take() == strings{"a 0 1 1 watermark"});
}

TEST_CASE("a key's windows close in order, also at the end") {
    fed keys{counts(by_symbol(disorder{10s}), tumbling{1s}, drop_late)};
    keys.push("a", 2500);
    keys.push("a", 500);
    keys.push("a", 1500);
    keys.running.finish();
    CHECK(keys.out == strings{"a 0 1 0 stop", "a 1000 1 0 stop", "a 2000 1 0 stop"});
    CHECK(keys.stats().open_windows == 0);
}

TEST_CASE("late events correct, and what comes behind the lateness is late") {
    fed keys{counts(by_symbol(), tumbling{1s}, lateness{1s}, late_to("late"))};
    keys.push("a", 500);
    keys.push("a", 1500);
    keys.push("a", 600);
    keys.push("a", 2500);
    keys.push("a", 700);
    CHECK(keys.out == strings{"a 0 1 0 watermark open", "a 0 2 1 late open", "a 0 2 2 watermark",
                              "a 1000 1 0 watermark open", "late a 700"});
    CHECK(keys.stats().corrected == 1);
    CHECK(keys.stats().late == 1);
}

TEST_CASE("windows behind windows of a key's own time follow the key as well") {
    fed keys{counts(by_symbol(), tumbling{1s}, drop_late) | window(tumbling{1min}, drop_late) |
             process<count>()};
    for (int second = 0; second < 120; ++second) {
        keys.push("ahead", 1'000'000'000LL + second * 1000);
        keys.push("a", second * 1000);
    }
    keys.push("a", 120'000);
    CHECK(keys.stats().late == 0);
    CHECK(std::ranges::count(keys.out, "a 0 60 0 watermark") == 1);
    CHECK(std::ranges::count(keys.out, "a 60000 60 0 watermark") == 1);
}

TEST_CASE("an evicted key's windows close, not for good") {
    fed keys{counts(by_symbol(max_keys{1}), tumbling{1s}, drop_late)};
    keys.push("a", 1);
    keys.push("b", 1);
    CHECK(keys.take() == strings{"a 0 1 0 evicted open"});
    keys.push("a", 2);  // starts anew
    keys.running.finish();
    CHECK(keys.out == strings{"b 0 1 0 evicted open", "a 0 1 0 stop"});
}

TEST_CASE("a key's event of one window more than may be open is refused") {
    fed keys{counts(by_symbol(disorder{1h}), tumbling{1s}, max_windows{2}, drop_late)};
    for (const int second : {5, 3, 1, 3}) keys.push("a", second * 1000);
    keys.push("b", 1000);
    CHECK(keys.stats().refused_keys == 1);
    keys.running.finish();
    CHECK(keys.out == strings{"a 3000 2 0 stop", "a 5000 1 0 stop", "b 1000 1 0 stop"});
}

TEST_CASE("another member of the same type is refused at the start") {
    const auto counted = [](auto key) {
        return from<hop>("hops", per_key(&hop::from_port)) | key_by(key) |
               window(tumbling{1s}, drop_late) | process<count>();
    };
    CHECK_NOTHROW(start(counted(&hop::from_port)));
    CHECK_THROWS_AS(start(counted(&hop::to_port)), std::invalid_argument);
}

TEST_CASE("windows that end before they begin do not load") {
    const auto description = counts(by_symbol(), tumbling{1s}, drop_late);
    fed keys{description};
    keys.push("a", 1);
    std::string saved = save(keys.running);
    output_archive good, bad;
    window_bounds bounds{at_ms(0), at_ms(1000)};
    good(bounds);
    bounds.end = timestamp::min();
    bad(bounds);
    const auto at = saved.find(good.bytes());
    REQUIRE(at != std::string::npos);
    saved.replace(at, bad.bytes().size(), bad.bytes());
    fed other{description};
    input_archive in{saved};
    in(other.running);
    CHECK(in.error() == errc::archive_corrupt);
}
