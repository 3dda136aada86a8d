#pragma once

#include <concepts>
#include <string_view>

#include <millrace/core/detail/require_option.hpp>
#include <millrace/core/key.hpp>
#include <millrace/core/timestamp.hpp>
#include <millrace/joins/join.hpp>
#include <millrace/pipeline/key_limits.hpp>
#include <millrace/pipeline/source_time.hpp>
#include <millrace/windows/windowing.hpp>

namespace millrace::detail {

/// What may be set at every join that waits for time.
struct join_settings {
    std::string_view stage;
    duration allowed_lateness{};
    duration lag = max_lag{}.value;
    key_limits keys{};
    max_held held{};

    void set(lateness option) {
        allowed_lateness = require_not_negative("lateness", option.value, stage);
    }
    void set(max_lag option) { lag = require_not_negative("max_lag", option.value, stage); }
    void set(max_keys option) { keys.set(option, stage); }
    void set(max_held option) {
        require_positive("max_held::events", option.events, stage);
        require_positive("max_held::bytes", option.bytes, stage);
        held = option;
    }

    void check() const noexcept {}

    template <class To>
    void describe(To& to) const {
        to.setting("lateness", allowed_lateness);
        to.setting("max_lag", lag);
        to.tunable("max_keys", keys.key_limit);
        to.tunable("max_held_events", held.events);
        to.tunable("max_held_bytes", held.bytes);
    }
};

template <class Settings, class Option>
concept setting_of = requires(Settings& to, const Option& option) {
    to.set(option);
};

}  // namespace millrace::detail
