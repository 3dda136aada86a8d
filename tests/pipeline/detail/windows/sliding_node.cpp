#include <millrace/pipeline/detail/windows/sliding_node.hpp>

#include <stdexcept>
#include <vector>

#include <millrace/windows/sliding.hpp>

#include "../../fed.hpp"
#include "counted_new.hpp"

using namespace millrace;
using namespace std::chrono_literals;

TEST_CASE("the golden cases of sliding windows") {
    fed ten{counts(from<trade>("t", any_time), sliding{10ms, 4ms}, drop_late)};
    ten.push("a", -1);
    ten.push("b", 9);
    ten.push("c", 11);
    CHECK(ten.take() == strings{"a -8 1 0 watermark", "a -4 1 0 watermark", "b 0 1 0 watermark"});
    ten.running.finish();
    CHECK(ten.out == strings{"c 4 1 0 stop", "b 4 1 0 stop", "c 8 1 0 stop", "b 8 1 0 stop"});

    fed holes{counts(from<trade>("t"), sliding{3ms, 5ms}, late_to("late"))};
    for (const int ms : {2, 3, 4, 5}) holes.push("a", ms);
    CHECK(holes.take() == strings{"a 0 1 0 watermark"});
    holes.running.advance(at_ms(8));
    CHECK(holes.take() == strings{"a 5 1 0 watermark"});
    for (const int ms : {4, 5}) holes.push("a", ms);
    CHECK(holes.take() == strings{"late a 5"});
    CHECK(holes.stats().keys == 0);
}

TEST_CASE("a key without new events is in each window that holds one of it, then goes") {
    fed keys{counts(from<trade>("t"), sliding{3s, 1s}, drop_late)};
    keys.push("a", 500);
    keys.push("b", 600);
    keys.push("a", 1500);
    keys.push("a", 2500);
    keys.push("a", 3500);
    CHECK(keys.out == strings{"a -2000 1 0 watermark", "b -2000 1 0 watermark",
                              "a -1000 2 0 watermark", "b -1000 1 0 watermark", "a 0 3 0 watermark",
                              "b 0 1 0 watermark"});
    CHECK(keys.stats().keys == 1);
}

TEST_CASE("over a gap in time only windows that hold something are passed") {
    fed far{counts(from<trade>("t", any_time), sliding{2s, 1s}, drop_late)};
    far.push("a", 0);
    far.push("a", 4'000'000'000'000LL);
    far.running.finish();
    CHECK(far.out.size() == 4);
}

TEST_CASE("a stream without a key slides") {
    fed all{from<trade>("t") | window(sliding{2s, 1s}, lateness{1s}, drop_late) | process<count>()};
    for (const int ms : {100, 200, 1300, 900, 2500}) all.push("a", ms);
    CHECK(all.out == strings{"-1000 2 0 watermark open", "-1000 3 1 late open",
                             "-1000 3 2 watermark", "0 4 0 watermark open"});
}

TEST_CASE("sliding windows close in slices, with what throws, and go on behind it") {
    strings seen;
    bool throws = true;
    const auto make = [&] {
        return start(counts(from<trade>("t"), sliding{2s, 1s}, drop_late), [&](const auto& row) {
            note_rows{&seen}("", row);
            if (row.key == "B" && std::exchange(throws, false)) throw std::runtime_error{"no B"};
        });
    };
    auto running = make();
    for (const char* key : {"A", "B", "C"}) running.push({key, 1, 1, at_ms(5)});
    const strings first{"A -1000 1 0 watermark", "B -1000 1 0 watermark", "C -1000 1 0 watermark"};
    SECTION("in slices: it is behind until all has closed") {
        running.close_in_slices(1);
        running.advance(at_ms(1000));
        CHECK(seen.size() == 1);
        CHECK_THROWS_AS(running.resume(), std::runtime_error);
        CHECK(running.is_behind());
        CHECK(running.resume());
        CHECK(seen == first);
    }
    SECTION("in finish, which may be called again") {
        CHECK_THROWS_AS(running.finish(), std::runtime_error);
        running.push({"E", 1, 1, at_ms(6)});
        running.finish();
        CHECK(seen == strings{"A -1000 1 0 stop", "B -1000 1 0 stop", "C -1000 1 0 stop",
                              "A 0 1 0 stop", "B 0 1 0 stop", "C 0 1 0 stop", "E -1000 1 0 stop",
                              "E 0 1 0 stop"});
        running.finish();
        CHECK(seen.size() == 8);
        CHECK(running.stats().keys == 0);
    }
    SECTION("a save between closes what waits first") {
        CHECK_THROWS_AS(running.advance(at_ms(1000)), std::runtime_error);
        const std::string saved = save(running);
        CHECK(std::exchange(seen, {}) == first);
        auto resumed = make();
        input_archive ar{saved};
        ar(resumed);
        REQUIRE(ar.ok());
        resumed.push({"A", 1, 1, at_ms(1005)});
        resumed.finish();
        CHECK(seen == strings{"A 0 2 0 stop", "B 0 1 0 stop", "C 0 1 0 stop", "A 1000 1 0 stop"});
    }
}

namespace {

int merges = 0;

struct counted_merges {
    static constexpr fixed_string name = "count";
    std::uint64_t value = 0;

    void update(const trade&) { ++value; }
    void merge(const counted_merges& later) {
        ++merges;
        value += later.value;
    }
    [[nodiscard]] std::uint64_t result() const { return value; }
    template <class Archive>
    void archive(Archive& ar) {
        ar(value);
    }
};

}  // namespace

TEST_CASE("no slide merges much more than another, however many panes a window has") {
    for (const std::chrono::seconds size : {60s, 240s}) {
        std::vector<std::string> keys;
        for (int i = 0; i < 1200; ++i) keys.push_back(std::to_string(i));
        auto running = start(from<trade>("t") | key_by(&trade::symbol) |
                             window(sliding{size, 1s}, drop_late) | process<counted_merges>());
        int most = 0;
        for (int second = 0; second < 3 * size / 1s; ++second) {
            merges = 0;
            for (const std::string& key : keys) running.push({key, 1, 1, at_ms(second * 1000)});
            if (second > 2 * size / 1s) most = std::max(most, merges);
        }
        CHECK(most < 4 * 1200);
    }
}

#if MILLRACE_COUNTS_ALLOCATIONS
TEST_CASE("an event and a slide allocate nothing once all windows have been") {
    const std::vector<std::string> symbols{"a", "b", "c", "d", "e"};
    std::uint64_t sum = 0;
    auto running = start(from<trade>("t", disorder{1500ms}) | key_by(&trade::symbol) |
                             window(sliding{20s, 1s}, lateness{5s}, drop_late) | process<count>(),
                         [&](const auto& row) { sum += at<"count">(row); });
    std::size_t before = 0;
    for (int ms = 0; ms < 200'000; ms += 7) {
        if (ms > 100'000 && before == 0) before = allocation_count;
        const int late = ms % 5 == 0 ? ms % 4000 : 0;
        running.push({symbols[static_cast<std::size_t>(ms) % 5], 1, 1, at_ms(ms - late)});
    }
    CHECK(allocation_count == before);
    CHECK(running.stats().corrected > 0);
    CHECK(sum > 0);
}
#endif

TEST_CASE("a damaged archive of sliding windows is refused") {
    const auto make = [] {
        return start(counts(from<trade>("t"), sliding{1s, 250ms}, lateness{700ms}, drop_late));
    };
    auto running = make();
    for (int ms = 0; ms < 5000; ms += 13)
        running.push({ms % 3 == 0 ? "a" : "b", 1, 1, at_ms(ms - ms % 600)});
    const std::string saved = save(running);
    for (std::size_t size = 0; size < saved.size(); size += 1 + saved.size() / 97) {
        auto damaged = make();
        input_archive cut{std::string_view{saved}.substr(0, size)};
        cut(damaged);
        REQUIRE_FALSE(cut.ok());
        std::string changed = saved;
        changed[size] = static_cast<char>(changed[size] ^ 0x55);
        auto other = make();  // whether or not it is found out, it does no harm
        input_archive ar{changed};
        ar(other);
        if (ar.ok()) other.push({"a", 1, 1, at_ms(6000)});
    }
}

TEST_CASE("an archive with a window that has closed before its time is refused") {
    const auto check = [](auto source) {
        const auto make = [&] {
            return start(counts(source, sliding{1s, 400ms}, lateness{1h}, drop_late));
        };
        auto running = make();
        for (int ms = 0; ms < 5'000; ms += 100) running.push({"a", 1, 1, at_ms(ms)});
        running.push({"a", 1, 1, at_ms(5'210)});
        const std::string saved = save(running);
        const auto bytes_of = [](timestamp time) {
            output_archive out;
            out(time);
            return std::string{out.bytes()};
        };
        const std::string last = bytes_of(at_ms(5'000)), ahead = bytes_of(at_ms(9'000'200));
        int places = 0;
        for (auto at = saved.find(last); at != saved.npos; at = saved.find(last, at + 1)) {
            ++places;
            std::string changed = saved;
            changed.replace(at, ahead.size(), ahead);
            auto other = make();
            input_archive ar{changed};
            ar(other);
            CHECK(ar.error() == errc::archive_corrupt);
        }
        CHECK(places > 0);
    };
    check(from<trade>("t"));
    check(from<trade>("t", per_key(&trade::symbol)));
}
