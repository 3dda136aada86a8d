#pragma once

#include <millrace/core/detail/require_option.hpp>
#include <millrace/joins/asof.hpp>
#include <millrace/pipeline/detail/joins/join_settings.hpp>

namespace millrace::detail {

/// What may be set at an as-of join.
struct asof_settings : join_settings {
    asof direction = asof::backward;
    duration tolerance = duration::max();  ///< the largest stands for none
    bool takes_exact = true;

    using join_settings::set;
    void set(asof option) noexcept { direction = option; }
    void set(within option) {
        tolerance = require_not_negative("within", option.value, stage);
        require_option(!has_tolerance() || tolerance <= longest_time,
                       "within must be at most a hundred years", stage);
    }
    void set(allow_exact_matches option) noexcept { takes_exact = option.value; }

    /// @throws std::invalid_argument where what comes later is asked for without a limit
    void check() const {
        require_option(direction == asof::backward || has_tolerance(),
                       "asof::forward and asof::nearest need within, for which events wait", stage);
    }

    [[nodiscard]] bool has_tolerance() const noexcept { return tolerance != duration::max(); }
    /// How long behind its time a left event's partner may still come.
    [[nodiscard]] duration wait() const noexcept {
        return direction == asof::backward ? duration{} : tolerance;
    }
    /// How much earlier than the first left event that may still come its partner may be.
    [[nodiscard]] duration reach() const noexcept {
        return direction == asof::forward ? duration{} : tolerance;
    }

    template <class To>
    void describe(To& to) const {
        to.setting("direction", direction);
        to.setting("within", tolerance, duration::max());
        to.setting("allow_exact_matches", takes_exact, true);
        join_settings::describe(to);
    }
};

}  // namespace millrace::detail
