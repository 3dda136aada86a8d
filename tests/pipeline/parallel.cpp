#include <millrace/pipeline/parallel.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <random>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <millrace/analyzers/sum.hpp>
#include <millrace/analyzers/summary.hpp>
#include <millrace/operators/errors_to.hpp>
#include <millrace/operators/filter.hpp>
#include <millrace/operators/final_only.hpp>
#include <millrace/operators/map.hpp>
#include <millrace/operators/measure_time.hpp>
#include <millrace/operators/tee.hpp>
#include <millrace/pipeline/describe.hpp>
#include <millrace/pipeline/latest.hpp>
#include <millrace/pipeline/process_with_state.hpp>
#include <millrace/pipeline/rate_limit.hpp>
#include <millrace/pipeline/union_of.hpp>
#include <millrace/windows/by_count.hpp>
#include <millrace/windows/session.hpp>
#include <millrace/windows/sliding.hpp>

#include "fed.hpp"
#include "naive.hpp"

using namespace millrace;
using namespace std::chrono_literals;

namespace {

using totals = summary<count, sum<&trade::price>>;

/// What is thrown at some events, and at nothing else.
struct refusal : std::runtime_error {
    refusal() : std::runtime_error{"it is refused"} {}
};
trade checked(const trade& one) {
    if (static_cast<int>(one.price) % 37 == 0) throw refusal{};
    return one;
}

/// Likewise, of records: also while windows close, which costs no event.
template <class Row>
Row checked_row(const Row& row) {
    if (static_cast<int>(at<"sum">(row)) % 11 == 3) throw refusal{};
    return row;
}

/// Sections, and what stands behind them.
struct corrected_windows {
    static constexpr bool is_also_unordered = true;
    static auto section() {
        return errors_to("broken") | map(checked) |
               window(tumbling{100ms}, lateness{80ms}, late_to("late")) | process<totals>();
    }
    static auto behind() { return publish("rows"); }
};
struct thrown_at {
    static constexpr bool is_also_unordered = false;
    static auto section() {
        return filter([](const trade& t) { return t.price > 50; }) | map(checked) |
               window(sliding{120ms, 40ms}, drop_late) | process<totals>() |
               map([](const auto& row) { return checked_row(row); }) | tee(publish("inner")) |
               publish("rows");
    }
    static auto behind() {
        return filter([](const auto& row) { return at<"count">(row) > 1; });
    }
};
/// Sessions that are corrected come by how many events they have, which a correction changes.
struct corrected_input {
    static constexpr bool is_also_unordered = false;
    static auto front() {
        return window(session{60ms}, lateness{100ms}, without_final, drop_late) |
               process<totals>() | key_by("group", [](const auto& row) {
                   return std::to_string(at<"count">(row) % 10);
               });
    }
    static auto section() {
        return window(tumbling{200ms}, lateness{300ms}, late_to("late")) |
               process<summary<count, sum<at<"sum">>>>();
    }
    static auto behind() { return publish("rows"); }
};
struct seen {
    std::uint64_t events = 0;
    template <class Archive>
    void archive(Archive& ar) {
        ar(events);
    }
};
struct states_and_timers {
    static constexpr bool is_also_unordered = false;
    static auto section() {
        return process_with_state<seen>(
                   [](auto& ctx, const trade& one) {
                       trade out = one;
                       out.size = static_cast<double>(++ctx.state().events);
                       ctx.emit(out);
                       ctx.timer_at(one.time + 70ms);
                   },
                   [](auto& ctx, timestamp at) {
                       if (at.time_since_epoch() % 7ms == 0ms) throw refusal{};
                       ctx.emit({ctx.key(), -1, static_cast<double>(ctx.state().events), at});
                   }) |
               publish("states") | window(tumbling_count{3}) | process<totals>();
    }
    static auto behind() { return publish("rows"); }
};
struct by_the_wall {
    static constexpr bool is_also_unordered = true;
    static auto section() {
        return rate_limit(3, 50ms) | window(tumbling{200ms}, early{every{1s}}, drop_late) |
               process<totals>() | map([](const auto& row) { return checked_row(row); });
    }
    static auto behind() { return final_only() | latest(); }
};

/// Lines of what came out, with all that a record says but what its loop found late.
struct note_lines {
    std::vector<std::pair<std::string, std::string>>* out;  ///< with what their key is

    template <class Row>
    void operator()(std::string_view topic, const Row& row) const {
        std::string line{topic};
        const auto add = [&](const auto& part) { line += " " + std::to_string(part); };
        if constexpr (std::same_as<Row, trade>) {
            line += " " + std::string{row.symbol};
            add(ms_of(row.time)), add(row.price), add(row.size);
            out->emplace_back(std::string{topic} + " " + std::string{row.symbol}, line);
        } else {
            line += " " + row.key;
            add(ms_of(row.window.start)), add(ms_of(row.window.end));
            add(at<"count">(row)), add(at<"sum">(row)), add(row.revision);
            line += " " + std::string{schema<trigger>.name_of(row.fired_by)} + " " +
                    std::string{schema<change>.name_of(row.change)};
            add(row.is_final);
            add(ms_of(row.watermark));
            out->emplace_back(std::string{topic} + " " + row.key, line);
        }
    }
};

struct outcome {
    std::vector<std::pair<std::string, std::string>> lines{};
    std::uint64_t late = 0, failed = 0, corrected = 0;

    /// In the order of each key.
    [[nodiscard]] std::map<std::string, strings> by_key() const {
        std::map<std::string, strings> keys;
        for (const auto& [key, line] : lines) keys[key].push_back(line);
        return keys;
    }
};

/// A drawn stream, and how it is fed.
struct drawn {
    struct step {
        enum { one, span, time, look, cut } kind;
        std::vector<trade> events;
        long long ms;
    };
    std::vector<std::string> symbols{};
    std::vector<step> steps{};

    explicit drawn(std::mt19937& random) {
        const auto below = [&](unsigned n) { return static_cast<int>(random() % n); };
        const int keys = 1 + below(12), jitter = below(150);
        for (int i = 0; i != keys; ++i)
            symbols.push_back((below(2) == 0 ? "K" : "a key that is not short ") +
                              std::to_string(i));
        long long now = 1000;
        const auto draw = [&] {
            now += below(12) + (below(80) == 0 ? 400 : 0);
            return trade{symbols[static_cast<std::size_t>(below(static_cast<unsigned>(keys)))],
                         static_cast<double>(below(200)), 1,
                         at_ms(now - below(1u + static_cast<unsigned>(jitter)))};
        };
        const int cut = below(60);
        for (int i = 0; i != 60; ++i) {
            if (i == cut) steps.push_back({step::cut, {}, 0});
            const int kind = below(8);
            if (kind == 0) steps.push_back({step::time, {}, now - jitter});
            if (kind == 1) steps.push_back({step::look, {}, 1 + below(25'000)});
            if (kind == 2 || kind == 3) steps.push_back({step::one, {draw()}, 0});
            if (kind > 3) {
                steps.push_back({step::span, {}, 0});
                for (int n = below(30); n >= 0; --n) steps.back().events.push_back(draw());
            }
        }
    }
};

auto source() { return from<trade>("trades", disorder{40ms}) | key_by(&trade::symbol); }
template <class Part>
auto front_of() {
    if constexpr (requires { Part::front(); }) {
        return source() | Part::front();
    } else {
        return source();
    }
}

/// What a pipeline gives, to which what is thrown at events goes at any call.
template <class Pipeline>
outcome outcome_of(const Pipeline& description, const drawn& stream) {
    outcome all;
    manual_clock clock{at_ms(1'000'000'000)};
    const auto start_one = [&] {
        return start(description, note_lines{&all.lines}, clock_view{clock});
    };
    const auto call = [](auto&& act) {
        try {
            act();
        } catch (const refusal&) {
        }
    };
    auto running = start_one();
    for (const auto& each : stream.steps) {
        switch (each.kind) {
            case drawn::step::one: call([&] { running.push(each.events.front()); }); break;
            case drawn::step::span: call([&] { running.push(each.events); }); break;
            case drawn::step::time: call([&] { running.advance(at_ms(each.ms)); }); break;
            case drawn::step::look:
                clock.advance(each.ms * 1ms);
                call([&] { running.tick(); });
                break;
            case drawn::step::cut: {
                std::string saved;
                while (saved.empty()) call([&] { saved = save(running); });
                auto second = start_one();
                REQUIRE_FALSE(load(saved, second));
                running = std::move(second);
            }
        }
    }
    std::error_code error;
    call([&] { error = running.finish(); });
    CHECK_FALSE(error);
    const auto stats = running.stats();
    all.late = stats.late, all.failed = stats.failed, all.corrected = stats.corrected;
    return all;
}

template <class Part>
void check_loops() {
    const unsigned seed = test_seed();
    for (unsigned run = 0; run != 50; ++run) {
        CAPTURE(seed, run);
        std::mt19937 random{seed * 1000 + run};
        const drawn stream{random};
        const auto same_counts = [](const outcome& a, const outcome& b) {
            return a.late == b.late && a.failed == b.failed && a.corrected == b.corrected;
        };
        const outcome one = outcome_of(front_of<Part>() | Part::section() | Part::behind(), stream);
        std::vector<std::pair<std::string, std::string>> in_order;
        for (const std::size_t loops : {1u, 2u, 3u}) {
            if constexpr (Part::is_also_unordered) {
                const outcome apart = outcome_of(
                    front_of<Part>() | parallel(loops, Part::section()) | Part::behind(), stream);
                REQUIRE((apart.by_key() == one.by_key()));
                REQUIRE(same_counts(apart, one));
            }

            const outcome ordered_ones = outcome_of(
                front_of<Part>() | parallel(loops, ordered, Part::section()) | Part::behind(),
                stream);
            REQUIRE((ordered_ones.by_key() == one.by_key()));
            REQUIRE(same_counts(ordered_ones, one));
            if (loops == 1) in_order = ordered_ones.lines;
            REQUIRE((ordered_ones.lines == in_order));
        }
    }
}

}  // namespace

TEST_CASE("in any number of loops: windows that are corrected, what is late, what throws") {
    check_loops<corrected_windows>();
}
TEST_CASE("in any number of loops: sliding windows, topics of a section, what throws") {
    check_loops<thrown_at>();
}
TEST_CASE("in any number of loops: what corrects sessions, by a key that it changes") {
    check_loops<corrected_input>();
}
TEST_CASE("in any number of loops: states, timers and windows by count") {
    check_loops<states_and_timers>();
}
TEST_CASE("in any number of loops: what goes by the wall's clock") { check_loops<by_the_wall>(); }

TEST_CASE("a description shows the stages of a section, and their counts are of all loops") {
    const auto bars =
        source() |
        parallel(3, window(tumbling{1s}, drop_late) | process<totals>() | tee(publish("inner"))) |
        publish("bars");
    strings names, counted;
    for (const auto& each : describe(bars).stages) names.push_back(each.id);
    CHECK(names == strings{"1_from", "2_key_by", "3_parallel", "4_window", "5_process", "6_tee",
                           "7_publish", "8_publish"});

    auto running = start(bars, [](const auto&) {});
    for (int i = 0; i != 100; ++i) running.push({"k" + std::to_string(i), 1, 1, at_ms(100)});
    CHECK(running.stats().events == 100);
    static_cast<void>(save(running));  // behind all that is under way
    CHECK(running.stats().keys == 100);
    CHECK_FALSE(running.finish());
    for (const auto& each : running.stages()) {
        counted.push_back(each.name);
        CHECK(each.events_in == 100);
        if (each.name == "3_parallel") CHECK(each.events_out == 100);
    }
    CHECK(counted == names);
}

TEST_CASE("the time of a section is that of its loops, and not of the stage in front") {
    auto running = start(from<trade>("t", any_time) | measure_time | key_by(&trade::symbol) |
                             parallel(2, process_with_state<seen>([](auto& ctx, const trade& one) {
                                          const auto end = std::chrono::steady_clock::now() + 1ms;
                                          while (std::chrono::steady_clock::now() < end) {
                                          }
                                          ctx.emit(one);
                                      })) |
                             publish("t"),
                         [](const auto&) {});
    for (int i = 0; i != 50; ++i) running.push({"k" + std::to_string(i % 7), 1, 1, at_ms(i)});
    CHECK_FALSE(running.finish());
    std::map<std::string, duration> spent;
    for (const auto& each : running.stages()) spent[each.name] = each.time_spent.value_or(0ms);
    CHECK(spent.at("4_process_with_state") >= 50ms);
    CHECK(spent.at("3_parallel") >= 0ms);
    CHECK(spent.at("5_publish") >= 0ms);
    CHECK(spent.at("2_key_by") >= 0ms);
}

TEST_CASE("a loop that is slow holds up who pushes, and nothing is lost") {
    std::atomic<std::uint64_t> taken = 0;
    std::uint64_t given = 0;
    auto running = start(source() | parallel(2, map([&taken](const trade& one) {
                                                 ++taken;
                                                 return one;
                                             })),
                         [&](const trade&) { ++given; });
    std::vector<trade> many(20'000, trade{"a", 1, 1, at_ms(1)});
    for (std::size_t round = 0; round != 5; ++round) {
        CHECK(running.push(many) == many.size());
        // No more are under way than the queues hold.
        CHECK((round + 1) * many.size() - taken <= 10 * 512);
    }
    CHECK_FALSE(running.finish());
    CHECK(taken == 5 * many.size());
    CHECK(given == 5 * many.size());
}

TEST_CASE("who drives a pipeline is called when something has come out") {
    std::atomic<int> calls = 0;
    std::uint64_t given = 0;
    auto running = start(source() | parallel(2, map([](const trade& one) { return one; })),
                         [&](const trade&) { ++given; });
    running.on_ready([&] {
        ++calls;
        calls.notify_all();
    });
    for (std::uint64_t events = 1; events != 100; ++events) {
        const int before = calls;
        running.push({"a", 1, 1, at_ms(static_cast<long long>(events))});
        // It may have come out before the push returned.
        while (given != events) {
            calls.wait(before);
            running.resume();
        }
    }
    running.on_ready(nullptr);
}

TEST_CASE("a pipeline ends though its section has much to do, and nobody takes what comes out") {
    std::uint64_t given = 0;
    {
        auto running =
            start(source() | parallel(3, process<count>()), [&](const auto&) { ++given; });
        std::vector<trade> many(3'000, trade{"a", 1, 1, at_ms(1)});
        running.push(many);
    }
    CHECK(given <= 3'000);
}

TEST_CASE("a state is loaded by as many loops as have saved it") {
    const auto make = [](std::size_t loops) {
        return start(source() | parallel(loops, process<count>()), [](const auto&) {});
    };
    auto two = make(2);
    two.push({"a", 1, 1, at_ms(1)});
    const std::string saved = save(two);
    auto three = make(3);
    CHECK(load(saved, three));
    auto again = make(2);
    CHECK_FALSE(load(saved, again));
    CHECK(save(again) == saved);
    for (std::size_t cut = 0; cut != saved.size(); ++cut) {
        auto broken = make(2);
        CHECK(load(std::string_view{saved}.substr(0, cut), broken));
    }
}

TEST_CASE("what the sink throws at a result is counted, and goes to who drives") {
    auto running = start(source() | parallel(2, process<count>()), [](const auto& row) {
        if (row.key == "bad") throw refusal{};
    });
    running.push({"bad", 1, 1, at_ms(1)});
    running.push({"good", 1, 1, at_ms(2)});
    CHECK_THROWS_AS(running.finish(), refusal);
    CHECK(running.stats().failed == 1);
    CHECK_FALSE(running.finish());
}

TEST_CASE("loops are from 1 to 128") {
    for (const std::size_t loops : {std::size_t{0}, std::size_t{129}})
        CHECK_THROWS_AS(parallel(loops, process<count>()), std::invalid_argument);
    auto most = start(source() | parallel(128, process<count>()), [](const auto&) {});
    most.push({"a", 1, 1, at_ms(1)});
    CHECK_FALSE(most.finish());
}

TEST_CASE("what is under way in a section is saved with whatever stands behind it") {
    const auto make = [](std::uint64_t& counted) {
        auto slow = source() | parallel(2, map([](const trade& one) {
                                            std::this_thread::yield();
                                            return one;
                                        }));
        auto other = from<trade>("others", disorder{40ms}) | key_by(&trade::symbol);
        return start(union_of(std::move(slow), std::move(other)) | window(tumbling{1h}, drop_late) |
                         process<count>(),
                     [&counted](const auto& row) { counted += at<"count">(row); });
    };
    std::uint64_t counted = 0;
    auto first = make(counted);
    const std::vector<trade> many(400, trade{"a", 1, 1, at_ms(1)});
    first.source<0>().push(many);
    auto second = make(counted);
    REQUIRE_FALSE(load(save(first), second));
    CHECK_FALSE(second.finish());
    CHECK(counted == many.size());
}

TEST_CASE("a loop is told what all are told once, however much comes out between") {
    for (const std::size_t loops : {1u, 2u, 3u}) {
        manual_clock clock{at_ms(1'000'000)};
        std::uint64_t rows = 0;
        auto running = start(
            source() | parallel(loops, window(tumbling{1s}, early{every{1s}}, drop_late) |
                                           process<count>()),
            [&](const auto&) { ++rows; }, clock_view{clock});
        for (int turn = 0; turn != 40; ++turn) {
            clock.advance(10ms);
            running.tick();
        }
        for (int key = 0; key != 5'000; ++key)
            running.push({"k" + std::to_string(key), 1, 1, at_ms(100)});
        running.advance(at_ms(2'000));
        CHECK_FALSE(running.finish());
        CHECK(rows == 5'000);
    }
}

TEST_CASE("who looks at counts does not wait for a loop to have done what it has") {
    std::atomic<int> taken = 0;
    auto running = start(source() | parallel(1, map([&taken](const trade& one) {
                                                 std::this_thread::sleep_for(1ms);
                                                 ++taken;
                                                 return one;
                                             })),
                         [](const trade&) {});
    const std::vector<trade> many(300, trade{"a", 1, 1, at_ms(1)});
    running.push(many);
    while (taken == 0) std::this_thread::yield();
    CHECK(running.stats().events == many.size());
    CHECK(taken < 300);
    CHECK_FALSE(running.finish());
}

TEST_CASE("where who drives cannot be called, it is with the next result") {
    std::uint64_t given = 0;
    std::atomic<int> calls = 0;
    auto running = start(source() | parallel(1, map([](const trade& one) { return one; })),
                         [&](const trade&) { ++given; });
    running.on_ready([&] {
        if (++calls % 2 == 1) throw refusal{};
    });
    for (int i = 0; i != 50; ++i) running.push({"a", 1, 1, at_ms(i)});
    CHECK_FALSE(running.finish());
    running.on_ready(nullptr);
    CHECK(given == 50);
    CHECK(calls > 1);
}

namespace {

std::atomic<int> copies_left = 0;

/// Copying it throws at times.
struct fragile {
    fragile() = default;
    fragile(const fragile&) {
        if (--copies_left == 0) throw refusal{};
    }
    fragile& operator=(const fragile&) = default;
};
struct fragile_event {
    std::string_view symbol;
    fragile part;
};

}  // namespace

template <>
inline constexpr auto millrace::schema<fragile_event> = fields(field{"symbol",
                                                                     &fragile_event::symbol});

TEST_CASE("an event whose copy throws is lost alone, on either way") {
    for (int at = 1; at != 60; ++at) {
        copies_left = 0;
        std::uint64_t given = 0;
        auto running = start(from<fragile_event>("f") | key_by(&fragile_event::symbol) |
                                 parallel(2, filter([](const fragile_event&) { return true; })),
                             [&](const fragile_event&) { ++given; });
        copies_left = at;
        std::uint64_t thrown = 0;
        const auto guard = [&](auto&& act) {
            try {
                act();
            } catch (const refusal&) {
                ++thrown;
            }
        };
        const std::array<fragile_event, 2> events{{{"a", {}}, {"b", {}}}};
        for (std::size_t i = 0; i != 20; ++i) guard([&] { running.push(events[i % 2]); });
        guard([&] { static_cast<void>(running.finish()); });
        const std::uint64_t lost = copies_left <= 0 ? 1 : 0;
        CHECK(thrown == lost);
        CHECK(given == 20 - lost);
        CHECK(running.stats().failed == lost);
    }
}

TEST_CASE("a section whose map gives an event another loop's key refuses that") {
    const auto upper = [](const trade& one) {
        trade out = one;
        if (one.size > 1) out.symbol = "X";
        return out;
    };
    std::uint64_t given = 0;
    auto running =
        start(source() | parallel(3, map(upper) | process<count>()), [&](const auto&) { ++given; });
    std::vector<std::string> keys;
    for (int i = 0; i != 50; ++i) keys.push_back("k" + std::to_string(i));
    for (const auto& each : keys) running.push({each, 1, 1, at_ms(1)});
    CHECK_FALSE(running.finish());
    CHECK(given == 50);
    std::uint64_t thrown = 0;
    for (const auto& each : keys) {
        try {
            running.push({each, 1, 2, at_ms(1)});
        } catch (const std::logic_error&) {
            ++thrown;
        }
    }
    CHECK_THROWS_AS(running.finish(), std::logic_error);
    const std::uint64_t failed = running.stats().failed;
    CHECK(failed > 20);
    CHECK(given == 100 - failed);
}

namespace {

/// Has room for few rows, until it is flushed.
struct narrow_settings {
    std::uint64_t* kept = nullptr;
};
template <class Record>
class narrow_storage {
public:
    using options = narrow_settings;

    narrow_storage(options settings, std::string_view, std::string_view) : kept_{settings.kept} {}
    std::error_code append(const Record&) {
        if (!has_room()) return std::make_error_code(std::errc::no_buffer_space);
        ++waiting_;
        return {};
    }
    [[nodiscard]] bool has_room() const { return waiting_ < 10; }
    template <class F>
    std::error_code scan(const storage_query&, F&&) const {
        return {};
    }
    std::error_code flush() {
        *kept_ += std::exchange(waiting_, 0);
        return {};
    }
    [[nodiscard]] storage_stats stats() const { return {}; }

private:
    std::uint64_t* kept_;
    std::uint64_t waiting_ = 0;
};

template <class... Ordered>
void check_narrow_storage(const Ordered&... ordered_or_not) {
    std::uint64_t kept = 0;
    auto running = start(
        source() |
            parallel(2, ordered_or_not..., window(tumbling{1s}, drop_late) | process<count>()) |
            store<narrow_storage>({&kept}),
        [](const auto&) {});
    running.close_in_slices(7);
    for (int key = 0; key != 3'000; ++key)
        running.push({"k" + std::to_string(key), 1, 1, at_ms(key < 1'500 ? 100 : 1'200)});
    running.advance(at_ms(1'100));
    CHECK_FALSE(running.finish());
    CHECK(kept == 3'000);
}

}  // namespace

TEST_CASE("no row is lost at a storage behind a section that has no room") {
    check_narrow_storage();
    check_narrow_storage(ordered);
}

TEST_CASE("nothing becomes late behind a section of which one loop is slow") {
    std::atomic<bool> is_open = false;
    std::atomic<int> passed = 0;
    std::uint64_t counted = 0;
    auto held = source() | parallel(2, map([&](const trade& one) {
                                        if (one.symbol == "slow") is_open.wait(false);
                                        ++passed;
                                        return one;
                                    }));
    auto others = from<trade>("others", disorder{40ms}) | key_by(&trade::symbol);
    auto running = start(union_of(std::move(held), std::move(others)) |
                             window(tumbling{100ms}, drop_late) | process<count>(),
                         [&](const auto& row) { counted += at<"count">(row); });
    auto [first, second] = running.sources();
    first.push({"slow", 1, 1, at_ms(50)});
    std::vector<std::string> keys;
    for (int i = 0; i != 200; ++i) keys.push_back("k" + std::to_string(i));
    std::vector<trade> many;
    int beside = 0;  // of the loop that is not held up
    for (const auto& key : keys) {
        const detail::key_groups groups{2};
        if (groups.loop_of(key) != groups.loop_of(std::string{"slow"})) ++beside;
        many.push_back({key, 1, 1, at_ms(60 + 10 * static_cast<int>(many.size()))});
    }
    first.push(many);
    second.push(many);
    while (passed != beside) std::this_thread::yield();
    for (int i = 0; i != 3; ++i) running.tick();  // takes what has come out
    is_open = true;
    is_open.notify_all();
    CHECK_FALSE(running.finish());
    CHECK(running.stats().late == 0);
    CHECK(counted == 401);
}

TEST_CASE("a key's group is the same in every run, and groups are spread over loops") {
    using detail::key_groups;
    const auto group = [](const auto& key) { return key_groups{128}.loop_of(key); };
    CHECK(group(std::string{}) == 13);
    CHECK(group(std::string{"SAP"}) == 78);
    CHECK(group(std::string_view{"a longer symbol than sixteen bytes"}) == 26);
    CHECK(group(0) == 112);
    CHECK(group(-1L) == 12);
    std::map<std::size_t, int> of_loop;
    for (int key = 0; key != 10'000; ++key) {
        ++of_loop[key_groups{4}.loop_of("key " + std::to_string(key))];
        ++of_loop[4 + key_groups{4}.loop_of(key)];
    }
    CHECK(of_loop.size() == 8);
    for (const auto& [loop, keys] : of_loop) CHECK(std::abs(keys - 2'500) < 700);
}
