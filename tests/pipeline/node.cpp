#include <millrace/pipeline/node.hpp>

#include <string>

#include <millrace/analyzers/count.hpp>
#include <millrace/operators/filter.hpp>
#include <millrace/operators/key_by.hpp>
#include <millrace/pipeline/stream_processor.hpp>
#include <millrace/windows/tumbling.hpp>

#include "catch.hpp"
#include "trade.hpp"

using namespace millrace;
using namespace std::chrono_literals;

namespace {

/// Notes what reaches it.
struct noting_node {
    std::string* notes;
    std::error_code error{};

    template <class Event>
    void push(const Event&) {
        *notes += "push ";
    }
    void advance(timestamp to, trigger) {
        *notes += "advance:" + std::to_string(to.time_since_epoch() / 1ms) + " ";
    }
    void tick(timestamp) { *notes += "tick "; }
    std::error_code finish() {
        *notes += "finish ";
        return error;
    }
    bool resume() { return true; }
    bool has_room() const { return true; }
    void flush() {}
    void collect(pipeline_stats& stats) const { ++stats.events; }
    template <class Archive>
    void archive(Archive&) {}
};

template <class... Options>
auto count_node(std::string& notes, Options... options) {
    auto key = key_by(&trade::symbol);
    auto windows = window(tumbling{1s}, options..., drop_late);
    using processor =
        stream_processor<trade, count, null_storage, decltype(key), decltype(windows)>;
    return detail::processor_node<processor, detail::ignore_event, noting_node>{
        processor{key, windows}, {}, {&notes}};
}

}  // namespace

TEST_CASE("an operator's node passes on time and what its operator emits") {
    std::string notes;
    auto keep = filter([](const trade& t) { return t.price > 1; });
    detail::operator_node<decltype(keep), noting_node> node{keep, {&notes}};
    node.push(trade{"a", 1, 1, at_ms(0)});
    node.push(trade{"a", 2, 1, at_ms(0)});
    node.advance(at_ms(7), trigger::watermark);
    node.tick(at_ms(0));
    node.finish();
    CHECK(notes == "push advance:7 tick finish ");
}

TEST_CASE("a tee gives both branches everything") {
    std::string first, second;
    detail::tee_node<noting_node, noting_node> node{{&first}, {&second}};
    node.push(trade{});
    node.advance(at_ms(1), trigger::watermark);
    node.tick(at_ms(0));
    node.finish();
    CHECK(first == "push advance:1 tick finish ");
    CHECK(second == first);
    pipeline_stats stats;
    node.collect(stats);
    CHECK(stats.events == 2);
}

TEST_CASE("the first error of a branch is the tee's, and the other is finished all the same") {
    std::string first, second;
    detail::tee_node<noting_node, noting_node> node{{&first, errc::storage_full},
                                                    {&second, errc::storage_failed}};
    CHECK(node.finish() == errc::storage_full);
    CHECK(second == "finish ");
    node.first.error = {};
    CHECK(node.finish() == errc::storage_failed);
}

TEST_CASE("a watermark of all keys goes on behind the records that it brought about") {
    std::string notes;
    auto node = count_node(notes);
    node.push(trade{"a", 1, 1, at_ms(500)});
    node.push(trade{"a", 1, 1, at_ms(1500)});
    CHECK(notes == "advance:500 push advance:1500 ");
}

TEST_CASE("a key's own time does not go on, what holds for the whole stream does") {
    std::string notes;
    auto node = count_node(notes, per_key);
    node.push(trade{"a", 1, 1, at_ms(500)});
    node.push(trade{"a", 1, 1, at_ms(1500)});
    CHECK(notes == "push ");
    node.advance(at_ms(3000), trigger::watermark);
    CHECK(notes == "push push advance:3000 ");
}
