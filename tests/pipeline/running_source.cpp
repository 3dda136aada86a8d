#include <millrace/pipeline/running_source.hpp>

#include <algorithm>
#include <functional>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include <millrace/operators/map.hpp>
#include <millrace/operators/tee.hpp>

#include "fed.hpp"

using namespace millrace;
using namespace std::chrono_literals;

TEST_CASE("each source takes its own messages, and counts them") {
    fed f{counts(union_of(from<trade>("A"), from<trade>("B", codec_limits{.max_events = 1})),
                 tumbling{10ms}, drop_late)};
    auto a = f.running.source<0>();
    auto b = f.running.source<1>();
    std::string message = R"([{"symbol":"a","price":1,"size":1,"time":1},)"
                          R"({"symbol":"a","price":1,"size":1,"time":2}])";
    message.push_back('\0');
    const auto receive = [&message](auto& by) {
        std::string copy = message;
        return by.receive(std::span{copy.data(), copy.size() - 1}, [](const input_error&) {});
    };
    CHECK(receive(a) == 2);
    CHECK(receive(b) < 2);
    CHECK(a.events() == 2);
    CHECK(a.rejected() == 0);
    CHECK(b.rejected() > 0);
    CHECK(f.stats().rejected == b.rejected());
}

TEST_CASE("a source that is looked at alone may become idle alone") {
    fed f{counts(union_of(from<trade>("A", idle_timeout{1s}), from<trade>("B", idle_timeout{1s})),
                 tumbling{10ms}, drop_late)};
    auto a = f.running.source<0>();
    auto b = f.running.source<1>();
    b.tick();
    f.clock.advance(1s);
    b.tick();
    b.tick();
    a.push({"a", 1, 1, at_ms(1)});
    a.push({"a", 1, 1, at_ms(11)});
    CHECK(f.take() == strings{"a 0 1 0 watermark"});
}

TEST_CASE("what is due when one of several sources is looked at closes in slices") {
    fed f{counts(union_of(from<trade>("A", idle_timeout{1s}), from<trade>("B", idle_timeout{1s})),
                 tumbling{10ms}, drop_late)};
    f.running.close_in_slices(2);
    auto a = f.running.source<0>();
    auto b = f.running.source<1>();
    for (const char* key : {"a", "b", "c", "d", "e"}) a.push({key, 1, 1, at_ms(1)});
    a.push({"a", 1, 1, at_ms(11)});
    b.tick();
    f.clock.advance(1s);
    b.tick();
    b.tick();
    CHECK(f.out.size() == 2);
    CHECK(f.running.is_behind());
    CHECK_FALSE(f.running.resume());
    CHECK(f.out.size() == 4);
    b.tick();
    CHECK(f.out.size() == 5);
    CHECK_FALSE(f.running.is_behind());
}

namespace {

/// Throws at the first records of some keys.
struct choosy {
    std::vector<std::string>* out;
    std::set<std::string, std::less<>>* refused;

    template <class Row>
    void operator()(const Row& row) const {
        if (refused->erase(row.key) != 0) throw std::runtime_error{row.key};
        out->push_back(row.key + std::to_string(at<"count">(row)));
    }
};

}  // namespace

TEST_CASE("what windows throw when they close costs no event, and is counted for none") {
    strings out;
    std::set<std::string, std::less<>> refused{"a", "c"};
    const auto make = [&] {
        return start(counts(from<trade>("t"), tumbling{10ms}, drop_late), choosy{&out, &refused});
    };
    auto running = make();
    for (const char* key : {"a", "b", "c", "d"}) running.push({key, 1, 1, at_ms(1)});
    const auto check = [&](auto&& push_e) {
        // Only one window is tried with the event that closes it, the others with the next.
        CHECK_THROWS_WITH(push_e(at_ms(12)), "a");
        CHECK(out.empty());
        CHECK_THROWS_WITH(push_e(at_ms(13)), "c");
        CHECK(out == strings{"b1", "d1"});
        push_e(at_ms(14));
        CHECK(running.stats().failed == 0);
        CHECK(running.events() == 7);
        CHECK(running.taken() == 7);
        running.finish();
        CHECK(out == strings{"b1", "d1", "e3"});
    };
    SECTION("one by one") {
        check([&](timestamp at) { running.push({"e", 1, 1, at}); });
    }
    SECTION("in spans") {
        check([&](timestamp at) { running.push(std::vector<trade>{{"e", 1, 1, at}}); });
    }
    SECTION("in a batch, whose sender is told that it was taken") {
        check([&](timestamp at) {
            running.begin_batch();
            CHECK(running.push_next({"e", 1, 1, at}) == errc{});
            running.end_batch();
        });
    }
}

TEST_CASE("windows of keys with their own time throw likewise") {
    strings out;
    std::set<std::string, std::less<>> refused{"a"};
    auto running =
        start(counts(from<trade>("t", per_key(&trade::symbol)), tumbling{10ms}, drop_late),
              choosy{&out, &refused});
    running.push({"a", 1, 1, at_ms(1)});
    CHECK_THROWS_WITH(running.push({"a", 1, 1, at_ms(12)}), "a");
    running.push({"a", 1, 1, at_ms(13)});
    CHECK(running.stats().failed == 0);
    CHECK(running.taken() == 3);
    running.finish();
    CHECK(out == strings{"a2"});
}

TEST_CASE("an event that throws is counted, and those that came beside it are taken") {
    int bad = 0;
    auto running = start(from<trade>("t") | map([&](const trade& t) {
                             if (t.price < 0) throw std::runtime_error{std::to_string(++bad)};
                             return t;
                         }) | key_by(&trade::symbol) |
                             process<count>(),
                         [](const auto&) {});
    const std::vector<trade> some{{"a", 1, 1, at_ms(1)},
                                  {"a", -1, 1, at_ms(2)},
                                  {"a", 1, 1, at_ms(3)},
                                  {"a", -1, 1, at_ms(4)}};
    CHECK_THROWS_WITH(running.push(some), "1");
    CHECK_THROWS_WITH(running.push(some[1]), "3");
    CHECK(running.events() == 5);
    CHECK(running.stats().failed == 3);
    CHECK(running.taken() == 2);
}

namespace {

struct no_negatives {
    std::uint64_t events = 0;
    void update(const trade& one) {
        if (one.price < 0) throw std::runtime_error{"negative"};
        ++events;
    }
    [[nodiscard]] named_value<"count", std::uint64_t> result() const { return {events}; }
    template <class Archive>
    void archive(Archive& ar) {
        ar(events);
    }
};

}  // namespace

TEST_CASE("an event of a batch that fails in both branches fails once") {
    const auto branch = [](const char* topic) {
        return window(tumbling{1h}, drop_late) | process<no_negatives>() | publish(topic);
    };
    auto running =
        start(from<trade>("t", any_time) | key_by(&trade::symbol) | tee(branch("a"), branch("b")),
              [](std::string_view, const auto&) {});
    // So many keys that the events of a batch wait, to be looked up together.
    for (int i = 0; i < 100'000; ++i) running.push({std::to_string(i), 1, 1, at_ms(1)});
    std::string message = R"([{"symbol":"1","price":-1,"size":1,"time":1}])";
    message.push_back('\0');
    CHECK_THROWS_WITH(
        running.receive(std::span{message.data(), message.size() - 1}, [](const input_error&) {}),
        "negative");
    CHECK(running.events() == 100'001);
    CHECK(running.stats().failed == 1);
    const std::vector<trade> bad(3, trade{"1", -1, 1, at_ms(1)});
    CHECK_THROWS_WITH(running.push(bad), "negative");
    CHECK(running.stats().failed == 4);
    CHECK(running.taken() == 100'000);
    const trade good{"2", 1, 1, at_ms(1)};
    CHECK_THROWS_WITH(running.push(std::vector<trade>{good, bad[0], good, bad[0], good}),
                      "negative");
    CHECK(running.stats().failed == 6);
    CHECK(running.taken() == 100'003);
}

TEST_CASE("an event that fails in one branch at once and waits in the other fails once") {
    const auto refuse = [](const char* key) {
        return map([key](const trade& t) {
            if (t.price < 0 && t.symbol == key) throw std::runtime_error{"refused"};
            return t;
        });
    };
    const auto branch = [] {
        return window(tumbling{1h}, drop_late) | process<no_negatives>() | publish("out");
    };
    auto running = start(from<trade>("t", any_time) | key_by(&trade::symbol) |
                             tee(branch(), refuse("1") | key_by(&trade::symbol) |
                                               tee(branch(), refuse("2") | publish("raw"))),
                         [](std::string_view, const auto&) {});
    for (int i = 0; i < 100'000; ++i) running.push({std::to_string(i), 1, 1, at_ms(1)});
    std::vector<trade> some;
    for (const char* key : {"1", "2", "3"})
        for (const double price : {1, -1}) some.push_back({key, price, 1, at_ms(1)});
    CHECK_THROWS_AS(running.push(some), std::runtime_error);
    CHECK(running.stats().failed == 3);
    CHECK(running.taken() == 100'003);
    CHECK_THROWS_AS(running.push(some[1]), std::runtime_error);
    CHECK(running.stats().failed == 4);
}

TEST_CASE("an event fails once, whatever another source sends before its batch ends") {
    const auto refuse = map([](const trade& t) {
        if (t.price < 0) throw std::runtime_error{"refused"};
        return t;
    });
    const auto counted_and_checked = [&](auto source) {
        return std::move(source) |
               tee(key_by(&trade::symbol) | window(tumbling{1h}, drop_late) |
                   process<no_negatives>() | publish("out")) |
               refuse;
    };
    const trade bad{"1", -1, 1, at_ms(1)};
    const std::vector<trade> good(2, trade{"2", 1, 1, at_ms(1)});
    const auto fill = [](auto to) {
        for (int i = 0; i < 100'000; ++i) to.push({std::to_string(i), 1, 1, at_ms(1)});
    };
    const auto ignore = [](std::string_view, const auto&) {};

    auto apart = start(
        union_of(from<trade>("A", any_time), counted_and_checked(from<trade>("B", any_time))) |
            publish("raw"),
        ignore);
    auto [a, b] = apart.sources();
    fill(b);
    b.begin_batch();
    CHECK(b.push_next(good[0]) == errc{});
    CHECK(b.push_next(bad) == errc::handler_failed);
    CHECK(a.push(good) == 2);
    CHECK_THROWS_WITH(b.end_batch(), "refused");
    CHECK(apart.stats().failed == 1);

    auto shared = start(
        counted_and_checked(union_of(from<trade>("A", any_time), from<trade>("B", any_time))) |
            publish("raw"),
        ignore);
    auto [c, d] = shared.sources();
    fill(c);
    d.begin_batch();
    CHECK(d.push_next(good[0]) == errc{});
    CHECK_THROWS_WITH(c.push(bad), "refused");
    CHECK_NOTHROW(d.end_batch());
    CHECK(shared.stats().failed == 1);
    CHECK(c.taken() == 100'000);
}

TEST_CASE("a pipeline of one source is that source") {
    fed f{counts(from<trade>("A"), tumbling{10ms}, drop_late)};
    f.running.push({"a", 1, 1, at_ms(1)});
    f.running.source<0>().push({"a", 1, 1, at_ms(2)});
    CHECK(f.running.events() == 2);
    CHECK(f.running.input() == "A");
}

namespace {

/// Counts how often the time of day is read.
struct counted_clock {
    const manual_clock* of;
    int* reads;

    [[nodiscard]] timestamp wall() const {
        ++*reads;
        return of->wall();
    }
    [[nodiscard]] std::chrono::nanoseconds elapsed() const { return of->elapsed(); }
};

}  // namespace

TEST_CASE("the clock is read once for a message at most, whatever its events' times are") {
    const auto check = [](auto source) {
        manual_clock clock{at_ms(1'000'000)};
        int reads = 0;
        auto running = start(
            std::move(source) | key_by(&trade::symbol), [](const auto&) {},
            counted_clock{&clock, &reads});
        const auto most_reads = [&](auto&& take) {
            int most = 0;
            for (int i = 0; i < 50; ++i) {
                clock.advance(700ms);
                std::string message;
                for (const int ahead : {0, 500, 1500, 7'200'000, 10}) {
                    const auto time = (clock.wall() - at_ms(-ahead)).count();
                    message += R"({"symbol":"a","price":1,"size":1,"time":)" +
                               std::to_string(time) + "}\n";
                }
                message.push_back('\0');
                reads = 0;
                take(std::span{message.data(), message.size() - 1});
                most = std::max(most, reads);
            }
            return most;
        };
        const auto ignore = [](const input_error&) {};
        CHECK(most_reads([&](auto message) { running.receive(message, ignore); }) == 1);
        auto one = running.template source<0>();
        CHECK(most_reads([&](auto message) {
                  one.decode(
                      message, [&](const trade& t) { return one.answer(one.push_next(t)); },
                      ignore);
                  one.end_batch();
              }) == 1);
    };
    check(from<trade>("t"));
    check(from<trade>("t", per_key(&trade::symbol)));
    check(from<trade>("t", processing_time));
    check(from<trade>("t", by_producer{}));
}
