#include <millrace/pipeline/detail/windows/window_kind.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include <millrace/pipeline/detail/windows/session_kind.hpp>
#include <millrace/pipeline/detail/windows/sliding_kind.hpp>
#include <millrace/windows/session.hpp>
#include <millrace/windows/sliding.hpp>
#include <millrace/windows/tumbling.hpp>

#include "../../fed.hpp"

using namespace millrace;
using namespace std::chrono_literals;

namespace {

/// An assigner of one's own: the first half of each second is one window, the second another.
struct halves {
    [[nodiscard]] window_bounds assign(timestamp time) const {
        const timestamp start = std::chrono::floor<std::chrono::seconds>(time);
        if (time < start + 500ms) return {start, start + 500ms};
        return {start + 500ms, start + 1s};
    }
};
static_assert(window_assigner<halves>);

}  // namespace

TEST_CASE("an assigner of one's own cuts a stream as ours do, for all keys or for each") {
    const auto check = [](auto source) {
        fed keys{counts(source, halves{}, drop_late)};
        for (const int ms : {100, 499, 500, 999, 1000}) keys.push("a", ms);
        CHECK(keys.out == strings{"a 0 2 0 watermark", "a 500 2 0 watermark"});
    };
    check(from<trade>("t"));
    check(from<trade>("t", per_key(&trade::symbol)));
}

namespace {

__extension__ typedef __int128 wide;

wide held(wide time) { return std::clamp<wide>(time, INT64_MIN, INT64_MAX); }
wide floor_to(wide value, wide by) { return value - ((value % by) + by) % by; }

/// What is drawn for a round, in nanoseconds.
struct limits_setup {
    std::int64_t size, slide, offset, disorder, lateness;
    bool is_per_key;
};

/// What windows make of events at the ends of time, by the textbook and with room to spare.
struct wide_windows {
    using id = std::tuple<std::string, wide, wide>;

    limits_setup of;
    std::map<std::string, wide> watermarks{};
    std::map<id, std::uint64_t> windows{};
    std::map<std::string, std::vector<wide>> events{};  // of sessions
    std::uint64_t late = 0, refused = 0;

    wide watermark_behind(const std::string& key, wide time) {
        wide& to = watermarks.try_emplace(of.is_per_key ? key : "", INT64_MIN).first->second;
        return to = std::max(to, std::min<wide>(held(time - of.disorder), INT64_MAX - 1));
    }
    void add(const std::string& key, wide start, wide end) {
        ++windows[{key, held(start), held(end)}];
    }
    void push(const tumbling<duration>&, const std::string& key, wide time) {
        const wide start = floor_to(time - of.offset, of.size) + of.offset, end = start + of.size;
        if (held(held(end) + of.lateness) <= watermark_behind(key, time)) {
            ++late;
        } else {
            add(key, start, end);
        }
    }
    void push(const sliding&, const std::string& key, wide time) {
        const wide margin = 2 * (wide{of.size} + of.slide), size = of.size;
        const wide lateness = std::min<wide>(of.lateness, wide{of.slide} * 10'000);
        const wide watermark = watermark_behind(key, time);
        if (time < INT64_MIN + margin || time > INT64_MAX - margin) {
            ++refused;
            return;
        }
        bool is_any = false, is_taken = false;
        for (wide start = floor_to(time - of.offset, of.slide) + of.offset; start > time - size;
             start -= of.slide) {
            is_any = true;
            if (held(start + size + lateness) <= watermark) continue;
            is_taken = true;
            add(key, start, start + size);
        }
        late += is_any && !is_taken;
    }
    void push(const session&, const std::string& key, wide time) {
        if (time < held(watermark_behind(key, time) - of.lateness)) {
            ++late;
        } else {
            events[key].push_back(std::min<wide>(time, INT64_MAX - 1));
        }
    }
    void join_sessions() {
        for (auto& [key, all] : events) {
            std::ranges::sort(all);
            for (std::size_t i = 0; i != all.size();) {
                const std::size_t first = i++;
                while (i != all.size() && all[i] < held(all[i - 1] + of.size)) ++i;
                windows[{key, all[first], held(all[i - 1] + of.size)}] = i - first;
            }
        }
    }
};

template <class MakeWindow, class Source>
void check_limits(bool is_per_key, MakeWindow make_window, Source source) {
    const auto seed = test_seed();
    std::mt19937_64 random{seed};
    const auto below = [&](unsigned n) { return static_cast<int>(random() % n); };
    const auto any_length = [&] { return static_cast<std::int64_t>((random() >> 1) >> below(63)); };
    for (int round = 0; round < 300; ++round) {
        INFO("seed " << seed << " round " << round);
        const std::int64_t longest = duration{sliding::longest}.count() / 8;
        const std::int64_t pane = 1 + any_length() % longest;
        const limits_setup of{pane * (1 + below(8)),
                              pane * (1 + below(8)),
                              below(2) == 0 ? any_length() : -any_length(),
                              below(3) == 0 ? 0 : any_length(),
                              below(3) == 0 ? INT64_MAX : any_length(),
                              is_per_key};
        const auto window = make_window(of);
        wide_windows naive{of};
        std::map<wide_windows::id, std::uint64_t> found;
        auto running = start(
            source(disorder{duration{of.disorder}}) | key_by(&trade::symbol) |
                millrace::window(window, lateness{duration{of.lateness}}, drop_late) |
                process<count>(),
            [&](const auto& row) {
                const wide_windows::id at{row.key, row.window.start.time_since_epoch().count(),
                                          row.window.end.time_since_epoch().count()};
                if (row.change == change::remove) {
                    found.erase(at);
                } else {
                    found[at] = millrace::at<"count">(row);
                }
            });
        wide near = 0;
        for (int i = 0; i < 60; ++i) {
            const wide from[] = {INT64_MIN, INT64_MAX, 0, near, near, near};
            const wide by = any_length();
            near = held(from[below(6)] + (below(2) == 0 ? by : -by));
            const std::string key(1, static_cast<char>('a' + below(2)));
            naive.push(window, key, near);
            running.push({key, 1, 1, timestamp{duration{static_cast<std::int64_t>(near)}}});
        }
        running.finish();
        naive.join_sessions();
        REQUIRE(running.stats().late == naive.late);
        REQUIRE(running.stats().refused_keys == naive.refused);
        REQUIRE(running.stats().open_windows == 0);
        REQUIRE(found == naive.windows);
    }
}

template <class MakeWindow>
void check_limits(MakeWindow make_window) {
    check_limits(false, make_window,
                 [](auto... options) { return from<trade>("t", any_time, options...); });
    check_limits(true, make_window, [](auto... options) {
        return from<trade>("t", any_time, per_key(&trade::symbol), options...);
    });
}

}  // namespace

TEST_CASE("at the ends of time windows do what a model does that has room to spare") {
    check_limits([](const limits_setup& of) {
        return tumbling{duration{of.size}, duration{of.offset}};
    });
    check_limits([](const limits_setup& of) {
        return sliding{duration{of.size}, duration{of.slide}, duration{of.offset}};
    });
    check_limits([](const limits_setup& of) { return session{duration{of.size}}; });
}
