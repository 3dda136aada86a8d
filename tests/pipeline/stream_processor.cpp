#include <millrace/pipeline/stream_processor.hpp>

#include <map>

#include <millrace/analyzers/count.hpp>
#include <millrace/analyzers/sum.hpp>
#include <millrace/analyzers/summary.hpp>
#include <millrace/storage/memory.hpp>
#include <millrace/windows/tumbling.hpp>

#include "catch.hpp"
#include "naive.hpp"

using namespace millrace;
using namespace std::chrono_literals;

namespace {

using totals = summary<count, sum<&trade::price>>;

template <class... Options>
auto by_symbol(Options... options) {
    auto key = key_by(&trade::symbol);
    auto windows = window(options...);
    return stream_processor<trade, totals, null_storage, decltype(key), decltype(windows)>{key,
                                                                                           windows};
}

template <class Processor>
struct collector {
    std::vector<typename Processor::record_type> records;
    auto sink() {
        return [this](const auto& row) { records.push_back(row); };
    }
};

}  // namespace

TEST_CASE("a window closes when event time passes its end") {
    auto processor = by_symbol(tumbling{1s}, drop_late);
    collector<decltype(processor)> out;
    processor.push({"A", 1, 1, at_ms(100)}, out.sink());
    processor.push({"A", 2, 1, at_ms(999)}, out.sink());
    CHECK(out.records.empty());
    processor.push({"A", 4, 1, at_ms(1000)}, out.sink());
    REQUIRE(out.records.size() == 1);
    const auto& first = out.records[0];
    CHECK(first.key == "A");
    CHECK(first.window == window_bounds{at_ms(0), at_ms(1000)});
    CHECK(at<"count">(first) == 2);
    CHECK(at<"sum">(first) == 3);
    CHECK(first.revision == 0);
    CHECK(first.is_final);
    CHECK(first.fired_by == trigger::watermark);
    CHECK(first.watermark == at_ms(1000));
}

TEST_CASE("one key's events close the windows of all") {
    auto processor = by_symbol(tumbling{1s}, drop_late);
    collector<decltype(processor)> out;
    processor.push({"B", 1, 1, at_ms(1)}, out.sink());
    processor.push({"A", 1, 1, at_ms(2)}, out.sink());
    processor.push({"C", 1, 1, at_ms(5000)}, out.sink());
    REQUIRE(out.records.size() == 2);
    CHECK(out.records[0].key == "B");  // in the order in which they opened
    CHECK(out.records[1].key == "A");
}

TEST_CASE("with time per key, only a key's own events close its windows") {
    auto processor = by_symbol(tumbling{1s}, per_key, drop_late);
    collector<decltype(processor)> out;
    processor.push({"A", 1, 1, at_ms(1)}, out.sink());
    processor.push({"B", 1, 1, at_ms(5'000'000)}, out.sink());
    processor.push({"A", 1, 1, at_ms(900)}, out.sink());
    CHECK(out.records.empty());
    processor.push({"A", 1, 1, at_ms(1001)}, out.sink());
    REQUIRE(out.records.size() == 1);
    CHECK(out.records[0].key == "A");
    CHECK(at<"count">(out.records[0]) == 2);
    CHECK(out.records[0].watermark == at_ms(1001));
}

TEST_CASE("disorder holds the watermark back") {
    auto processor = by_symbol(tumbling{1s}, disorder{500ms}, drop_late);
    collector<decltype(processor)> out;
    processor.push({"A", 1, 1, at_ms(900)}, out.sink());
    processor.push({"A", 1, 1, at_ms(1499)}, out.sink());
    CHECK(out.records.empty());
    processor.push({"A", 1, 1, at_ms(950)}, out.sink());
    processor.push({"A", 1, 1, at_ms(1500)}, out.sink());
    REQUIRE(out.records.size() == 1);
    CHECK(at<"count">(out.records[0]) == 2);
}

TEST_CASE("an event within the allowed lateness corrects the record at once") {
    auto processor = by_symbol(tumbling{1s}, lateness{300ms}, drop_late);
    collector<decltype(processor)> out;
    processor.push({"A", 1, 1, at_ms(100)}, out.sink());
    processor.push({"A", 1, 1, at_ms(1200)}, out.sink());
    REQUIRE(out.records.size() == 1);
    CHECK_FALSE(out.records[0].is_final);

    processor.push({"A", 5, 1, at_ms(200)}, out.sink());
    REQUIRE(out.records.size() == 2);
    CHECK(out.records[1].revision == 1);
    CHECK(out.records[1].fired_by == trigger::late);
    CHECK(at<"sum">(out.records[1]) == 6);

    // A key that had nothing in that window gets its first record late.
    processor.push({"B", 7, 1, at_ms(300)}, out.sink());
    REQUIRE(out.records.size() == 3);
    CHECK(out.records[2].key == "B");
    CHECK(out.records[2].revision == 0);

    int late = 0;
    processor.push({"A", 1, 1, at_ms(1300)}, out.sink());
    processor.push({"A", 9, 1, at_ms(400)}, out.sink(), [&](const trade&) { ++late; });
    CHECK(late == 1);
    CHECK(out.records.size() == 3);
    pipeline_stats stats;
    processor.collect(stats);
    CHECK(stats.late == 1);
    CHECK(stats.corrected == 2);
}

TEST_CASE("windows close when input stops for the idle timeout") {
    for (const bool is_keyed_time : {false, true}) {
        INFO("time per key: " << is_keyed_time);
        const auto check = [](auto processor) {
            collector<decltype(processor)> out;
            processor.tick(at_ms(1'000'000), out.sink());
            processor.push({"A", 1, 1, at_ms(100)}, out.sink());
            processor.tick(at_ms(1'001'999), out.sink());
            CHECK(out.records.empty());
            processor.tick(at_ms(1'002'000), out.sink());
            REQUIRE(out.records.size() == 1);
            CHECK(out.records[0].fired_by == trigger::idle);
            processor.tick(at_ms(1'009'000), out.sink());
            CHECK(out.records.size() == 1);
        };
        if (is_keyed_time) {
            check(by_symbol(tumbling{1s}, idle_timeout{2s}, per_key, drop_late));
        } else {
            check(by_symbol(tumbling{1s}, idle_timeout{2s}, drop_late));
        }
    }
}

TEST_CASE("input holds the idle timeout off") {
    auto processor = by_symbol(tumbling{1s}, idle_timeout{2s}, drop_late);
    collector<decltype(processor)> out;
    processor.tick(at_ms(1'000'000), out.sink());
    processor.push({"A", 1, 1, at_ms(100)}, out.sink());
    processor.tick(at_ms(1'001'500), out.sink());
    processor.push({"A", 1, 1, at_ms(200)}, out.sink());
    processor.tick(at_ms(1'003'000), out.sink());
    CHECK(out.records.empty());
}

TEST_CASE("finish closes what is open, once") {
    auto processor = by_symbol(tumbling{1s}, lateness{1s}, drop_late);
    collector<decltype(processor)> out;
    processor.push({"A", 1, 1, at_ms(100)}, out.sink());
    processor.push({"B", 1, 1, at_ms(200)}, out.sink());
    processor.finish(out.sink());
    REQUIRE(out.records.size() == 2);
    CHECK(out.records[0].fired_by == trigger::stop);
    CHECK(out.records[0].is_final);
    processor.finish(out.sink());
    CHECK(out.records.size() == 2);
}

TEST_CASE("advance closes windows by hand") {
    auto processor = by_symbol(tumbling{1s}, drop_late);
    collector<decltype(processor)> out;
    processor.push({"A", 1, 1, at_ms(100)}, out.sink());
    processor.advance(at_ms(999), trigger::watermark, out.sink());
    CHECK(out.records.empty());
    processor.advance(at_ms(1000), trigger::watermark, out.sink());
    CHECK(out.records.size() == 1);
}

TEST_CASE("a further key is refused at the limit and served when others have gone") {
    auto processor = by_symbol(tumbling{1s}, max_keys{2}, drop_late);
    collector<decltype(processor)> out;
    for (const char* key : {"A", "B", "C", "C"}) processor.push({key, 1, 1, at_ms(5)}, out.sink());
    pipeline_stats stats;
    processor.collect(stats);
    CHECK(stats.keys == 2);
    CHECK(stats.refused_keys == 2);
    processor.push({"A", 1, 1, at_ms(1005)}, out.sink());  // closes the window: B has no state left
    processor.push({"C", 1, 1, at_ms(1006)}, out.sink());
    stats = {};
    processor.collect(stats);
    CHECK(stats.refused_keys == 2);
    CHECK(stats.keys == 2);
}

TEST_CASE("without a window each event gives a record") {
    auto key = key_by(&trade::symbol);
    stream_processor<trade, totals, null_storage, decltype(key)> processor{key};
    collector<decltype(processor)> out;
    processor.push({"A", 1, 1, at_ms(100)}, out.sink());
    processor.push({"B", 5, 1, at_ms(150)}, out.sink());
    processor.push({"A", 2, 1, at_ms(200)}, out.sink());
    REQUIRE(out.records.size() == 3);
    CHECK(at<"sum">(out.records[2]) == 3);
    CHECK(out.records[2].window == window_bounds{at_ms(200), at_ms(200)});
    CHECK(out.records[2].fired_by == trigger::event);
}

TEST_CASE("without a key the stream is one") {
    auto windows = window(tumbling{1s}, drop_late);
    stream_processor<trade, totals, null_storage, unkeyed, decltype(windows)> processor{{},
                                                                                        windows};
    collector<decltype(processor)> out;
    processor.push({"A", 1, 1, at_ms(100)}, out.sink());
    processor.push({"B", 5, 1, at_ms(150)}, out.sink());
    processor.finish(out.sink());
    REQUIRE(out.records.size() == 1);
    CHECK(at<"sum">(out.records[0]) == 6);
    STATIC_REQUIRE_FALSE(has_role<decltype(processor)::record_type, field_role::key>);
}

TEST_CASE("records are kept in the storage") {
    auto key = key_by(&trade::symbol);
    auto windows = window(tumbling{1s}, lateness{1s}, drop_late);
    stream_processor<trade, totals, memory_storage, decltype(key), decltype(windows)> processor{
        key, windows, {.capacity = 10}, "totals"};
    const auto ignore = [](const auto&) {};
    processor.push({"A", 1, 1, at_ms(100)}, ignore);
    processor.push({"A", 2, 1, at_ms(1100)}, ignore);
    processor.push({"A", 3, 1, at_ms(200)}, ignore);  // corrects the first
    std::vector<double> sums;
    REQUIRE_FALSE(
        processor.storage().scan({}, [&](const auto& r) { sums.push_back(at<"sum">(r)); }));
    CHECK(sums == std::vector{4.0});
}

TEST_CASE("an emitter that throws loses no other key's record") {
    auto processor = by_symbol(tumbling{1s}, drop_late);
    std::vector<std::string> seen;
    const auto throw_at_b = [&](const auto& row) {
        seen.push_back(row.key);
        if (row.key == "B") throw std::runtime_error{"no B"};
    };
    for (const char* key : {"A", "B", "C"}) processor.push({key, 1, 1, at_ms(5)}, throw_at_b);
    CHECK_THROWS_AS(processor.push({"A", 1, 1, at_ms(1005)}, throw_at_b), std::runtime_error);
    processor.push({"A", 1, 1, at_ms(1006)}, throw_at_b);
    CHECK(seen == std::vector<std::string>{"A", "B", "C"});
}

TEST_CASE("random streams give what the textbook gives") {
    const auto seed = test_seed();
    std::mt19937 random{seed};
    for (int round = 0; round < 60; ++round) {
        const int disorder_ms = random() % 3 == 0 ? 0 : static_cast<int>(random() % 300);
        const int lateness_ms = random() % 3 == 0 ? 0 : static_cast<int>(random() % 700);
        const int jitter = random() % 4 == 0 ? 0 : static_cast<int>(random() % 1500);
        const int keys = 1 + static_cast<int>(random() % 20);
        const bool is_per_key = random() % 2 == 0;
        INFO("seed " << seed << " round " << round << " disorder " << disorder_ms << " lateness "
                     << lateness_ms << " jitter " << jitter << " per key " << is_per_key);
        const random_trades input{static_cast<unsigned>(random()), 2000, keys, jitter};

        const auto check = [&](auto processor) {
            naive_windows naive{250, disorder_ms, lateness_ms, is_per_key};
            std::map<std::pair<std::string, long long>, naive_windows::totals> last;
            std::map<std::pair<std::string, long long>, std::uint32_t> revisions;
            std::uint64_t late_calls = 0;
            const auto keep = [&](const auto& row) {
                const std::pair at{row.key, ms_of(row.window.start)};
                const auto known = revisions.find(at);
                REQUIRE(row.revision == (known == revisions.end() ? 0 : known->second + 1));
                revisions[at] = row.revision;
                last[at] = {millrace::at<"count">(row), millrace::at<"sum">(row)};
            };
            for (const trade& each : input.events) {
                naive.push(std::string{each.symbol}, ms_of(each.time), each.price);
                processor.push(each, keep, [&](const trade&) { ++late_calls; });
            }
            processor.finish(keep);
            pipeline_stats stats;
            processor.collect(stats);
            REQUIRE(stats.late == naive.late);
            REQUIRE(late_calls == naive.late);
            REQUIRE(stats.corrected == naive.corrected);
            REQUIRE(stats.open_windows == 0);
            REQUIRE(last.size() == naive.windows.size());
            for (const auto& [at, expected] : naive.windows) {
                REQUIRE(last[at].count == expected.count);
                REQUIRE(last[at].sum == expected.sum);
            }
        };
        const auto late = std::chrono::milliseconds{lateness_ms};
        const auto off = std::chrono::milliseconds{disorder_ms};
        if (is_per_key) {
            check(by_symbol(tumbling{250ms}, disorder{off}, lateness{late}, per_key, drop_late));
        } else {
            check(by_symbol(tumbling{250ms}, disorder{off}, lateness{late}, drop_late));
        }
    }
}

TEST_CASE("a saved processor goes on as if nothing had been") {
    const auto seed = test_seed();
    INFO("seed " << seed);
    const random_trades input{seed, 3000, 12, 800};
    const auto check = [&](auto make) {
        auto whole = make(), part = make(), resumed = make();
        collector<decltype(whole)> expected, actual;
        for (const trade& each : input.events) whole.push(each, expected.sink());
        for (std::size_t i = 0; i < input.events.size() / 2; ++i) {
            part.push(input.events[i], actual.sink());
        }
        const std::string saved = save(part);
        input_archive ar{saved};
        ar(resumed);
        REQUIRE(ar.ok());
        REQUIRE(ar.bytes_left() == 0);
        CHECK(save(resumed) == saved);
        for (std::size_t i = input.events.size() / 2; i < input.events.size(); ++i) {
            resumed.push(input.events[i], actual.sink());
        }
        whole.finish(expected.sink());
        resumed.finish(actual.sink());
        // Windows of one end may close in another order of their keys.
        const auto by_key = [](const auto& a, const auto& b) {
            return std::tuple{a.window.start, a.key, a.revision} <
                   std::tuple{b.window.start, b.key, b.revision};
        };
        std::ranges::sort(expected.records, by_key);
        std::ranges::sort(actual.records, by_key);
        CHECK(actual.records == expected.records);

        for (std::size_t size = 0; size < saved.size(); size += 1 + saved.size() / 97) {
            auto damaged = make();
            input_archive cut{std::string_view{saved}.substr(0, size)};
            cut(damaged);
            REQUIRE_FALSE(cut.ok());
        }
    };
    const auto shared = [] { return by_symbol(tumbling{250ms}, lateness{200ms}, drop_late); };
    const auto own = [] { return by_symbol(tumbling{250ms}, lateness{200ms}, per_key, drop_late); };
    check(shared);
    check(own);
}
