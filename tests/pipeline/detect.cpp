#include <millrace/pipeline/detect.hpp>

#include <millrace/analyzers/ewma_zscore.hpp>
#include <millrace/analyzers/summary.hpp>
#include <millrace/core/archive.hpp>
#include <millrace/storage/memory.hpp>

#include <map>
#include <random>

#include <millrace/analyzers/sum.hpp>
#include <millrace/operators/filter.hpp>

#include "fed.hpp"
#include "naive.hpp"

using namespace millrace;
using namespace std::chrono_literals;

namespace {

/// How many records it has seen, as `learned`.
struct learner {
    std::uint64_t seen = 0;

    template <class Record>
    void update(const Record&) {
        ++seen;
    }
    named_value<"learned", std::uint64_t> result() const { return {seen}; }
    template <class Archive>
    void archive(Archive& ar) {
        ar(seen);
    }
};

struct noted {
    std::vector<std::uint64_t>* learned;
    strings* keys;

    template <class Row>
    void operator()(const Row& row) const {
        learned->push_back(at<"learned">(row));
        keys->push_back(row.key);
    }
};

}  // namespace

TEST_CASE("detect takes its storage's settings") {
    CHECK(detect<learner, memory_storage>({.capacity = 8}).options.capacity == 8);
    CHECK(detect<learner, memory_storage>({.capacity = 8}, max_keys{3}).options.capacity == 8);
}

TEST_CASE("a detector learns each window once: not from previews, nor from corrections") {
    manual_clock clock{at_ms(1'000'000'000)};
    std::vector<std::uint64_t> learned;
    strings keys;
    auto running =
        start(counts(from<trade>("t"), tumbling{1s}, lateness{10s}, drop_late) | detect<learner>(),
              noted{&learned, &keys}, clock_view{clock});
    running.push({"a", 1, 1, at_ms(500)});
    running.tick();
    clock.advance(1min);
    running.tick();
    running.tick();
    CHECK(learned == std::vector<std::uint64_t>{1});  // the preview, judged
    running.push({"a", 1, 1, at_ms(1500)});
    CHECK(learned.back() == 1);
    running.push({"a", 1, 1, at_ms(600)});
    CHECK(learned.back() == 2);  // the correction, judged
    running.push({"b", 1, 1, at_ms(700)});
    CHECK(learned.back() == 1);  // a first record that is late is learned
    running.push({"a", 1, 1, at_ms(2500)});
    CHECK(learned.back() == 2);
    running.push({"b", 1, 1, at_ms(2600)});
    running.finish();
    // The windows that can be corrected no more come again, as they were judged.
    CHECK(learned == std::vector<std::uint64_t>{1, 1, 2, 1, 2, 2, 1, 2, 3, 2});
}

TEST_CASE("a key beyond the limit is refused, or takes the place of one not seen again") {
    std::vector<std::uint64_t> learned;
    strings keys;
    const auto seen = [&](auto detector) {
        learned.clear();
        keys.clear();
        auto running =
            start(from<trade>("t") | key_by(&trade::symbol) | process<count>() | detector,
                  noted{&learned, &keys});
        for (const char* symbol : {"a", "b", "a"}) running.push({symbol, 1, 1, at_ms(1)});
        return running.stats();
    };
    const pipeline_stats refusing = seen(detect<learner>(max_keys{1}, refuse_new_keys));
    CHECK(keys == strings{"a", "a"});
    CHECK(learned == std::vector<std::uint64_t>{1, 2});
    CHECK(refusing.refused_keys == 1);
    const pipeline_stats evicting = seen(detect<learner>(max_keys{1}));
    CHECK(keys == strings{"a", "b", "a"});
    CHECK(learned == std::vector<std::uint64_t>{1, 1, 1});
    CHECK(evicting.evicted_keys == 2);
    CHECK(evicting.refused_keys == 0);
    CHECK(evicting.keys == 2 + 1);
}

TEST_CASE("the result joins the record's") {
    double score = -1;
    auto running = start(
        counts(from<trade>("t"), tumbling{1s}, drop_late) | detect<ewma_zscore<at<"count">>>(),
        [&](const auto& row) {
            CHECK(at<"count">(row) == 1);
            score = at<"score">(row);
        });
    running.push({"a", 1, 1, at_ms(500)});
    running.finish();
    CHECK(score == 0);
}

namespace {

/// Says how many windows of the key it has learned of, which no correction says again.
struct age {
    static constexpr fixed_string name = "age";
    std::uint64_t value = 0;

    void update(const auto& row) { value = value * 3 + at<"count">(row); }
    [[nodiscard]] std::uint64_t result() const { return value % 1000; }
    template <class Archive>
    void archive(Archive& ar) {
        ar(value);
    }
};

constexpr auto age_of = [](const auto& row) { return static_cast<double>(at<"age">(row)); };

}  // namespace

TEST_CASE("what stands behind a detector takes back just what it was given") {
    const auto seed = test_seed();
    std::mt19937 random{seed};
    for (int round = 0; round < 100; ++round) {
        INFO("seed " << seed << " round " << round);
        const random_trades input{static_cast<unsigned>(random()), 300, 4, 900};
        std::map<std::pair<std::string, long long>, double> judged, sums, expected;
        const auto make = [&] {
            return start(counts(from<trade>("t", disorder{50ms}), tumbling{100ms}, lateness{400ms},
                                drop_late) |
                             detect<age>() | publish("judged") |
                             filter([](const auto& row) { return at<"age">(row) % 3 != 0; }) |
                             window(tumbling{500ms}, lateness{10s}, drop_late) |
                             process<sum<age_of>>() | publish("sums"),
                         [&](std::string_view topic, const auto& row) {
                             const std::pair id{row.key, ms_of(row.window.start)};
                             if constexpr (requires { row.result.added; }) {
                                 CHECK(topic == "judged");
                                 judged[id] = age_of(row);
                             } else if (row.change == change::remove) {
                                 REQUIRE(sums.erase(id) == 1);
                             } else {
                                 sums[id] = at<"sum">(row);
                             }
                         });
        };
        auto running = make();
        for (const trade& each : input.events) {
            running.push(each);
            if (random() % 97 != 0) continue;
            const std::string saved = save(running);
            running = make();
            input_archive ar{saved};
            ar(running);
            REQUIRE(ar.ok());
        }
        running.finish();
        for (const auto& [id, value] : judged) {
            if (static_cast<int>(value) % 3 != 0)
                expected[{id.first, id.second / 500 * 500}] += value;
        }
        REQUIRE(sums == expected);
        REQUIRE(running.stats().corrected > 0);
    }
}
