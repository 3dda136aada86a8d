#include <millrace/pipeline/cell_triggers.hpp>

#include <millrace/pipeline/final_only.hpp>
#include <millrace/pipeline/window_pane.hpp>
#include <millrace/windows/session.hpp>

#include "counted_new.hpp"
#include "triggers.hpp"

using namespace millrace;
using namespace std::chrono_literals;
using std::chrono::milliseconds;

namespace {

constexpr auto total = [](const auto& row) { return at<"sum">(row); };

using totals = summary<count, sum<&trade::price>>;

template <class... Options>
auto sums(auto source, Options... options) {
    return std::move(source) | key_by(&trade::symbol) | window(options...) | process<totals>();
}

/// "SIGN TRIGGER#REVISION=SUM": + for an insert, ~ for an update, - for a removal.
struct note_sums {
    strings* out;

    template <class Row>
    void operator()(std::string_view topic, const Row& row) const {
        if constexpr (std::same_as<Row, trade>) {
            out->push_back("late");
        } else {
            constexpr auto names = schema<trigger>;
            out->push_back(std::string{"+~-"[static_cast<int>(row.change)]} +
                           std::string{names.name_of(row.fired_by)} + "#" +
                           std::to_string(row.revision) + "=" +
                           std::to_string(static_cast<int>(at<"sum">(row))) +
                           (row.is_final ? " last" : ""));
            (void)topic;
        }
    }
};

template <class Description>
auto noted(Description description, strings& out) {
    return start(std::move(description), note_sums{&out});
}

}  // namespace

TEST_CASE("a window without triggers holds nothing for them") {
    struct cell {
        int key;
        count state;
        std::uint32_t published;
    };
    CHECK(sizeof(detail::window_pane<int, count>::cell) == sizeof(cell));
    CHECK(std::is_empty_v<firing<>>);
}

TEST_CASE("the golden case of early and late firing") {
    strings out;
    const auto source = from<trade>("t", any_time, disorder{1h});
    SECTION("with a lateness") {
        auto running = noted(
            sums(source, tumbling{10ms}, early{events{2}}, lateness{5ms}, late_to("late")), out);
        for (const int ms : {1, 2}) running.push({"a", double(ms), 1, at_ms(ms)});
        CHECK(out == strings{"+early#0=3"});
        running.push({"a", 4, 1, at_ms(3)});
        CHECK(out.size() == 1);
        running.advance(at_ms(10));
        running.push({"a", 8, 1, at_ms(4)});
        running.advance(at_ms(15));
        CHECK(out == strings{"+early#0=3", "~watermark#1=7", "~late#2=15", "~watermark#3=15 last"});
    }
    SECTION("without") {
        auto running = noted(sums(source, tumbling{10ms}, early{events{2}}, late_to("late")), out);
        for (const int ms : {1, 2, 3}) running.push({"a", ms == 3 ? 4.0 : ms, 1, at_ms(ms)});
        running.advance(at_ms(10));
        running.push({"a", 8, 1, at_ms(4)});
        CHECK(out == strings{"+early#0=3", "~watermark#1=7 last", "late"});
    }
    SECTION("nothing new at the end: the record comes all the same") {
        auto running = noted(sums(source, tumbling{10ms}, early{events{1}}, drop_late), out);
        running.push({"a", 8, 1, at_ms(4)});
        running.advance(at_ms(10));
        CHECK(out == strings{"+early#0=8", "~watermark#1=8 last"});
    }
}

TEST_CASE("the golden case of pane modes: a sum behind an early record is right") {
    strings out;
    auto running = noted(from<trade>("t", any_time, disorder{1h}) | key_by(&trade::symbol) |
                             window(tumbling{10ms}, early{events{1}}, drop_late) |
                             process<sum<&trade::price>>() | window(tumbling{20ms}, drop_late) |
                             process<sum<total>>(),
                         out);
    running.push({"a", 5, 1, at_ms(1)});
    running.push({"a", 2, 1, at_ms(2)});
    running.advance(at_ms(20));
    CHECK(out == strings{"+watermark#0=7 last"});
}

TEST_CASE("the golden case of an interval of processing time") {
    strings out;
    manual_clock clock{at_ms(1'000'000'000'000)};
    const timestamp zero = clock.wall();
    auto running = start(sums(from<trade>("t", any_time, disorder{1h}), tumbling{10ms},
                              early{every{10ms}}, drop_late),
                         note_sums{&out}, clock_view{clock});
    const auto at = [&](int p) {
        clock.advance(zero + milliseconds{p} - clock.wall());
        running.tick();
    };
    at(0);
    running.push({"a", 1, 1, at_ms(1)});
    at(4);
    running.push({"a", 2, 1, at_ms(2)});
    CHECK(out.empty());
    at(10);
    CHECK(out == strings{"+early#0=3"});
    at(12);
    running.push({"a", 4, 1, at_ms(3)});
    at(20);
    at(21);
    CHECK(out.size() == 1);
    running.advance(at_ms(10));
    at(22);
    at(100);
    CHECK(out == strings{"+early#0=3", "~watermark#1=7 last"});
}

TEST_CASE("an interval goes on where it was saved, in each kind of window") {
    const auto check = [](auto source, auto window) {
        strings out;
        manual_clock clock{at_ms(1'000'000'000'000)};
        const auto make = [&] {
            return start(sums(source, window, early{every{1s}}, drop_late), note_sums{&out},
                         clock_view{clock});
        };
        auto running = make();
        running.tick();
        running.push({"a", 1, 1, at_ms(1)});
        running.push({"b", 2, 1, at_ms(2)});
        auto resumed = make();
        const std::string saved = save(running);
        input_archive in{saved};
        in(resumed);
        REQUIRE(in.ok());
        clock.advance(999ms);
        resumed.tick();
        CHECK(out.empty());
        clock.advance(1ms);
        resumed.tick();
        CHECK(out == strings{"+early#0=1", "+early#0=2"});
        resumed.finish();
        CHECK(out.size() == 4);
    };
    const auto source = from<trade>("t", any_time);
    check(source, tumbling{10s});
    check(source, session{10s});
    check(from<trade>("t", any_time, per_key(&trade::symbol)), tumbling{10s});
    check(from<trade>("t", any_time, per_key(&trade::symbol)), session{10s});
}

#if MILLRACE_COUNTS_ALLOCATIONS
TEST_CASE("an event allocates nothing, with early triggers, once all windows have been") {
    const strings symbols{"a", "b", "c", "d", "e"};
    double sum = 0;
    manual_clock clock{at_ms(1'000'000'000'000)};
    auto running = start(
        sums(from<trade>("t"), tumbling{1s}, early{events{7}}, early{every{20ms}}, drop_late),
        [&](const auto& row) { sum += at<"sum">(row); }, clock_view{clock});
    std::size_t before = 0;
    for (int ms = 0; ms < 100'000; ms += 7) {
        if (ms > 50'000 && before == 0) before = allocation_count;
        running.push({symbols[static_cast<std::size_t>(ms) % 5], 1, 1, at_ms(ms)});
        clock.advance(7ms);
        if (ms % 3 == 0) running.tick();
    }
    CHECK(allocation_count == before);
    CHECK(sum > 0);
}
#endif

TEST_CASE("early and late triggers against a batch model") {
    const auto seed = test_seed();
    std::mt19937 random{seed};
    const auto below = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
    std::size_t earlies = 0, lates = 0;
    for (int round = 0; round < 400; ++round) {
        const bool is_per_key = below(3) == 0;
        const bool has_late_trigger = below(2) == 0, is_large = below(3) == 0;
        const bool says_final = below(3) != 0;
        const int size = 1 + below(400), disorder_ms = below(3) == 0 ? 0 : below(300);
        const int lateness_ms = 1 + below(1500), jitter = below(1500), step = 1 + below(20);
        const auto n = static_cast<std::uint32_t>(1 + below(6)),
                   late_n = static_cast<std::uint32_t>(1 + below(4));
        const long long shift = below(2) == 0 ? -102'000 : 0;
        INFO("seed " << seed << " round " << round << " size " << size << " disorder "
                     << disorder_ms << " lateness " << lateness_ms << " events " << n << ", late "
                     << late_n << has_late_trigger << ", large " << is_large << ", per key "
                     << is_per_key << ", final " << says_final);
        naive_firing naive{
            size,
            disorder_ms,
            lateness_ms,
            is_per_key,
            {is_large ? naive_trigger::large : naive_trigger::by_count, is_large ? n * 100 : n},
            {has_late_trigger ? naive_trigger::by_count : naive_trigger::each, late_n},
            says_final};
        std::map<naive_firing::id, std::vector<naive_firing::said>> found;
        const auto sink = [&](const auto& row) {
            const naive_firing::id at{row.key, ms_of(row.window.start)};
            auto& rows = found[at];
            REQUIRE(row.revision == rows.size());
            REQUIRE((row.change == change::insert) == rows.empty());
            rows.push_back({std::string{schema<trigger>.name_of(row.fired_by)},
                            millrace::at<"count">(row), millrace::at<"sum">(row), row.is_final});
        };
        random_trades input{static_cast<unsigned>(random()), 300, 1 + below(5), jitter};
        const auto run = [&](const auto& make) {
            auto running = make();
            int slice = below(2) == 0 ? 0 : 1 + below(3);
            if (slice != 0) running.close_in_slices(static_cast<std::size_t>(slice));
            for (trade each : input.events) {
                const long long time = (ms_of(each.time) + shift) / step * step;
                each.time = at_ms(time);
                naive.all.push_back({std::string{each.symbol}, time, each.price});
                running.push(each);
                if (slice != 0 && below(2) == 0) running.resume();
                if (below(97) != 0) continue;
                const std::string saved = save(running);
                auto resumed = make();
                input_archive ar{saved};
                ar(resumed);
                REQUIRE(ar.ok());
                REQUIRE(ar.bytes_left() == 0);
                REQUIRE(save(resumed) == saved);
                running = std::move(resumed);
                slice = 0;
            }
            running.finish();
            REQUIRE(running.stats().keys == 0);
        };
        const auto with = [&](auto source, auto... options) {
            run([&] {
                return start(sums(source, tumbling{milliseconds{size}}, drop_late,
                                  lateness{milliseconds{lateness_ms}}, options...),
                             sink);
            });
        };
        const auto of = [&](auto... options) {
            const disorder d{milliseconds{disorder_ms}};
            if (is_per_key) {
                with(from<trade>("t", any_time, per_key(&trade::symbol), d), options...);
            } else {
                with(from<trade>("t", any_time, d), options...);
            }
        };
        const auto by = [&](auto... options) {
            if (is_large) {
                of(early{after_large{double(n * 100)}}, options...);
            } else {
                of(early{events{n}}, options...);
            }
        };
        if (has_late_trigger && says_final) by(late{events{late_n}});
        if (has_late_trigger && !says_final) by(late{events{late_n}}, without_final);
        if (!has_late_trigger && says_final) by();
        if (!has_late_trigger && !says_final) by(without_final);
        const auto expected = naive.records();
        for (const auto& [at, rows] : expected) {
            INFO("window " << at.first << " " << at.second);
            REQUIRE(found.contains(at));
        }
        REQUIRE(found.size() == expected.size());
        for (const auto& [at, rows] : expected) {
            INFO("window " << at.first << " " << at.second);
            const auto& got = found[at];
            const auto text = [](const std::vector<naive_firing::said>& all) {
                strings made;
                for (const auto& each : all)
                    made.push_back(each.why + " " + std::to_string(each.count) + " " +
                                   std::to_string(each.sum) + (each.is_final ? " final" : ""));
                return made;
            };
            if (got != rows) REQUIRE(text(got) == text(rows));
            for (const auto& each : rows) {
                earlies += each.why == "early";
                lates += each.why == "late";
            }
        }
    }
    CHECK(earlies > 1000);
    CHECK(lates > 1000);
}
