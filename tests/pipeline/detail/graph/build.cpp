#include <millrace/pipeline/detail/graph/build.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <millrace/analyzers/count.hpp>
#include <millrace/operators/filter.hpp>
#include <millrace/operators/tee.hpp>
#include <millrace/pipeline/pipeline.hpp>
#include <millrace/pipeline/process.hpp>
#include <millrace/pipeline/publish.hpp>
#include <millrace/pipeline/run.hpp>
#include <millrace/storage/memory.hpp>
#include <millrace/windows/tumbling.hpp>

#include "catch.hpp"
#include "trade.hpp"

using namespace millrace;
using namespace std::chrono_literals;

namespace {

/// Keeps what it is told: the shape of an endpoint's sink.
struct noting_sink {
    std::vector<std::string> notes{};

    template <class Record, class KeyBy>
    auto open(std::string_view topic, const KeyBy& key) {
        notes.push_back("open " + std::string{topic} + " by " + std::string{key.name});
        return [](const Record&) {};
    }
    template <class Record, class Storage>
    void history(std::string_view topic, std::string_view key_name, Storage&) {
        notes.push_back("history " + std::string{topic} + " by " + std::string{key_name});
    }
};

template <class Source, class... Stages>
std::vector<std::string> notes_of(const pipeline<Source, Stages...>& description) {
    noting_sink sink;
    using input = typename pipeline<Source, Stages...>::input_stream;
    detail::closing_pace pace;
    detail::failed_events failed;
    static_cast<void>(
        detail::build_context<noting_sink>{sink, pace, failed}.build(input{}, description.stages));
    std::ranges::sort(sink.notes);
    return sink.notes;
}

using strings = std::vector<std::string>;

}  // namespace

TEST_CASE("a sink learns its topics, their key's name and their storage") {
    CHECK(notes_of(from<trade>("t") | key_by(&trade::symbol) |
                   window(tumbling{1s}, late_to("late")) |
                   process<count, memory_storage>({.capacity = 5}) | publish("counts")) ==
          strings{"history counts by symbol", "open counts by symbol", "open late by symbol"});
}

TEST_CASE("a storage belongs to the next topic behind it, past what stands in between") {
    CHECK(notes_of(from<trade>("t") | key_by(&trade::symbol) | process<count, memory_storage>() |
                   filter([](const auto& row) { return at<"count">(row) > 1; }) |
                   publish("many")) == strings{"history many by symbol", "open many by symbol"});
}

TEST_CASE("an end that is not published is a topic without a name") {
    CHECK(notes_of(from<trade>("t") | process<count>()) == strings{"open  by "});
    CHECK(notes_of(from<trade>("t") | publish("all")) == strings{"open all by "});
}

TEST_CASE("each branch of a tee ends by itself") {
    CHECK(notes_of(from<trade>("t") |
                   tee(publish("all"), key_by(&trade::symbol) | process<count>())) ==
          strings{"open  by symbol", "open all by "});
}

namespace {

/// A stage of one's own, as its documentation shows it.
struct every_other : stage {
    template <class Stream>
    static consteval void require() {}
    template <class Stream>
    Stream output(const Stream& in) const {
        return in;
    }
    template <class Stream, class Next>
    auto make_node(const Stream&, Next next) const {
        return node<Next>{{std::move(next)}};
    }

    template <class Next>
    struct node : forwarding_node<Next> {
        bool skips = true;

        template <class Event>
        void push(const Event& event, event_stamp at) {
            skips = !skips;
            if (!skips) this->next.push(event, at);
        }
        template <class Archive>
        void archive(Archive& ar) {
            ar(skips, this->next);
        }
    };
};

}  // namespace

TEST_CASE("a stage of one's own stands wherever one of ours does") {
    const auto description = from<trade>("t") | every_other{} | key_by(&trade::symbol) |
                             window(tumbling{1s}, drop_late) | process<count>();
    std::vector<std::uint64_t> counts;
    const auto keep = [&](const auto& row) { counts.push_back(at<"count">(row)); };
    auto running = start(description, keep);
    for (int i = 0; i < 5; ++i) running.push({"a", 1, 1, at_ms(i)});
    const std::string saved = save(running);
    auto resumed = start(description, keep);
    input_archive ar{saved};
    ar(resumed);
    REQUIRE(ar.ok());
    for (int i = 0; i < 3; ++i) resumed.push({"a", 1, 1, at_ms(i)});
    resumed.finish();
    CHECK(counts == std::vector<std::uint64_t>{4});
}
