#include <millrace/pipeline/detail/closing/key_closing_base.hpp>

#include <stdexcept>
#include <string_view>

#include <millrace/windows/session.hpp>
#include <millrace/windows/sliding.hpp>

#include "../../fed.hpp"

using namespace millrace;
using namespace std::chrono_literals;

namespace {

/// What comes of keys that each have a time of their own, where the record of b throws.
template <class Window>
strings said_of(Window size) {
    strings seen;
    auto running = start(from<trade>("t", per_key(&trade::symbol)) | key_by(&trade::symbol) |
                             window(size, drop_late) | process<count>(),
                         [&](const auto& row) {
                             note_rows{&seen}("", row);
                             if (row.key == "b") throw std::runtime_error{"no b"};
                         });
    for (const char* key : {"a", "b", "c", "d"}) running.push({key, 1, 1, at_ms(0)});
    CHECK_THROWS_AS(running.push({"b", 1, 1, at_ms(10'000)}), std::runtime_error);
    running.push({"d", 1, 1, at_ms(10'000)});
    CHECK_THROWS_AS(running.finish(), std::runtime_error);
    CHECK(running.stats().keys == 0);
    return seen;
}

}  // namespace

TEST_CASE("each key's windows close by its own watermark, and at the end all, whatever throws") {
    const strings expected{"b 0 1 0 watermark", "d 0 1 0 watermark", "a 0 1 0 stop",
                           "b 10000 1 0 stop",  "c 0 1 0 stop",      "d 10000 1 0 stop"};
    CHECK(said_of(tumbling{1s}) == expected);
    CHECK(said_of(sliding{2s, 2s}) == expected);
    CHECK(said_of(session{1s}) == expected);
}
