#include <millrace/pipeline/detail/windows/key_sliding_node.hpp>

#include <stdexcept>

#include <millrace/windows/sliding.hpp>

#include "../../fed.hpp"

using namespace millrace;
using namespace std::chrono_literals;

TEST_CASE("sliding windows of a key close by its own time") {
    fed keys{counts(from<trade>("t", per_key(&trade::symbol)), sliding{2s, 1s}, drop_late)};
    keys.push("a", 500);
    keys.push("b", 9500);
    CHECK(keys.out.empty());
    keys.push("a", 1500);
    CHECK(keys.take() == strings{"a -1000 1 0 watermark"});
    keys.running.advance(at_ms(10'000));
    CHECK(keys.take() ==
          strings{"a 0 2 0 watermark", "a 1000 1 0 watermark", "b 8000 1 0 watermark"});
    CHECK(keys.stats().keys == 1);
}

TEST_CASE("a key that makes room gives what its sliding windows hold") {
    fed keys{counts(from<trade>("t", per_key(&trade::symbol), max_keys{1}), sliding{2s, 1s},
                    lateness{1h}, drop_late)};
    keys.push("a", 500);
    keys.push("a", 1500);
    keys.push("b", 500);
    CHECK(keys.take() ==
          strings{"a -1000 1 0 watermark open", "a 0 2 0 evicted open", "a 1000 1 0 evicted open"});
    CHECK(keys.stats().keys == 1);
    CHECK(keys.stats().open_windows == 1);
}

TEST_CASE("all windows of a key close, whatever a consumer throws") {
    strings seen;
    auto running =
        start(counts(from<trade>("t", per_key(&trade::symbol)), sliding{3s, 1s}, drop_late),
              [&](const auto& row) {
                  note_rows{&seen}("", row);
                  if (seen.size() == 1) throw std::runtime_error{"no"};
              });
    running.push({"a", 1, 1, at_ms(500)});
    CHECK_THROWS_AS(running.push({"a", 1, 1, at_ms(9500)}), std::runtime_error);
    CHECK(seen == strings{"a -2000 1 0 watermark", "a -1000 1 0 watermark", "a 0 1 0 watermark"});
}
