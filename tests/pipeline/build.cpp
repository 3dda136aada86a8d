#include <millrace/pipeline/build.hpp>

#include <algorithm>
#include <string>
#include <vector>

#include <millrace/analyzers/count.hpp>
#include <millrace/operators/filter.hpp>
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
    detail::builder<noting_sink>{sink}.build<0, false>(input{}, description.stages);
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
