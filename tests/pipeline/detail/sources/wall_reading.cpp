#include <millrace/pipeline/detail/sources/wall_reading.hpp>

#include <string>
#include <vector>

#include <millrace/core/archive.hpp>
#include <millrace/core/stage.hpp>
#include <millrace/operators/tee.hpp>
#include <millrace/pipeline/run.hpp>

#include "../../naive.hpp"
#include "catch.hpp"
#include "trade.hpp"

using namespace millrace;
using namespace std::chrono_literals;

namespace {

/// Notes the times that it is told, and what comes.
struct note_time : stage {
    std::vector<std::string>* out;

    explicit note_time(std::vector<std::string>& to) : out{&to} {}

    template <class Stream>
    static consteval void require() {}
    template <class Stream>
    Stream output(const Stream& in) const {
        return in;
    }
    template <class Stream, class Next>
    auto make_node(const Stream&, Next next) const {
        return node<Next>{{std::move(next)}, out};
    }

    template <class Next>
    struct node : forwarding_node<Next> {
        static constexpr bool wants_wall_time = true;
        std::vector<std::string>* out;

        template <class Event>
        void push(const Event& event, event_stamp at) {
            out->push_back("event");
            this->next.push(event, at);
        }
        void watermark(timestamp to, trigger why) {
            out->push_back("watermark " + std::to_string(ms_of(to)));
            this->next.watermark(to, why);
        }
        void wall_time(timestamp now) {
            out->push_back(std::to_string(ms_of(now)));
            this->next.wall_time(now);
        }
    };
};

using lines = std::vector<std::string>;

/// Counts how often it is read.
struct counted_clock {
    manual_clock* of;
    int* reads;

    [[nodiscard]] timestamp wall() const {
        ++*reads;
        return of->wall();
    }
    [[nodiscard]] std::chrono::nanoseconds elapsed() const { return of->elapsed(); }
};

}  // namespace

TEST_CASE(
    "the wall's time goes on where its clock is set back, and follows where it is set forth") {
    manual_clock clock{at_ms(10'000)};
    detail::wall_reading reading;
    CHECK(reading.next(clock) == at_ms(10'000));
    clock.advance(100ms);
    CHECK(reading.next(clock) == at_ms(10'100));
    clock.set(at_ms(4'000));
    CHECK(reading.next(clock) == at_ms(10'100));
    clock.advance(100ms);
    CHECK(reading.next(clock) == at_ms(10'200));
    clock.set(at_ms(60'000));
    CHECK(reading.next(clock) == at_ms(60'000));
    clock.set(timestamp::max());
    CHECK(reading.next(clock) == timestamp::max());
    clock.advance(0ms);
    CHECK(reading.next(clock) == timestamp::max());
}

TEST_CASE("the wall's time that was saved goes on by another clock, which need not catch up") {
    manual_clock ahead{at_ms(10'000)};
    detail::wall_reading reading;
    reading.next(ahead);
    const std::string saved = save(reading);
    manual_clock behind{at_ms(3'000)};
    behind.advance(1s);
    detail::wall_reading loaded;
    input_archive ar{saved};
    ar(loaded);
    CHECK(loaded.next(behind) == at_ms(10'000));
    behind.advance(1s);
    CHECK(loaded.next(behind) == at_ms(11'000));
}

TEST_CASE("a stage that asks is told the wall's time at each tick, and never with an event") {
    manual_clock clock{at_ms(10'000)};
    lines out;
    int reads = 0;
    auto running = start(
        from<trade>("t", any_time) | note_time{out}, [](const auto&) {},
        counted_clock{&clock, &reads});
    CHECK(std::exchange(out, {}) == lines{"10000"});
    running.push({"A", 1, 1, at_ms(1)});
    clock.advance(1s);
    running.push({"A", 1, 1, at_ms(2)});
    CHECK(std::exchange(out, {}) == lines{"event", "watermark 1", "event", "watermark 2"});
    running.tick();
    clock.set(at_ms(5'000));
    running.tick();
    CHECK(std::exchange(out, {}) == lines{"11000", "11000"});
    CHECK(reads == 3);

    const std::string saved = save(running);
    manual_clock other{at_ms(1'000)};
    auto loaded = start(
        from<trade>("t", any_time) | note_time{out}, [](const auto&) {}, clock_view{other});
    out.clear();
    input_archive ar{saved};
    ar(loaded);
    loaded.tick();
    other.advance(1s);
    loaded.tick();
    CHECK(out == lines{"11000", "12000"});
}

TEST_CASE("who does not ask for the wall's time costs no reading") {
    manual_clock clock{at_ms(10'000)};
    int reads = 0;
    auto running = start(
        from<trade>("t", any_time) | key_by(&trade::symbol), [](const auto&) {},
        counted_clock{&clock, &reads});
    running.tick();
    CHECK(reads == 0);
}

TEST_CASE("each stage is told the wall's time once, also behind a union and in branches") {
    manual_clock clock{at_ms(1'000)};
    lines front, side, behind;
    auto running = start(
        union_of(from<trade>("a", any_time) | note_time{front}, from<trade>("b", any_time)) |
            tee(note_time{side}) | note_time{behind},
        [](const auto&) {}, clock_view{clock});
    CHECK(front == lines{"1000"});
    CHECK(side == lines{"1000"});
    CHECK(behind == lines{"1000"});
    clock.advance(1s);
    running.tick();
    CHECK(front == lines{"1000", "2000"});
    CHECK(side == lines{"1000", "2000"});
    CHECK(behind == lines{"1000", "2000"});
    clock.advance(1s);
    running.source<1>().tick();
    CHECK(behind == lines{"1000", "2000", "3000"});
}
