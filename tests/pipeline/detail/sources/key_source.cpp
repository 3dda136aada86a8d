#include <millrace/pipeline/detail/sources/key_source.hpp>

#include <stdexcept>

#include "../../fed.hpp"
#include "../../naive.hpp"

using namespace millrace;
using namespace std::chrono_literals;

namespace {

template <class... Options>
auto by_symbol(Options... options) {
    return counts(from<trade>("t", per_key(&trade::symbol), options...), tumbling{1s},
                  late_to("late"));
}

}  // namespace

TEST_CASE("one key's wrong clock is its own matter") {
    fed keys{by_symbol()};
    const long long now = ms_of(keys.clock.wall());
    CHECK(keys.push("wrong", now + 7'200'000) == errc::too_far_ahead);
    CHECK(keys.push("fast", now + 1'800'000) == errc{});
    for (int i = 0; i < 3000; ++i) keys.push("a", now - 5000 + i);
    CHECK(keys.stats().late == 0);
    CHECK(keys.out.size() == 2);
    CHECK(keys.stats().rejected == 1);
}

TEST_CASE("disorder is each key's own") {
    fed keys{by_symbol(disorder{500ms})};
    for (const char* symbol : {"a", "b"}) {
        keys.push(symbol, 900);
        keys.push(symbol, 1499);
        keys.push(symbol, 950);
        CHECK(keys.out.empty());
        keys.push(symbol, 1500);
        CHECK(keys.take() == strings{std::string{symbol} + " 0 2 0 watermark"});
    }
}

TEST_CASE("the key that was not seen for longest makes room") {
    fed keys{by_symbol(max_keys{3})};
    for (const char* symbol : {"a", "b", "c", "d"}) keys.push(symbol, 1);
    CHECK(keys.take() == strings{"a 0 1 0 evicted open"});
    keys.push("b", 2);
    keys.push("e", 1);
    CHECK(keys.take() == strings{"c 0 1 0 evicted open"});
}

TEST_CASE("keys that make room are counted, of the pipeline and of its source, also past a save") {
    const auto description = by_symbol(max_keys{2});
    fed keys{description}, other{description};
    for (const char* symbol : {"a", "b", "a", "c", "d", "e"}) keys.push(symbol, 1);
    CHECK(keys.stats().evicted_keys == 3);
    CHECK(keys.stats().refused_keys == 0);
    const auto stages = keys.running.stages();
    CHECK(stages.front().keys == 2);
    CHECK(stages.front().evicted_keys == 3);
    for (std::size_t i = 1; i < stages.size(); ++i) CHECK(stages[i].evicted_keys == 0);
    const std::string saved = save(keys.running);
    input_archive ar{saved};
    ar(other.running);
    REQUIRE(ar.ok());
    CHECK(other.stats().evicted_keys == 3);
}

TEST_CASE("keys that come again stay, where fewer strangers come between than there is room for") {
    const auto gone_of = [](int strangers) {
        int gone = 0, stranger = 0;
        auto running =
            start(from<trade>("t", per_key(&trade::symbol), max_keys{100}) |
                      key_by(&trade::symbol) | window(tumbling{1h}, drop_late) | process<count>(),
                  [&](const auto& row) {
                      gone += row.fired_by == trigger::evicted && row.key.starts_with("regular");
                  });
        for (int round = 0; round < 50; ++round) {
            for (int i = 0; i < 50; ++i)
                running.push({"regular " + std::to_string(i), 1, 1, at_ms(round)});
            for (int i = 0; i < strangers; ++i)
                running.push({"stranger " + std::to_string(++stranger), 1, 1, at_ms(round)});
        }
        return gone;
    };
    CHECK(gone_of(10) == 0);
    CHECK(gone_of(49) == 0);
    CHECK(gone_of(200) > 1000);
}

TEST_CASE("who is evicted next is known after a save") {
    const auto description = by_symbol(max_keys{2});
    fed first{description}, second{description};
    for (const char* symbol : {"a", "b", "c"}) first.push(symbol, 1);
    first.push("b", 2);
    const std::string saved = save(first.running);
    input_archive ar{saved};
    ar(second.running);
    REQUIRE(ar.ok());
    first.out.clear();
    first.push("d", 1);
    second.push("d", 1);
    CHECK(first.out == strings{"c 0 1 0 evicted open"});
    CHECK(second.out == first.out);
}

TEST_CASE("an archive that is damaged is refused, or leaves keys that can be evicted") {
    const auto description = by_symbol(max_keys{1});
    fed whole{description};
    whole.push("a", 1);
    const std::string saved = save(whole.running);
    int loaded = 0;
    for (std::size_t at = 0; at != saved.size(); ++at) {
        std::string damaged = saved;
        damaged[at] = static_cast<char>(damaged[at] ^ 1);
        fed other{description};
        input_archive ar{damaged};
        ar(other.running);
        if (!ar.ok()) continue;
        ++loaded;
        other.push("b", 1);
        CHECK(other.stats().keys <= 2);  // of the source and of the window
    }
    CHECK(loaded > 0);
}

TEST_CASE("a key that is new, or was evicted, begins at what the whole stream was told") {
    fed keys{by_symbol(max_keys{1})};
    keys.running.advance(at_ms(5000));
    keys.push("a", 4500);
    keys.push("b", 5500);
    keys.push("a", 4600);
    CHECK(keys.take() == strings{"late a 4500", "b 5000 1 0 evicted open", "late a 4600"});
}

TEST_CASE("a record of a key that is evicted is never final, even past its lateness") {
    std::vector<bool> finals;
    auto running =
        start(from<trade>("t", per_key(&trade::symbol), max_keys{1}) | key_by(&trade::symbol) |
                  window(tumbling{1s}, drop_late) | process<count>(),
              [&](const auto& row) { finals.push_back(row.is_final); });
    for (const char* symbol : {"a", "b"}) running.push({symbol, 1, 1, at_ms(1)});
    CHECK(finals == std::vector<bool>{false});
    running.finish();
    CHECK(finals == std::vector<bool>{false, true});
}

TEST_CASE("where a consumer throws, a key's other windows close all the same") {
    strings seen;
    auto running =
        start(from<trade>("t", per_key(&trade::symbol), disorder{2s}) | key_by(&trade::symbol) |
                  window(tumbling{1s}, drop_late) | process<count>(),
              [&](const auto& row) {
                  seen.push_back(std::to_string(ms_of(row.window.start)));
                  if (seen.size() == 1) throw std::runtime_error{"the first"};
              });
    for (const int ms : {500, 1500}) running.push({"a", 1, 1, at_ms(ms)});
    CHECK_THROWS_AS(running.push({"a", 1, 1, at_ms(4500)}), std::runtime_error);
    CHECK(seen == strings{"0", "1000"});
}

TEST_CASE("what is thrown at an evicted key's record loses no event of the key that comes") {
    strings seen;
    auto running =
        start(from<trade>("t", per_key(&trade::symbol), max_keys{1}) | key_by(&trade::symbol) |
                  window(tumbling{1s}, drop_late) | process<count>(),
              [&](const auto& row) {
                  seen.push_back(row.key + std::to_string(at<"count">(row)));
                  if (seen.size() == 1) throw std::runtime_error{"the evicted"};
              });
    running.push({"a", 1, 1, at_ms(1)});
    CHECK_THROWS_AS(running.push({"b", 1, 1, at_ms(2)}), std::runtime_error);
    running.push({"b", 1, 1, at_ms(3)});
    running.finish();
    CHECK(seen == strings{"a1", "b2"});
}
