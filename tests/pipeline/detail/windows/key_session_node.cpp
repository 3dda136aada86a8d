#include <millrace/pipeline/detail/windows/key_session_node.hpp>

#include "../../sessions.hpp"

using namespace millrace;
using namespace std::chrono_literals;

TEST_CASE("each key's sessions end by its own time") {
    fed keys{
        counts(from<trade>("t", per_key(&trade::symbol)), session{1s}, lateness{1s}, drop_late)};
    keys.push("a", 0);
    keys.push("b", 10'000);
    CHECK(keys.out.empty());
    keys.push("a", 1500);
    CHECK(keys.take() == strings{"a 0 1 0 watermark open"});
    keys.push("a", 900);  // joins both
    CHECK(keys.take() == strings{"a 0 1 1 late open"});
    CHECK(keys.stats().open_windows == 2);
    keys.push("a", 4000);
    CHECK(keys.take() == strings{"a 0 3 0 watermark"});
    keys.push("a", 2999);
    CHECK(keys.stats().late == 1);
    keys.running.finish();
    CHECK(keys.out == strings{"a 4000 1 0 stop", "b 10000 1 0 stop"});
    CHECK(keys.stats().keys == 0);
}

TEST_CASE("random streams give each key the sessions of the textbook, by its own time") {
    check_random_sessions(
        true, [](disorder allowed) { return from<trade>("t", allowed, per_key(&trade::symbol)); });
}
