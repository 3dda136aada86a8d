#include <millrace/pipeline/detail/windows/window_node.hpp>

#include <map>
#include <stdexcept>

#include <millrace/analyzers/sum.hpp>
#include <millrace/analyzers/summary.hpp>
#include <millrace/operators/filter.hpp>
#include <millrace/operators/map.hpp>

#include "../../fed.hpp"
#include "../../naive.hpp"

using namespace millrace;
using namespace std::chrono_literals;

TEST_CASE("a window closes when event time passes its end") {
    std::vector<record<std::string, result_of<count>>> rows;
    auto running = start(counts(from<trade>("t"), tumbling{1s}, drop_late),
                         [&](const auto& row) { rows.push_back(row); });
    running.push({"A", 1, 1, at_ms(100)});
    running.push({"A", 2, 1, at_ms(999)});
    CHECK(rows.empty());
    running.push({"A", 4, 1, at_ms(1000)});
    REQUIRE(rows.size() == 1);
    CHECK(rows[0].key == "A");
    CHECK(rows[0].window == window_bounds{at_ms(0), at_ms(1000)});
    CHECK(at<"count">(rows[0]) == 2);
    CHECK(rows[0].revision == 0);
    CHECK(rows[0].is_final);
    CHECK(rows[0].fired_by == trigger::watermark);
    CHECK(rows[0].watermark == at_ms(1000));
}

TEST_CASE("windows close in the order of their ends, and of one end in that of their opening") {
    fed keys{counts(from<trade>("t", disorder{5s}), tumbling{1s}, drop_late)};
    keys.push("b", 1500);
    keys.push("a", 1600);
    keys.push("c", 500);
    keys.push("a", 700);
    keys.running.advance(at_ms(2000));
    CHECK(keys.out == strings{"c 0 1 0 watermark", "a 0 1 0 watermark", "b 1000 1 0 watermark",
                              "a 1000 1 0 watermark"});
}

TEST_CASE("disorder holds the watermark back") {
    fed keys{counts(from<trade>("t", disorder{500ms}), tumbling{1s}, drop_late)};
    keys.push("a", 900);
    keys.push("a", 1499);
    CHECK(keys.out.empty());
    keys.push("a", 950);
    keys.push("a", 1500);
    CHECK(keys.out == strings{"a 0 2 0 watermark"});
}

TEST_CASE("an event within the allowed lateness corrects the record at once") {
    fed keys{counts(from<trade>("t"), tumbling{1s}, lateness{300ms}, late_to("late"))};
    keys.push("a", 100);
    keys.push("a", 1200);
    CHECK(keys.take() == strings{"a 0 1 0 watermark open"});
    keys.push("a", 200);
    keys.push("b", 300);  // had nothing in that window
    CHECK(keys.take() == strings{"a 0 2 1 late open", "b 0 1 0 late open"});
    keys.push("a", 1300);
    keys.push("a", 400);
    CHECK(keys.take() == strings{"a 0 2 2 watermark", "b 0 1 1 watermark", "late a 400"});
    CHECK(keys.stats().late == 1);
    CHECK(keys.stats().corrected == 2);
}

TEST_CASE("the golden cases of tumbling windows") {
    // In order: an early end, then one that the next event's watermark passes.
    fed plain{counts(from<trade>("t"), tumbling{10ms}, late_to("late"))};
    plain.push("a", 9);
    plain.running.advance(at_ms(9));
    CHECK(plain.out.empty());
    plain.running.advance(at_ms(10));
    CHECK(plain.take() == strings{"a 0 1 0 watermark"});
    plain.push("a", 10);
    plain.running.advance(at_ms(19));
    CHECK(plain.out.empty());
    plain.running.advance(at_ms(20));
    CHECK(plain.take() == strings{"a 10 1 0 watermark"});

    // An event on the last instant of its lateness corrects, one instant later it is late.
    fed late{counts(from<trade>("t"), tumbling{10ms}, lateness{5ms}, late_to("late"))};
    late.push("a", 3);
    late.running.advance(at_ms(10));
    late.push("a", 4);
    late.running.advance(at_ms(14));
    late.push("a", 5);
    late.running.advance(at_ms(15));
    CHECK(late.stats().keys == 0);
    late.push("a", 6);
    CHECK(late.out == strings{"a 0 1 0 watermark open", "a 0 2 1 late open", "a 0 3 2 late open",
                              "a 0 3 3 watermark", "late a 6"});
}

TEST_CASE("days of a zone close when they end on its clocks") {
    const std::int64_t midnight = 954'025'200'000, hour = 3'600'000;  // 2000-03-26, of 23 hours
    fed days{counts(from<trade>("t"),
                    tumbling{std::chrono::days{1}, zone{"Europe/Berlin", "tests/data/zoneinfo"}},
                    drop_late)};
    for (const std::int64_t hours : {-1, 0, 1, 22, 23, 22, 24, 47})
        days.push("a", midnight + hours * hour);
    CHECK(days.out == strings{"a 953938800000 1 0 watermark", "a 954025200000 3 0 watermark",
                              "a 954108000000 2 0 watermark"});
    CHECK(days.stats().late == 1);
}

TEST_CASE("a window behind a window gets records at their last instant, then the watermark") {
    fed sums{from<trade>("t") | window(tumbling{5ms}, drop_late) | process<count>() |
             window(tumbling{10ms}, drop_late) | process<sum<at<"count">>>() |
             millrace::map([](const auto& row) {
                 return record<no_key, result_of<count>>{
                     .window = row.window, .result = {static_cast<std::uint64_t>(at<"sum">(row))}};
             })};
    for (const int ms : {1, 4, 6}) sums.push("a", ms);
    CHECK(sums.out.empty());
    sums.running.advance(at_ms(10));
    CHECK(sums.out == strings{"0 3 0 watermark"});
    CHECK(sums.stats().late == 0);
}

TEST_CASE("state goes with the last window that can change") {
    fed keys{counts(from<trade>("t"), tumbling{1s}, lateness{1s}, drop_late)};
    keys.push("a", 500);
    keys.push("b", 1500);  // closes a's window, which a late event may still correct
    CHECK(keys.stats().open_windows == 1);
    keys.push("b", 2500);
    CHECK(keys.stats().keys == 1);
    keys.push("a", 600);
    CHECK(keys.stats().late == 1);
}

TEST_CASE("a window that opens last has room for the keys of the one before, and no other has") {
    fed keys{counts(from<trade>("t", disorder{5s}), tumbling{1s}, drop_late)};
    for (int i = 0; i < 5'000; ++i) keys.push(std::to_string(i), 5'500);
    const std::uint64_t full = keys.stats().state_bytes;
    keys.push("a", 1'500);
    keys.push("a", 3'500);
    CHECK(keys.stats().state_bytes < full + 10'000);
    keys.push("a", 6'500);
    CHECK(keys.stats().state_bytes > full + 1'024 * 64);
    for (int second = 7; second < 10; ++second) keys.push("a", second * 1'000);
    CHECK(keys.stats().state_bytes < full + 1'024 * 64 + 50'000);
    keys.running.advance(at_ms(30'000));
    for (int second = 36; second < 46; ++second) keys.push("a", second * 1'000);
    CHECK(keys.stats().state_bytes < full / 2);
}

TEST_CASE("a watermark that goes back changes nothing") {
    fed keys{counts(from<trade>("t"), tumbling{1s}, drop_late)};
    keys.push("a", 500);
    keys.running.advance(at_ms(1000));
    keys.running.advance(at_ms(0));
    CHECK(keys.stats().watermark == at_ms(1000));
    CHECK(keys.out == strings{"a 0 1 0 watermark"});
}

TEST_CASE("an idle source shows what its windows hold, and makes nothing late") {
    fed keys{counts(from<trade>("t", idle_timeout{3s}), tumbling{1s}, late_to("late"))};
    keys.push("a", 500);
    keys.push("b", 700);
    keys.pass(2999ms);
    CHECK(keys.out.empty());
    keys.pass(1ms);
    CHECK(keys.take() == strings{"a 0 1 0 idle open", "b 0 1 0 idle open"});
    keys.pass(1min);
    CHECK(keys.out.empty());
    keys.push("b", 600);  // no later than it was
    keys.pass(3s);
    CHECK(keys.take() == strings{"b 0 2 1 idle open"});  // nothing new of a
    keys.push("c", 1000);
    CHECK(keys.take() == strings{"a 0 1 1 watermark", "b 0 2 2 watermark"});
}

TEST_CASE("a preview is counted by no window behind it") {
    fed keys{counts(from<trade>("t"), tumbling{1s}, drop_late) | window(tumbling{1min}, drop_late) |
             process<count>()};
    keys.push("a", 500);
    keys.pass(1h);
    CHECK(keys.out.empty());
    keys.running.finish();
    CHECK(keys.out == strings{"a 0 1 0 stop"});
}

TEST_CASE("finish closes what is open, once") {
    fed keys{counts(from<trade>("t"), tumbling{1s}, lateness{1s}, drop_late)};
    keys.push("a", 100);
    keys.push("b", 200);
    keys.running.finish();
    CHECK(keys.take() == strings{"a 0 1 0 stop", "b 0 1 0 stop"});
    keys.running.finish();
    CHECK(keys.out.empty());
}

TEST_CASE("a further key is refused at the limit and served in the next window") {
    fed keys{counts(from<trade>("t"), tumbling{1s}, max_keys{2}, drop_late)};
    for (const char* key : {"a", "b", "c", "c"}) keys.push(key, 5);
    CHECK(keys.stats().keys == 2);
    CHECK(keys.stats().refused_keys == 2);
    keys.push("a", 1005);
    keys.push("c", 1006);
    CHECK(keys.stats().refused_keys == 2);
    CHECK(keys.stats().keys == 2);
}

TEST_CASE("at the limit of windows the one furthest from the present makes room") {
    fed keys{counts(from<trade>("t", disorder{1h}), tumbling{1s}, max_windows{3}, drop_late)};
    for (const int second : {5, 3, 1, 2, 5, 0}) keys.push("a", second * 1000);
    CHECK(keys.take() == strings{"a 5000 1 0 evicted open", "a 3000 1 0 evicted open"});
    CHECK(keys.stats().refused_keys == 1);
    CHECK(keys.stats().open_windows == 3);
    keys.running.advance(at_ms(2000));
    keys.push("a", 2500);
    keys.running.finish();
    CHECK(keys.out == strings{"a 0 1 0 watermark", "a 1000 1 0 watermark", "a 2000 2 0 stop"});
}

TEST_CASE("neither old windows nor those far ahead take the place of the present") {
    fed keys{counts(from<trade>("t", disorder{1s}), tumbling{1s}, lateness{1h}, max_windows{4},
                    drop_late)};
    for (int second = 100; second != 200; ++second) keys.push("a", second * 1000);
    CHECK(keys.stats().refused_keys == 0);
    CHECK(keys.take().size() == 98 + 96);  // those that made room were concluded
    keys.push("old", 50'000);              // within the lateness, older than what is kept
    CHECK(keys.stats().late == 1);
    CHECK(keys.take().empty());
    keys.push("a", 199'500);
    keys.running.finish();
    CHECK(keys.out == strings{"a 196000 1 1 stop", "a 197000 1 1 stop", "a 198000 1 0 stop",
                              "a 199000 2 0 stop"});
}

TEST_CASE("what made room is late behind a load as well") {
    const auto make = [] {
        return counts(from<trade>("t"), tumbling{1s}, lateness{1h}, max_windows{4}, drop_late);
    };
    fed keys{make()}, loaded{make()};
    for (int second = 100; second != 200; ++second) keys.push("a", second * 1000);
    const std::string saved = save(keys.running);
    input_archive ar{saved};
    ar(loaded.running);
    REQUIRE(ar.ok());
    loaded.push("old", 150'000);
    CHECK(loaded.stats().late == 1);
    CHECK(loaded.stats().refused_keys == 0);
}

namespace {

/// Tells of time before it gives what comes, where that is of size 2.
struct time_first : stage {
    template <class Stream>
    static consteval void require() {}
    template <class Stream>
    Stream output(const Stream& in) const {
        return in;
    }
    template <class Stream, class Next>
    auto make_node(const Stream&, Next next) const {
        return node<Next>{{std::move(next)}};
    }

    template <class Next>
    struct node : forwarding_node<Next> {
        void push(const trade& one, event_stamp at) {
            if (one.size == 2) this->next.watermark(at.watermark = at_ms(1500), trigger::watermark);
            this->next.push(one, at);
        }
    };
};

}  // namespace

TEST_CASE("an event that comes while windows close in slices finds them closed") {
    fed keys{counts(from<trade>("t", disorder{1h}) | time_first{}, tumbling{1s}, lateness{1h},
                    drop_late)};
    for (const char* key : {"a", "b", "c"}) keys.push(key, 5);
    keys.running.close_in_slices(1);
    keys.running.push({"a", 1, 2, at_ms(6)});
    CHECK(keys.take() == strings{"a 0 1 0 watermark open", "b 0 1 0 watermark open",
                                 "c 0 1 0 watermark open", "a 0 2 1 late open"});
}

TEST_CASE("a lateness beyond the end of time does not overflow") {
    fed keys{counts(from<trade>("t"), tumbling{1s}, lateness{duration::max()}, drop_late)};
    keys.push("a", 500);
    keys.push("a", 1'000'000);
    keys.push("a", 600);
    CHECK(keys.stats().late == 0);
    CHECK(keys.out.back() == "a 0 2 1 late open");
}

TEST_CASE("a consumer that throws loses no other key's record") {
    std::vector<std::string> seen;
    auto running = start(counts(from<trade>("t"), tumbling{1s}, drop_late), [&](const auto& row) {
        seen.push_back(row.key);
        if (row.key == "B") throw std::runtime_error{"no B"};
    });
    for (const char* key : {"A", "B", "C"}) running.push({key, 1, 1, at_ms(5)});
    CHECK_THROWS_AS(running.push({"A", 1, 1, at_ms(1005)}), std::runtime_error);
    running.push({"A", 1, 1, at_ms(1006)});
    CHECK(seen == strings{"A", "B", "C"});
}

namespace {

void resume(std::string_view saved, auto& running) {
    input_archive ar{saved};
    ar(running);
    REQUIRE(ar.ok());
    REQUIRE(ar.bytes_left() == 0);
}

using totals = summary<count, sum<&trade::price>>;

/// What became of each window in the end, and that revisions come in order.
struct last_words {
    std::map<std::pair<std::string, long long>, naive_windows::totals> last{};
    std::map<std::pair<std::string, long long>, std::uint32_t> revisions{};

    void operator()(const record<std::string, result_of<totals>>& row) {
        const std::pair at{row.key, ms_of(row.window.start)};
        const auto known = revisions.find(at);
        REQUIRE(row.revision == (known == revisions.end() ? 0 : known->second + 1));
        revisions[at] = row.revision;
        last[at] = {millrace::at<"count">(row), millrace::at<"sum">(row)};
    }
};

}  // namespace

TEST_CASE("random streams give what the textbook gives, cut by save and load") {
    const auto seed = test_seed();
    std::mt19937 random{seed};
    for (int round = 0; round < 200; ++round) {
        const int disorder_ms = random() % 3 == 0 ? 0 : static_cast<int>(random() % 300);
        const int lateness_ms = random() % 3 == 0 ? 0 : static_cast<int>(random() % 700);
        const int jitter = random() % 4 == 0 ? 0 : static_cast<int>(random() % 1500);
        const int keys = 1 + static_cast<int>(random() % 20);
        const bool is_per_key = random() % 2 == 0;
        INFO("seed " << seed << " round " << round << " disorder " << disorder_ms << " lateness "
                     << lateness_ms << " jitter " << jitter << " per key " << is_per_key);
        const random_trades input{static_cast<unsigned>(random()), 600, keys, jitter};

        const auto check = [&](auto source) {
            naive_windows naive{250, disorder_ms, lateness_ms, is_per_key};
            last_words words;
            std::uint64_t late_calls = 0;
            const auto make = [&] {
                auto description =
                    source | key_by(&trade::symbol) |
                    window(tumbling{250ms}, lateness{std::chrono::milliseconds{lateness_ms}},
                           late_to([&](const trade&) { ++late_calls; })) |
                    process<totals>();
                return start(std::move(description), [&](const auto& row) { words(row); });
            };
            auto running = make();
            for (const trade& each : input.events) {
                naive.push(std::string{each.symbol}, ms_of(each.time), each.price);
                running.push(each);
                if (random() % 97 != 0) continue;
                const std::string saved = save(running);
                auto resumed = make();
                resume(saved, resumed);
                REQUIRE(save(resumed) == saved);
                running = std::move(resumed);
            }
            running.finish();
            const pipeline_stats stats = running.stats();
            REQUIRE(stats.late == naive.late);
            REQUIRE(late_calls == naive.late);
            REQUIRE(stats.corrected == naive.corrected);
            REQUIRE(stats.open_windows == 0);
            REQUIRE(words.last.size() == naive.windows.size());
            for (const auto& [at, expected] : naive.windows) {
                REQUIRE(words.last[at].count == expected.count);
                REQUIRE(words.last[at].sum == expected.sum);
            }
        };
        const disorder off{std::chrono::milliseconds{disorder_ms}};
        if (is_per_key) {
            check(from<trade>("t", off, per_key(&trade::symbol)));
        } else {
            check(from<trade>("t", off));
        }
    }
}

namespace {

/// Events of the first windows, summed over the second.
struct events_of {
    static constexpr const char* name = "events";
    std::uint64_t value = 0;

    void update(const record<std::string, result_of<count>>& row) { value += at<"count">(row); }
    [[nodiscard]] std::uint64_t result() const { return value; }
    void merge(const events_of& other) { value += other.value; }
    template <class Archive>
    void archive(Archive& ar) {
        ar(value);
    }
};

}  // namespace

TEST_CASE("windows behind windows lose nothing that the first took") {
    SECTION("the least case") {
        std::vector<long long> rows;
        auto running = start(counts(from<trade>("t"), tumbling{5ms}, drop_late) |
                                 window(tumbling{10ms}, drop_late) | process<events_of>(),
                             [&](const auto& row) {
                                 rows.push_back(ms_of(row.window.start));
                                 rows.push_back(static_cast<long long>(row.result.value));
                             });
        for (const int ms : {1, 2, 60}) running.push({"a", 1, 1, at_ms(ms)});
        running.finish();
        CHECK(rows == std::vector<long long>{0, 2, 60, 1});
        CHECK(running.stats().late == 0);
    }
    const auto seed = test_seed();
    std::mt19937 random{seed};
    for (int round = 0; round < 200; ++round) {
        const auto ms = [&](unsigned most) {
            return random() % 3 == 0 ? 0 : static_cast<int>(random() % most);
        };
        const int disorder_ms = ms(300), jitter = ms(1500), gaps = ms(40);
        const bool is_per_key = random() % 2 == 0, is_sliced = random() % 2 == 0;
        INFO("seed " << seed << " round " << round << " disorder " << disorder_ms << " jitter "
                     << jitter << " gaps " << gaps << " per key " << is_per_key << " sliced "
                     << is_sliced);
        random_trades input{static_cast<unsigned>(random()), 300, 5, jitter};
        long long gap = 0;  // quiet hours, over which several windows close at once
        for (trade& each : input.events) {
            if (gaps != 0 && random() % static_cast<unsigned>(gaps) == 0) gap += 1000;
            each.time += std::chrono::milliseconds{gap};
        }
        const auto check = [&](auto source) {
            naive_windows naive{100, disorder_ms, 0, is_per_key};
            std::map<std::pair<std::string, long long>, std::uint64_t> sums, expected;
            const auto make = [&] {
                auto made = start(counts(source, tumbling{100ms}, drop_late) |
                                      window(tumbling{300ms}, drop_late) | process<events_of>(),
                                  [&](const auto& row) {
                                      REQUIRE(row.revision == 0);
                                      sums[{row.key, ms_of(row.window.start)}] += row.result.value;
                                  });
                if (is_sliced) made.close_in_slices(3);
                return made;
            };
            auto running = make();
            for (const trade& each : input.events) {
                naive.push(std::string{each.symbol}, ms_of(each.time), each.price);
                running.push(each);
                if (is_sliced && random() % 2 == 0) running.resume();
                if (random() % 97 != 0) continue;
                const std::string saved = save(running);
                running = make();
                resume(saved, running);
            }
            running.finish();
            for (const auto& [at, of] : naive.windows)
                expected[{at.first, at.second / 300 * 300}] += of.count;
            REQUIRE(sums == expected);
            REQUIRE(running.stats().late == naive.late);
        };
        const disorder off{std::chrono::milliseconds{disorder_ms}};
        if (is_per_key) {
            check(from<trade>("t", off, per_key(&trade::symbol)));
        } else {
            check(from<trade>("t", off));
        }
    }
}

TEST_CASE("a pipeline whose consumer throws while windows close goes on, also when saved") {
    std::vector<std::string> seen;
    bool throws = true;
    const auto make = [&] {
        return start(counts(from<trade>("t"), tumbling{1s}, drop_late), [&](const auto& row) {
            seen.push_back(row.key);
            if (row.key == "B" && std::exchange(throws, false)) throw std::runtime_error{"no B"};
        });
    };
    auto running = make();
    for (const char* key : {"A", "B", "C", "D"}) running.push({key, 1, 1, at_ms(5)});

    SECTION("in finish, which may be called again") {
        CHECK_THROWS_AS(running.finish(), std::runtime_error);
        running.push({"E", 1, 1, at_ms(6)});
        running.push({"E", 1, 1, at_ms(2006)});
        running.finish();
        CHECK(seen == strings{"A", "B", "C", "D", "E", "E"});
    }
    SECTION("in slices: it is behind until all has closed") {
        running.close_in_slices(1);
        running.advance(at_ms(1000));
        CHECK(seen == strings{"A"});
        CHECK_THROWS_AS(running.resume(), std::runtime_error);
        CHECK(running.is_behind());
        CHECK_FALSE(running.resume());
        CHECK(running.resume());
        CHECK(seen == strings{"A", "B", "C", "D"});
    }
    SECTION("a save between closes what waits first") {
        CHECK_THROWS_AS(running.advance(at_ms(1000)), std::runtime_error);
        const std::string saved = save(running);
        CHECK(seen == strings{"A", "B", "C", "D"});
        auto resumed = make();
        resume(saved, resumed);
        resumed.push({"A", 1, 1, at_ms(1005)});
        resumed.finish();
        CHECK(seen == strings{"A", "B", "C", "D", "A"});
    }
}

TEST_CASE("at both ends of time windows take their events") {
    fed keys{counts(from<trade>("t", any_time), tumbling{1s}, drop_late)};
    for (const timestamp each : {timestamp::min(), timestamp::max()})
        keys.running.push({"a", 1, 1, each});
    CHECK(keys.out.size() == 1);
    keys.running.push({"a", 1, 1, timestamp::max()});
    keys.running.finish();
    CHECK(keys.out.size() == 2);
    CHECK(keys.stats().late == 0);
}

TEST_CASE("a damaged archive is refused") {
    const random_trades input{7, 500, 5, 400};
    const auto make = [] {
        return start(counts(from<trade>("t"), tumbling{250ms}, lateness{200ms}, drop_late));
    };
    auto running = make();
    for (const trade& each : input.events) running.push(each);
    const std::string saved = save(running);
    for (std::size_t size = 0; size < saved.size(); size += 1 + saved.size() / 97) {
        auto damaged = make();
        input_archive cut{std::string_view{saved}.substr(0, size)};
        cut(damaged);
        REQUIRE_FALSE(cut.ok());
    }
}

TEST_CASE("a window whose events have all been taken back is removed, and is not final") {
    std::vector<std::pair<std::uint64_t, change>> told;
    auto running =
        start(from<trade>("t", any_time) | window(tumbling{10ms}, lateness{400ms}, drop_late) |
                  process<sum<&trade::price>>() |
                  filter([](const auto& row) { return at<"sum">(row) > 0; }) |
                  window(tumbling{20ms}, lateness{500ms}, drop_late) | process<count>(),
              [&](const auto& row) {
                  if (row.window.start == at_ms(0)) told.emplace_back(at<"count">(row), row.change);
              });
    running.push({"a", 1, 1, at_ms(5)});
    running.push({"a", 1, 1, at_ms(55)});
    running.push({"a", -9, 1, at_ms(6)});
    running.finish();
    using row = std::pair<std::uint64_t, change>;
    CHECK(told == std::vector<row>{{1, change::insert}, {1, change::remove}});
}

TEST_CASE("behind a load, a window without lateness does not open anew for a correction") {
    std::vector<std::pair<std::uint64_t, bool>> told;
    const auto make = [&] {
        return start(from<trade>("t", any_time) | window(tumbling{10ms}, lateness{1s}, drop_late) |
                         process<count>() | window(tumbling{20ms}, drop_late) |
                         process<sum<at<"count">>>(),
                     [&](const auto& row) {
                         if (row.window.start == at_ms(0))
                             told.emplace_back(at<"sum">(row), row.is_final);
                     });
    };
    auto first = make();
    first.push({"a", 1, 1, at_ms(5)});
    first.push({"a", 1, 1, at_ms(55)});
    const std::string saved = save(first);
    auto running = make();
    input_archive ar{saved};
    ar(running);
    REQUIRE(ar.ok());
    running.push({"a", 1, 1, at_ms(16)});
    running.finish();
    CHECK(told == std::vector<std::pair<std::uint64_t, bool>>{{1, true}});
    CHECK(running.stats().late == 1);
}
