#include <millrace/pipeline/detail/sources/source.hpp>

#include <optional>
#include <random>

#include "../../fed.hpp"
#include "../../naive.hpp"

using namespace millrace;
using namespace std::chrono_literals;

namespace {

/// Whatever would be late.
std::uint64_t late_of(const auto& keys) { return keys.stats().late; }

}  // namespace

TEST_CASE("an event far ahead of the clock is refused, and counted") {
    fed keys{counts(from<trade>("t"), tumbling{1s}, drop_late)};
    const long long now = ms_of(keys.clock.wall());
    CHECK(keys.push("a", now) == errc{});
    CHECK(keys.push("bad", now + 3'600'001) == errc::too_far_ahead);
    CHECK(keys.push("bad", 4'102'444'800'000) == errc::too_far_ahead);  // 2100
    CHECK(keys.push("a", now + 1) == errc{});
    CHECK(keys.stats().events == 2);
    CHECK(keys.stats().rejected == 2);
    CHECK(late_of(keys) == 0);
    CHECK(keys.out.empty());
}

TEST_CASE("an event ahead of the clock makes nothing late that comes at its time") {
    for (const duration size : {50ms, 1000ms}) {
        fed keys{counts(from<trade>("t"), tumbling{size}, drop_late)};
        const long long begin = ms_of(keys.clock.wall());
        for (int i = 0; i < 5000; ++i) {
            keys.clock.advance(1ms);
            keys.push("good", begin + i + 1);
            if (i == 100) CHECK(keys.push("ahead", begin + i + 1'800'000) == errc{});
            if (i % 250 == 0) keys.running.tick();
        }
        CHECK(late_of(keys) == 0);
    }
}

TEST_CASE("one event each millisecond, at its time, is never late") {
    for (const duration size : {50ms, 100ms, 200ms}) {
        fed keys{counts(from<trade>("t"), tumbling{size}, drop_late)};
        const long long begin = ms_of(keys.clock.wall());
        for (int i = 0; i < 3000; ++i) {
            keys.clock.advance(1ms);
            keys.push("a", begin + i);
            if (i % 250 == 0) keys.running.tick();
        }
        CHECK(late_of(keys) == 0);
    }
}

TEST_CASE("a pause of the process, or of its sender, makes nothing late") {
    fed keys{counts(from<trade>("t", idle_timeout{1s}), tumbling{1s}, drop_late)};
    const long long begin = ms_of(keys.clock.wall());
    long long sent = 0;
    for (int round = 0; round < 10; ++round) {
        keys.pass(2500ms);  // nothing is read
        for (int i = 0; i < 80; ++i) keys.push("a", begin + (sent += 31));
    }
    CHECK(late_of(keys) == 0);
}

TEST_CASE("events that are sent by the five seconds fall into windows of one second") {
    fed keys{counts(from<trade>("t"), tumbling{1s}, drop_late)};
    const long long begin = ms_of(keys.clock.wall());
    for (int upload = 0; upload < 20; ++upload) {
        for (int i = 0; i < 5; ++i) keys.pass(1s);
        for (int i = 0; i < 500; ++i) keys.push("a", begin + upload * 5000 + i * 10);
    }
    CHECK(late_of(keys) == 0);
    CHECK(keys.stats().events == 10'000);
}

TEST_CASE("a clock that is set makes nothing late, and nothing idle") {
    for (const duration jump : {duration{60s}, duration{-1h}, duration{24h}, duration{-24h}}) {
        fed keys{counts(from<trade>("t", idle_timeout{3s}), tumbling{1s}, drop_late)};
        const long long begin = ms_of(keys.clock.wall());
        for (int i = 0; i < 4000; ++i) {
            keys.clock.advance(1ms);
            if (i == 2000) keys.clock.set(keys.clock.wall() + jump);
            keys.push("a", begin + i);
            if (i % 250 == 0) keys.running.tick();
        }
        CHECK(late_of(keys) == 0);
        for (const auto& line : keys.out) CHECK(line.ends_with("watermark"));
        CHECK(keys.out.size() >= 3);
    }
}

TEST_CASE("of the past, max_step holds one wrong event back") {
    fed steady{counts(from<trade>("t", max_step{1s}), tumbling{1s}, drop_late)};
    fed free{counts(from<trade>("t"), tumbling{1s}, drop_late)};
    const auto feed = [](auto& keys) {
        for (int i = 0; i < 100; ++i) keys.push("a", i * 10);
        keys.push("wrong", 1'000'000'000);
        for (int i = 100; i < 150; ++i) keys.push("a", i * 10);
        return late_of(keys);
    };
    CHECK(feed(steady) == 0);
    CHECK(feed(free) == 50);
}

TEST_CASE("any_time takes what it is given") {
    fed keys{counts(from<trade>("t", any_time), tumbling{1s}, drop_late)};
    const long long now = ms_of(keys.clock.wall());
    CHECK(keys.push("a", now + 4'000'000'000) == errc{});
    CHECK(keys.running.push({"a", 1, 1, timestamp::max()}) == errc{});
    CHECK(keys.running.push({"a", 1, 1, timestamp::min()}) == errc{});
    CHECK(keys.stats().events == 3);
}

TEST_CASE("by arrival every event is of the present, and windows close by themselves") {
    fed keys{counts(from<trade>("t", processing_time), tumbling{1s}, drop_late)};
    const long long begin = ms_of(keys.clock.wall());
    for (int i = 0; i < 10; ++i) {
        keys.push("a", i % 2 == 0 ? 0 : begin * 2);  // whatever they say
        keys.clock.advance(100ms);
    }
    CHECK(keys.out.empty());
    keys.pass(0s);
    CHECK(keys.out == strings{"a " + std::to_string(begin) + " 10 0 watermark"});
    keys.clock.set(at_ms(0));  // the monotonic clock goes on
    keys.push("a", 0);
    keys.pass(1s);
    CHECK(keys.out.size() == 2);
    CHECK(keys.stats().late == 0);
    CHECK(keys.stats().rejected == 0);
}

TEST_CASE("punctuated events say themselves how far time has come") {
    const auto mark = [](const trade& t) -> std::optional<timestamp> {
        if (t.symbol == "mark") return t.time;
        return std::nullopt;
    };
    fed keys{counts(from<trade>("t", punctuated(mark)), tumbling{1s}, late_to("late"))};
    keys.push("a", 100);
    keys.push("a", 90'000);
    keys.push("a", 200);
    CHECK(keys.out.empty());
    keys.push("mark", 1000);
    CHECK(keys.take() == strings{"a 0 2 0 watermark"});
    keys.push("mark", 500);  // goes back
    keys.push("a", 999);
    CHECK(keys.take() == strings{"late mark 500", "late a 999"});
    CHECK(keys.stats().watermark == at_ms(1000));
    keys.running.finish();
    CHECK(keys.out == strings{"mark 1000 1 0 stop", "a 90000 1 0 stop"});

    // One that ends its own window is the window's last.
    const auto ends_its_second = [](const trade& t) {
        return std::optional{std::chrono::floor<std::chrono::seconds>(t.time) + 1s};
    };
    fed own{counts(from<trade>("t", punctuated(ends_its_second)), tumbling{1s}, late_to("late"))};
    own.push("a", 100);
    own.push("a", 200);
    CHECK(own.out == strings{"a 0 1 0 watermark", "late a 200"});
}

TEST_CASE("a punctuated watermark that is ahead of the clock is one of the present") {
    const auto own = [](const trade& t) { return std::optional{t.time}; };
    fed keys{counts(from<trade>("t", punctuated(own)), tumbling{1s}, late_to("late"))};
    const long long now = ms_of(keys.clock.wall());
    keys.push("ahead", now + 1'800'000);
    CHECK(keys.stats().watermark == keys.clock.wall());
    keys.push("a", now + 1);
    CHECK(keys.out.empty());
}

TEST_CASE("a source by arrival whose clock is behind what was saved goes on from there") {
    const auto make = [] {
        return counts(from<trade>("t", processing_time), tumbling{1s}, late_to("late"));
    };
    fed first{make()}, second{make()};
    first.clock.set(first.clock.wall() + 1h);
    first.push("a", 0);
    first.running.tick();
    const std::string saved = save(first.running);
    input_archive ar{saved};
    ar(second.running);
    REQUIRE(ar.ok());
    second.push("a", 0);
    second.running.finish();
    REQUIRE(second.out.size() == 1);
    CHECK(second.out.front().find(" 2 0 stop") != std::string::npos);
    CHECK(second.stats().late == 0);
}

TEST_CASE("a loaded source is idle no sooner than one that has just begun") {
    const auto make = [] {
        return counts(from<trade>("t", idle_timeout{3s}), tumbling{1s}, drop_late);
    };
    fed first{make()}, second{make()};
    first.push("a", 500);
    const std::string saved = save(first.running);
    input_archive ar{saved};
    ar(second.running);
    REQUIRE(ar.ok());
    second.pass(2s);
    CHECK(second.out.empty());
    second.pass(1s);
    CHECK(second.out == strings{"a 0 1 0 idle open"});
}

TEST_CASE("what the source refuses is told once, and counted once") {
    auto running =
        start(from<trade>("t", per_key(&trade::symbol), max_key_bytes{4}) | key_by(&trade::symbol) |
                  window(tumbling{1s}, drop_late) | process<count>(),
              [](const auto&) {});
    CHECK(running.push({"abcde", 1, 1, at_ms(1)}) == errc::key_too_long);
    CHECK(running.stats().rejected == 1);
    std::string message = R"([{"symbol":"abcde","price":1,"size":1,"time":1},)"
                          R"({"symbol":"abcd","price":1,"size":1,"time":1}])";
    message.push_back('\0');
    std::size_t told = 0;
    const auto taken = running.receive(std::span{message.data(), message.size() - 1},
                                       [&](const input_error& error) {
                                           ++told;
                                           CHECK(error.code == errc::key_too_long);
                                       });
    CHECK(taken == 1);
    CHECK(told == 1);
    CHECK(running.stats().rejected == 2);
    CHECK(running.stats().events == 1);
}

TEST_CASE("by producer one that is ahead makes nothing late for the others") {
    fed keys{
        counts(from<trade>("t", by_producer{}, idle_timeout{3s}), tumbling{1s}, late_to("late"))};
    const auto push = [&](std::uint64_t who, const char* symbol, int ms) {
        return keys.running.push({symbol, 1, 1, at_ms(ms)}, who);
    };
    push(2, "b", 100);
    push(1, "a", 5000);
    push(1, "a", 6000);
    push(2, "b", 900);
    CHECK(keys.out.empty());
    push(2, "b", 1000);
    CHECK(keys.take() == strings{"b 0 2 0 watermark"});
    keys.running.leave(2);
    CHECK(keys.take() == strings{"b 1000 1 0 watermark", "a 5000 1 0 watermark"});
    CHECK(keys.stats().late == 0);
    push(3, "c", 5500);  // a new one, behind
    CHECK(keys.take() == strings{"late c 5500"});
}

TEST_CASE("by producer nobody is late who comes back behind a restart, and nobody waits for ever") {
    const auto make = [] {
        return counts(from<trade>("t", by_producer{}, idle_timeout{3s}), tumbling{1s},
                      late_to("late"));
    };
    fed before{make()};
    before.running.push({"b", 1, 1, at_ms(1900)}, 2);
    before.running.push({"a", 1, 1, at_ms(5000)}, 1);
    const std::string saved = save(before.running);
    fed keys{make()};
    input_archive ar{saved};
    ar(keys.running);
    REQUIRE(ar.ok());
    keys.running.push({"a", 1, 1, at_ms(6000)}, 11);
    keys.pass(2s);
    keys.running.push({"b", 1, 1, at_ms(1950)}, 12);
    keys.running.push({"b", 1, 1, at_ms(2100)}, 12);
    keys.running.push({"a", 1, 1, at_ms(6500)}, 11);
    CHECK(keys.take().empty());
    keys.pass(2s);
    CHECK(keys.take() == strings{"b 1000 2 0 watermark"});
    CHECK(keys.stats().late == 0);
}

TEST_CASE("the same events in another grouping, with pauses, and after a save, are judged alike") {
    const auto seed = test_seed();
    INFO("seed " << seed);
    std::mt19937 random{seed};
    const auto make = [] {
        return counts(from<trade>("t", disorder{20ms}, idle_timeout{1s}), tumbling{100ms},
                      late_to("late"));
    };
    fed once{make()}, often{make()};
    const long long begin = ms_of(once.clock.wall()) - 100'000;
    std::vector<long long> times;
    long long now = begin;
    for (int i = 0; i < 4000; ++i)
        times.push_back((now += static_cast<long long>(random() % 20)) -
                        static_cast<long long>(random() % 60));
    for (const auto time : times) once.push("a", time);
    for (const auto time : times) {
        often.push("a", time);
        if (random() % 50 == 0) often.pass(std::chrono::milliseconds{random() % 5000});
    }
    once.running.finish();
    often.running.finish();
    const auto without_previews = [](strings lines) {
        std::erase_if(lines, [](const auto& line) { return line.ends_with("open"); });
        for (auto& line : lines) {
            if (line.starts_with("late")) continue;
            const auto trigger = line.rfind(' '), revision = line.rfind(' ', trigger - 1);
            line.erase(revision, trigger - revision);
        }
        return lines;
    };
    CHECK(without_previews(once.out) == without_previews(often.out));
    CHECK(once.stats().late > 0);
    CHECK(often.out.size() > once.out.size());
}

TEST_CASE("what is refused does not keep its source from becoming idle") {
    manual_clock clock{at_ms(10'000'000)};
    std::vector<trigger> why;
    auto running = start(
        from<trade>("t", idle_timeout{1s}) | key_by(&trade::symbol) |
            window(tumbling{1h}, drop_late) | process<count>() | publish("n"),
        [&](std::string_view, const auto& row) { why.push_back(row.fired_by); }, clock_view{clock});
    running.push({"a", 1, 1, at_ms(10'000'000)});
    for (int i = 0; i < 4; ++i) {
        clock.advance(1s);
        CHECK(running.push({"a", 1, 1, at_ms(4'102'444'800'000)}) == errc::too_far_ahead);
        running.tick();
    }
    CHECK(why == std::vector{trigger::idle});
}
