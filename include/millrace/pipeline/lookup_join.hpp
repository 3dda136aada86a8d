#pragma once

#include <concepts>
#include <cstddef>
#include <functional>
#include <limits>
#include <string_view>
#include <system_error>
#include <tuple>
#include <type_traits>
#include <utility>

#include <millrace/core/stream.hpp>
#include <millrace/joins/join.hpp>
#include <millrace/joins/lookup.hpp>
#include <millrace/operators/key_by.hpp>
#include <millrace/pipeline/detail/joins/join_arguments.hpp>
#include <millrace/pipeline/detail/joins/join_inputs.hpp>
#include <millrace/pipeline/detail/joins/lookup_node.hpp>
#include <millrace/pipeline/detail/joins/table_file.hpp>
#include <millrace/pipeline/detail/joins/table_settings.hpp>
#include <millrace/pipeline/pipeline.hpp>
#include <millrace/storage/storage.hpp>

namespace millrace {

namespace detail {

/// Whether its stream is that of a source, by a key.
template <class Pipeline>
inline constexpr bool is_source_with_key = false;
template <class Event, class Codec, class Timing, class Key>
inline constexpr bool
    is_source_with_key<pipeline<from_stage<Event, Codec, Timing>, key_by_stage<Key>>> = true;

template <class T>
inline constexpr bool is_loaded_from = false;
template <class Store, class Function>
inline constexpr bool is_loaded_from<loaded_from<Store, Function>> = true;

/// A table that begins empty.
struct loaded_from_nothing {};

/// What the table begins with.
template <class... Options>
[[nodiscard]] auto beginning_in(std::tuple<Options...>& all) {
    constexpr auto is_one = []<class T>() { return is_loaded_from<T>; };
    constexpr std::size_t at = index_of_option<decltype(is_one), Options...>(is_one);
    return option_or<at>(loaded_from_nothing{}, all);
}

template <class Event, class Put>
void for_each_loaded(const loaded_from<void>& from, Put&& put) {
    table_file<Event>{from.file}.for_each(put);
}
/// @throws std::system_error where it cannot be read
template <class Event, class Store, class Function, class Put>
void for_each_loaded(const loaded_from<Store, Function>& from, Put&& put) {
    const storage_query all{.limit = std::numeric_limits<std::size_t>::max()};
    const std::error_code error = from.store->scan(all, [&]<class Row>(const Row& row) {
        constexpr bool fits = std::is_invocable_r_v<Event, const Function&, const Row&>;
        static_assert(fits,
                      "loaded_from needs: a storage of the right events, or behind it a function "
                      "Right(const Row&) of its rows (see millrace/joins/lookup.hpp)");
        if constexpr (fits) {
            const Event& one = std::invoke(from.function, row);
            put(one);
        }
    });
    if (error) throw std::system_error{error, "lookup_join: the storage of its table"};
}

struct lookup_join_rules {
    using settings = table_settings;
    static constexpr left_join_t default_kind{};
    template <class T>
    static constexpr bool is_kind = std::same_as<T, left_join_t> || std::same_as<T, inner_join_t>;
    template <class T>
    static constexpr bool is_setting = setting_of<settings, T>;
    template <class T>
    static constexpr bool is_extra = is_deleted_when<T> || is_loaded_from<T>;

    template <class Left, class Right>
    static consteval bool require_streams() {
        return require_joinable_by_key<Left, Right, false>();
    }
    template <class... Options>
    static consteval bool require_options() {
        constexpr bool are_options =
            ((is_kind<Options> || is_setting<Options> || is_extra<Options>)&&...);
        constexpr bool is_one_kind = (0 + ... + int{is_kind<Options>}) <= 1;
        static_assert(
            are_options,
            "lookup_join needs: before its function no other options than left_join, "
            "inner_join, deleted_when, loaded_from, max_keys, evict_least_recent, "
            "refuse_new_keys and max_table_bytes (see millrace/pipeline/lookup_join.hpp)");
        static_assert(!are_options || is_one_kind, "lookup_join needs: left_join or inner_join");
        return are_options && is_one_kind;
    }
};

}  // namespace detail

/// A pipeline whose events look into a table that another one makes.
template <class Left, class Right, join_kind Kind, class Function, class IsDeleted, class Beginning>
struct lookup_join_stage : detail::join_of<Left, Right, Kind, Function> {
    static constexpr std::string_view stage_name = "lookup_join";

    detail::table_settings settings;
    IsDeleted is_deleted;
    Beginning beginning;

    template <class Next>
    [[nodiscard]] auto make_node(Next next) const {
        using node =
            detail::lookup_node<typename Left::output_stream, typename Right::output_stream, Kind,
                                Function, IsDeleted, Next>;
        node made{this->left(),   this->right(), settings,
                  this->function, is_deleted,    std::move(next)};
        if constexpr (detail::is_loaded_from<Beginning> && detail::is_source_with_key<Right>) {
            using event = typename Right::output_stream::event_type;
            detail::for_each_loaded<event>(beginning, [&](const event& one) { made.put(one); });
        }
        return made;
    }

    template <class To>
    void describe(To& to) const {
        to.setting("kind", Kind::name);
        settings.describe(to);
        if constexpr (requires { beginning.file; }) {
            to.tunable("loaded_from", beginning.file);
        } else if constexpr (detail::is_loaded_from<Beginning>) {
            to.tunable("loaded_from", "storage");
        }
    }
};

/// Gives each event of the left pipeline the newest of the right one, of the same key: positions
/// with the route of their truck.
///
///     auto routes = from<route>("routes") | key_by(&route::truck);
///     auto placed = lookup_join(std::move(positions), std::move(routes),
///                               [](const position& p, const route* r) { return ...; });
///
/// The function, which comes last, is given null where the table has no such key, or with
/// `inner_join` is only called where it has, with a reference. What it gives goes on at once, at
/// the left event's time; it has no key, `key_by` behind gives it one.
///
/// What counts is the order in which events come, not their time: a right event holds for the left
/// ones behind it, and changes nothing that went out. Time is that of the left side alone, and the
/// right one needs none: it neither holds the watermark up nor moves it. By their times events meet
/// in an `asof_join`.
///
/// The table holds the newest event of each key, in memory. It takes corrections: where the right
/// pipeline gives records, an update takes the place of the one before, and a removal ends it.
/// Options, before the function: `left_join` (the default) or `inner_join`, `deleted_when{f}` for
/// right events that end their key, `loaded_from{"routes.csv"}` or `loaded_from{storage, f}` for
/// what the table begins with, where the right pipeline is a `from` and a `key_by` alone,
/// `max_keys`, `refuse_new_keys` (the
/// default) or `evict_least_recent`, by which key was written last, and `max_table_bytes`.
///
/// Either event takes a look-up. What the function throws goes to who pushed the event.
/// @throws std::invalid_argument for limits of 0
template <class Left, class Right, class... Arguments>
[[nodiscard]] auto lookup_join(Left left, Right right, Arguments... arguments) {
    return detail::make_join<detail::lookup_join_rules>(
        detail::table_settings{"lookup_join"}, std::move(left), std::move(right),
        []<class Kind, class L, class R, class Function>(
            Kind, L l, R r, detail::table_settings settings, Function function, auto& options) {
            auto is_deleted = detail::deletion_in(options);
            auto beginning = detail::beginning_in(options);
            using beginning_type = decltype(beginning);
            static_assert(detail::is_source_with_key<R> || !detail::is_loaded_from<beginning_type>,
                          "loaded_from needs: a right pipeline that is a from and a key_by alone, "
                          "for what is loaded goes through no other stage (see "
                          "millrace/pipeline/lookup_join.hpp)");
            return lookup_join_stage<L, R, Kind, Function, decltype(is_deleted), beginning_type>{
                {{std::move(l), std::move(r)}, std::move(function)},
                settings,
                std::move(is_deleted),
                std::move(beginning)};
        },
        std::move(arguments)...);
}

}  // namespace millrace
