#include <millrace/pipeline/detail/windows/count_node.hpp>

#include <stdexcept>
#include <vector>

#include <millrace/analyzers/sum.hpp>
#include <millrace/pipeline/publish.hpp>
#include <millrace/storage/memory.hpp>
#include <millrace/windows/by_count.hpp>

#include "../../fed.hpp"
#include "counted_new.hpp"

using namespace millrace;
using namespace std::chrono_literals;

namespace {

struct tick {
    int id = 0;
};

}  // namespace

template <>
inline constexpr auto millrace::schema<tick> = millrace::fields(millrace::field{"id", &tick::id});

namespace {

/// "KEY NUMBER START..END COUNT TRIGGER", in milliseconds, the end's own nanosecond left out.
struct note_counts {
    strings* out;

    template <class Row>
    void operator()(std::string_view, const Row& row) const {
        const auto ms = [](timestamp t) { return std::to_string(t.time_since_epoch() / 1ms); };
        std::string line;
        if constexpr (requires { row.key.size(); }) line = row.key + " ";
        constexpr auto names = schema<trigger>;
        CHECK(row.is_final);
        CHECK(row.change == change::insert);
        CHECK(row.revision == 0);
        out->push_back(line + std::to_string(row.window.number) + " " + ms(row.window.start) +
                       ".." + ms(row.window.end - duration{1}) + " " +
                       std::to_string(at<"count">(row)) + " " +
                       std::string{names.name_of(row.fired_by)});
    }
};

template <class Description>
struct counted {
    strings out{};
    decltype(start(std::declval<Description>(), note_counts{})) running;

    explicit counted(Description description)
        : running{start(std::move(description), note_counts{&out})} {}
    void push(std::string_view symbol, long long ms) { running.push({symbol, 1, 1, at_ms(ms)}); }
    [[nodiscard]] strings take() { return std::exchange(out, {}); }
};

template <class Window, class... Options>
auto by_symbol(auto source, Window of, Options... options) {
    return std::move(source) | key_by(&trade::symbol) | window(of, options...) | process<count>();
}

}  // namespace

TEST_CASE("the golden case of windows by count") {
    std::vector<double> sums;
    auto running = start(
        from<trade>("t", any_time) | window(tumbling_count{3}) | process<sum<&trade::price>>(),
        [&](const auto& row) { sums.push_back(at<"sum">(row)); });
    running.push({"a", 1, 1, at_ms(10)});
    running.push({"a", 2, 1, at_ms(30)});
    CHECK(sums.empty());
    running.push({"a", 3, 1, at_ms(20)});
    CHECK(sums == std::vector<double>{6});
    running.advance(at_ms(25));
    running.push({"a", 4, 1, at_ms(5)});
    CHECK(running.stats().late == 0);
    CHECK(running.stats().open_windows == 1);
    running.finish();
    CHECK(sums == std::vector<double>{6});
}

TEST_CASE("windows by count are of a key, numbered, and reach from the first time to the last") {
    counted by{by_symbol(from<trade>("t"), tumbling_count{2})};
    by.push("a", 5);
    by.push("b", -3);
    by.push("a", 9);
    by.push("a", 2);
    by.push("b", -3);
    by.push("a", 2);
    CHECK(by.out == strings{"a 0 5..9 2 count", "b 0 -3..-3 2 count", "a 1 2..2 2 count"});
    const pipeline_stats stats = by.running.stats();
    CHECK(stats.late == 0);
    CHECK(stats.keys == 2);
    CHECK(stats.open_windows == 0);
}

TEST_CASE("windows by count slide") {
    counted by{by_symbol(from<trade>("t"), sliding_count{4, 2})};
    for (int ms = 1; ms <= 9; ++ms) by.push("a", ms);
    by.running.finish();
    CHECK(by.out == strings{"a 0 1..4 4 count", "a 1 3..6 4 count", "a 2 5..8 4 count"});
}

TEST_CASE("events between two windows by count belong to none") {
    counted by{by_symbol(from<trade>("t"), sliding_count{2, 5})};
    for (int ms = 0; ms < 13; ++ms) by.push("a", ms);
    CHECK(by.out == strings{"a 0 0..1 2 count", "a 1 5..6 2 count", "a 2 10..11 2 count"});
    CHECK(by.running.stats().open_windows == 0);
}

TEST_CASE("finish gives what is not full where it is told to, and counts on") {
    counted tumbling{by_symbol(from<trade>("t"), tumbling_count{3}, flush_at_finish)};
    for (int ms = 0; ms < 4; ++ms) tumbling.push("a", ms);
    tumbling.push("b", 9);
    CHECK(tumbling.take().size() == 1);
    tumbling.running.finish();
    CHECK(tumbling.take() == strings{"a 1 3..3 1 stop", "b 0 9..9 1 stop"});
    tumbling.running.finish();
    CHECK(tumbling.take().empty());
    for (int ms = 10; ms < 13; ++ms) tumbling.push("a", ms);
    CHECK(tumbling.take() == strings{"a 2 10..12 3 count"});

    counted sliding{by_symbol(from<trade>("t"), sliding_count{10, 3}, flush_at_finish)};
    for (int ms = 0; ms < 11; ++ms) sliding.push("a", ms);
    CHECK(sliding.take() == strings{"a 0 0..9 10 count"});
    sliding.running.finish();
    CHECK(sliding.take() == strings{"a 1 3..10 8 stop", "a 2 6..10 5 stop", "a 3 9..10 2 stop"});
    for (int ms = 20; ms < 33; ++ms) sliding.push("a", ms);
    CHECK(sliding.take() == strings{"a 4 20..29 10 count", "a 5 23..32 10 count"});
}

TEST_CASE("without event times a window by count works as well") {
    strings out;
    auto running =
        start(from<tick>("t") | key_by(&tick::id) | window(tumbling_count{2}) | process<count>(),
              [&](const auto& row) {
                  out.push_back(std::to_string(row.key) + " " + std::to_string(row.window.number));
                  CHECK(row.window.start == timestamp{});
                  CHECK(row.window.end == timestamp{});
              });
    for (const int id : {1, 2, 1, 1, 1, 2}) running.push({id});
    CHECK(out == strings{"1 0", "1 1", "2 0"});
}

TEST_CASE("a window of time behind one by count loses nothing, whatever the events' order") {
    std::uint64_t windows = 0, late = 0;
    auto running = start(
        from<trade>("t") | key_by(&trade::symbol) | window(tumbling_count{2}) | process<count>() |
            window(tumbling{10ms}, late_to([&](const auto&) { ++late; })) | process<count>(),
        [&](const auto& row) { windows += at<"count">(row); });
    const auto push = [&](std::string_view symbol, long long ms) {
        running.push({symbol, 1, 1, at_ms(ms)});
    };
    push("a", 5);
    push("a", 7);  // happened at 7
    push("b", 8);
    push("c", 95);
    push("b", 3);  // all its events are of a window that closed: happened at 95
    push("c", 91);
    running.finish();
    CHECK(windows == 3);
    CHECK(late == 0);
    CHECK(running.stats().late == 0);
}

TEST_CASE("a key with a time of its own has windows by count until it is evicted") {
    counted by{by_symbol(from<trade>("t", per_key(&trade::symbol), max_keys{2}), tumbling_count{2},
                         flush_at_finish)};
    by.push("a", 1);
    by.push("b", 900);
    by.push("a", 0);
    by.push("a", 5);
    CHECK(by.take() == strings{"a 0 0..1 2 count"});
    by.push("c", 3);
    by.push("d", 3);
    const strings evicted = by.take();
    CHECK(evicted.size() == 2);
    CHECK(std::ranges::find(evicted, "b 0 900..900 1 evicted") != evicted.end());
    CHECK(std::ranges::find(evicted, "c 0 3..3 1 evicted") != evicted.end());
    CHECK(by.running.stats().open_windows == 2);
}

TEST_CASE("one key more than max_keys is refused and counted, its neighbours are served") {
    counted by{by_symbol(from<trade>("t"), tumbling_count{2}, max_keys{1})};
    by.push("a", 1);
    by.push("b", 2);
    by.push("a", 3);
    CHECK(by.out == strings{"a 0 1..3 2 count"});
    CHECK(by.running.stats().refused_keys == 1);
    CHECK(by.running.stats().keys == 1);
}

TEST_CASE("times at the ends of what a timestamp holds count") {
    std::vector<window_bounds> bounds;
    auto running = start(from<trade>("t", any_time) | window(tumbling_count{2}) | process<count>(),
                         [&](const auto& row) { bounds.push_back(row.window); });
    running.push({"a", 1, 1, timestamp::max()});
    running.push({"a", 1, 1, timestamp::min()});
    CHECK(bounds == std::vector<window_bounds>{{timestamp::min(), timestamp::max()}});
}

TEST_CASE("what a consumer throws loses that record alone") {
    strings out;
    bool throws = true;
    auto running = start(by_symbol(from<trade>("t"), sliding_count{3, 1}, flush_at_finish),
                         [&](const auto& row) {
                             note_counts{&out}("", row);
                             if (std::exchange(throws, false)) throw std::runtime_error{"no"};
                         });
    for (const int ms : {0, 1}) running.push({"a", 1, 1, at_ms(ms)});
    CHECK_THROWS_AS((running.push({"a", 1, 1, at_ms(2)})), std::runtime_error);
    running.push({"a", 1, 1, at_ms(3)});
    throws = true;
    CHECK_THROWS_AS(running.finish(), std::runtime_error);
    running.push({"a", 1, 1, at_ms(4)});
    running.finish();
    CHECK(out == strings{"a 0 0..2 3 count", "a 1 1..3 3 count", "a 2 2..3 2 stop",
                         "a 3 3..3 1 stop", "a 4 4..4 1 stop"});
}

TEST_CASE("an idle source shows no window by count that is not full") {
    fed by{counts(from<trade>("t"), tumbling{10s}, drop_late) | window(tumbling_count{1}) |
           process<count>()};
    by.push("a", 1);
    by.pass(1h);
    CHECK(by.take().empty());
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

TEST_CASE("an event costs the same however many panes a window by count has") {
    for (const std::size_t size : {10u, 1000u, 10'000u}) {
        auto running = start(from<trade>("t") | key_by(&trade::symbol) |
                             window(sliding_count{size, 1}) | process<counted_merges>());
        const int events = 4 * static_cast<int>(size);
        merges = 0;
        for (int ms = 0; ms < events; ++ms) running.push({"a", 1, 1, at_ms(ms)});
        CHECK(merges < 4 * events);
    }
}

TEST_CASE("state_bytes of windows by count holds their panes") {
    const auto make = [] {
        return start(by_symbol(from<trade>("t", per_key(&trade::symbol), max_keys{1}),
                               sliding_count{1000, 1}, flush_at_finish));
    };
    auto running = make();
    for (int ms = 0; ms < 1000; ++ms) running.push({"a", 1, 1, at_ms(ms)});
    const std::uint64_t full = running.stats().state_bytes;
    CHECK(full > 1000 * 32);
    auto resumed = make();
    const std::string saved = save(running);
    input_archive ar{saved};
    ar(resumed);
    REQUIRE(ar.ok());
    CHECK(resumed.stats().state_bytes > 1000 * 32);
    running.push({"b", 1, 1, at_ms(1000)});  // "a" makes room
    CHECK(running.stats().state_bytes < full / 4);
}

#if MILLRACE_COUNTS_ALLOCATIONS
TEST_CASE("windows by count allocate nothing once each key has had some") {
    const std::vector<std::string> symbols{"a", "b", "c", "a symbol that is not short"};
    std::uint64_t records = 0;
    const auto check = [&](auto by) {
        auto running =
            start(from<trade>("t") | key_by(&trade::symbol) | window(by) | process<count>(),
                  [&](const auto& row) {
                      if (row.key.size() < 2) ++records;
                  });
        std::size_t before = 0;
        for (int ms = 0; ms < 20'000; ++ms) {
            if (ms == 10'000) before = allocation_count;
            running.push({symbols[static_cast<std::size_t>(ms) % 3], 1, 1, at_ms(ms)});
        }
        CHECK(allocation_count == before);
        CHECK(records > 0);
    };
    check(tumbling_count{10});
    check(sliding_count{60, 4});
    check(sliding_count{4, 6});
}
#endif

TEST_CASE("a damaged archive of windows by count is refused") {
    const auto check = [](auto by) {
        const auto make = [&] {
            return start(by_symbol(from<trade>("t", any_time), by, flush_at_finish));
        };
        auto running = make();
        for (int ms = 0; ms < 47; ++ms) running.push({ms % 3 == 0 ? "a" : "b", 1, 1, at_ms(ms)});
        const std::string saved = save(running);
        for (std::size_t size = 0; size < saved.size(); ++size) {
            auto damaged = make();
            input_archive cut{std::string_view{saved}.substr(0, size)};
            cut(damaged);
            REQUIRE_FALSE(cut.ok());
            std::string changed = saved;
            changed[size] = static_cast<char>(changed[size] ^ 0x55);
            auto other = make();  // whether or not it is found out, it does no harm
            input_archive ar{changed};
            ar(other);
            if (!ar.ok()) continue;
            for (int ms = 0; ms < 30; ++ms) other.push({"a", 1, 1, at_ms(6000)});
            other.finish();
        }
    };
    check(tumbling_count{5});
    check(sliding_count{10, 4});
    check(sliding_count{4, 10});
}

TEST_CASE("a saved window by count is not loaded into one of another size") {
    auto of_ten = start(by_symbol(from<trade>("t"), tumbling_count{10}));
    for (int ms = 0; ms < 7; ++ms) of_ten.push({"a", 1, 1, at_ms(ms)});
    const std::string saved = save(of_ten);
    auto of_five = start(by_symbol(from<trade>("t"), tumbling_count{5}));
    input_archive ar{saved};
    ar(of_five);
    CHECK_FALSE(ar.ok());
}
