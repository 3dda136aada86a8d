#include <millrace/pipeline/detail/windows/cell_triggers.hpp>

#include <millrace/operators/final_only.hpp>
#include <millrace/pipeline/detail/windows/window_table.hpp>
#include <millrace/windows/session.hpp>

#include "../../triggers.hpp"
#include "counted_new.hpp"

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
    CHECK(sizeof(detail::window_table<int, count>::cell) == sizeof(cell));
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

namespace {

template <class... Options>
auto picky(auto source, const firing_setup& of, Options... options) {
    return std::move(source) | key_by(&trade::symbol) |
           window(tumbling{milliseconds{of.size}, milliseconds{of.offset}}, drop_late,
                  lateness{milliseconds{of.lateness}}, options...) |
           process<picky_totals>();
}

}  // namespace

TEST_CASE("early triggers by events, and late ones, against a batch model") {
    auto reasons = check_random_firing(model_of, [](const auto& of, auto sink, auto clock) {
        return start(
            picky(of_shared_time(of), of, early{events{of.events}}, late{events{of.late_events}}),
            sink, clock);
    });
    CHECK(reasons["early"] > 500);
    CHECK(reasons["late"] > 500);
}

TEST_CASE("a trigger of one's own, and none for what is late, against a batch model") {
    const auto model = [](const firing_setup& of) {
        naive_firing made = model_of(of);
        made.early = {naive_trigger::large, of.large};
        made.late = {naive_trigger::each};
        made.is_per_key = true;
        return made;
    };
    auto reasons = check_random_firing(model, [](const auto& of, auto sink, auto clock) {
        return start(picky(of_own_time(of), of, early{after_large{double(of.large)}}), sink, clock);
    });
    CHECK(reasons["early"] > 500);
    CHECK(reasons["late"] > 500);
}

TEST_CASE("early triggers by an interval of the wall's time against a batch model") {
    const auto check = [](bool is_per_key, auto source_of) {
        const auto model = [is_per_key](const firing_setup& of) {
            naive_firing made = model_of(of);
            made.early = {};
            made.interval = of.interval;
            made.says_final = false;
            made.is_per_key = is_per_key;
            return made;
        };
        auto reasons = check_random_firing(model, [&](const auto& of, auto sink, auto clock) {
            return start(picky(source_of(of), of, early{every{milliseconds{of.interval}}},
                               late{events{of.late_events}}, without_final),
                         sink, clock);
        });
        CHECK(reasons["early"] > 500);
        CHECK(reasons["late"] > 500);
    };
    check(false, of_shared_time);
    check(true, of_own_time);
}
