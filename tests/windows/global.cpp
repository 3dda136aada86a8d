#include <millrace/windows/global.hpp>

#include <sstream>

#include <millrace/codec/json.hpp>
#include <millrace/storage/memory.hpp>
#include <millrace/windows/firing.hpp>

#include "../pipeline/fed.hpp"

using namespace millrace;
using namespace std::chrono_literals;

TEST_CASE("a global window has all of time, and ends with the pipeline") {
    std::vector<std::string> said;
    auto running = start(from<trade>("t", any_time) | key_by(&trade::symbol) |
                             window(global{}, early{events{2}}) | process<count>(),
                         [&](const auto& row) {
                             CHECK(row.window == window_bounds{timestamp::min(), timestamp::max()});
                             said.push_back(row.key + std::to_string(millrace::at<"count">(row)) +
                                            (row.is_final ? " final" : ""));
                         });
    const auto push = [&](const char* key, timestamp time) { running.push({key, 1, 1, time}); };
    push("a", at_ms(1));
    push("b", timestamp::min());
    push("a", timestamp::max());
    CHECK(said == std::vector<std::string>{"a2"});
    push("a", at_ms(-5));
    CHECK(running.stats().late == 0);
    running.finish();
    CHECK(said == std::vector<std::string>{"a2", "a3 final", "b1 final"});
}
