#include <millrace/pipeline/window_kind.hpp>

#include <chrono>

#include <millrace/windows/tumbling.hpp>

#include "fed.hpp"

using namespace millrace;
using namespace std::chrono_literals;

namespace {

/// An assigner of one's own: the first half of each second is one window, the second another.
struct halves {
    [[nodiscard]] window_bounds assign(timestamp time) const {
        const timestamp start = std::chrono::floor<std::chrono::seconds>(time);
        if (time < start + 500ms) return {start, start + 500ms};
        return {start + 500ms, start + 1s};
    }
};
static_assert(window_assigner<halves>);

}  // namespace

TEST_CASE("an assigner of one's own cuts a stream as ours do, for all keys or for each") {
    const auto check = [](auto source) {
        fed keys{counts(source, halves{}, drop_late)};
        for (const int ms : {100, 499, 500, 999, 1000}) keys.push("a", ms);
        CHECK(keys.out == strings{"a 0 2 0 watermark", "a 500 2 0 watermark"});
    };
    check(from<trade>("t"));
    check(from<trade>("t", per_key(&trade::symbol)));
}
