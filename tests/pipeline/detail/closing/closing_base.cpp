#include <millrace/pipeline/detail/closing/closing_base.hpp>

#include <stdexcept>
#include <utility>

#include <millrace/core/stage.hpp>
#include <millrace/windows/session.hpp>
#include <millrace/windows/sliding.hpp>

#include "../../fed.hpp"

using namespace millrace;
using namespace std::chrono_literals;

namespace {

/// Tells what follows of each watermark at once that time has come half an hour further, whatever
/// is thrown.
struct hasty : stage {
    using passes_all = void;

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
        void watermark(timestamp to, trigger why) {
            try {
                this->next.watermark(to, why);
            } catch (const std::runtime_error&) {
            }
            this->next.watermark(to + 30min, why);
        }
    };
};

/// What comes of keys a, b and c where the record of b throws and the lateness is over at once.
template <class Window>
strings said_of(Window size) {
    strings seen;
    bool throws = true;
    auto running = start(from<trade>("t", disorder{1h}) | hasty{} | key_by(&trade::symbol) |
                             window(size, lateness{1min}, drop_late) | process<count>(),
                         [&](const auto& row) {
                             note_rows{&seen}("", row);
                             if (row.key == "b" && std::exchange(throws, false))
                                 throw std::runtime_error{"no b"};
                         });
    for (const char* key : {"a", "b", "c"}) running.push({key, 1, 1, at_ms(0)});
    running.advance(at_ms(10'000));
    while (!running.resume()) {
    }
    return seen;
}

const strings all_final{"a 0 1 0 watermark open", "b 0 1 0 watermark open",
                        "c 0 1 0 watermark open", "a 0 1 1 watermark",
                        "b 0 1 1 watermark",      "c 0 1 1 watermark"};

}  // namespace

TEST_CASE("what was fired when a consumer threw is final once the lateness is over") {
    const auto from_zero = [](strings rows) {
        for (std::string& row : rows) row.replace(1, row.find(' ', 2) - 1, " 0");
        return rows;
    };
    CHECK(from_zero(said_of(tumbling{1s})) == all_final);
    CHECK(from_zero(said_of(session{1s})) == all_final);
    CHECK(from_zero(said_of(sliding{1s, 1s})) == all_final);
}
