#pragma once

#include <millrace/core/record.hpp>
#include <millrace/core/timestamp.hpp>

namespace millrace {

/// One window for all of time, for each key: it ends when the pipeline is finished.
///
///     window(global{}, early{events{100}})
///
/// So it needs an `early` trigger; no event is late for it. Its records have the bounds of what a
/// timestamp can be, and the key alone tells them apart. A key's state stays; `max_keys` limits
/// how many there are.
struct global {
    [[nodiscard]] constexpr window_bounds assign(timestamp) const noexcept {
        return {timestamp::min(), timestamp::max()};
    }

    template <class To>
    void describe(To& to) const {
        to.setting("kind", "global");
    }
};

}  // namespace millrace
