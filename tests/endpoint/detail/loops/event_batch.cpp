#include <millrace/endpoint/detail/loops/event_batch.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "catch.hpp"

using namespace millrace;
using namespace millrace::detail;

namespace {

struct inside {
    std::string_view text;
};

struct named {
    std::string_view name;
    std::optional<std::string_view> note;
    int number;
    inside nested;
};

struct unlisted {
    std::string_view name;
};

struct only_moves {
    std::unique_ptr<int> value;
    int number;
};

}  // namespace

template <>
inline constexpr auto millrace::schema<named> = millrace::fields(
    millrace::field{"name", &named::name}, millrace::field{"note", &named::note},
    millrace::field{"number", &named::number},
    millrace::nested_field{"text", &named::nested, millrace::field{"text", &inside::text}});

template <>
inline constexpr auto millrace::schema<only_moves> = millrace::fields(millrace::field{
    "number", &only_moves::number});

static_assert(portable_event<named>);
static_assert(!portable_event<unlisted>, "its view is not known");
static_assert(described<only_moves> && !portable_event<only_moves>);

namespace {

using runs = std::vector<std::pair<event_sender*, std::vector<int>>>;

runs runs_of(event_batch<named>& batch) {
    runs all;
    batch.for_each_run([&](const auto& from, std::span<const named> events) {
        all.emplace_back(from.get(), std::vector<int>{});
        for (const auto& each : events) all.back().second.push_back(each.number);
        return events.size();
    });
    return all;
}

}  // namespace

TEST_CASE("a batch keeps what an event's views refer to") {
    event_batch<named> batch;
    REQUIRE(batch.empty());
    batch.begin(std::make_shared<event_sender>());
    for (int i = 0; i < 5000; ++i) {
        std::string name = "name " + std::to_string(i), note(static_cast<std::size_t>(i % 50), 'x'),
                    text = "text " + std::to_string(i);
        batch.keep(
            {name, i % 2 == 0 ? std::optional<std::string_view>{note} : std::nullopt, i, {text}});
        for (auto* const each : {&name, &note, &text}) each->assign(each->size(), '?');
    }
    REQUIRE(batch.size() == 5000);
    batch.for_each_run([](const auto&, std::span<const named> events) {
        REQUIRE(events.size() == 5000);
        for (int i = 0; i < 5000; ++i) {
            const auto& event = events[static_cast<std::size_t>(i)];
            REQUIRE(event.name == "name " + std::to_string(i));
            REQUIRE(event.note.has_value() == (i % 2 == 0));
            if (event.note)
                REQUIRE(*event.note == std::string(static_cast<std::size_t>(i % 50), 'x'));
            REQUIRE(event.number == i);
            REQUIRE(event.nested.text == "text " + std::to_string(i));
        }
        return events.size();
    });
    batch.clear();
    REQUIRE(batch.empty());
    REQUIRE(runs_of(batch).empty());
}

TEST_CASE("a batch knows whose its events are, and holds on to nobody without one") {
    event_batch<named> batch;
    const auto a = std::make_shared<event_sender>(), b = std::make_shared<event_sender>();
    batch.begin(a);
    batch.keep({"", {}, 1, {}});
    batch.begin(a);
    batch.keep({"", {}, 2, {}});
    batch.begin(b);
    batch.reject();
    batch.begin(a);
    batch.keep({"", {}, 3, {}});
    batch.begin(b);
    batch.keep({"", {}, 4, {}});
    REQUIRE(runs_of(batch) == runs{{a.get(), {1, 2, 3}}, {b.get(), {4}}});
    REQUIRE(batch.take_rejected() == 1);
    REQUIRE(batch.take_rejected() == 0);
    for (int i = 0; i < 100; ++i) {
        batch.begin(a);
        batch.begin(b);
    }
    batch.clear();
    REQUIRE(a.use_count() == 1);
    REQUIRE(b.use_count() == 1);
}

TEST_CASE("a batch that is taken in part goes on where it was left") {
    event_batch<named> batch;
    const auto a = std::make_shared<event_sender>(), b = std::make_shared<event_sender>();
    for (int i = 1; i <= 4; ++i) {
        batch.begin(i < 3 ? a : b);
        batch.keep({"", {}, i, {}});
    }
    std::vector<int> one_by_one;
    for (int i = 0; i < 4; ++i) {
        REQUIRE_FALSE(batch.is_taken());
        bool is_first = true;
        batch.for_each_run([&](const auto&, std::span<const named> events) -> std::size_t {
            if (!std::exchange(is_first, false)) return 0;
            one_by_one.push_back(events.front().number);
            return 1;
        });
    }
    REQUIRE(batch.is_taken());
    REQUIRE(one_by_one == std::vector{1, 2, 3, 4});
    REQUIRE(runs_of(batch).empty());
    batch.clear();
    batch.begin(a);
    batch.keep({"", {}, 5, {}});
    REQUIRE(runs_of(batch) == runs{{a.get(), {5}}});
}
