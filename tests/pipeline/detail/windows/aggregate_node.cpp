#include <millrace/pipeline/detail/windows/aggregate_node.hpp>

#include <millrace/analyzers/sum.hpp>
#include <millrace/pipeline/describe.hpp>

#include "../../fed.hpp"
#include "../../naive.hpp"

using namespace millrace;
using namespace std::chrono_literals;

TEST_CASE("without a window each event gives its key's result so far") {
    fed keys{from<trade>("t") | key_by(&trade::symbol) | process<count>()};
    keys.push("a", 5);
    keys.push("b", 6);
    keys.push("a", 4);
    CHECK(keys.out == strings{"a 5 1 0 event", "b 6 1 0 event", "a 4 2 0 event"});
    CHECK(keys.stats().keys == 2);
}

TEST_CASE("without a key the stream is one") {
    fed all{from<trade>("t") | process<count>()};
    all.push("a", 5);
    all.push("b", 6);
    CHECK(all.out == strings{"5 1 0 event", "6 2 0 event"});
}

TEST_CASE("a loaded state goes on where the saved one was") {
    const auto description = from<trade>("t") | key_by(&trade::symbol) | process<count>();
    fed keys{description}, loaded{description};
    keys.push("a", 1);
    const std::string saved = save(keys.running);
    input_archive ar{saved};
    ar(loaded.running);
    REQUIRE(ar.ok());
    loaded.push("a", 2);
    CHECK(loaded.out == strings{"a 2 2 0 event"});
}

TEST_CASE("a flood of keys shuts nobody out: by default a key that was not seen again makes room") {
    fed keys{from<trade>("t") | key_by(&trade::symbol) | process<count>(max_keys{2})};
    for (const char* key : {"a", "a", "x", "y", "a", "b"}) keys.push(key, 1);
    CHECK(keys.out == strings{"a 1 1 0 event", "a 1 2 0 event", "x 1 1 0 event", "y 1 1 0 event",
                              "a 1 3 0 event", "b 1 1 0 event"});
    CHECK(keys.stats().keys == 2);
    CHECK(keys.stats().evicted_keys == 2);
    CHECK(keys.stats().refused_keys == 0);
    keys.push("x", 1);
    CHECK(keys.out.back() == "x 1 1 0 event");  // anew
}

TEST_CASE("refuse_new_keys serves the keys that are there, and counts the others' events") {
    fed keys{from<trade>("t") | key_by(&trade::symbol) |
             process<count>(max_keys{1}, refuse_new_keys)};
    for (const char* key : {"a", "b", "b", "a"}) keys.push(key, 1);
    CHECK(keys.out == strings{"a 1 1 0 event", "a 1 2 0 event"});
    CHECK(keys.stats().refused_keys == 2);
    const auto stages = keys.running.stages();
    CHECK(stages.back().refused == 2);
    CHECK(stages.back().events_in == 4);
    CHECK(stages.back().events_out == 2);
}

TEST_CASE("where events may be corrected no key goes that a correction would miss") {
    const auto totals =
        counts(from<trade>("t", disorder{1s}), tumbling{10ms}, lateness{1h}, drop_late) |
        process<sum<[](const auto& row) { return static_cast<double>(at<"count">(row)); }>>(
            max_keys{1});
    CHECK(describe(totals).text().find("evict_least_recent false; max_keys 1 ") !=
          std::string::npos);
    std::vector<std::pair<std::string, double>> got;
    auto running =
        start(totals, [&](const auto& row) { got.emplace_back(row.key, at<"sum">(row)); });
    running.push({"a", 1, 1, at_ms(5)});
    running.push({"b", 1, 1, at_ms(5)});
    running.push({"c", 1, 1, at_ms(2'000)});
    running.push({"b", 1, 1, at_ms(6)});
    running.push({"a", 1, 1, at_ms(6)});
    REQUIRE_FALSE(got.empty());
    for (const auto& [key, sum] : got) CHECK(key == got.front().first);
    CHECK(got.back().second == 2);
    CHECK(running.stats().evicted_keys == 0);
    CHECK(running.stats().refused_keys >= 1);
}

TEST_CASE("whose turn it is to go is known after a save") {
    const auto description =
        from<trade>("t") | key_by(&trade::symbol) | process<count>(max_keys{3});
    fed keys{description}, loaded{description};
    for (const char* key : {"a", "b", "c", "a", "d"}) keys.push(key, 1);
    const std::string saved = save(keys.running);
    input_archive ar{saved};
    ar(loaded.running);
    REQUIRE(ar.ok());
    static_cast<void>(keys.take());
    for (fed<std::remove_const_t<decltype(description)>>* each : {&keys, &loaded}) {
        for (const char* key : {"e", "a", "b", "c", "d"}) each->push(key, 1);
        CHECK(each->stats().keys == 3);
    }
    CHECK(keys.out == loaded.out);
    CHECK(keys.stats().evicted_keys == loaded.stats().evicted_keys);
}

TEST_CASE("the description says how many keys there may be, where no window does") {
    const auto text = [](const auto& of) { return describe(of).text(); };
    const auto source = from<trade>("t") | key_by(&trade::symbol);
    CHECK(text(source | process<count>()).find("evict_least_recent true; max_keys 1000000 ") !=
          std::string::npos);
    CHECK(text(source | process<count>(max_keys{7}, refuse_new_keys))
              .find("evict_least_recent false; max_keys 7 ") != std::string::npos);
    const std::string windowed = text(counts(source, tumbling{1s}, drop_late));
    CHECK(windowed.find("evict_least_recent") == std::string::npos);
    CHECK_THROWS_WITH(process<count>(max_keys{0}), "process: max_keys must not be 0");
}

TEST_CASE("a correction that cannot be taken in takes with it what it corrects") {
    constexpr auto below_three = [](const auto& row) {
        const auto count = static_cast<double>(at<"count">(row));
        if (count == 3) throw std::runtime_error{"an analyzer"};
        return count;
    };
    const auto check = [](auto behind, auto last) {
        std::vector<double> got;
        auto running =
            start(counts(from<trade>("t"), tumbling{10ms}, lateness{1h}, drop_late) | behind,
                  [&](const auto& row) { got.push_back(last(row)); });
        for (const int ms : {5, 15, 25, 6}) running.push({"a", 1, 1, at_ms(ms)});
        CHECK_THROWS_AS(running.push({"a", 1, 1, at_ms(7)}), std::runtime_error);
        running.push({"a", 1, 1, at_ms(16)});
        running.push({"a", 1, 1, at_ms(10'000)});
        running.finish();
        return got;
    };
    const auto sum_of = [](const auto& row) { return at<"sum">(row); };
    using total = sum<below_three>;
    // 2 of the second window, and then 1 of the third.
    CHECK(check(process<total>(), sum_of)[4] == 2);
    CHECK(check(window(tumbling{1s}, lateness{1h}, drop_late) | process<total>(), sum_of)[0] == 3);
}
