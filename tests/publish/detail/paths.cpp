#include <millrace/publish/detail/paths.hpp>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "catch.hpp"

using namespace millrace;

namespace {

std::shared_ptr<topic> named(std::string name) {
    return std::make_shared<topic>(std::move(name), "symbol");
}

std::vector<std::string> paths(const std::vector<detail::path_use>& of) {
    std::vector<std::string> all;
    for (const auto& each : of) all.push_back(each.path);
    return all;
}

/// What is said against these names and paths; empty if nothing.
std::string refusal(const std::vector<std::string>& inputs, const topic_list& topics,
                    const detail::duplex_path& duplex = {}) {
    try {
        static_cast<void>(detail::paths_of(inputs, topics, duplex));
        return {};
    } catch (const std::invalid_argument& e) {
        return e.what();
    }
}

bool says(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a pipeline has a path for each topic and named input, and one for both") {
    const auto bars = named("bars"), alarms = named("alarms/now");
    const auto all = detail::paths_of({"trades"}, {bars, alarms}, {"/ws", {"bars"}});
    REQUIRE(paths(all) == std::vector<std::string>{"/bars", "/alarms/now", "/trades", "/ws"});
    REQUIRE(all[1].topics == topic_list{alarms});
    REQUIRE(!all[1].input);
    REQUIRE(all[2].topics.empty());
    REQUIRE(all[2].input == 0u);
    REQUIRE(all[3].topics == topic_list{bars});
    REQUIRE(all[3].input == 0u);

    REQUIRE(detail::paths_of({""}, {bars, alarms}, {"/ws"}).back().topics ==
            topic_list{bars, alarms});
    const auto two = detail::paths_of({"", "quotes"}, {}, {});
    REQUIRE(paths(two) == std::vector<std::string>{"/quotes"});
    REQUIRE(two[0].input == 1u);
}

TEST_CASE("names and paths that no request can have are refused") {
    for (const char* name :
         {"a b", "a?b", "a#b", "a%b", "a\n", "\x7F", "..", "a/./b", "./", "a/.."}) {
        CAPTURE(name);
        REQUIRE(says(refusal({name}, {}), "makes no path: it has a"));
        REQUIRE(says(refusal({}, {named(name)}), "makes no path: it has a"));
        REQUIRE(says(refusal({"in"}, {}, {"/" + std::string{name}}), "no request has the path"));
    }
    REQUIRE(says(refusal({"/in"}, {}), "without its slash"));
    REQUIRE(says(refusal({}, {named("/out")}), "without its slash"));
    REQUIRE(says(refusal({"in"}, {}, {"ws"}), "a path begins with a slash"));
    for (const char* name : {"a..b", "...", ".a", "a/b", "a//b",
                             "gr\xc3\xb6\xc3\x9f"
                             "e",
                             "a+b&c=d"})
        REQUIRE(refusal({name}, {}).empty());
}

TEST_CASE("a path is there once, and a duplex path has one input and topics that there are") {
    REQUIRE(refusal({"same"}, {named("same")}) == "millrace: the path \"/same\" is taken already");
    REQUIRE(says(refusal({"in", "in"}, {}), "taken"));
    REQUIRE(says(refusal({"in"}, {}, {"/in"}), "taken"));
    REQUIRE(says(refusal({"left", "right"}, {}, {"/ws"}), "takes the events of one input"));
    REQUIRE(refusal({"in"}, {named("out")}, {"/ws", {"none"}}) ==
            "millrace: duplex_topics names no topic: \"none\"");
    REQUIRE(says(refusal({"in"}, {named("out")}, {"", {"out"}}), "needs a duplex_path"));
}

TEST_CASE("a policy is for a topic, not for an input") {
    const topic_list topics{named("out")};
    REQUIRE_NOTHROW(detail::require_topics(topics, {{}, {{"out", overflow_policy::conflate}}}));
    REQUIRE_THROWS_AS(detail::require_topics(topics, {{}, {{"in", overflow_policy::conflate}}}),
                      std::invalid_argument);
}

TEST_CASE("who asks for a key follows the topics that it is a key of, and the others not") {
    const auto any = named("any");
    const auto numbered = std::make_shared<topic>("numbered", "id", overflow_policy::drop_oldest,
                                                  &canonical_key<int>);
    const auto all = detail::followed_topics({any, numbered}, std::nullopt);
    REQUIRE(all.size() == 2);
    REQUIRE((all[0].of == any && !all[0].key && all[1].of == numbered && !all[1].key));
    const auto seventh = detail::followed_topics({any, numbered}, "007");
    REQUIRE(seventh.size() == 2);
    REQUIRE((seventh[0].key == "007" && seventh[1].key == "7"));
    const auto named_key = detail::followed_topics({any, numbered}, "seven");
    REQUIRE(named_key.size() == 1);
    REQUIRE((named_key[0].of == any && named_key[0].key == "seven"));
    REQUIRE(detail::followed_topics({numbered}, "seven").empty());
}
