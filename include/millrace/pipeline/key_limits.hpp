#pragma once

#include <concepts>
#include <cstddef>
#include <string_view>

#include <millrace/core/detail/require_option.hpp>
#include <millrace/core/key.hpp>

namespace millrace {

// What becomes of a new key where `max_keys` are there. Options of process, detect and
// process_with_state.

/// The key that was not seen for longest, by a good guess, makes room: what is kept of it goes, and
/// when it comes back it starts anew. A key that comes again stays, as long as fewer new ones come
/// between two of its events than `max_keys` has room for beside all that come again; a flood that
/// is faster drives out those, too. Counted in `pipeline_stats::evicted_keys`.
struct evict_least_recent_t {};
inline constexpr evict_least_recent_t evict_least_recent{};

/// Its events are refused, until a key that is there goes by itself. Counted in
/// `pipeline_stats::refused_keys`.
struct refuse_new_keys_t {};
inline constexpr refuse_new_keys_t refuse_new_keys{};

/// How many keys there may be, and what becomes of one more.
struct key_limits {
    std::size_t key_limit = max_keys{}.value;
    bool evicts = false;

    /// @throws std::invalid_argument for 0
    void set(max_keys option, std::string_view stage) {
        key_limit = detail::require_positive("max_keys", option.value, stage);
    }
    void set(evict_least_recent_t, std::string_view) noexcept { evicts = true; }
    void set(refuse_new_keys_t, std::string_view) noexcept { evicts = false; }

    template <class To>
    void describe(To& to) const {
        to.setting("evict_least_recent", evicts);
        to.tunable("max_keys", key_limit);
    }
};

namespace detail {

template <class Option>
concept key_option = requires(key_limits& to, const Option& option) {
    to.set(option, std::string_view{});
};

/// Of a stage whose keys stay for good. What was said of a key that has gone could not be taken
/// back: so none goes where events may be corrected.
template <class... Options>
struct lasting_key_limits {
    static constexpr bool has_options = sizeof...(Options) > 0;
    static constexpr bool is_asked_to_evict = (std::same_as<Options, evict_least_recent_t> || ...);

    key_limits limits{.evicts = true};

    explicit lasting_key_limits([[maybe_unused]] std::string_view stage,
                                const Options&... options) {
        (limits.set(options, stage), ...);
    }

    template <class Stream>
    [[nodiscard]] key_limits on() const noexcept {
        key_limits all = limits;
        if constexpr (Stream::is_updating) all.evicts = false;
        return all;
    }
};

}  // namespace detail

}  // namespace millrace
