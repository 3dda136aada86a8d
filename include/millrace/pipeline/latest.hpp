#pragma once

#include <concepts>
#include <cstddef>
#include <string_view>
#include <tuple>
#include <utility>

#include <millrace/core/key.hpp>
#include <millrace/core/node.hpp>
#include <millrace/core/stage.hpp>
#include <millrace/core/stream.hpp>
#include <millrace/joins/lookup.hpp>
#include <millrace/pipeline/detail/joins/join_arguments.hpp>
#include <millrace/pipeline/detail/joins/join_settings.hpp>
#include <millrace/pipeline/detail/joins/table_settings.hpp>
#include <millrace/pipeline/detail/state/gate_node.hpp>
#include <millrace/pipeline/detail/state/gate_options.hpp>
#include <millrace/pipeline/detail/state/kept_event.hpp>
#include <millrace/pipeline/detail/state/latest_node.hpp>
#include <millrace/pipeline/key_limits.hpp>

namespace millrace {

/// An option of `latest`: each version takes the place of the one before in what stands behind.
struct as_table_t {};
inline constexpr as_table_t as_table{};

namespace detail {

/// The time of the newest event that went on.
struct latest_rule {
    struct state {
        timestamp time = timestamp::min();

        template <class Archive>
        void archive(Archive& ar) {
            ar(time);
        }
    };

    [[nodiscard]] bool is_over(const state&, timestamp) const noexcept { return false; }
    template <class Event>
    [[nodiscard]] bool admits(const state& of, const Event&, event_stamp at) const noexcept {
        return of.time <= at.time;
    }
    template <class Event>
    void passed(state& of, const Event&, event_stamp at) const noexcept {
        of.time = at.time;
    }
};

}  // namespace detail

template <bool IsTable, class IsDeleted>
struct latest_stage : stage {
    static constexpr std::string_view stage_name = "latest";
    using is_by_key = void;

    detail::table_settings settings;
    IsDeleted is_deleted;

    latest_stage(const detail::table_settings& limits, IsDeleted when)
        : settings{limits}, is_deleted{std::move(when)} {}

    template <class To>
    void describe(To& to) const {
        to.setting("as_table", IsTable, false);
        if constexpr (IsTable) {
            settings.describe(to);
        } else {
            settings.keys.describe(to);
        }
    }

    template <class Stream>
    static consteval void require() {
        using event = typename Stream::event_type;
        static_assert(!std::same_as<typename Stream::key_by_type, unkeyed>,
                      "latest needs: a key whose newest event counts, by key_by before it (see "
                      "millrace/operators/key_by.hpp)");
        static_assert(!std::same_as<typename Stream::time_type, no_time>,
                      "latest needs: event times, by an event_time field in the schema of the "
                      "source's event or processing_time in its from (see "
                      "millrace/core/schema.hpp)");
        if constexpr (IsTable) detail::require_own_time<Stream>();
        static_assert(!IsTable || detail::is_kept<event>,
                      "latest needs: for as_table events that can be kept, which have a schema, "
                      "are made without arguments and refer to nothing but texts that the schema "
                      "names (see millrace/core/owned_views.hpp)");
        static_assert(std::predicate<const IsDeleted&, const event&>,
                      "deleted_when needs: a predicate bool(const Event&) of the stream's event, "
                      "const (see millrace/joins/lookup.hpp)");
    }

    template <class Stream>
    [[nodiscard]] auto output(const Stream& in) const {
        if constexpr (IsTable) {
            return in.template changing<newest_version>();
        } else {
            return in;
        }
    }

    template <class Stream, class Next>
    [[nodiscard]] auto make_node(const Stream& in, Next next) const {
        using event = typename Stream::event_type;
        using key_by = typename Stream::key_by_type;
        if constexpr (IsTable) {
            detail::check_own_time(in);
            return detail::latest_node<key_by, event, IsDeleted, Next>{in.key, settings, is_deleted,
                                                                       std::move(next)};
        } else {
            return detail::gate_node<key_by, event, detail::latest_rule, Next>{
                in.key, {}, settings.keys, std::move(next)};
        }
    }
};

/// The newest event of each key by event time: one that is older than what went on of its key is
/// dropped. Of equal times the later to come is the newer.
///
///     | key_by(&position::truck) | latest() | publish("positions")
///
/// So who follows never sees a key go back, however events are out of order. A time is kept for
/// each key.
///
/// With `as_table` what stands behind is told what becomes of the table: the first event of a key
/// is an insert, a newer one an update that takes the place of the one before, one that
/// `deleted_when{f}` is true of a removal. So each key counts once, as it is now:
///
///     | key_by(&order::id) | latest(as_table, deleted_when{is_closed})
///     | key_by(&order::status) | process<count>()
///
/// Behind it stands what takes corrections: operators, a `process` without a window or with
/// `global`, whose analyzers have `retract`, or a `lookup_join` whose table this is then, by time
/// and not by arrival. To publish the versions themselves, leave out `as_table`; then one that
/// deletes goes on like any other. A table holds a copy of each key's newest event. What was
/// deleted is remembered until the watermark has passed it; an event that is older and comes later
/// still is taken for a new one. With `per_key` that is its key's own watermark, and `key_by` has
/// to name the same key.
///
/// Options, too: `max_keys`, a million by default, and `evict_least_recent` (the default), where
/// the key that was not seen for longest makes room, in a table by a removal, or `refuse_new_keys`;
/// with `as_table` also `max_table_bytes`.
/// @throws std::invalid_argument for a limit of 0
template <class... Options>
[[nodiscard]] auto latest(Options... options) {
    constexpr bool is_table = (false || ... || std::same_as<Options, as_table_t>);
    constexpr auto is_setting = []<class T>() {
        return detail::setting_of<detail::table_settings, T>;
    };
    constexpr bool are_options =
        (true && ... &&
         (std::same_as<Options, as_table_t> || detail::is_deleted_when<Options> ||
          is_setting.template operator()<Options>()));
    static_assert(are_options,
                  "latest needs: no other options than as_table, deleted_when, max_keys, "
                  "evict_least_recent, refuse_new_keys and max_table_bytes (see "
                  "millrace/pipeline/latest.hpp)");
    constexpr bool are_of_table =
        (false || ... ||
         (detail::is_deleted_when<Options> || std::same_as<Options, max_table_bytes>));
    static_assert(is_table || !are_of_table,
                  "latest needs: as_table with deleted_when and max_table_bytes, without which it "
                  "keeps no events (see millrace/pipeline/latest.hpp)");
    detail::table_settings settings{"latest", detail::gate_limits("latest")};
    [[maybe_unused]] const auto set = [&]<class Option>(const Option& option) {
        if constexpr (is_setting.template operator()<Option>()) settings.set(option);
    };
    (set(options), ...);
    auto all = std::tuple{std::move(options)...};
    auto is_deleted = detail::deletion_in(all);
    return latest_stage<is_table, decltype(is_deleted)>{settings, std::move(is_deleted)};
}

}  // namespace millrace
