#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include <millrace/core/detail/require_fields.hpp>
#include <millrace/core/detail/require_option.hpp>
#include <millrace/core/key.hpp>
#include <millrace/core/key_part.hpp>
#include <millrace/core/node.hpp>
#include <millrace/core/stage.hpp>

namespace millrace {

namespace detail {

/// Passes on events whose key is short enough, and counts the others.
template <class KeyBy, class Next>
struct key_size_node : forwarding_node<Next> {
    KeyBy key;
    std::uint64_t refused = 0;

    key_size_node(KeyBy by, Next n) : forwarding_node<Next>{std::move(n)}, key{std::move(by)} {}

    template <class Event>
    [[gnu::always_inline]] void push(const Event& event, event_stamp at) {
        if (key.takes(event)) [[likely]] {
            this->next.push(event, at);
        } else {
            ++refused;
        }
    }
    template <class Event>
    void update(const Event& before, const Event& after, event_stamp at) {
        const bool was = key.takes(before), is = key.takes(after);
        if (!is) ++refused;
        if (was && is) {
            this->next.update(before, after, at);
        } else if (was) {
            this->next.remove(marked(before, change::remove), at);
        } else if (is) {
            this->next.push(marked(after, change::insert), at);
        }
    }
    template <class Event>
    void remove(const Event& gone, event_stamp at) {
        if (key.takes(gone)) this->next.remove(gone, at);
    }
    template <class Record>
    void preview(const Record& row, event_stamp at) {
        if (key.takes(row)) this->next.preview(row, at);
    }
    template <class Stats>
    void collect(Stats& stats) const {
        stats.refused_keys += refused;
        this->next.collect(stats);
    }
    template <class Archive>
    void archive(Archive& ar) {
        ar(refused, this->next);
    }
};

}  // namespace detail

template <class Projection>
struct key_by_stage : stage {
    static constexpr std::string_view stage_name = "key_by";
    using is_one_to_one = void;
    using takes_updates = void;

    Projection projection;
    std::string name;
    std::size_t max_bytes;

    /// @throws std::invalid_argument for a limit of 0
    key_by_stage(std::string_view key_name, Projection key, max_key_bytes limit = {})
        : projection{std::move(key)},
          name{key_name},
          max_bytes{detail::require_positive("max_key_bytes", limit.value, stage_name)} {}

    template <class To>
    void describe(To& to) const {
        to.setting("key", name);
        to.projection("by", projection, name);
        to.tunable("max_key_bytes", max_bytes);
    }

    /// Whether keys have a size that is limited.
    template <class Event>
    static constexpr bool is_limited = detail::has_text<projected<Projection, Event>>;

    /// Whether the event's key is short enough.
    template <class Event>
    [[nodiscard]] bool takes(const Event& event) const {
        if constexpr (is_limited<Event>) {
            return detail::text_size(project(projection, event)) <= max_bytes;
        } else {
            return true;
        }
    }

    template <class Stream>
    static consteval void require() {
        using event = typename Stream::event_type;
        constexpr bool gives_key = detail::gives_key<Projection, event>;
        static_assert(detail::require_fields<Projection, event, gives_key>());
        static_assert(
            gives_key || detail::is_composite_projection<Projection>,
            "key_by needs: a member or function of the stream's event that gives a string, an "
            "integer or an enumeration with a schema (see millrace/operators/key_by.hpp)");
        static_assert(
            gives_key || !detail::is_composite_projection<Projection>,
            "key_by needs: parts that are members or functions of the stream's event, each of "
            "which gives a string, an integer or an enumeration with a schema (see "
            "millrace/operators/key_by.hpp)");
    }

    template <class Stream>
    [[nodiscard]] auto output(const Stream& in) const {
        return in.keyed_by(*this);
    }

    template <class Stream, class Next>
    [[nodiscard]] auto make_node(const Stream&, Next next) const {
        if constexpr (is_limited<typename Stream::event_type>) {
            return detail::key_size_node<key_by_stage, Next>{*this, std::move(next)};
        } else {
            return next;
        }
    }
};

/// Partitions the stream: what follows runs for each value of the member on its own. Results
/// carry the key under the name that the schema gives the member; where that is the name of another
/// field of theirs (start, end, revision, ...), give another: starting would throw.
template <class Owner, class Value>
[[nodiscard]] auto key_by(Value Owner::*member, max_key_bytes limit = {}) {
    return key_by_stage<Value Owner::*>{detail::name_of_member(member), member, limit};
}

/// Partitions the stream by `key(event)`; results carry it under `name`.
template <class Projection>
[[nodiscard]] auto key_by(std::string_view name, Projection key, max_key_bytes limit = {}) {
    return key_by_stage<Projection>{name, std::move(key), limit};
}

namespace detail {

/// The parts among what `key_by` is given, and the limit.
template <class Argument>
[[nodiscard]] auto parts_in(const Argument& argument, max_key_bytes& limit) {
    if constexpr (std::same_as<Argument, max_key_bytes>) {
        limit = argument;
        return std::tuple<>{};
    } else {
        return std::tuple{as_key_part(argument)};
    }
}

template <class... Arguments>
consteval bool is_named() {
    if constexpr (sizeof...(Arguments) == 0) {
        return false;
    } else {
        using all = std::tuple<Arguments...>;
        constexpr std::size_t last = sizeof...(Arguments) - 1;
        constexpr bool is_limited = std::same_as<std::tuple_element_t<last, all>, max_key_bytes>;
        return std::convertible_to<std::tuple_element_t<0, all>, std::string_view> &&
               sizeof...(Arguments) == (is_limited ? 3 : 2);
    }
}

}  // namespace detail

/// Partitions the stream by several members together, or by what functions compute:
///
///     key_by(&trade::venue, &trade::symbol)
///     key_by(&trade::symbol, key_part{"hour", [](const trade& t) { return hour_of(t.time); }})
///
/// The key is a millrace/core/composite_key.hpp of up to eight parts. Results show each part under
/// its name, a column each in SQL; clients follow and ask for `XETR/SAP`. `max_key_bytes`, the
/// last argument if given, is a limit of the text of all parts together.
/// @throws std::invalid_argument for two parts of one name
template <class... Arguments>
requires(!detail::is_named<Arguments...>())  //
    [[nodiscard]] auto key_by(Arguments... arguments) {
    constexpr std::size_t count = (0 + ... + (std::same_as<Arguments, max_key_bytes> ? 0 : 1));
    constexpr bool are_parts =
        ((detail::is_key_part<Arguments> || std::same_as<Arguments, max_key_bytes>)&&...);
    static_assert(are_parts,
                  "key_by needs: a name and a member or function of the event; or one or several "
                  "of &event::member and key_part{\"NAME\", function}, which name themselves (see "
                  "millrace/operators/key_by.hpp)");
    static_assert(count > 0 && count <= detail::max_key_parts,
                  "key_by needs: one part or more, and at most eight (see "
                  "millrace/operators/key_by.hpp)");
    if constexpr (are_parts && count > 0 && count <= detail::max_key_parts) {
        max_key_bytes limit;
        return std::apply(
            [&](const auto&... parts) {
                const std::string name = detail::name_of_parts({parts.name...});
                return key_by_stage{name, detail::projection_of(parts...), limit};
            },
            std::tuple_cat(detail::parts_in(arguments, limit)...));
    }
}

}  // namespace millrace
