#include <millrace/pipeline/running_node.hpp>

#include "fed.hpp"

using namespace millrace;

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
