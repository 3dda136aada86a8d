#include <millrace/operators/errors_to.hpp>

#include <stdexcept>

#include <millrace/operators/map.hpp>
#include <millrace/operators/tee.hpp>

#include "../pipeline/fed.hpp"

using namespace millrace;
using namespace std::chrono_literals;
using namespace std::string_literals;

namespace {

/// Throws at prices below 0.
trade checked(const trade& one) {
    if (one.price < 0) throw std::runtime_error{"a price below 0"};
    return one;
}

/// The second of three is bad.
constexpr const char* messages = R"([{"symbol":"a","price":1,"size":1,"time":1500000000},)"
                                 R"({"symbol":"a","price":-1,"size":1,"time":1600000000},)"
                                 R"({"symbol":"a","price":1,"size":1,"time":1700000000}])";

std::uint64_t received(auto& running, std::string message) {
    message.push_back('\0');
    return running.receive(std::span{message.data(), message.size() - 1},
                           [](const input_error&) {});
}

}  // namespace

TEST_CASE("only the event at which something throws is lost, and goes to the topic") {
    fed keys{from<trade>("t") | errors_to("broken") | map(checked) | key_by(&trade::symbol) |
             window(tumbling{1s}, drop_late) | process<count>()};
    const auto push = [&](double price, int ms) { keys.running.push({"a", price, 1, at_ms(ms)}); };
    push(1, 100);
    push(-1, 200);
    push(2, 300);
    push(-2, 1400);  // time has come so far all the same
    CHECK(keys.take() == strings{"broken a 200", "broken a 1400", "a 0 2 0 watermark"});
    CHECK(keys.stats().failed == 2);
    CHECK(keys.stats().events == 4);

    CHECK(received(keys.running, messages) == 3);
    keys.running.finish();
    CHECK(keys.take() == strings{"broken a 1600", "a 1000 2 0 stop"});

    const std::string saved = save(keys.running);
    input_archive ar{saved};
    ar(keys.running);
    REQUIRE(ar.ok());
    CHECK(keys.stats().failed == 3);
}

TEST_CASE("what throws in one branch is contained there") {
    strings out;
    auto running =
        start(from<trade>("t") |
                  tee(errors_to("broken") | map(checked) | publish("first"), publish("second")),
              [&](std::string_view topic, const trade&) { out.emplace_back(topic); });
    running.push({"a", -1, 1, at_ms(1)});
    running.push({"a", 1, 1, at_ms(2)});
    CHECK(out == strings{"broken", "second", "first", "second"});
}

TEST_CASE("what one branch throws takes nothing from the other, nor from what follows") {
    strings out;
    const auto note = [&](std::string_view topic, const trade& one) {
        out.push_back(std::string{topic} + " " + std::string{one.symbol});
    };
    const auto pushed = [&](auto description) {
        auto running = start(std::move(description), note);
        const trade both[]{{"good", 1, 1, at_ms(1)}, {"bad", -1, 1, at_ms(2)}};
        running.push(both[0]);
        CHECK_THROWS_WITH(running.push(both[1]), "a price below 0");
        CHECK_THROWS_WITH(running.push(both), "a price below 0");
        CHECK(running.stats().failed == 2);
        return std::exchange(out, {});
    };
    const strings all{"first good", "second good", "second bad",
                      "first good", "second good", "second bad"};
    CHECK(pushed(from<trade>("t") | tee(map(checked) | publish("first"), publish("second"))) ==
          all);
    CHECK(pushed(from<trade>("t") | tee(map(checked) | publish("first")) | publish("second")) ==
          all);
}

TEST_CASE("time at which one branch throws reaches the other, and all sources are told of it") {
    strings out;
    const auto windows =
        key_by(&trade::symbol) | window(tumbling{1s}, drop_late) | process<count>();
    auto left = from<trade>("left") | tee(windows | publish("side"));
    auto running = start(union_of(std::move(left), from<trade>("right")) |
                             tee(windows | publish("first"), windows | publish("second")),
                         [&](std::string_view topic, const auto& row) {
                             out.emplace_back(topic);
                             note_rows{&out}("", row);
                             if (topic != "second") throw std::runtime_error{std::string{topic}};
                         });
    const auto push = [&](int ms) {
        running.source<0>().push({"a", 1, 1, at_ms(ms)});
        running.source<1>().push({"b", 1, 1, at_ms(ms)});
    };
    push(1);
    CHECK_THROWS_WITH(running.advance(at_ms(1000)), "side");
    while (running.is_behind()) {
        try {
            running.resume();
        } catch (const std::runtime_error& thrown) {
            CHECK(thrown.what() == "first"s);
        }
    }
    const std::string of_a = "a 0 1 0 watermark", of_b = "b 0 1 0 watermark";
    CHECK(out ==
          strings{"side", of_a, "first", of_a, "first", of_b, "second", of_a, "second", of_b});
}

TEST_CASE("without it, whoever pushes gets the exception, and the pipeline goes on") {
    fed keys{from<trade>("t") | map(checked) | key_by(&trade::symbol) |
             window(tumbling{1s}, drop_late) | process<count>()};
    CHECK_THROWS_AS(keys.running.push({"a", -1, 1, at_ms(1)}), std::runtime_error);
    keys.running.push({"a", 1, 1, at_ms(2)});
    CHECK_THROWS_AS(received(keys.running, messages), std::runtime_error);
    CHECK(keys.stats().events == 5);
    CHECK(keys.stats().failed == 2);
    const std::string saved = save(keys.running);
    input_archive ar{saved};
    ar(keys.running);
    REQUIRE(ar.ok());
    CHECK(keys.stats().failed == 2);
    keys.running.finish();
    CHECK(keys.take() == strings{"a 0 1 0 watermark", "a 1000 2 0 stop"});
}

TEST_CASE("an event whose key throws is lost alone, and counted as rejected") {
    fed keys{from<trade>("t") |
             key_by("side",
                    [](const trade& one) {
                        if (one.price < 0) throw std::runtime_error{"a price below 0"};
                        return std::string{one.symbol};
                    }) |
             window(tumbling{1s}, drop_late) | process<count>()};
    CHECK_THROWS_AS(received(keys.running, messages), std::runtime_error);
    CHECK(keys.stats().events == 2);
    CHECK(keys.stats().rejected == 1);
    CHECK(keys.stats().failed == 0);
    keys.running.finish();
    CHECK(keys.take() == strings{"a 1000 2 0 stop"});
}

TEST_CASE("behind it an event whose key throws goes to the topic, as any") {
    const auto side = [](const trade& one) { return std::string{checked(one).symbol}; };
    fed keys{from<trade>("t") | errors_to("broken") | key_by("side", side) |
             window(tumbling{1s}, drop_late) | process<count>()};
    CHECK(received(keys.running, messages) == 3);
    CHECK(keys.stats().rejected == 0);
    CHECK(keys.stats().failed == 1);
    keys.running.finish();
    CHECK(keys.take() == strings{"broken a 1600", "a 1000 2 0 stop"});

    // In front of it, it is rejected.
    fed before{from<trade>("t") | key_by("side", side) | errors_to("broken") |
               window(tumbling{1s}, drop_late) | process<count>()};
    CHECK_THROWS_AS(received(before.running, messages), std::runtime_error);
    CHECK(before.stats().rejected == 1);
    CHECK(before.take().empty());
}
