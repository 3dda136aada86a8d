#include <millrace/pipeline/detail/graph/graph.hpp>

#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include <millrace/analyzers/count.hpp>
#include <millrace/operators/filter.hpp>
#include <millrace/operators/key_by.hpp>
#include <millrace/operators/tee.hpp>
#include <millrace/pipeline/describe.hpp>
#include <millrace/pipeline/process.hpp>
#include <millrace/pipeline/publish.hpp>
#include <millrace/pipeline/run.hpp>
#include <millrace/pipeline/store.hpp>
#include <millrace/pipeline/union_of.hpp>
#include <millrace/storage/memory.hpp>

#include "catch.hpp"
#include "trade.hpp"

using namespace millrace;

namespace {

/// Notes the topics of what is stored and published.
struct noting_sink {
    std::vector<std::string> notes{};

    template <class Record, class KeyBy>
    auto open(std::string_view topic, const KeyBy&) {
        notes.push_back("open " + std::string{topic});
        return [](const Record&) {};
    }
    template <class Record, class Storage>
    void history(std::string_view topic, std::string_view, Storage&) {
        notes.push_back("history " + std::string{topic});
    }
};

template <class Pipeline>
struct standing {
    using clock_type = clock_view<manual_clock>;

    noting_sink sink{};
    manual_clock clock{};
    detail::closing_pace pace{};
    detail::failed_events failed{};
    detail::build_context<noting_sink> context{sink, pace, failed};
    detail::graph<Pipeline, detail::open_end, std::tuple<>, noting_sink, clock_type> nodes;

    explicit standing(const Pipeline& of) : nodes{of, {}, {}, context, clock_type{clock}, 0} {}
};

}  // namespace

TEST_CASE("sources are numbered from left to right, and each is where the graph is") {
    standing g{
        union_of(from<trade>("a"), union_of(from<trade>("b"), from<trade>("c")), from<trade>("d"))};
    STATIC_REQUIRE(decltype(g.nodes)::source_count == 4);
    CHECK(g.nodes.source<0>().name == "a");
    CHECK(g.nodes.source<2>().name == "c");
    CHECK(g.nodes.source<3>().name == "d");
}

TEST_CASE("what an input stores is called after the topic that follows, behind the union as well") {
    const auto stored = [](const char* name) {
        return from<trade>(name) | process<count, memory_storage>();
    };
    const standing g{union_of(stored("a"), stored("b") | publish("own")) | publish("all")};
    CHECK(g.sink.notes ==
          std::vector<std::string>{"open all", "history all", "open own", "history own"});
}

TEST_CASE("stages are numbered and counted as a description of the pipeline has them") {
    const auto some = [](const trade& t) { return t.size > 1; };
    const auto all = union_of(from<trade>("a") | tee(publish("raw")) | millrace::filter(some),
                              union_of(from<trade>("b"), from<trade>("c")) | publish("inner")) |
                     key_by(&trade::symbol) |
                     tee(publish("x"), millrace::filter(some) | publish("y"));
    auto running = start(all, [](const auto&) {});
    running.source<0>().push({"A", 1, 2, at_ms(3)});
    running.source<0>().push({"A", 1, 1, at_ms(4)});
    running.source<1>().push({"A", 1, 1, at_ms(1)});
    running.source<2>().push({"A", 1, 2, at_ms(2)});
    std::string told;
    for (const auto& each : running.stages())
        told += each.name + " " + std::to_string(each.events_in) + " " +
                std::to_string(each.events_out) + ", ";
    CHECK(told ==
          "1_from 2 2, 2_tee 2 2, 3_filter 2 1, 4_publish 2 2, 5_from 1 1, 6_from 1 1, "
          "7_union_of 2 2, 8_publish 2 2, 9_union_of 3 3, 10_key_by 3 3, 11_tee 3 3, "
          "12_publish 3 3, 13_filter 3 2, 14_publish 2 2, ");
    std::string described;
    const topology shape = describe(all);
    for (const auto& each : shape.stages) described += each.id + " ";
    CHECK(described ==
          "1_from 2_tee 3_filter 4_publish 5_from 6_from 7_union_of 8_publish "
          "9_union_of 10_key_by 11_tee 12_publish 13_filter 14_publish ");
    CHECK(running.stages()[8].watermark == at_ms(1));
}
