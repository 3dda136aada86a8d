#include <millrace/pipeline/detail/graph/operator_node.hpp>

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <millrace/analyzers/count.hpp>
#include <millrace/operators/filter.hpp>
#include <millrace/operators/flat_map.hpp>
#include <millrace/operators/map.hpp>
#include <millrace/pipeline/process.hpp>
#include <millrace/pipeline/publish.hpp>
#include <millrace/pipeline/run.hpp>
#include <millrace/windows/tumbling.hpp>

#include "catch.hpp"
#include "trade.hpp"

using namespace millrace;
using namespace std::chrono_literals;

namespace {

/// Passes on the first `left` records.
struct first_few : stage {
    int left;

    explicit first_few(int count) : left{count} {}

    template <class Event>
    using output = Event;
    template <class Event>
    static consteval void require() {}
    template <class Event, class Emit>
    void apply(const Event& event, Emit&& emit) {
        if (left-- > 0) emit(event);
    }
    template <class Archive>
    void archive(Archive& ar) {
        ar(left);
    }
};

}  // namespace

TEST_CASE("an operator with state learns nothing from previews") {
    manual_clock clock{at_ms(1'000'000'000)};
    std::vector<trigger> fired;
    auto running = start(
        from<trade>("t") | window(tumbling{1s}, drop_late) | process<count>() | first_few{1} |
            publish("first"),
        [&](const auto& row) { fired.push_back(row.fired_by); }, clock_view{clock});
    running.push({"a", 1, 1, at_ms(1)});
    running.tick();
    clock.advance(1min);
    running.tick();
    running.tick();
    running.push({"a", 1, 1, at_ms(1000)});
    running.push({"a", 1, 1, at_ms(2000)});
    CHECK(fired == std::vector{trigger::idle, trigger::watermark});
}

namespace {

/// Of a window: whether many or few came of a key.
struct graded {
    std::string_view grade;
    timestamp time;
};

}  // namespace

template <>
inline constexpr auto millrace::schema<graded> = fields(field{"grade", &graded::grade},
                                                        event_time{"time", &graded::time});

namespace {

/// How many windows have each grade at the end, of a random stream where most windows are
/// corrected; `grade` is an operator that makes a `graded` of a record and a scratch text.
template <class Grade>
void check_grades(Grade grade, const std::vector<std::string>& of_all = {}) {
    const auto seed = test_seed();
    INFO("seed " << seed);
    std::mt19937 random{seed};
    std::map<std::string, std::uint64_t> told;
    auto scratch = std::make_shared<std::string>();
    auto running = start(from<trade>("t") | key_by(&trade::symbol) |
                             window(tumbling{1s}, lateness{1h}, drop_late) | process<count>() |
                             grade(scratch) | key_by(&graded::grade) | process<count>(),
                         [&](const auto& row) { told[row.key] = at<"count">(row); });
    std::map<std::pair<char, int>, int> windows;
    for (int i = 0; i < 300; ++i) {
        const char key = "abc"[random() % 3];
        const int second = static_cast<int>(random() % 20);
        ++windows[{key, second}];
        running.push({std::string_view{&key, 1}, 1, 1, at_ms(second * 1000)});
    }
    running.finish();
    std::map<std::string, std::uint64_t> expected;
    for (const auto& [_, size] : windows) {
        ++expected[size < 5 ? "few" : "many"];
        for (const std::string& each : of_all) ++expected[each];
    }
    CHECK(told == expected);
}

std::string_view grade_into(std::string& scratch, std::uint64_t size) {
    return scratch = size < 5 ? "few" : "many";
}

/// Two elements that stand in the same memory, one after the other.
struct grade_and_all {
    std::string* scratch;
    std::uint64_t size;
    timestamp time;

    struct iterator {
        using difference_type = std::ptrdiff_t;
        using value_type = graded;

        const grade_and_all* of;
        int at;

        graded operator*() const {
            if (at == 1) return {*of->scratch = "all", of->time};
            return {grade_into(*of->scratch, of->size), of->time};
        }
        iterator& operator++() { return ++at, *this; }
        void operator++(int) { ++at; }
        bool operator==(std::default_sentinel_t) const { return at == 2; }
    };
    [[nodiscard]] iterator begin() const { return {this, 0}; }
    [[nodiscard]] std::default_sentinel_t end() const { return {}; }
};

}  // namespace

TEST_CASE(
    "a result may refer to memory that the next call uses again, also where it is corrected") {
    check_grades([](auto scratch) {
        return map([scratch](const auto& row) {
            return graded{grade_into(*scratch, at<"count">(row)), row.window.start};
        });
    });
    check_grades(
        [](auto scratch) {
            return flat_map([scratch](const auto& row) {
                return grade_and_all{scratch.get(), at<"count">(row), row.window.start};
            });
        },
        {"all"});
}

TEST_CASE("a correction that an operator lets through only before or behind it") {
    std::vector<std::pair<std::uint64_t, change>> told;
    auto running = start(
        from<trade>("t") | window(tumbling{1s}, lateness{1h}, drop_late) | process<count>() |
            filter([](const auto& row) { return at<"count">(row) % 4 > 1; }) | publish("some"),
        [&](const auto& row) { told.emplace_back(at<"count">(row), row.change); });
    running.push({"a", 1, 1, at_ms(1)});
    running.push({"a", 1, 1, at_ms(1001)});
    for (int i = 0; i < 5; ++i) running.push({"a", 1, 1, at_ms(1)});
    using row = std::pair<std::uint64_t, change>;
    CHECK(told ==
          std::vector<row>{
              {2, change::insert}, {3, change::update}, {3, change::remove}, {6, change::insert}});
}

TEST_CASE("where an operator threw at a record, its correction comes as if the record were new") {
    const auto told_of = [](auto op) {
        std::vector<std::pair<std::uint64_t, change>> told;
        auto running =
            start(from<trade>("t") | window(tumbling{1s}, lateness{1h}, drop_late) |
                      process<count>() | op | publish("some"),
                  [&](const auto& row) { told.emplace_back(at<"count">(row), row.change); });
        running.push({"a", 1, 1, at_ms(1)});
        CHECK_THROWS_AS((running.push({"a", 1, 1, at_ms(1001)})), std::runtime_error);
        for (int i = 0; i < 3; ++i) running.push({"a", 1, 1, at_ms(1)});
        return told;
    };
    using row = std::pair<std::uint64_t, change>;
    const std::vector<row> right{{2, change::insert}, {3, change::update}, {4, change::update}};
    const auto throw_at_one = [](const auto& each) {
        if (at<"count">(each) == 1) throw std::runtime_error{"one"};
    };
    CHECK(told_of(filter([&](const auto& each) {
              throw_at_one(each);
              return true;
          })) == right);
    CHECK(told_of(flat_map([&](const auto& each) {
              throw_at_one(each);
              return std::vector{each};
          })) == right);
}
